#include "common/check/add_check.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"

namespace rcb {
namespace {

bool IsExcused(const AddOp& add, absl::Span<const LossWindow> may_lose) {
  return std::any_of(may_lose.begin(), may_lose.end(), [&add](const LossWindow& window) {
    return add.return_ns >= window.from_ns && add.return_ns <= window.until_ns;
  });
}

// Takes the add's element off `present`, which begins with the smallest one left. Yields whether it
// was there; elements below it were never added.
bool Take(int64_t element, absl::Span<const int64_t>* present, Violations* violations) {
  while (!present->empty() && present->front() < element) {
    violations->Add(1, absl::StrCat("element ", present->front(), " is there and was never added"));
    present->remove_prefix(1);
  }
  if (present->empty() || present->front() != element) return false;
  present->remove_prefix(1);
  while (!present->empty() && present->front() == element) {
    violations->Add(1, absl::StrCat("element ", element, " is there more than once"));
    present->remove_prefix(1);
  }
  return true;
}

}  // namespace

AddVerdict CheckAdds(absl::Span<const AddOp> adds, absl::Span<const int64_t> present,
                     absl::Span<const LossWindow> may_lose) {
  std::vector<int64_t> sorted(present.begin(), present.end());
  std::sort(sorted.begin(), sorted.end());
  std::vector<size_t> places(adds.size());
  std::iota(places.begin(), places.end(), size_t{0});
  std::sort(places.begin(), places.end(),
            [adds](size_t a, size_t b) { return adds[a].element < adds[b].element; });
  AddVerdict verdict;
  absl::Span<const int64_t> left = sorted;
  for (const size_t place : places) {
    const AddOp& add = adds[place];
    const bool is_there = Take(add.element, &left, &verdict.violations);
    switch (add.outcome) {
      case Outcome::kOk:
        ++verdict.acknowledged;
        if (is_there) break;
        verdict.lost.push_back(place);
        if (IsExcused(add, may_lose)) break;
        verdict.violations.Add(
            1, absl::StrCat("element ", add.element, " was acknowledged, and is not there"));
        break;
      case Outcome::kUnknown:
        ++verdict.unknown;
        verdict.recovered += is_there ? 1 : 0;
        break;
      case Outcome::kFailed:
        if (!is_there) break;
        verdict.violations.Add(1, absl::StrCat("element ", add.element,
                                               " was refused, and is "
                                               "there"));
        break;
    }
  }
  for (const int64_t element : left) {
    verdict.violations.Add(1, absl::StrCat("element ", element, " is there and was never added"));
  }
  return verdict;
}

}  // namespace rcb
