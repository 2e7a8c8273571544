#include "common/check/register_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <utility>
#include <vector>

namespace rcb {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

RegisterVerdict Check(const std::vector<RegisterOp>& history) { return CheckRegister(history, 0); }

RegisterOp Write(int64_t invoke_ns, int64_t return_ns, int64_t value) {
  return {invoke_ns, return_ns, value, false, Outcome::kOk};
}
RegisterOp Read(int64_t invoke_ns, int64_t return_ns, int64_t value) {
  return {invoke_ns, return_ns, value, true, Outcome::kOk};
}
// The return is nonsense that the checker must not look at.
RegisterOp UnknownWrite(int64_t invoke_ns, int64_t value) {
  return {invoke_ns, -9, value, false, Outcome::kUnknown};
}

// Writes of 1, 2, ... `count`, each in its own 10 ns and followed by a read of it.
std::vector<RegisterOp> Sequential(int64_t count) {
  std::vector<RegisterOp> history;
  for (int64_t i = 1; i <= count; ++i) {
    history.push_back(Write(10 * i, 10 * i + 4, i));
    history.push_back(Read(10 * i + 5, 10 * i + 9, i));
  }
  return history;
}

// ---- What must be seen.

TEST(RegisterCheckTest, SeesAReadOfAValueThatNothingWrote) {
  const RegisterVerdict verdict = Check({Write(1, 2, 1), Read(3, 4, 7), Read(3, 4, 1)});
  EXPECT_EQ(verdict.unwritten, 1);
  EXPECT_EQ(verdict.violations.count, 1);
}

TEST(RegisterCheckTest, SeesAReadOfAWriteThatFailed) {
  const RegisterOp failed = {1, 2, 7, false, Outcome::kFailed};
  EXPECT_EQ(Check({failed, Read(3, 4, 7)}).unwritten, 1);
}

TEST(RegisterCheckTest, SeesAReadThatReturnedBeforeItsWriteStarted) {
  const RegisterVerdict verdict = Check({Read(1, 2, 1), Write(3, 4, 1), Read(5, 6, 1)});
  EXPECT_EQ(verdict.early, 1);
  EXPECT_EQ(verdict.violations.count, 1);
}

TEST(RegisterCheckTest, SeesAReadOfAnOverwrittenValue) {
  const RegisterVerdict verdict = Check({Write(1, 2, 1), Write(3, 4, 2), Read(5, 6, 1)});
  EXPECT_EQ(verdict.stale, 1);
  EXPECT_EQ(verdict.violations.count, 1);
}

TEST(RegisterCheckTest, SeesAReadOfTheInitialValueAfterAWrite) {
  EXPECT_EQ(Check({Write(1, 2, 1), Read(3, 4, 0)}).stale, 1);
  EXPECT_EQ(Check({Write(1, 2, 1), Read(2, 4, 0)}).stale, 0);
}

// New-old inversion: the register would have had to go back.
TEST(RegisterCheckTest, SeesAReadOfTheOldValueAfterAReadOfTheNewOneDuringTheWrite) {
  EXPECT_EQ(Check({Write(1, 9, 1), Read(2, 3, 1), Read(4, 5, 0)}).stale, 1);
  EXPECT_EQ(Check({Write(1, 9, 1), Read(2, 3, 0), Read(4, 5, 1)}).stale, 0);
}

TEST(RegisterCheckTest, SeesReadsThatDisagreeOnTheOrderOfConcurrentWrites) {
  EXPECT_EQ(Check({Write(1, 9, 1), Write(1, 9, 2), Read(10, 11, 1), Read(12, 13, 2)}).stale, 1);
  EXPECT_EQ(Check({Write(1, 9, 1), Write(1, 9, 2), Read(2, 3, 1), Read(12, 13, 2)}).stale, 0);
}

// Backward inside forward: 2 came and went while 1 was there both before and after.
TEST(RegisterCheckTest, SeesAValueBetweenTwoReadsOfAnother) {
  const std::vector<RegisterOp> history = {Write(1, 99, 1), Read(2, 3, 1), Write(4, 20, 2),
                                           Read(5, 20, 2), Read(30, 31, 1)};
  EXPECT_EQ(Check(history).violations.count, 1);
}

TEST(RegisterCheckTest, OneStaleReadIsOneViolationHoweverManyValuesItSpans) {
  std::vector<RegisterOp> history = Sequential(1'000);
  history.push_back(Read(5'015, 5'016, 1));  // in the middle: all good reads follow or precede
  const RegisterVerdict verdict = Check(history);
  EXPECT_EQ(verdict.stale, 1);
  EXPECT_EQ(verdict.violations.count, 1);
}

TEST(RegisterCheckTest, EveryStaleReadOfOneValueCounts) {
  std::vector<RegisterOp> history = {Write(1, 2, 1), Write(3, 4, 2)};
  for (int64_t i = 0; i < 100; ++i) {
    history.push_back(Read(10 + 2 * i, 11 + 2 * i, 1 + i % 2));  // alternately stale and good
  }
  EXPECT_EQ(Check(history).stale, 50);
}

TEST(RegisterCheckTest, SeesAValueWrittenTwice) {
  EXPECT_EQ(Check({Write(1, 2, 1), Write(3, 4, 1)}).duplicates, 1);
  EXPECT_EQ(Check({Write(1, 2, 1), UnknownWrite(3, 1)}).duplicates, 1);
  EXPECT_EQ(Check({UnknownWrite(1, 1), Write(3, 4, 1), Write(5, 6, 1)}).duplicates, 2);
}

TEST(RegisterCheckTest, SeesAWriteOfTheInitialValue) {
  EXPECT_EQ(Check({Write(1, 2, 0)}).duplicates, 1);
  EXPECT_EQ(Check({Write(1, 2, 0)}).violations.count, 1);
}

// ---- Edges.

TEST(RegisterCheckTest, AcceptsAnEmptyHistory) {
  const RegisterVerdict verdict = Check({});
  EXPECT_TRUE(verdict.linearizable());
  EXPECT_EQ(verdict.violations.first, "");
}

TEST(RegisterCheckTest, JudgesOneOperation) {
  EXPECT_TRUE(Check({Write(7, 7, 4)}).linearizable());
  EXPECT_TRUE(Check({Read(7, 7, 0)}).linearizable());
  EXPECT_FALSE(Check({Read(7, 7, 4)}).linearizable());
  EXPECT_TRUE(Check({UnknownWrite(7, 4)}).linearizable());
}

TEST(RegisterCheckTest, UnknownWritesMayOrMayNotHaveHappened) {
  const std::vector<RegisterOp> history = {UnknownWrite(5, 1), UnknownWrite(6, 2)};
  EXPECT_TRUE(Check(history).linearizable());
  for (int64_t value : {0, 1, 2}) {
    std::vector<RegisterOp> seen = history;
    seen.push_back(Read(100, 101, value));
    EXPECT_TRUE(Check(seen).linearizable()) << value;
  }
}

TEST(RegisterCheckTest, AnUnknownWriteMayTakeEffectLateButNotBeforeItsStartNorTwice) {
  EXPECT_EQ(Check({UnknownWrite(5, 1), Read(1, 4, 1)}).early, 1);
  EXPECT_TRUE(Check({UnknownWrite(5, 1), Read(1, 5, 1)}).linearizable());
  const std::vector<RegisterOp> late = {UnknownWrite(5, 1), Write(10, 11, 2), Read(12, 13, 2),
                                        Read(14, 15, 1)};
  EXPECT_TRUE(Check(late).linearizable());
  std::vector<RegisterOp> twice = late;
  twice.push_back(Read(16, 17, 2));
  EXPECT_EQ(Check(twice).stale, 1);
}

TEST(RegisterCheckTest, FailedOperationsAndUnknownReadsCountForNothing) {
  const RegisterOp failed = {1, 2, 9, false, Outcome::kFailed};
  const RegisterOp failed_read = {1, 2, 9, true, Outcome::kFailed};
  const RegisterOp unknown_read = {1, 2, 9, true, Outcome::kUnknown};
  EXPECT_TRUE(Check({failed, failed_read, unknown_read}).linearizable());
  EXPECT_TRUE(Check({failed, Write(3, 4, 9)}).linearizable());
}

TEST(RegisterCheckTest, SharedStampsAreConcurrent) {
  EXPECT_TRUE(Check({Write(1, 5, 1), Write(5, 9, 2), Read(10, 11, 1)}).linearizable());
  EXPECT_FALSE(Check({Write(1, 5, 1), Write(6, 9, 2), Read(10, 11, 1)}).linearizable());
  EXPECT_TRUE(Check({Read(1, 5, 1), Write(5, 9, 1)}).linearizable());
}

TEST(RegisterCheckTest, ExtremeStampsAndValuesAreOrdinary) {
  EXPECT_TRUE(CheckRegister({Read(0, 0, kMin), Write(0, 0, kMax)}, kMin).linearizable());
  EXPECT_TRUE(CheckRegister({Read(0, kMax - 1, kMax)}, kMax).linearizable());
  EXPECT_EQ(CheckRegister({Write(0, 0, kMax), Read(1, 1, kMin)}, kMin).stale, 1);
}

// ---- The words.

TEST(RegisterCheckTest, NamesTheViolationThatCameToLightFirst) {
  const std::vector<RegisterOp> history = {Write(1'000, 2'000, 1), Read(2'500, 9'000, 8),
                                           Read(3'000, 4'250, 7)};
  EXPECT_EQ(Check(history).violations.first,
            "unwritten: read -> 7 [2.000, 3.250 us] returned what nothing wrote");
}

TEST(RegisterCheckTest, NamesEachKindOfViolation) {
  EXPECT_EQ(Check({Write(10, 20, 0)}).violations.first,
            "duplicate: write 0 [0.000, 0.010 us] repeats the initial write of 0");
  EXPECT_EQ(Check({UnknownWrite(10, 3), Write(30, 40, 3)}).violations.first,
            "duplicate: write 3 [0.020, 0.030 us] repeats write 3 [0.000 us, unknown]");
  EXPECT_EQ(Check({Read(10, 20, 3), Write(30, 40, 3)}).violations.first,
            "early: read -> 3 [0.000, 0.010 us] returned before write 3 [0.020, 0.030 us] started");
  EXPECT_EQ(Check({Write(10, 20, 3), Read(30, 40, 0)}).violations.first,
            "stale: read -> 0 [0.020, 0.030 us] started after write 3 [0.000, 0.010 us] had "
            "returned, and that value came later: write 3 [0.000, 0.010 us] started after the "
            "initial write of 0 had returned");
}

// ---- Size.

// Linearizable by construction: each operation takes effect at an instant within its interval.
std::vector<RegisterOp> MakeLarge(int64_t count, std::mt19937_64& random) {
  std::uniform_int_distribution<int64_t> spread_ns(0, 50'000);
  std::discrete_distribution<int> kind({60, 38, 2});  // read, write, write of unknown outcome
  std::bernoulli_distribution applied(0.5);
  std::vector<RegisterOp> history;
  int64_t value = 0;
  for (int64_t i = 1; i <= count; ++i) {
    const int64_t instant_ns = 50'000 + 1'000 * i;
    RegisterOp op = Read(instant_ns - spread_ns(random), instant_ns + spread_ns(random), value);
    const int drawn = kind(random);
    if (drawn > 0) {
      op.is_read = false;
      op.value = i;
      if (drawn == 2) op.outcome = Outcome::kUnknown;
      if (drawn == 1 || applied(random)) value = i;
    }
    history.push_back(op);
  }
  return history;
}

TEST(RegisterCheckTest, AcceptsManyOverlappingOperations) {
  std::mt19937_64 random(4);
  std::vector<RegisterOp> history = MakeLarge(500'000, random);
  std::shuffle(history.begin(), history.end(), random);
  const RegisterVerdict verdict = Check(history);
  EXPECT_EQ(verdict.violations.count, 0) << verdict.violations.first;
}

TEST(RegisterCheckTest, SeesOneReadOfALargeHistoryThatWentStale) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 50; ++round) {
    std::vector<RegisterOp> history = MakeLarge(3'000, random);
    const size_t late = std::uniform_int_distribution<size_t>(1'500, 2'999)(random);
    int64_t seen_long_ago = 0;  // by a read that had returned long before `late` was invoked
    for (size_t i = late - 1'000; i < late - 500; ++i) {
      if (history[i].is_read) seen_long_ago = history[i].value;
    }
    history[late] = Read(history[late].invoke_ns, history[late].return_ns, seen_long_ago);
    const RegisterVerdict verdict = Check(history);
    EXPECT_GE(verdict.violations.count, 1);
    EXPECT_LE(verdict.violations.count,
              1 + 100);  // and reads of the write that it may have replaced
  }
}

TEST(RegisterCheckDeathTest, StampsThatRunBackwardsAbort) {
  EXPECT_DEATH(Check({Write(5, 4, 1)}), "runs from 5 to 4 ns");
  EXPECT_DEATH(Check({Write(-1, 4, 1)}), "runs from -1 to 4 ns");
  EXPECT_DEATH(Check({Write(5, kMax, 1)}), "runs from 5 to");
}

}  // namespace
}  // namespace rcb
