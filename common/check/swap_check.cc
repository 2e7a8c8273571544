#include "common/check/swap_check.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/check/counter_check.h"
#include "common/check/register_check.h"

namespace rcb {
namespace {

using ValueAndPlace = std::pair<int64_t, int64_t>;

class Checker {
 public:
  Checker(absl::Span<const SwapOp> history, int64_t initial) : initial_(initial) {
    for (const SwapOp& op : history) {
      if (op.outcome == Outcome::kFailed) continue;
      if (op.is_read) {
        if (op.outcome == Outcome::kOk) reads_.push_back(&op);
      } else if (op.outcome == Outcome::kOk) {
        writes_.push_back(&op);
      } else {
        unknown_.push_back(&op);
      }
    }
  }

  SwapVerdict Check();

 private:
  void CheckLinks();
  bool OrderChain();
  Violations CheckPlaces(bool with_reads) const;
  Violations CheckAsRegister() const;
  int64_t PlaceOf(int64_t value) const;

  const int64_t initial_;
  std::vector<const SwapOp*> writes_;  // acknowledged; by what they replaced once links are checked
  std::vector<const SwapOp*> unknown_;
  std::vector<const SwapOp*> reads_;
  std::vector<ValueAndPlace> places_;  // in the chain, from 1; sorted by value
  SwapVerdict verdict_;
};

SwapVerdict Checker::Check() {
  CheckLinks();
  const bool is_whole = verdict_.writes.none() && unknown_.empty() && OrderChain();
  if (!is_whole) {
    verdict_.reads = CheckAsRegister();
    return std::move(verdict_);
  }
  verdict_.writes.Merge(CheckPlaces(/*with_reads=*/false));
  verdict_.reads = verdict_.writes.none() ? CheckPlaces(/*with_reads=*/true) : CheckAsRegister();
  return std::move(verdict_);
}

// Each write replaced something that was there, and that no other write had replaced.
void Checker::CheckLinks() {
  std::sort(writes_.begin(), writes_.end(), [](const SwapOp* a, const SwapOp* b) {
    return std::tie(a->replaced, a->invoke_ns) < std::tie(b->replaced, b->invoke_ns);
  });
  std::vector<int64_t> written = {initial_};
  for (const SwapOp* op : writes_) written.push_back(op->value);
  for (const SwapOp* op : unknown_) written.push_back(op->value);
  std::sort(written.begin(), written.end());
  for (size_t i = 0; i < writes_.size(); ++i) {
    const SwapOp& op = *writes_[i];
    if (i > 0 && writes_[i - 1]->replaced == op.replaced) {
      verdict_.writes.Add(
          1, absl::StrCat("the writes of ", writes_[i - 1]->value, " and ", op.value,
                          " both replaced ", op.replaced, ", so that one of them was lost"));
    } else if (!std::binary_search(written.begin(), written.end(), op.replaced)) {
      verdict_.writes.Add(1, absl::StrCat("the write of ", op.value, " replaced ", op.replaced,
                                          ", which nothing wrote"));
    }
  }
}

// False, and a violation, where writes replaced each other in a circle.
bool Checker::OrderChain() {
  places_.reserve(writes_.size());
  int64_t value = initial_;
  while (places_.size() < writes_.size()) {
    const auto next = std::lower_bound(
        writes_.begin(), writes_.end(), value,
        [](const SwapOp* op, int64_t replaced) { return op->replaced < replaced; });
    if (next == writes_.end() || (*next)->replaced != value) break;
    value = (*next)->value;
    places_.emplace_back(value, static_cast<int64_t>(places_.size()) + 1);
  }
  const auto left = static_cast<int64_t>(writes_.size() - places_.size());
  verdict_.writes.Add(left, absl::StrCat(left, " writes replaced each other in a circle"));
  std::sort(places_.begin(), places_.end());
  return left == 0;
}

// 0 of the initial value, -1 of one that nothing wrote.
int64_t Checker::PlaceOf(int64_t value) const {
  if (value == initial_) return 0;
  const auto found = std::lower_bound(places_.begin(), places_.end(), ValueAndPlace(value, 0));
  return found != places_.end() && found->first == value ? found->second : -1;
}

Violations Checker::CheckPlaces(bool with_reads) const {
  std::vector<CounterOp> counted;
  counted.reserve(writes_.size() + (with_reads ? reads_.size() : 0));
  Violations violations;
  for (const SwapOp* op : writes_) {
    counted.push_back({op->invoke_ns, op->return_ns, PlaceOf(op->value), false, Outcome::kOk});
  }
  for (size_t i = 0; with_reads && i < reads_.size(); ++i) {
    const SwapOp& op = *reads_[i];
    const int64_t place = PlaceOf(op.value);
    if (place < 0) {
      violations.Add(1, absl::StrCat("a read returned ", op.value, ", which nothing wrote"));
    } else {
      counted.push_back({op.invoke_ns, op.return_ns, place, true, Outcome::kOk});
    }
  }
  Violations found = CheckCounter(std::move(counted), /*initial=*/0, std::nullopt).violations;
  if (!found.none()) {
    found.first =
        absl::StrCat("of the values as numbered in the order of their writes, ", found.first);
  }
  violations.Merge(found);
  return violations;
}

Violations Checker::CheckAsRegister() const {
  std::vector<RegisterOp> ops;
  ops.reserve(writes_.size() + unknown_.size() + reads_.size());
  for (const auto* group : {&writes_, &unknown_, &reads_}) {
    for (const SwapOp* op : *group) {
      ops.push_back({op->invoke_ns, op->return_ns, op->value, op->is_read, op->outcome});
    }
  }
  return CheckRegister(std::move(ops), initial_).violations;
}

}  // namespace

SwapVerdict CheckSwaps(absl::Span<const SwapOp> history, int64_t initial) {
  return Checker(history, initial).Check();
}

}  // namespace rcb
