#include "common/check/blind_counter_check.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <queue>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/check/interval.h"

namespace rcb {
namespace {

// Neighbouring values that nothing accounts for. The last gap is open: it has any number of them.
struct Gap {
  int64_t lowest = 0;
  int64_t count = 0;
  int64_t after_ns = -1;            // the last invocation at an earlier place
  int64_t before_ns = kNever;       // the first return at a later place
  const CounterOp* next = nullptr;  // an operation of the next place; null at the end
};

// An increment that may fill a gap: any from `first` to `last`, of which there may be none.
struct Filler {
  int64_t first = 0;
  int64_t last = 0;
  const CounterOp* op = nullptr;
};

class Matcher {
 public:
  Matcher(const std::vector<CounterOp>& history, const std::vector<CounterOp>& blind,
          int64_t initial);

  Violations Match();

 private:
  void FindGaps(int64_t initial);
  std::vector<Filler> FillersOf(const std::vector<const CounterOp*>& ops) const;
  void Fill(std::vector<Filler> fillers, const Gap** unfilled, const CounterOp** unplaced) const;
  std::string Words(const CounterOp& op) const;

  std::vector<const CounterOp*> placed_;  // by value, an increment before its reads
  std::vector<const CounterOp*> acknowledged_;
  std::vector<const CounterOp*> all_;
  std::vector<Gap> gaps_;
  int64_t origin_ns_ = kNever;
};

Matcher::Matcher(const std::vector<CounterOp>& history, const std::vector<CounterOp>& blind,
                 int64_t initial) {
  for (const CounterOp& op : blind) {
    AbortOnBadStamps("CheckBlindCounter", op);
    acknowledged_.push_back(&op);
    origin_ns_ = std::min(origin_ns_, op.invoke_ns);
  }
  all_ = acknowledged_;
  for (const CounterOp& op : history) {
    origin_ns_ = std::min(origin_ns_, op.invoke_ns);
    if (op.outcome == Outcome::kOk) placed_.push_back(&op);
    if (op.outcome == Outcome::kUnknown && !op.is_read) all_.push_back(&op);
  }
  std::sort(placed_.begin(), placed_.end(), [](const CounterOp* a, const CounterOp* b) {
    return std::tie(a->value, a->is_read, a->return_ns) <
           std::tie(b->value, b->is_read, b->return_ns);
  });
  FindGaps(initial);
}

// The history has no violation by itself, so that places are in order of time.
void Matcher::FindGaps(int64_t initial) {
  int64_t reached = initial;
  int64_t after_ns = -1;
  for (const CounterOp* op : placed_) {
    const int64_t needed = op->is_read ? op->value : op->value - 1;
    if (needed > reached) gaps_.push_back({reached + 1, needed - reached, after_ns, kNever, op});
    reached = std::max(reached, op->value);
    after_ns = std::max(after_ns, op->invoke_ns);
  }
  const int64_t any_number = static_cast<int64_t>(all_.size());
  gaps_.push_back({0, any_number, after_ns, kNever, nullptr});

  int64_t before_ns = kNever;
  size_t place = placed_.size();
  for (size_t i = gaps_.size() - 1; i-- > 0;) {
    while (place > 0) {
      before_ns = std::min(before_ns, placed_[place - 1]->return_ns);
      if (placed_[--place] == gaps_[i].next) break;
    }
    gaps_[i].before_ns = before_ns;
  }
}

std::vector<Filler> Matcher::FillersOf(const std::vector<const CounterOp*>& ops) const {
  std::vector<Filler> fillers;
  for (const CounterOp* op : ops) {
    const auto first = std::partition_point(
        gaps_.begin(), gaps_.end(), [op](const Gap& gap) { return gap.before_ns < op->invoke_ns; });
    const auto behind = std::partition_point(
        gaps_.begin(), gaps_.end(), [op](const Gap& gap) { return gap.after_ns <= ReturnOf(*op); });
    fillers.push_back({first - gaps_.begin(), behind - gaps_.begin() - 1, op});
  }
  std::sort(fillers.begin(), fillers.end(),
            [](const Filler& a, const Filler& b) { return a.first < b.first; });
  return fillers;
}

// Gives each value of the gaps in turn the filler that can wait least. Tells of the first value
// that has none, and of the first filler that could not wait.
void Matcher::Fill(std::vector<Filler> fillers, const Gap** unfilled,
                   const CounterOp** unplaced) const {
  const auto waits_longer = [](const Filler& a, const Filler& b) { return a.last > b.last; };
  std::priority_queue<Filler, std::vector<Filler>, decltype(waits_longer)> waiting(waits_longer);
  size_t next = 0;
  for (int64_t i = 0; i < std::ssize(gaps_); ++i) {
    const Gap& gap = gaps_[static_cast<size_t>(i)];
    while (next < fillers.size() && fillers[next].first <= i) waiting.push(fillers[next++]);
    for (int64_t left = gap.count; left > 0; --left) {
      while (!waiting.empty() && waiting.top().last < i) {
        if (*unplaced == nullptr) *unplaced = waiting.top().op;
        waiting.pop();
      }
      if (waiting.empty()) {
        if (*unfilled == nullptr && i + 1 < std::ssize(gaps_)) *unfilled = &gap;
        break;
      }
      waiting.pop();
    }
  }
  if (*unplaced == nullptr && !waiting.empty()) *unplaced = waiting.top().op;
}

std::string Matcher::Words(const CounterOp& op) const {
  const std::string times = absl::StrCat(" ", TimesInWords(op, origin_ns_));
  return absl::StrCat(op.is_read ? "read -> " : "increment -> ", op.value, times);
}

Violations Matcher::Match() {
  Violations violations;
  const Gap* unfilled = nullptr;
  const CounterOp* unplaced = nullptr;
  Fill(FillersOf(all_), &unfilled, &unplaced);
  if (unfilled != nullptr) {
    violations.Add(1, absl::StrCat("hole: ", Words(*unfilled->next), " implies increments to ",
                                   unfilled->lowest, "..", unfilled->lowest + unfilled->count - 1,
                                   ", and not as many can have been then"));
    return violations;
  }
  unplaced = nullptr;
  Fill(FillersOf(acknowledged_), &unfilled, &unplaced);
  if (unplaced == nullptr) return violations;
  std::string seen_by;
  for (const CounterOp* op : placed_) {
    if (op->invoke_ns > unplaced->return_ns) {
      seen_by = absl::StrCat(", such as ", Words(*op));
      break;
    }
  }
  violations.Add(1, absl::StrCat("lost: an increment ", TimesInWords(*unplaced, origin_ns_),
                                 " is in none of the values that were returned after it", seen_by));
  return violations;
}

}  // namespace

Violations CheckBlindCounter(const std::vector<CounterOp>& history,
                             const std::vector<CounterOp>& blind, int64_t initial) {
  std::vector<CounterOp> all = history;
  for (CounterOp op : blind) {
    op.outcome = Outcome::kUnknown;
    op.is_read = false;
    all.push_back(op);
  }
  Violations violations =
      CheckCounter(std::move(all), initial, /*final_value=*/std::nullopt).violations;
  if (!violations.none() || blind.empty()) return violations;
  return Matcher(history, blind, initial).Match();
}

}  // namespace rcb
