#include "common/check/counter_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <utility>
#include <vector>

namespace rcb {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

struct Case {
  std::vector<CounterOp> history;
  int64_t initial = 0;
  std::optional<int64_t> final_value;
};

CounterVerdict Check(const Case& c) { return CheckCounter(c.history, c.initial, c.final_value); }

CounterOp Incr(int64_t invoke_ns, int64_t return_ns, int64_t value) {
  return {invoke_ns, return_ns, value, false, Outcome::kOk};
}
CounterOp Read(int64_t invoke_ns, int64_t return_ns, int64_t value) {
  return {invoke_ns, return_ns, value, true, Outcome::kOk};
}
// Return and value are nonsense that the checker must not look at.
CounterOp UnknownIncr(int64_t invoke_ns) { return {invoke_ns, -9, -9, false, Outcome::kUnknown}; }

// One after another: 1, 2, ... `count`, each in its own 10 ns.
std::vector<CounterOp> Sequential(int64_t count) {
  std::vector<CounterOp> history;
  for (int64_t i = 1; i <= count; ++i) history.push_back(Incr(10 * i, 10 * i + 9, i));
  return history;
}

// ---- Damage that must be seen.

TEST(CounterCheckTest, SeesTwoSwappedResults) {
  for (size_t i = 0; i < 99; ++i) {
    Case c{Sequential(100), 0, 100};
    std::swap(c.history[i].value, c.history[i + 1].value);
    EXPECT_EQ(Check(c).inversions, 1);
    EXPECT_EQ(Check(c).violations.count, 1);
  }
}

TEST(CounterCheckTest, SeesADroppedIncrement) {
  for (int dropped = 0; dropped < 100; ++dropped) {
    Case c{Sequential(100), 0, 100};
    c.history.erase(c.history.begin() + dropped);
    EXPECT_EQ(Check(c).holes, 1);
    EXPECT_EQ(Check(c).violations.count, 1);
  }
}

TEST(CounterCheckTest, SeesAValueHandedOutTwice) {
  for (size_t i = 0; i < 99; ++i) {
    Case c{Sequential(100), 0, 100};
    c.history[i + 1].value = c.history[i].value;
    EXPECT_EQ(Check(c).duplicates, 1);
    EXPECT_EQ(Check(c).holes, 1);  // the value that the copy should have had
    EXPECT_EQ(Check(c).violations.count, 2);
  }
}

TEST(CounterCheckTest, SeesAnIntervalMovedBehindTheEnd) {
  for (size_t i = 0; i < 99; ++i) {
    Case c{Sequential(100), 0, 100};
    c.history[i].invoke_ns = 2'000;
    c.history[i].return_ns = 2'001;
    EXPECT_EQ(Check(c).inversions, 1);
    EXPECT_EQ(Check(c).violations.count, 1);
  }
}

TEST(CounterCheckTest, SeesUpdatesLostAfterTheirReply) {
  const CounterVerdict verdict = Check({Sequential(10), 0, 7});
  EXPECT_EQ(verdict.lost_updates, 3);
  EXPECT_EQ(verdict.inversions, 1);  // the final read
  EXPECT_EQ(verdict.violations.count, 4);
}

TEST(CounterCheckTest, SeesAFinalValueThatNothingExplains) {
  EXPECT_EQ(Check({Sequential(10), 0, 12}).holes, 2);
  std::vector<CounterOp> history = Sequential(10);
  history.push_back(UnknownIncr(5'000));
  EXPECT_EQ(Check({history, 0, 12}).holes, 1);
  history.push_back(UnknownIncr(5'000));
  EXPECT_TRUE(Check({history, 0, 12}).linearizable());
}

TEST(CounterCheckTest, SeesAnIncrementToAtMostTheInitialValue) {
  EXPECT_EQ(Check({{Incr(1, 2, 5)}, 5, {}}).duplicates, 1);
  EXPECT_EQ(Check({{Incr(1, 2, 4)}, 5, {}}).duplicates, 1);
}

TEST(CounterCheckTest, SeesAReadBelowTheInitialValue) {
  EXPECT_EQ(Check({{Read(1, 2, 4)}, 5, {}}).inversions, 1);
  EXPECT_EQ(Check({{}, 5, 4}).inversions, 1);
  EXPECT_EQ(Check({{}, 5, 4}).lost_updates, 1);
}

TEST(CounterCheckTest, SeesAStaleRead) {
  EXPECT_EQ(Check({{Incr(1, 2, 1), Read(3, 4, 0)}, 0, 1}).inversions, 1);
  EXPECT_EQ(Check({{Read(1, 2, 1), Incr(3, 4, 1)}, 0, 1}).inversions, 1);
}

TEST(CounterCheckTest, OneStaleReadIsOneViolation) {
  std::vector<CounterOp> history = Sequential(1'000);
  history.push_back(Read(20'000, 20'001, 0));
  EXPECT_EQ(Check({history, 0, 1'000}).violations.count, 1);
}

// ---- Edges.

TEST(CounterCheckTest, AcceptsAnEmptyHistory) {
  EXPECT_TRUE(Check({{}, 3, {}}).linearizable());
  EXPECT_TRUE(Check({{}, 3, 3}).linearizable());
  EXPECT_EQ(Check({{}, 3, 4}).holes, 1);
}

TEST(CounterCheckTest, AcceptsOneOperation) {
  EXPECT_TRUE(Check({{Incr(7, 7, 4)}, 3, 4}).linearizable());
  EXPECT_TRUE(Check({{Read(7, 7, 3)}, 3, 3}).linearizable());
}

TEST(CounterCheckTest, UnknownIncrementsMayOrMayNotHaveHappened) {
  const std::vector<CounterOp> history = {UnknownIncr(5), UnknownIncr(9)};
  EXPECT_TRUE(Check({history, 0, {}}).linearizable());
  for (int64_t value : {0, 1, 2}) EXPECT_TRUE(Check({history, 0, value}).linearizable());
  EXPECT_EQ(Check({history, 0, 3}).holes, 1);
}

TEST(CounterCheckTest, AnUnknownIncrementExplainsOnlyWhatReturnedAfterItsStart) {
  EXPECT_EQ(Check({{UnknownIncr(5), Read(1, 4, 1)}, 0, {}}).holes, 1);
  EXPECT_TRUE(Check({{UnknownIncr(5), Read(1, 5, 1)}, 0, {}}).linearizable());
}

TEST(CounterCheckTest, FailedOperationsAndUnknownReadsCountForNothing) {
  const CounterOp failed = {1, 2, 99, false, Outcome::kFailed};
  const CounterOp failed_read = {1, 2, 99, true, Outcome::kFailed};
  const CounterOp unknown_read = {1, 2, 99, true, Outcome::kUnknown};
  EXPECT_TRUE(Check({{failed, failed_read, unknown_read}, 0, 0}).linearizable());
  EXPECT_EQ(Check({{failed, failed_read, unknown_read}, 0, 1}).holes, 1);
}

TEST(CounterCheckTest, SharedStampsAreConcurrent) {
  EXPECT_TRUE(Check({{Incr(1, 5, 2), Incr(5, 9, 1)}, 0, 2}).linearizable());
  EXPECT_FALSE(Check({{Incr(1, 5, 2), Incr(6, 9, 1)}, 0, 2}).linearizable());
}

TEST(CounterCheckTest, AbsurdValuesAreCountedWithoutOverflowOrDelay) {
  const CounterVerdict up = Check({{Read(1, 2, kMax), Incr(1, 2, kMin)}, kMin, kMax});
  EXPECT_EQ(up.holes, kMax);
  EXPECT_EQ(up.violations.count, kMax);
  const CounterVerdict down = Check({{Incr(1, 2, kMin)}, kMax, kMin});
  EXPECT_EQ(down.lost_updates, kMax);
  EXPECT_EQ(down.violations.count, 2);
}

// ---- The words.

TEST(CounterCheckTest, NamesTheEarliestViolationWithValuesAndTimes) {
  std::vector<CounterOp> history = {Incr(1'000, 2'000, 1), Incr(1'500, 3'250, 1),
                                    Incr(4'000, 5'000, 2), Incr(4'000, 6'000, 2)};
  EXPECT_EQ(Check({history, 0, {}}).violations.first,
            "duplicate: increment -> 1 [0.500, 2.250 us] took what increment -> 1 "
            "[0.000, 1.000 us] had taken");
}

TEST(CounterCheckTest, NamesEachKindOfViolation) {
  EXPECT_EQ(Check({{Incr(10, 20, 3)}, 3, {}}).violations.first,
            "duplicate: increment -> 3 [0.000, 0.010 us] is not above the initial 3");
  EXPECT_EQ(Check({{Read(10, 20, 2)}, 3, {}}).violations.first,
            "inversion: read -> 2 [0.000, 0.010 us] is below the initial 3");
  EXPECT_EQ(Check({{Incr(10, 20, 1), Read(30, 40, 0)}, 0, {}}).violations.first,
            "inversion: read -> 0 [0.020, 0.030 us] started after increment -> 1 [0.000, 0.010 us] "
            "had returned");
  EXPECT_EQ(
      Check({{Incr(10, 20, 1)}, 0, 0}).violations.first,
      "inversion: final read -> 0 started after increment -> 1 [0.000, 0.010 us] had returned");
  EXPECT_EQ(Check({{UnknownIncr(10), Incr(10, 20, 4)}, 0, {}}).violations.first,
            "hole: increment -> 4 [0.000, 0.010 us] implies increments to 1..3: none was "
            "acknowledged, and unknown ones explain 1 of them");
}

// ---- Size.

TEST(CounterCheckTest, AcceptsAMillionOverlappingOperations) {
  std::mt19937_64 random(4);
  std::uniform_int_distribution<int64_t> spread_ns(0, 50'000);
  std::bernoulli_distribution reads(0.2);
  std::vector<CounterOp> history;
  int64_t counter = 0;
  for (int64_t instant_ns = 50'000; counter < 800'000; instant_ns += 1'000) {
    const bool is_read = reads(random);
    if (!is_read) ++counter;
    history.push_back({instant_ns - spread_ns(random), instant_ns + spread_ns(random), counter,
                       is_read, Outcome::kOk});
  }
  EXPECT_NEAR(static_cast<double>(history.size()), 1e6, 5e3);
  std::shuffle(history.begin(), history.end(), random);
  const CounterVerdict verdict = CheckCounter(std::move(history), 0, 800'000);
  EXPECT_EQ(verdict.violations.count, 0) << verdict.violations.first;
}

// Fifty workers read the counter together and write back the same successor.
TEST(CounterCheckTest, CountsEveryDuplicateOfAMillionUnprotectedUpdates) {
  std::vector<CounterOp> history;
  for (int64_t round = 1; round <= 20'000; ++round) {
    for (int64_t worker = 0; worker < 50; ++worker) {
      history.push_back(Incr(1'000 * round, 1'000 * round + 100 + worker, round));
    }
  }
  const CounterVerdict verdict = CheckCounter(std::move(history), 0, 20'000);
  EXPECT_EQ(verdict.duplicates, 49 * 20'000);
  EXPECT_EQ(verdict.lost_updates, 49 * 20'000);
  EXPECT_EQ(verdict.violations.count, 49 * 20'000);
}

TEST(CounterCheckDeathTest, StampsThatRunBackwardsAbort) {
  EXPECT_DEATH(Check({{Incr(5, 4, 1)}, 0, {}}), "runs from 5 to 4 ns");
  EXPECT_DEATH(Check({{Incr(-1, 4, 1)}, 0, {}}), "runs from -1 to 4 ns");
  EXPECT_DEATH(Check({{Incr(5, kMax, 1)}, 0, {}}), "runs from 5 to");
}

}  // namespace
}  // namespace rcb
