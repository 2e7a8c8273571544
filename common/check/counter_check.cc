#include "common/check/counter_check.h"

#include <algorithm>
#include <cinttypes>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace rcb {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

// `from` up to `to`, 0 if that is downwards, INT64_MAX if it is more than that.
int64_t Distance(int64_t from, int64_t to) {
  if (to <= from) return 0;
  const uint64_t distance = static_cast<uint64_t>(to) - static_cast<uint64_t>(from);
  return static_cast<int64_t>(std::min(distance, static_cast<uint64_t>(kNever)));
}

int64_t AddUpToMax(int64_t a, int64_t b) { return a > kNever - b ? kNever : a + b; }

// The place in the order that the values dictate; operations of one place may run in any order.
std::pair<int64_t, bool> PlaceOf(const CounterOp& op) { return {op.value, op.is_read}; }

bool EarlierPlaceThenReturn(const CounterOp& a, const CounterOp& b) {
  return std::tie(a.value, a.is_read, a.return_ns, a.invoke_ns) <
         std::tie(b.value, b.is_read, b.return_ns, b.invoke_ns);
}

void AbortOnBadStamps(const CounterOp& op) {
  const bool has_return = op.outcome == Outcome::kOk;
  const int64_t last_ns = has_return ? op.return_ns : op.invoke_ns;
  if (0 <= op.invoke_ns && op.invoke_ns <= last_ns && last_ns < kNever) return;
  std::fprintf(stderr, "CheckCounter: an operation runs from %" PRId64 " to %" PRId64 " ns\n",
               op.invoke_ns, op.return_ns);
  std::abort();
}

// Neighbouring values to which no acknowledged increment went.
struct Gap {
  int64_t lowest = 0;
  int64_t count = 0;
  const CounterOp* deadline = nullptr;  // of all later places, the operation that returned first
};

// One violation, put into words only if it turns out to be the first.
struct Finding {
  enum class Kind { kNone, kTaken, kNotAboveInitial, kBelowInitial, kInversion, kHole };
  Kind kind = Kind::kNone;
  const CounterOp* op = nullptr;     // its return is when the violation came to light
  const CounterOp* other = nullptr;  // what `op` contradicts (kTaken, kInversion)
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

  void Note(const Finding& finding);
  std::string FirstInWords() const;
  std::string Words(const CounterOp& op) const;
  double Us(int64_t ns) const { return static_cast<double>(ns - origin_ns_) / 1e3; }

  std::vector<CounterOp> ops_;
  int64_t initial_;
  std::optional<int64_t> final_value_;
  int64_t origin_ns_ = kNever;
  std::vector<int64_t> unknown_invoke_ns_;
  std::vector<Gap> gaps_;  // from high to low values
  int64_t above_final_ = 0;
  Finding first_;
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
  verdict_.violations =
      AddUpToMax(verdict_.duplicates + verdict_.inversions + above_final_, verdict_.holes);
  verdict_.first = FirstInWords();
  return std::move(verdict_);
}

// Leaves the acknowledged operations in ops_.
void Checker::SetIgnoredAndUnknownAside() {
  const auto set_aside = [this](const CounterOp& op) {
    AbortOnBadStamps(op);
    origin_ns_ = std::min(origin_ns_, op.invoke_ns);
    if (op.outcome == Outcome::kOk) return false;
    if (op.outcome == Outcome::kUnknown && !op.is_read) unknown_invoke_ns_.push_back(op.invoke_ns);
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
  verdict_.lost_updates = AddUpToMax(std::max<int64_t>(0, acknowledged - grown), shrunk);
}

// From the last place to the first, so that what returned first of all later places is at hand.
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

    // Sorted by return within the place: its first operation is its earliest.
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

// `same` is the increment that took the value before, if any; `later` as in Gap::deadline.
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
    verdict_.holes = AddUpToMax(verdict_.holes, gap->count - filled);
    Note({.kind = Finding::Kind::kHole, .op = gap->deadline, .gap = *gap, .filled = filled});
  }
}

void Checker::Note(const Finding& finding) {
  if (first_.op == nullptr || finding.op->return_ns < first_.op->return_ns) first_ = finding;
}

std::string Checker::FirstInWords() const {
  const std::string op = first_.op == nullptr ? "" : Words(*first_.op);
  switch (first_.kind) {
    case Finding::Kind::kNone:
      break;
    case Finding::Kind::kTaken:
      return absl::StrCat("duplicate: ", op, ", already taken by ", Words(*first_.other));
    case Finding::Kind::kNotAboveInitial:
      return absl::StrCat("duplicate: ", op, ", not above the initial ", initial_);
    case Finding::Kind::kBelowInitial:
      return absl::StrCat("inversion: ", op, ", below the initial ", initial_);
    case Finding::Kind::kInversion:
      return absl::StrCat("inversion: ", op, " started after ", Words(*first_.other),
                          " had returned");
    case Finding::Kind::kHole:
      return absl::StrCat("hole: ", op, " implies increments to ", first_.gap.lowest, "..",
                          first_.gap.lowest + (first_.gap.count - 1),
                          ": none was acknowledged, and unknown ones explain ", first_.filled,
                          " of them");
  }
  return "";
}

std::string Checker::Words(const CounterOp& op) const {
  if (op.invoke_ns == kNever) return absl::StrCat("final read -> ", op.value);
  return absl::StrFormat("%s -> %d [%.3f, %.3f us]", op.is_read ? "read" : "increment", op.value,
                         Us(op.invoke_ns), Us(op.return_ns));
}

}  // namespace

CounterVerdict CheckCounter(std::vector<CounterOp> history, int64_t initial,
                            std::optional<int64_t> final_value) {
  return Checker(std::move(history), initial, final_value).Check();
}

}  // namespace rcb
