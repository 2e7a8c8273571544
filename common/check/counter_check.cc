#include "common/check/counter_check.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/check/interval.h"
#include "common/check/violations.h"

namespace rcb {
namespace {

// How far `to` is above `from`: 0 if it is below, INT64_MAX if it is further than that.
int64_t Distance(int64_t from, int64_t to) {
  if (to <= from) return 0;
  const uint64_t distance = static_cast<uint64_t>(to) - static_cast<uint64_t>(from);
  return static_cast<int64_t>(
      std::min(distance, static_cast<uint64_t>(std::numeric_limits<int64_t>::max())));
}

// The place in the order that the values dictate; operations of one place may run in any order.
std::pair<int64_t, bool> PlaceOf(const CounterOp& op) { return {op.value, op.is_read}; }

bool EarlierPlaceThenReturn(const CounterOp& a, const CounterOp& b) {
  return std::tie(a.value, a.is_read, a.return_ns, a.invoke_ns) <
         std::tie(b.value, b.is_read, b.return_ns, b.invoke_ns);
}

// A run of neighbouring values to which no acknowledged increment went.
struct Gap {
  int64_t lowest = 0;
  int64_t count = 0;
  const CounterOp* deadline = nullptr;  // the operation of a later place that returned first
};

struct Finding {
  enum class Kind { kTaken, kNotAboveInitial, kBelowInitial, kInversion, kHole };
  Kind kind = Kind::kTaken;
  const CounterOp* op = nullptr;     // its return is when the violation came to light
  const CounterOp* other = nullptr;  // kTaken, kInversion: the operation that `op` contradicts
  Gap gap = {};                      // kHole
  int64_t filled = 0;                // kHole: values of the gap that unknown increments explain
};

class Checker {
 public:
  Checker(std::vector<CounterOp> history, int64_t initial, std::optional<int64_t> final_value)
      : ops_(std::move(history)), initial_(initial), final_value_(final_value) {}

  CounterVerdict Check();

 private:
  void SetIgnoredAndUnknownAside();
  void CountLostUpdates();
  void WalkDown();
  void CheckPlace(size_t begin, size_t end, const CounterOp* later);
  void CheckOp(const CounterOp& op, const CounterOp* same, const CounterOp* later);
  void FillGaps();

  void Note(const Finding& finding) { first_.Note(finding.op->return_ns, finding); }
  std::string Words(const Finding& finding) const;
  std::string Words(const CounterOp& op) const;

  std::vector<CounterOp> ops_;
  int64_t initial_;
  std::optional<int64_t> final_value_;
  int64_t origin_ns_ = kNever;
  std::vector<int64_t> unknown_invoke_ns_;
  std::vector<Gap> gaps_;  // they go from high to low values
  int64_t above_final_ = 0;
  EarliestFinding<Finding> first_;
  CounterVerdict verdict_;
};

CounterVerdict Checker::Check() {
  SetIgnoredAndUnknownAside();
  CountLostUpdates();
  if (final_value_) {
    ops_.reserve(ops_.size() + 1);  // push_back alone might double a large history
    ops_.push_back({kNever, kNever, *final_value_, true, Outcome::kOk});
  }
  std::sort(ops_.begin(), ops_.end(), EarlierPlaceThenReturn);
  std::sort(unknown_invoke_ns_.begin(), unknown_invoke_ns_.end());
  WalkDown();
  FillGaps();
  if (first_.finding()) {
    const int64_t offenders = verdict_.duplicates + verdict_.inversions + above_final_;
    verdict_.violations.Add(AddCounts(offenders, verdict_.holes), Words(*first_.finding()));
  }
  return std::move(verdict_);
}

// Keeps the acknowledged operations in ops_.
void Checker::SetIgnoredAndUnknownAside() {
  const auto set_aside = [this](const CounterOp& op) {
    AbortOnBadStamps("CheckCounter", op);
    origin_ns_ = std::min(origin_ns_, op.invoke_ns);
    if (op.outcome == Outcome::kOk) return false;
    if (!TellsNothing(op)) unknown_invoke_ns_.push_back(op.invoke_ns);
    return true;
  };
  ops_.erase(std::remove_if(ops_.begin(), ops_.end(), set_aside), ops_.end());
}

void Checker::CountLostUpdates() {
  if (!final_value_) return;
  const int64_t acknowledged =
      std::count_if(ops_.begin(), ops_.end(), [](const CounterOp& op) { return !op.is_read; });
  const int64_t grown = Distance(initial_, *final_value_);
  const int64_t shrunk = Distance(*final_value_, initial_);
  verdict_.lost_updates = AddCounts(std::max<int64_t>(0, acknowledged - grown), shrunk);
}

// Goes from the last place to the first: what returned first of all later places is then at hand.
void Checker::WalkDown() {
  const CounterOp* later = nullptr;
  int64_t needed = initial_;  // the highest value that later places need an increment to
  for (size_t end = ops_.size(); end > 0;) {
    size_t begin = end - 1;
    while (begin > 0 && PlaceOf(ops_[begin - 1]) == PlaceOf(ops_[begin])) --begin;
    const CounterOp& place = ops_[begin];

    const int64_t reached = std::max(place.value, initial_);
    if (needed > reached) gaps_.push_back({reached + 1, Distance(reached, needed), later});
    CheckPlace(begin, end, later);

    // A place is sorted by return, so its first operation is its earliest.
    if (later == nullptr || place.return_ns < later->return_ns) later = &place;
    needed = place.is_read || place.value <= initial_ ? place.value : place.value - 1;
    end = begin;
  }
  if (needed > initial_) gaps_.push_back({initial_ + 1, Distance(initial_, needed), later});
}

void Checker::CheckPlace(size_t begin, size_t end, const CounterOp* later) {
  for (size_t i = begin; i < end; ++i) {
    const bool again = !ops_[i].is_read && i > begin;
    CheckOp(ops_[i], again ? &ops_[begin] : nullptr, later);
  }
}

// `same` is the increment that took the value before, if any; `later` is what Gap::deadline is.
void Checker::CheckOp(const CounterOp& op, const CounterOp* same, const CounterOp* later) {
  if (same != nullptr) {
    ++verdict_.duplicates;
    Note({.kind = Finding::Kind::kTaken, .op = &op, .other = same});
  } else if (!op.is_read && op.value <= initial_) {
    ++verdict_.duplicates;
    Note({.kind = Finding::Kind::kNotAboveInitial, .op = &op});
  } else if (op.value < initial_) {
    ++verdict_.inversions;
    Note({.kind = Finding::Kind::kBelowInitial, .op = &op});
  } else if (later != nullptr && later->return_ns < op.invoke_ns) {
    ++verdict_.inversions;
    Note({.kind = Finding::Kind::kInversion, .op = &op, .other = later});
  } else if (!op.is_read && final_value_ && op.value > *final_value_) {
    ++above_final_;  // no finding: the final read is one, and names this or an earlier operation
  }
}

// Of the unknown increments invoked by a gap's deadline, those that earlier gaps took are gone; any
// of the others will do, for whatever is early enough for this deadline is so for the later ones.
void Checker::FillGaps() {
  int64_t taken = 0;
  size_t invoked = 0;
  for (auto gap = gaps_.rbegin(); gap != gaps_.rend(); ++gap) {
    const int64_t deadline_ns = gap->deadline->return_ns;
    while (invoked < unknown_invoke_ns_.size() && unknown_invoke_ns_[invoked] <= deadline_ns) {
      ++invoked;
    }
    const int64_t filled = std::min(gap->count, static_cast<int64_t>(invoked) - taken);
    taken += filled;
    if (filled == gap->count) continue;
    verdict_.holes = AddCounts(verdict_.holes, gap->count - filled);
    Note({.kind = Finding::Kind::kHole, .op = gap->deadline, .gap = *gap, .filled = filled});
  }
}

std::string Checker::Words(const Finding& finding) const {
  const std::string op = Words(*finding.op);
  switch (finding.kind) {
    case Finding::Kind::kTaken:
      return absl::StrCat("duplicate: ", op, " took what ", Words(*finding.other), " had taken");
    case Finding::Kind::kNotAboveInitial:
      return absl::StrCat("duplicate: ", op, " is not above the initial ", initial_);
    case Finding::Kind::kBelowInitial:
      return absl::StrCat("inversion: ", op, " is below the initial ", initial_);
    case Finding::Kind::kInversion:
      return absl::StrCat("inversion: ", op, " started after ", Words(*finding.other),
                          " had returned");
    case Finding::Kind::kHole:
      break;
  }
  const Gap& gap = finding.gap;
  return absl::StrCat(
      "hole: ", op, " implies increments to ", gap.lowest, "..", gap.lowest + (gap.count - 1),
      ": none was acknowledged, and unknown ones explain ", finding.filled, " of them");
}

std::string Checker::Words(const CounterOp& op) const {
  if (op.invoke_ns == kNever) return absl::StrCat("final read -> ", op.value);
  return absl::StrCat(op.is_read ? "read -> " : "increment -> ", op.value, " ",
                      TimesInWords(op, origin_ns_));
}

}  // namespace

CounterVerdict CheckCounter(std::vector<CounterOp> history, int64_t initial,
                            std::optional<int64_t> final_value) {
  return Checker(std::move(history), initial, final_value).Check();
}

}  // namespace rcb
