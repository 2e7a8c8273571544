// The checker of registers whose writes tell what they replaced: by hand, and against trying every
// order on small random histories.

#include "common/check/swap_check.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/check/random_test_history.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::HasSubstr;

using History = std::vector<SwapOp>;

SwapOp Write(int64_t invoke_ns, int64_t return_ns, int64_t replaced, int64_t value) {
  return {invoke_ns, return_ns, value, replaced, /*is_read=*/false, Outcome::kOk};
}
SwapOp Read(int64_t invoke_ns, int64_t return_ns, int64_t value) {
  return {invoke_ns, return_ns, value, /*replaced=*/0, /*is_read=*/true, Outcome::kOk};
}

TEST(SwapCheckTest, AChainOfWritesWithReadsInTheirPlacesIsWell) {
  const SwapVerdict verdict =
      CheckSwaps(History{Write(0, 9, 0, 7), Read(1, 8, 0), Write(2, 12, 7, 8), Read(10, 11, 7),
                         Read(13, 14, 8)},
                 /*initial=*/0);
  EXPECT_TRUE(verdict.writes.none()) << verdict.writes.first;
  EXPECT_TRUE(verdict.reads.none()) << verdict.reads.first;
}

TEST(SwapCheckTest, TwoWritesThatReplacedTheSameAreALostWrite) {
  const SwapVerdict verdict = CheckSwaps(History{Write(0, 9, 0, 7), Write(1, 9, 0, 8)}, 0);
  EXPECT_EQ(verdict.writes.count, 1);
  EXPECT_THAT(verdict.writes.first, HasSubstr("both replaced 0"));
  EXPECT_TRUE(verdict.reads.none());
}

TEST(SwapCheckTest, WritesReplaceWhatWasWritten) {
  EXPECT_THAT(CheckSwaps(History{Write(0, 9, 5, 7)}, 0).writes.first, HasSubstr("nothing wrote"));
  EXPECT_THAT(CheckSwaps(History{Write(0, 9, 8, 7), Write(0, 9, 7, 8)}, 0).writes.first,
              HasSubstr("2 writes replaced each other in a circle"));
}

TEST(SwapCheckTest, WritesFollowEachOtherAsRealTimeHasIt) {
  const SwapVerdict verdict = CheckSwaps(History{Write(0, 1, 8, 7), Write(2, 3, 0, 8)}, 0);
  EXPECT_EQ(verdict.writes.count, 1);
  EXPECT_TRUE(verdict.reads.none());
}

TEST(SwapCheckTest, AStaleReadIsNoFaultOfTheWrites) {
  const SwapVerdict verdict =
      CheckSwaps(History{Write(0, 1, 0, 7), Write(2, 3, 7, 8), Read(4, 5, 7)}, 0);
  EXPECT_TRUE(verdict.writes.none()) << verdict.writes.first;
  EXPECT_EQ(verdict.reads.count, 1);
  EXPECT_EQ(CheckSwaps(History{Write(0, 1, 0, 7), Read(4, 5, 9)}, 0).reads.count, 1);
  // Also where the writes are no chain.
  const SwapVerdict broken =
      CheckSwaps(History{Write(0, 1, 0, 7), Write(2, 3, 0, 8), Read(4, 5, 7)}, 0);
  EXPECT_EQ(broken.writes.count, 1);
  EXPECT_EQ(broken.reads.count, 1);
}

bool IsIgnored(const SwapOp& op) {
  return op.outcome == Outcome::kFailed || (op.outcome == Outcome::kUnknown && op.is_read);
}

bool IsLinearizable(const History& history) {
  History ops = history;
  std::erase_if(ops, IsIgnored);
  const auto may_replace = [](const SwapOp& op, int64_t value) {
    return op.outcome != Outcome::kOk || op.replaced == value;
  };
  return RegisterOrders<SwapOp>(std::move(ops), may_replace).HasOne(/*initial=*/0);
}

std::string Describe(const History& history) {
  std::string text;
  for (const SwapOp& op : history) {
    absl::StrAppend(&text, op.is_read ? "; read [" : "; write [", op.invoke_ns, ",", op.return_ns,
                    "]=", op.value, op.is_read ? "" : absl::StrCat(" for ", op.replaced),
                    " outcome ", static_cast<int>(op.outcome));
  }
  return text;
}

History MakeGood(Random& random, bool has_unknown) {
  History history;
  int64_t value = 0;
  int64_t unused = 0;
  const std::vector<int64_t> instants = PickInstants(random, Pick(random, 0, 7), 4, 16);
  const int64_t reach = Pick(random, 0, 4);
  for (const int64_t instant : instants) {
    SwapOp op;
    RunAround(random, instant, reach, &op);
    op.is_read = Pick(random, 0, 1) == 0;
    if (has_unknown && Pick(random, 0, 4) == 0) op.outcome = Outcome::kUnknown;
    if (Pick(random, 0, 19) == 0) op.outcome = Outcome::kFailed;
    op.replaced = op.is_read ? 0 : value;
    op.value = op.is_read ? value : ++unused;
    if (!op.is_read && TakesEffect(random, op.outcome)) value = op.value;
    history.push_back(op);
  }
  std::shuffle(history.begin(), history.end(), random);
  return history;
}

// As a register, or its recording, goes wrong; the written values stay unique.
History MakeMutated(Random& random, bool has_unknown) {
  History history = MakeGood(random, has_unknown);
  for (int64_t left = history.empty() ? 0 : Pick(random, 1, 4); left > 0; --left) {
    SwapOp& op = Any(random, history);
    SwapOp& other = Any(random, history);
    switch (Pick(random, 0, 3)) {
      case 0:
        if (op.is_read == other.is_read) std::swap(op.value, other.value);
        break;
      case 1:
        if (!op.is_read) op.replaced = other.replaced;
        break;
      case 2:
        if (op.is_read) op.value = other.value;
        break;
      default:
        Shift(random, &op);
    }
  }
  return history;
}

bool IsWell(const SwapVerdict& verdict) { return verdict.writes.none() && verdict.reads.none(); }

TEST(SwapCheckTest, AcceptsHistoriesThatAreLinearizableByConstruction) {
  for (const bool has_unknown : {false, true}) {
    const auto make = [=](Random& random) { return MakeGood(random, has_unknown); };
    ForEach({.seed = 1, .count = 30'000}, make, [](const History& history) {
      ASSERT_TRUE(IsLinearizable(history)) << Describe(history);
      ASSERT_TRUE(IsWell(CheckSwaps(history, 0))) << Describe(history);
    });
  }
}

TEST(SwapCheckTest, AgreesWithTheDefinitionOnMutatedHistories) {
  const auto make = [](Random& random) { return MakeMutated(random, /*has_unknown=*/false); };
  ExpectBothKinds({.seed = 2, .count = 60'000}, make, [](const History& history) {
    const bool expected = IsLinearizable(history);
    EXPECT_EQ(IsWell(CheckSwaps(history, 0)), expected) << Describe(history);
    return expected;
  });
}

TEST(SwapCheckTest, FindsNothingThatIsNotThereWhereOutcomesAreUnknown) {
  const auto make = [](Random& random) { return MakeMutated(random, /*has_unknown=*/true); };
  ExpectBothKinds({.seed = 3, .count = 30'000}, make, [](const History& history) {
    const bool expected = IsLinearizable(history);
    if (expected) {
      EXPECT_TRUE(IsWell(CheckSwaps(history, 0))) << Describe(history);
    }
    return expected;
  });
}

}  // namespace
}  // namespace rcb
