// What the tests of the checkers on random histories share.

#ifndef RCB_COMMON_CHECK_RANDOM_TEST_HISTORY_H_
#define RCB_COMMON_CHECK_RANDOM_TEST_HISTORY_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/check/history.h"
#include "common/check/value_history.h"

namespace rcb {

using Random = std::mt19937_64;

inline int64_t Pick(Random& random, int64_t low, int64_t high) {
  return std::uniform_int_distribution<int64_t>(low, high)(random);
}

template <typename T>
T& Any(Random& random, std::vector<T>& values) {
  return values[static_cast<size_t>(Pick(random, 0, std::ssize(values) - 1))];
}

// `count` instants of a coarse clock, in order.
inline std::vector<int64_t> PickInstants(Random& random, int64_t count, int64_t low, int64_t high) {
  std::vector<int64_t> instants(static_cast<size_t>(count));
  for (int64_t& instant : instants) instant = Pick(random, low, high);
  std::sort(instants.begin(), instants.end());
  return instants;
}

// Makes `op` run from at most `reach` before `instant` to at most `reach` after it.
template <typename Op>
void RunAround(Random& random, int64_t instant, int64_t reach, Op* op) {
  op->invoke_ns = instant - Pick(random, 0, reach);
  op->return_ns = instant + Pick(random, 0, reach);
}

// Makes `op` run earlier or later than it did, for as long.
template <typename Op>
void Shift(Random& random, Op* op) {
  const int64_t shift_ns = Pick(random, -op->invoke_ns, 12);
  op->invoke_ns += shift_ns;
  op->return_ns += shift_ns;
}

// What `outcome` leaves open is drawn.
inline bool TakesEffect(Random& random, Outcome outcome) {
  return outcome == Outcome::kOk || (outcome == Outcome::kUnknown && Pick(random, 0, 1) == 0);
}

// Draws what `op` is and how it ends; `reads` of 20 operations are reads.
inline void DrawKind(Random& random, int64_t reads, ValueOp* op) {
  const int64_t kind = Pick(random, 0, 19);
  op->is_read = kind < reads;
  if (kind >= 15) op->outcome = kind == 15 ? Outcome::kFailed : Outcome::kUnknown;
  if (kind == 0) op->outcome = Outcome::kUnknown;
}

// Whether real time lets operation `next` come behind those that are set in `done`.
template <typename Op>
bool MayComeNext(const std::vector<Op>& ops, size_t next, size_t done) {
  for (size_t i = 0; i < ops.size(); ++i) {
    const bool waiting = (done >> i & 1) == 0 && ops[i].outcome == Outcome::kOk;
    if (waiting && ops[i].return_ns < ops[next].invoke_ns) return false;
  }
  return true;
}

// By definition: is there an order of all acknowledged operations and some of the unknown writes
// that a register allows and real time allows? Failed operations and unknown reads are not in
// `ops`.
template <typename Op>
class RegisterOrders {
 public:
  // `may_replace(op, value)`: whether the write `op` may come where the register holds `value`.
  RegisterOrders(std::vector<Op> ops, std::function<bool(const Op& op, int64_t value)> may_replace)
      : ops_(std::move(ops)), may_replace_(std::move(may_replace)) {}

  bool HasOne(int64_t initial) { return CanFinish(0, initial); }

 private:
  bool CanFinish(size_t done, int64_t value) {
    if (!seen_.insert({done, value}).second) return false;
    bool all_acknowledged = true;
    for (size_t i = 0; i < ops_.size(); ++i) {
      const Op& op = ops_[i];
      if ((done >> i & 1) != 0) continue;
      if (op.outcome == Outcome::kOk) all_acknowledged = false;
      if (op.is_read ? op.value != value : !may_replace_(op, value)) continue;
      if (MayComeNext(ops_, i, done) && CanFinish(done | size_t{1} << i, op.value)) return true;
    }
    return all_acknowledged;
  }

  const std::vector<Op> ops_;
  const std::function<bool(const Op& op, int64_t value)> may_replace_;
  std::set<std::pair<size_t, int64_t>> seen_;  // sets of operations done, with the value after them
};

inline std::vector<ValueOp> WithoutIgnored(std::vector<ValueOp> history) {
  std::erase_if(history, TellsNothing);
  return history;
}

// `write` is what an operation that is no read is called.
inline std::string Describe(const std::vector<ValueOp>& history, const char* write) {
  std::string text;
  for (const ValueOp& op : history) {
    absl::StrAppend(&text, "; ", op.is_read ? "read" : write, " [", op.invoke_ns, ",", op.return_ns,
                    "]=", op.value, " outcome ", static_cast<int>(op.outcome));
  }
  return text;
}

struct Cases {
  uint64_t seed = 1;
  int count = 0;
  double min_share = 0.1;  // of the histories that have an order; at most 0.9 may have one
};

// Has `make` make each history, and `check` check it, until an assertion fails.
template <typename Make, typename Check>
void ForEach(const Cases& cases, Make make, Check check) {
  Random random(cases.seed);
  for (int i = 0; i < cases.count && !::testing::Test::HasFatalFailure(); ++i) check(make(random));
}

// `accepts` also says whether a history has an order. A test that hardly ever sees one kind of
// history proves little, so both must be frequent.
template <typename Make, typename Accepts>
void ExpectBothKinds(const Cases& cases, Make make, Accepts accepts) {
  int accepted = 0;
  ForEach(cases, make, [&](const auto& history) { accepted += accepts(history) ? 1 : 0; });
  if (::testing::Test::HasFatalFailure()) return;
  EXPECT_GT(accepted, cases.count * cases.min_share);
  EXPECT_LT(accepted, cases.count * 0.9);
}

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_RANDOM_TEST_HISTORY_H_
