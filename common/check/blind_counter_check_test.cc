// The checker of counters with increments that return nothing, by examples and against brute force.

#include "common/check/blind_counter_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/check/counter_brute_force.h"
#include "common/check/random_test_history.h"

namespace rcb {
namespace {

using testing::HasSubstr;

CounterOp Increment(int64_t invoke_ns, int64_t return_ns, int64_t value = 0) {
  return {invoke_ns, return_ns, value, /*is_read=*/false, Outcome::kOk};
}
CounterOp Read(int64_t invoke_ns, int64_t return_ns, int64_t value) {
  return {invoke_ns, return_ns, value, /*is_read=*/true, Outcome::kOk};
}
CounterOp Unknown(int64_t invoke_ns) {
  return {invoke_ns, 0, 0, /*is_read=*/false, Outcome::kUnknown};
}

std::string FirstOf(const std::vector<CounterOp>& history, const std::vector<CounterOp>& blind) {
  return CheckBlindCounter(history, blind, /*initial=*/0).first;
}

TEST(BlindCounterTest, AnIncrementThatReturnsNothingCountsAll) {
  EXPECT_EQ(FirstOf({}, {}), "");
  EXPECT_EQ(FirstOf({}, {Increment(0, 1)}), "");
  EXPECT_EQ(FirstOf({Read(2, 3, 2)}, {Increment(0, 1), Increment(0, 1)}), "");
  EXPECT_EQ(FirstOf({Read(0, 3, 1)}, {Increment(0, 1), Increment(2, 4)}), "");
  EXPECT_EQ(FirstOf({Increment(0, 1, 1), Increment(4, 5, 3)}, {Increment(2, 3)}), "");
}

TEST(BlindCounterTest, ALostIncrementIsFound) {
  EXPECT_THAT(FirstOf({Read(4, 5, 1)}, {Increment(0, 1), Increment(2, 3)}),
              HasSubstr("lost: an increment"));
  EXPECT_THAT(FirstOf({Increment(0, 1, 1), Increment(4, 5, 2)}, {Increment(2, 3)}),
              HasSubstr("such as increment -> 2 [0.004, 0.005 us]"));
}

TEST(BlindCounterTest, AValueThatNothingExplainsIsFound) {
  EXPECT_THAT(FirstOf({Read(4, 5, 2)}, {Increment(0, 1)}), HasSubstr("hole"));
  EXPECT_THAT(FirstOf({Read(0, 1, 1)}, {Increment(2, 3)}), HasSubstr("hole"));
  EXPECT_EQ(FirstOf({Read(4, 5, 2), Unknown(1)}, {Increment(0, 1)}), "");
}

TEST(BlindCounterTest, AnIncrementThatEndedBeforeAGapDoesNotFillIt) {
  // It is within the first read, so that the later one needs another.
  EXPECT_THAT(FirstOf({Read(2, 3, 1), Read(4, 5, 2)}, {Increment(0, 1)}), HasSubstr("hole"));
}

struct Case {
  std::vector<CounterOp> history;
  std::vector<CounterOp> blind;
};

bool IsLinearizable(const Case& c) {
  std::vector<CounterOp> ops = WithoutIgnored(c.history);
  ops.insert(ops.end(), c.blind.begin(), c.blind.end());
  return CounterOrders(ops, c.blind.size(), /*final_value=*/std::nullopt).HasOne(/*initial=*/0);
}

// Operations on a counter, some of which forget what they returned; now and then one is wrong.
Case Draw(Random& random) {
  Case c;
  int64_t counter = 0;
  const int64_t count = Pick(random, 1, 9);
  for (const int64_t instant : PickInstants(random, count, 4, 16)) {
    CounterOp op;
    DrawKind(random, /*reads=*/6, &op);
    RunAround(random, instant, /*reach=*/4, &op);
    if (!op.is_read && TakesEffect(random, op.outcome)) ++counter;
    op.value = counter;
    if (Pick(random, 0, 5) == 0) op.value += Pick(random, -1, 1);
    if (Pick(random, 0, 5) == 0) Shift(random, &op);
    const bool is_blind = !op.is_read && op.outcome == Outcome::kOk && Pick(random, 0, 2) > 0;
    (is_blind ? c.blind : c.history).push_back(op);
  }
  return c;
}

TEST(BlindCounterTest, AgreesWithBruteForce) {
  const Cases cases = {.seed = 4, .count = 40'000};
  ForEach(cases, Draw, [](const Case& c) {
    const Violations violations = CheckBlindCounter(c.history, c.blind, /*initial=*/0);
    ASSERT_EQ(violations.none(), IsLinearizable(c))
        << violations.first << Describe(c.history, "incr") << Describe(c.blind, "blind");
  });
  ExpectBothKinds(cases, Draw, IsLinearizable);
}

}  // namespace
}  // namespace rcb
