#include "bench/mixed/document_check.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <queue>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bench/mixed/by_key.h"
#include "common/check/interval.h"

namespace rcb::mixed {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;
constexpr int64_t kSlackNs = 5 * kNsPerMs;  // the server counts in milliseconds

std::vector<Loss> ByInvoke(absl::Span<const Loss> losses) {
  std::vector<Loss> sorted(losses.begin(), losses.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const Loss& a, const Loss& b) { return a.invoke_ns < b.invoke_ns; });
  return sorted;
}

// How many of the gaps between the computations of one key have no loss of their own.
//
// In whatever order they took place, the k-th loss came after at least k computations had been
// asked for, and before the last but k had begun: so the k-th smallest of both times bound it, also
// where the order cannot be told. Bounds that both grow are matched best by the loss that ends
// first.
int64_t CountUnexplained(absl::Span<const Fill> fills, absl::Span<const Loss> losses) {
  std::vector<int64_t> asked;
  std::vector<int64_t> began;
  for (const Fill& fill : fills) {
    asked.push_back(fill.asked_ns);
    began.push_back(fill.began_ns);
  }
  std::sort(asked.begin(), asked.end());
  std::sort(began.begin(), began.end());
  const std::vector<Loss> sorted = ByInvoke(losses);
  std::priority_queue<int64_t, std::vector<int64_t>, std::greater<int64_t>> returns;
  size_t next = 0;
  int64_t unexplained = 0;
  for (size_t gap = 0; gap + 1 < fills.size(); ++gap) {
    for (; next < sorted.size() && sorted[next].invoke_ns <= began[gap + 1]; ++next) {
      returns.push(sorted[next].return_ns);
    }
    while (!returns.empty() && returns.top() < asked[gap]) returns.pop();
    if (returns.empty()) {
      ++unexplained;
    } else {
      returns.pop();
    }
  }
  return unexplained;
}

// What of one key was stored, by when that was acknowledged: from then on, a value that is at least
// as new as the one stored last was there.
struct Stored {
  int64_t stored_ns;
  int64_t store_ns;
};
std::vector<Stored> StoredOf(absl::Span<const Fill> fills) {
  std::vector<Stored> stored;
  for (const Fill& fill : fills) {
    if (fill.fate == Fill::Fate::kStored) stored.push_back({fill.stored_ns, fill.store_ns});
  }
  std::sort(stored.begin(), stored.end(),
            [](const Stored& a, const Stored& b) { return a.stored_ns < b.stored_ns; });
  for (size_t i = 1; i < stored.size(); ++i) {
    stored[i].store_ns = std::max(stored[i].store_ns, stored[i - 1].store_ns);
  }
  return stored;
}

int64_t CountNeedless(absl::Span<const Fill> fills, absl::Span<const Loss> losses) {
  const std::vector<Stored> stored = StoredOf(fills);
  std::vector<Loss> sorted = ByInvoke(losses);
  for (size_t i = 1; i < sorted.size(); ++i) {
    sorted[i].return_ns = std::max(sorted[i].return_ns, sorted[i - 1].return_ns);
  }
  int64_t needless = 0;
  for (const Fill& fill : fills) {
    const auto before = std::lower_bound(
        stored.begin(), stored.end(), fill.asked_ns,
        [](const Stored& one, int64_t asked_ns) { return one.stored_ns < asked_ns; });
    if (before == stored.begin()) continue;
    const auto after = std::upper_bound(
        sorted.begin(), sorted.end(), fill.began_ns,
        [](int64_t began_ns, const Loss& loss) { return began_ns < loss.invoke_ns; });
    const int64_t there_since_ns = (before - 1)->store_ns;
    if (after == sorted.begin() || (after - 1)->return_ns < there_since_ns) ++needless;
  }
  return needless;
}

}  // namespace

Violations CheckOnce(std::vector<Fill> fills, std::vector<Loss> losses) {
  const ByKey<Loss> losses_by_key(std::move(losses));
  Violations violations;
  ByKey<Fill>(std::move(fills)).ForEach([&](absl::Span<const Fill> own) {
    const int64_t cut_off = std::count_if(
        own.begin(), own.end(), [](const Fill& fill) { return fill.fate == Fill::Fate::kLost; });
    const absl::Span<const Loss> reasons = losses_by_key.Of(own.front().key);
    const int64_t unexplained = std::max<int64_t>(CountUnexplained(own, reasons) - cut_off, 0);
    violations.Add(unexplained,
                   absl::StrCat("the document of key ", own.front().key, " was computed ",
                                own.size() - 1, " times, for ", reasons.size(),
                                " invalidations and expirations: ", unexplained, " too many"));
  });
  return violations;
}

Violations CheckNeed(std::vector<Fill> fills, std::vector<Loss> losses) {
  const ByKey<Loss> losses_by_key(std::move(losses));
  Violations violations;
  ByKey<Fill>(std::move(fills)).ForEach([&](absl::Span<const Fill> own) {
    violations.Add(
        CountNeedless(own, losses_by_key.Of(own.front().key)),
        absl::StrCat("the document of key ", own.front().key, " was computed though it was there"));
  });
  return violations;
}

Violations CheckExpired(const std::vector<DocumentRead>& reads, std::vector<Expiration> expirations,
                        int64_t grace_ms) {
  // Of each key, sorted by invoke_ns: return_ns becomes the earliest return from there on.
  std::sort(expirations.begin(), expirations.end(), [](const Expiration& a, const Expiration& b) {
    return a.key != b.key ? a.key < b.key : a.invoke_ns < b.invoke_ns;
  });
  for (size_t i = expirations.size(); i-- > 1;) {
    Expiration& before = expirations[i - 1];
    if (before.key != expirations[i].key) continue;
    before.return_ns = std::min(before.return_ns, expirations[i].return_ns);
  }
  Violations violations;
  for (const DocumentRead& read : reads) {
    const auto next =
        std::upper_bound(expirations.begin(), expirations.end(), read,
                         [](const DocumentRead& a, const Expiration& b) {
                           return a.key != b.key ? a.key < b.key : a.stored_ns < b.invoke_ns;
                         });
    if (next == expirations.end() || next->key != read.key) continue;
    const int64_t late_ns = read.invoke_ns - next->return_ns - grace_ms * kNsPerMs - kSlackNs;
    if (late_ns <= 0) continue;
    violations.Add(
        1, absl::StrCat("the document of key ", read.key, " was read ", late_ns / 1000,
                        " us after its end, ", grace_ms, " ms after it was told to expire"));
  }
  return violations;
}

}  // namespace rcb::mixed
