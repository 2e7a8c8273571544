#include "bench/lock/lock_check.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb::lock {
namespace {

using testing::HasSubstr;

Holding Stay(int64_t acquired_ns, int64_t released_ns, bool is_shared = false) {
  Holding holding;
  holding.wanted_ns = 0;
  holding.acquired_ns = acquired_ns;
  holding.released_ns = released_ns;
  holding.is_shared = is_shared;
  return holding;
}

TEST(LockCheckTest, HoldersOneAfterTheOtherAreExclusive) {
  EXPECT_EQ(CheckExclusion({}).count, 0);
  EXPECT_EQ(CheckExclusion({Stay(10, 20)}).count, 0);
  // The clock cannot tell which came first where they share a stamp.
  EXPECT_EQ(CheckExclusion({Stay(20, 30), Stay(10, 20), Stay(31, 40)}).count, 0);
}

TEST(LockCheckTest, AHolderWhoComesTooEarlyIsCaught) {
  const Violations verdict = CheckExclusion({Stay(10'000, 20'000), Stay(17'000, 30'000)});
  EXPECT_EQ(verdict.count, 1);
  EXPECT_THAT(verdict.first, HasSubstr("3 us before"));
}

TEST(LockCheckTest, AHolderWithinALongerStayIsCaughtBehindOthers) {
  EXPECT_EQ(CheckExclusion({Stay(10, 100), Stay(20, 30), Stay(40, 50)}).count, 2);
}

TEST(LockCheckTest, ReadersMayOverlapReadersButNoWriter) {
  EXPECT_EQ(CheckExclusion({Stay(10, 30, true), Stay(20, 40, true), Stay(40, 50)}).count, 0);
  EXPECT_EQ(CheckExclusion({Stay(10, 30, true), Stay(20, 40)}).count, 1);
  EXPECT_EQ(CheckExclusion({Stay(10, 30), Stay(20, 40, true)}).count, 1);
}

// Whether any two of them overlap that may not.
bool AnyPairOverlaps(const std::vector<Holding>& stays) {
  for (size_t i = 0; i < stays.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const Holding& a = stays[i];
      const Holding& b = stays[j];
      if (a.is_shared && b.is_shared) continue;
      if (a.acquired_ns < b.released_ns && b.acquired_ns < a.released_ns) return true;
    }
  }
  return false;
}

TEST(LockCheckTest, AgreesWithAComparisonOfAllPairs) {
  std::mt19937 random(7);
  int bad = 0;
  constexpr int kHistories = 20'000;
  for (int i = 0; i < kHistories; ++i) {
    std::vector<Holding> stays;
    for (int n = static_cast<int>(random() % 5); n >= 0; --n) {
      const int64_t acquired_ns = static_cast<int64_t>(random() % 40);
      const int64_t released_ns = acquired_ns + 1 + static_cast<int64_t>(random() % 8);
      stays.push_back(Stay(acquired_ns, released_ns, random() % 2 == 0));
    }
    const bool overlaps = AnyPairOverlaps(stays);
    bad += overlaps ? 1 : 0;
    ASSERT_EQ(CheckExclusion(stays).count > 0, overlaps) << "history " << i;
  }
  EXPECT_GT(bad, kHistories / 10);
  EXPECT_LT(bad, kHistories * 9 / 10);
}

TEST(LockCheckTest, AHandOffIsFromTheReleaseToTheNextWhoWasWaiting) {
  Holding first = Stay(1'000, 10'000);
  Holding waiting = Stay(13'000, 20'000);
  waiting.wanted_ns = 5'000;
  Holding late = Stay(90'000, 95'000);
  late.wanted_ns = 80'000;  // came to a free lock: nobody handed it on
  const HandOffs measured = MeasureHandOffs({late, first, waiting});
  EXPECT_DOUBLE_EQ(measured.handoff_p50_us, 3);
  EXPECT_DOUBLE_EQ(measured.acquire_p50_us, 8);
  EXPECT_DOUBLE_EQ(measured.longest_wait_us, 10);
}

TEST(LockCheckTest, NothingMeasuredIsZero) {
  const HandOffs measured = MeasureHandOffs({});
  EXPECT_EQ(measured.handoff_p50_us, 0);
  EXPECT_EQ(measured.acquire_p95_us, 0);
  EXPECT_EQ(measured.longest_wait_us, 0);
}

TEST(LockCheckTest, AWriteBehindAHigherFenceIsLate) {
  EXPECT_EQ(CheckFences({}).count, 0);
  EXPECT_EQ(CheckFences({{1, 1}, {2, 4}, {3, 9}}).count, 0);
  EXPECT_EQ(CheckFences({{3, 9}, {2, 4}, {1, 1}}).count, 0) << "in any order";
  const Violations late = CheckFences({{1, 1}, {2, 4}, {3, 3}});
  EXPECT_EQ(late.count, 1);
  EXPECT_THAT(late.first, HasSubstr("late write: of 3 with fence 3 after fence 4"));
}

// Stays of which each waited in the queue from `queued_ns` on, having asked at `wanted_ns`.
Holding Queued(int64_t wanted_ns, int64_t queued_ns, int64_t acquired_ns) {
  Holding holding;
  holding.wanted_ns = wanted_ns;
  holding.queued_ns = queued_ns;
  holding.acquired_ns = acquired_ns;
  holding.released_ns = acquired_ns + 1;
  return holding;
}

TEST(CheckOrder, TakesFirstComeFirstServedAndThoseThatCameAtTheSameTime) {
  EXPECT_EQ(CheckOrder({Queued(0, 10, 100), Queued(20, 30, 110), Queued(40, 50, 120)}, 1000).count,
            0);
  EXPECT_EQ(CheckOrder({Queued(0, 10, 110), Queued(9, 30, 100)}, 1000).count, 0);
}

TEST(CheckOrder, CountsEachThatOvertookSomebody) {
  EXPECT_EQ(CheckOrder({Queued(0, 10, 120), Queued(20, 30, 100), Queued(40, 0, 110)}, 1000).count,
            2);
  EXPECT_EQ(CheckOrder({Queued(0, 10, 120), Queued(20, 30, 130)}, 1000).count, 0);
}

TEST(CheckOrder, ForgivesToOvertakeOneThatWaitedForTooLong) {
  EXPECT_EQ(CheckOrder({Queued(0, 10, 1200), Queued(20, 30, 100)}, 1000).count, 0);
}

TEST(ShortStays, LeavesOutThoseThatOutlivedTheirLease) {
  EXPECT_EQ(
      ShortStays({{.acquired_ns = 0, .released_ns = 50}, {.acquired_ns = 0, .released_ns = 51}}, 50)
          .size(),
      1u);
}

}  // namespace
}  // namespace rcb::lock
