// The counter checker against definitions that are slow and plain, on small random histories:
// linearizability by trying every order, and each class of offender by comparing every pair.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/check/counter_brute_force.h"
#include "common/check/counter_check.h"
#include "common/check/random_test_history.h"

namespace rcb {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

struct Case {
  std::vector<CounterOp> history;
  int64_t initial = 0;
  std::optional<int64_t> final_value;
};

CounterVerdict Check(const Case& c) { return CheckCounter(c.history, c.initial, c.final_value); }

std::string Describe(const Case& c) {
  const std::string text = absl::StrCat("initial ", c.initial, Describe(c.history, "incr"));
  return c.final_value ? absl::StrCat(text, "; final ", *c.final_value) : text;
}

bool IsLinearizable(const Case& c) {
  return CounterOrders(WithoutIgnored(c.history), /*blind=*/0, c.final_value).HasOne(c.initial);
}

// ---- The counts by definition.

struct Slow {
  std::vector<CounterOp> ops;  // acknowledged ones, and the final read at the end of time
  std::vector<int64_t> unknown_ns;
};

Slow Split(const Case& c) {
  Slow slow;
  for (const CounterOp& op : c.history) {
    if (op.outcome == Outcome::kOk) slow.ops.push_back(op);
    if (op.outcome == Outcome::kUnknown && !op.is_read) slow.unknown_ns.push_back(op.invoke_ns);
  }
  if (c.final_value) slow.ops.push_back({kMax, kMax, *c.final_value, true, Outcome::kOk});
  return slow;
}

bool IsLaterPlace(const CounterOp& a, const CounterOp& b) {
  return a.value > b.value || (a.value == b.value && a.is_read && !b.is_read);
}

bool IsDuplicate(const std::vector<CounterOp>& ops, size_t i, int64_t initial) {
  const auto order = [&ops](size_t k) {
    return std::make_tuple(ops[k].return_ns, ops[k].invoke_ns, k);
  };
  if (ops[i].is_read) return false;
  for (size_t k = 0; k < ops.size(); ++k) {
    if (!ops[k].is_read && ops[k].value == ops[i].value && order(k) < order(i)) return true;
  }
  return ops[i].value <= initial;
}

bool IsInversion(const std::vector<CounterOp>& ops, size_t i, int64_t initial) {
  if (ops[i].value < initial) return true;
  return std::any_of(ops.begin(), ops.end(), [&](const CounterOp& other) {
    return IsLaterPlace(other, ops[i]) && other.return_ns < ops[i].invoke_ns;
  });
}

// Bipartite matching by augmenting paths.
struct Matching {
  std::vector<int64_t> deadlines;  // of the values without an increment
  std::vector<int64_t> unknown_ns;
  std::vector<std::optional<size_t>> value_of;  // by unknown increment

  bool Match(size_t value, std::vector<bool>& tried) {
    for (size_t i = 0; i < unknown_ns.size(); ++i) {
      if (tried[i] || unknown_ns[i] > deadlines[value]) continue;
      tried[i] = true;
      if (value_of[i] && !Match(*value_of[i], tried)) continue;
      value_of[i] = value;
      return true;
    }
    return false;
  }

  int64_t CountUnmatched() {
    value_of.resize(unknown_ns.size());
    int64_t unmatched = 0;
    for (size_t value = 0; value < deadlines.size(); ++value) {
      std::vector<bool> tried(unknown_ns.size());
      if (!Match(value, tried)) ++unmatched;
    }
    return unmatched;
  }
};

int64_t CountHoles(const Slow& slow, int64_t initial) {
  Matching matching;
  matching.unknown_ns = slow.unknown_ns;
  int64_t highest = initial;
  for (const CounterOp& op : slow.ops) highest = std::max(highest, op.value);
  for (int64_t value = initial + 1; value <= highest; ++value) {
    const CounterOp missing = {0, 0, value, false, Outcome::kOk};
    const bool present =
        std::any_of(slow.ops.begin(), slow.ops.end(),
                    [value](const CounterOp& op) { return !op.is_read && op.value == value; });
    if (present) continue;
    int64_t deadline_ns = kMax;
    for (const CounterOp& op : slow.ops) {
      if (IsLaterPlace(op, missing)) deadline_ns = std::min(deadline_ns, op.return_ns);
    }
    matching.deadlines.push_back(deadline_ns);
  }
  return matching.CountUnmatched();
}

CounterVerdict SlowVerdict(const Case& c) {
  const Slow slow = Split(c);
  CounterVerdict verdict;
  int64_t acknowledged = 0;
  int64_t above_final = 0;
  for (size_t i = 0; i < slow.ops.size(); ++i) {
    const CounterOp& op = slow.ops[i];
    if (!op.is_read) ++acknowledged;
    if (IsDuplicate(slow.ops, i, c.initial)) {
      ++verdict.duplicates;
    } else if (IsInversion(slow.ops, i, c.initial)) {
      ++verdict.inversions;
    } else if (!op.is_read && c.final_value && op.value > *c.final_value) {
      ++above_final;
    }
  }
  verdict.holes = CountHoles(slow, c.initial);
  verdict.violations.count = verdict.duplicates + verdict.inversions + verdict.holes + above_final;
  if (c.final_value) {
    verdict.lost_updates = std::max<int64_t>(0, c.initial + acknowledged - *c.final_value);
  }
  return verdict;
}

// ---- Histories.

// Runs up to seven operations, each at one instant of a coarse clock, and records intervals around
// these: linearizable by construction.
Case MakeGood(Random& random) {
  Case c;
  c.initial = Pick(random, -3, 3);
  int64_t counter = c.initial;
  const std::vector<int64_t> instants = PickInstants(random, Pick(random, 0, 7), 4, 16);
  const int64_t reach = Pick(random, 0, 4);
  for (int64_t instant : instants) {
    CounterOp op;
    RunAround(random, instant, reach, &op);
    DrawKind(random, 6, &op);
    if (TakesEffect(random, op.outcome) && !op.is_read) ++counter;
    op.value = op.outcome == Outcome::kOk ? counter : Pick(random, -5, 5);
    c.history.push_back(op);
  }
  if (Pick(random, 0, 1) == 0) c.final_value = counter;
  std::shuffle(c.history.begin(), c.history.end(), random);
  return c;
}

// Damages a history in one of the ways in which a counter, or its recording, goes wrong.
void Mutate(Random& random, Case* c) {
  if (c->history.empty()) return;
  CounterOp& op = Any(random, c->history);
  switch (Pick(random, 0, 5)) {
    case 0:
      std::swap(op.value, Any(random, c->history).value);
      break;
    case 1:
      c->history.erase(c->history.begin() + (&op - c->history.data()));
      break;
    case 2:
      op.value = Any(random, c->history).value;
      break;
    case 3:
      Shift(random, &op);
      break;
    case 4:
      op.value += Pick(random, -1, 1);
      break;
    default:
      if (c->final_value) *c->final_value += Pick(random, -1, 1);
  }
}

Case MakeMutated(Random& random) {
  Case c = MakeGood(random);
  for (int64_t left = Pick(random, 1, 3); left > 0; --left) Mutate(random, &c);
  return c;
}

Case MakeArbitrary(Random& random) {
  Case c;
  c.initial = Pick(random, -1, 1);
  c.history.resize(static_cast<size_t>(Pick(random, 0, 6)));
  for (CounterOp& op : c.history) {
    op.invoke_ns = Pick(random, 0, 8);
    op.return_ns = op.invoke_ns + Pick(random, 0, 8);
    op.value = c.initial + Pick(random, -1, 5);
    op.is_read = Pick(random, 0, 3) == 0;
    op.outcome = Pick(random, 0, 2) == 0 ? Outcome::kUnknown : Outcome::kOk;
  }
  if (Pick(random, 0, 2) == 0) c.final_value = c.initial + Pick(random, -1, 5);
  return c;
}

void ExpectAgreement(const Case& c, bool linearizable) {
  const CounterVerdict fast = Check(c);
  const CounterVerdict slow = SlowVerdict(c);
  ASSERT_EQ(fast.linearizable(), linearizable) << Describe(c);
  ASSERT_EQ(fast.duplicates, slow.duplicates) << Describe(c);
  ASSERT_EQ(fast.inversions, slow.inversions) << Describe(c);
  ASSERT_EQ(fast.holes, slow.holes) << Describe(c);
  ASSERT_EQ(fast.lost_updates, slow.lost_updates) << Describe(c);
  ASSERT_EQ(fast.violations.count, slow.violations.count) << Describe(c);
  ASSERT_EQ(fast.violations.first.empty(), linearizable) << Describe(c);
  ASSERT_EQ(fast.violations.first.find('\n'), std::string::npos) << Describe(c);
}

// ---- Against the definitions.

// Returns whether `c` is linearizable.
bool Agrees(const Case& c) {
  const bool expected = IsLinearizable(c);
  ExpectAgreement(c, expected);
  return expected;
}

TEST(CounterCheckRandomTest, AcceptsHistoriesThatAreLinearizableByConstruction) {
  ForEach({.seed = 1, .count = 40'000}, MakeGood, [](const Case& c) {
    ASSERT_TRUE(IsLinearizable(c)) << "the definition itself is wrong: " << Describe(c);
    ExpectAgreement(c, true);
  });
}

TEST(CounterCheckRandomTest, AgreesWithTheDefinitionsOnMutatedHistories) {
  ExpectBothKinds({.seed = 2, .count = 80'000, .min_share = 0.2}, MakeMutated, Agrees);
}

TEST(CounterCheckRandomTest, AgreesWithTheDefinitionsOnArbitraryHistories) {
  ExpectBothKinds({.seed = 3, .count = 80'000}, MakeArbitrary, Agrees);
}

}  // namespace
}  // namespace rcb
