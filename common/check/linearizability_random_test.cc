// The search for a linearization against the definition, every order, on small random histories;
// and histories of a realistic size that are linearizable by construction, or damaged.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <queue>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/check/linearizability.h"
#include "common/check/random_test_history.h"

namespace rcb {
namespace {

using Kind = CasOp::Kind;

std::string Describe(const std::vector<CasOp>& history) {
  std::string text;
  for (const CasOp& op : history) {
    const char* const kinds[] = {"read", "write", "cas"};
    text += std::string(kinds[static_cast<size_t>(op.kind)]) + " [" + std::to_string(op.invoke_ns) +
            "," + std::to_string(op.return_ns) + "] " + std::to_string(op.expected) + ">" +
            std::to_string(op.value) + (op.swapped ? " swapped" : "") + " outcome " +
            std::to_string(static_cast<int>(op.outcome)) + "; ";
  }
  return text;
}

// ---- Linearizability by definition, of one key: is there an order of all acknowledged operations
// and some of the unknown ones that the register allows and real time allows?

struct Search {
  std::vector<CasOp> ops;
  std::set<std::pair<size_t, int64_t>> seen;  // sets of operations done, with the value after them

  // Whether the result of `op`, if known, is that of a register which holds `*value`; changes it.
  static bool Apply(const CasOp& op, int64_t* value) {
    if (op.kind == Kind::kRead) return op.outcome == Outcome::kUnknown || op.value == *value;
    const bool changes = op.kind == Kind::kWrite || *value == op.expected;
    if (op.kind == Kind::kCas && op.outcome == Outcome::kOk && op.swapped != changes) return false;
    if (changes) *value = op.value;
    return true;
  }

  bool CanFinish(size_t done, int64_t value) {
    if (!seen.insert({done, value}).second) return false;
    bool all_acknowledged = true;
    for (size_t i = 0; i < ops.size(); ++i) {
      if ((done >> i & 1) != 0) continue;
      if (ops[i].outcome == Outcome::kOk) all_acknowledged = false;
      int64_t after = value;
      if (!Apply(ops[i], &after) || !MayComeNext(ops, i, done)) continue;
      if (CanFinish(done | size_t{1} << i, after)) return true;
    }
    return all_acknowledged;
  }
};

bool IsLinearizable(const std::vector<CasOp>& history, int64_t initial) {
  std::set<int64_t> keys;
  for (const CasOp& op : history) keys.insert(op.key);
  return std::all_of(keys.begin(), keys.end(), [&](int64_t key) {
    Search search;
    for (const CasOp& op : history) {
      if (op.key == key && op.outcome != Outcome::kFailed) search.ops.push_back(op);
    }
    return search.CanFinish(0, initial);
  });
}

// ---- Histories.

struct Shape {
  int64_t max_ops = 8;
  int64_t values = 3;
  int64_t keys = 1;
  int64_t longest_ns = 10;
  int64_t unknown_percent = 20;
  int64_t write_percent = 40;  // of the rest, half are compare-and-sets
};

// Draws what `op` is asked to do.
void DrawRequest(Random& random, const Shape& shape, CasOp* op) {
  const bool is_write = Pick(random, 1, 100) <= shape.write_percent;
  op->kind = is_write ? Kind::kWrite : Pick(random, 0, 1) == 0 ? Kind::kRead : Kind::kCas;
  op->key = Pick(random, 1, shape.keys);
  op->value = Pick(random, 0, shape.values - 1);
  op->expected = Pick(random, 0, shape.values - 1);
  if (Pick(random, 1, 100) <= shape.unknown_percent) op->outcome = Outcome::kUnknown;
}

// What a register holding `*value` makes of `op`; an unknown one may have no effect.
void Run(Random& random, CasOp* op, int64_t* value) {
  if (!TakesEffect(random, op->outcome)) return;
  op->swapped = op->kind == Kind::kCas && op->expected == *value;
  if (op->kind == Kind::kRead) op->value = *value;
  if (op->kind == Kind::kWrite || op->swapped) *value = op->value;
}

// Each operation takes effect at one instant of a coarse clock: linearizable by construction.
std::vector<CasOp> MakeGood(Random& random, const Shape& shape) {
  std::vector<int64_t> held(static_cast<size_t>(shape.keys) + 1);
  std::vector<CasOp> history;
  const std::vector<int64_t> instants =
      PickInstants(random, Pick(random, 0, shape.max_ops), 30, 50);
  const int64_t reach = Pick(random, 0, shape.longest_ns);
  for (int64_t instant : instants) {
    CasOp op;
    DrawRequest(random, shape, &op);
    RunAround(random, instant, reach, &op);
    Run(random, &op, &held[static_cast<size_t>(op.key)]);
    history.push_back(op);
  }
  std::shuffle(history.begin(), history.end(), random);
  return history;
}

std::vector<CasOp> MakeArbitrary(Random& random, const Shape& shape) {
  std::vector<CasOp> history(static_cast<size_t>(Pick(random, 0, shape.max_ops)));
  for (CasOp& op : history) {
    DrawRequest(random, shape, &op);
    op.swapped = op.kind == Kind::kCas && Pick(random, 0, 1) == 0;
    op.invoke_ns = Pick(random, 0, 12);
    op.return_ns = op.invoke_ns + Pick(random, 0, shape.longest_ns);
    if (Pick(random, 0, 19) == 0) op.outcome = Outcome::kFailed;
  }
  return history;
}

// Damages one result or one interval.
void Mutate(Random& random, const Shape& shape, std::vector<CasOp>* history) {
  if (history->empty()) return;
  CasOp& op = Any(random, *history);
  switch (Pick(random, 0, 2)) {
    case 0:
      op.value = Pick(random, 0, shape.values - 1);
      break;
    case 1:
      op.swapped = !op.swapped;
      break;
    default:
      Shift(random, &op);
  }
}

std::vector<Shape> Shapes() {
  return {{},
          {.values = 2, .unknown_percent = 0},
          {.values = 5, .write_percent = 70},
          {.max_ops = 9, .write_percent = 0},
          {.keys = 2},
          {.longest_ns = 4, .unknown_percent = 40},
          {.max_ops = 9, .values = 5, .unknown_percent = 50, .write_percent = 10},
          {.values = 2, .longest_ns = 30, .unknown_percent = 5}};
}

void ExpectAgreement(const std::vector<CasOp>& history, bool expected) {
  const LinearizabilityVerdict verdict = CheckCasRegister(history, 0);
  ASSERT_NE(verdict.answer, Answer::kUndecided) << Describe(history);
  ASSERT_EQ(verdict.linearizable(), expected) << Describe(history) << verdict.violations.first;
  ASSERT_EQ(verdict.violations.first.empty(), expected);
  ASSERT_EQ(verdict.violations.count > 0, !expected);
  ASSERT_EQ(verdict.violations.first.find('\n'), std::string::npos);
}

// ---- Against the definition.

TEST(LinearizabilityRandomTest, AcceptsHistoriesThatAreLinearizableByConstruction) {
  for (const Shape& shape : Shapes()) {
    const auto make = [&shape](Random& random) { return MakeGood(random, shape); };
    ForEach({.seed = 1, .count = 3'000}, make, [](const std::vector<CasOp>& history) {
      ASSERT_TRUE(IsLinearizable(history, 0)) << "the definition is wrong: " << Describe(history);
      ExpectAgreement(history, true);
    });
  }
}

// Returns whether `history` is linearizable.
bool Agrees(const std::vector<CasOp>& history) {
  const bool expected = IsLinearizable(history, 0);
  ExpectAgreement(history, expected);
  return expected;
}

TEST(LinearizabilityRandomTest, AgreesWithTheDefinitionOnMutatedHistories) {
  for (const Shape& shape : Shapes()) {
    const auto make = [&shape](Random& random) {
      std::vector<CasOp> history = MakeGood(random, shape);
      for (int64_t left = Pick(random, 1, 4); left > 0; --left) Mutate(random, shape, &history);
      return history;
    };
    ExpectBothKinds({.seed = 2, .count = 5'000}, make, Agrees);
  }
}

TEST(LinearizabilityRandomTest, AgreesWithTheDefinitionOnArbitraryHistories) {
  for (const Shape& shape : Shapes()) {
    const auto make = [&shape](Random& random) { return MakeArbitrary(random, shape); };
    ExpectBothKinds({.seed = 3, .count = 5'000}, make, Agrees);
  }
}

std::vector<MutexOp> MakeArbitraryMutex(Random& random) {
  std::vector<MutexOp> history(static_cast<size_t>(Pick(random, 0, 8)));
  for (MutexOp& op : history) {
    op.invoke_ns = Pick(random, 0, 12);
    op.return_ns = op.invoke_ns + Pick(random, 0, 12);
    op.is_release = Pick(random, 0, 1) == 0;
    op.outcome = Pick(random, 0, 3) == 0 ? Outcome::kUnknown : Outcome::kOk;
  }
  return history;
}

TEST(LinearizabilityRandomTest, MutexesAgreeWithTheDefinition) {
  const auto agrees = [](const std::vector<MutexOp>& history) {
    std::vector<CasOp> as_cas;
    for (const MutexOp& op : history) {
      as_cas.push_back({op.invoke_ns, op.return_ns, 0, op.is_release ? 0 : 1, op.is_release ? 1 : 0,
                        Kind::kCas, true, op.outcome});
    }
    const bool expected = IsLinearizable(as_cas, 0);
    EXPECT_EQ(CheckMutex(history).linearizable(), expected) << Describe(as_cas);
    return expected;
  };
  ExpectBothKinds({.seed = 4, .count = 20'000}, MakeArbitraryMutex, agrees);
}

// ---- At a realistic size.

struct InFlight {
  int64_t effect_ns = 0;
  CasOp op;
  bool operator>(const InFlight& other) const { return effect_ns > other.effect_ns; }
};

// Closed-loop workers on one register; an operation takes effect once, between its two latencies.
std::vector<CasOp> MakeLarge(Random& random, size_t count, int workers, const Shape& shape) {
  std::exponential_distribution<double> latency_ns(1.0 / 20'000);
  std::priority_queue<InFlight, std::vector<InFlight>, std::greater<>> in_flight;
  const auto start = [&](int64_t now_ns) {
    InFlight next;
    DrawRequest(random, shape, &next.op);
    next.op.invoke_ns = now_ns + Pick(random, 1, 1'000);
    next.effect_ns = next.op.invoke_ns + static_cast<int64_t>(latency_ns(random));
    next.op.return_ns = next.effect_ns + static_cast<int64_t>(latency_ns(random));
    in_flight.push(next);
  };
  for (int i = 0; i < workers; ++i) start(0);
  std::vector<CasOp> history;
  int64_t value = 0;
  while (history.size() < count) {
    CasOp op = in_flight.top().op;
    in_flight.pop();
    start(op.return_ns);
    Run(random, &op, &value);
    history.push_back(op);
  }
  return history;
}

TEST(LinearizabilityRandomTest, AcceptsLargeHistoriesOfManyWorkers) {
  Random random(5);
  const std::vector<Shape> shapes = {{.values = 5, .unknown_percent = 0, .write_percent = 25},
                                     {.values = 5, .unknown_percent = 1, .write_percent = 50},
                                     {.values = 2, .unknown_percent = 1, .write_percent = 10}};
  for (const Shape& shape : shapes) {
    const auto verdict = CheckCasRegister(MakeLarge(random, 5'000, 50, shape), 0);
    EXPECT_EQ(verdict.answer, Answer::kLinearizable) << verdict.violations.first;
  }
}

// Each unknown operation may have happened at any time since, which must not multiply what there is
// to look at: the bounds are on the steps, not the time, so that they hold on any machine.
TEST(LinearizabilityRandomTest, OneInTenUnknownTakesAFewStepsForEachOperation) {
  for (const int64_t write_percent : {10, 33, 60}) {
    for (const size_t count : {400U, 5'000U, 20'000U}) {
      Random random(9);
      const Shape shape = {.values = 5, .unknown_percent = 10, .write_percent = write_percent};
      const auto verdict = CheckCasRegister(MakeLarge(random, count, 5, shape), 0);
      EXPECT_EQ(verdict.answer, Answer::kLinearizable) << verdict.first_undecided;
      EXPECT_LT(verdict.steps, 100'000 + 1'000 * static_cast<int64_t>(count));
    }
  }
}

// Until enough of them are unknown to explain anything, few things can.
TEST(LinearizabilityRandomTest, SeesOneWrongResultAmongAFewUnknownOnes) {
  int not_linearizable = 0;
  for (int round = 0; round < 200; ++round) {
    Random random(static_cast<uint64_t>(round));
    std::vector<CasOp> history =
        MakeLarge(random, 400, 5, {.values = 5, .unknown_percent = 1, .write_percent = 33});
    const auto is_telling = [](const CasOp& op) {
      return op.outcome == Outcome::kOk && (op.swapped || op.kind == Kind::kRead);
    };
    CasOp& op = *std::find_if(history.begin() + 100, history.end(), is_telling);
    (op.kind == Kind::kRead ? op.value : op.expected) += 2;
    for (CasOp& each : history) {
      each.value %= 5;
      each.expected %= 5;
    }
    const auto verdict = CheckCasRegister(history, 0);
    ASSERT_NE(verdict.answer, Answer::kUndecided) << round << verdict.first_undecided;
    ASSERT_LT(verdict.steps, 5'000'000) << round;
    not_linearizable += verdict.linearizable() ? 0 : 1;
  }
  EXPECT_GT(not_linearizable, 40);
}

TEST(LinearizabilityRandomTest, SeesOneImpossibleReadInALargeHistory) {
  Random random(6);
  for (int round = 0; round < 4; ++round) {
    std::vector<CasOp> history =
        MakeLarge(random, 2'000, 8, {.values = 5, .unknown_percent = 1, .write_percent = 25});
    CasOp& op = history[static_cast<size_t>(Pick(random, 100, 1'900))];
    op.kind = Kind::kRead;
    op.outcome = Outcome::kOk;
    op.value = 5;  // which nothing writes
    const auto verdict = CheckCasRegister(history, 0);
    EXPECT_EQ(verdict.answer, Answer::kNotLinearizable) << round << verdict.violations.first;
  }
}

// They come far from the start, where the search does not keep every state.
TEST(LinearizabilityRandomTest, SeesTwoReadsThatDisagreeAfterALargeHistory) {
  Random random(8);
  for (int round = 0; round < 20; ++round) {
    std::vector<CasOp> history =
        MakeLarge(random, 2'000, 20, {.values = 5, .unknown_percent = 0, .write_percent = 25});
    const int64_t end_ns =
        std::max_element(history.begin(), history.end(), [](const CasOp& a, const CasOp& b) {
          return a.return_ns < b.return_ns;
        })->return_ns;
    history.push_back({.invoke_ns = end_ns + 1, .return_ns = end_ns + 2, .value = 1});
    history.push_back({.invoke_ns = end_ns + 3, .return_ns = end_ns + 4, .value = 2});
    for (CasOp& op : history) op.key = 1;
    const auto verdict = CheckCasRegister(history, 0);
    EXPECT_EQ(verdict.answer, Answer::kNotLinearizable) << round << verdict.violations.first;
  }
}

}  // namespace
}  // namespace rcb
