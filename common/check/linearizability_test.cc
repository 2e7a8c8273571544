#include "common/check/linearizability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace rcb {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

LinearizabilityVerdict Check(const std::vector<CasOp>& history) {
  return CheckCasRegister(history, 0);
}

CasOp Read(int64_t invoke_ns, int64_t return_ns, int64_t value) {
  return {.invoke_ns = invoke_ns, .return_ns = return_ns, .value = value};
}
CasOp Write(int64_t invoke_ns, int64_t return_ns, int64_t value) {
  CasOp op = Read(invoke_ns, return_ns, value);
  op.kind = CasOp::Kind::kWrite;
  return op;
}
CasOp Cas(int64_t invoke_ns, int64_t return_ns, int64_t expected, int64_t value, bool swapped) {
  CasOp op = Read(invoke_ns, return_ns, value);
  op.kind = CasOp::Kind::kCas;
  op.expected = expected;
  op.swapped = swapped;
  return op;
}
// The return is nonsense that the checker must not look at.
CasOp Unknown(CasOp op) {
  op.outcome = Outcome::kUnknown;
  op.return_ns = -9;
  return op;
}
CasOp OnKey(int64_t key, CasOp op) {
  op.key = key;
  return op;
}
MutexOp Acquire(int64_t invoke_ns, int64_t return_ns) { return {invoke_ns, return_ns, 0, false}; }
MutexOp Release(int64_t invoke_ns, int64_t return_ns) { return {invoke_ns, return_ns, 0, true}; }
MutexOp Unknown(MutexOp op) {
  op.outcome = Outcome::kUnknown;
  return op;
}

// ---- Classic examples.

// L. Lamport, "On interprocess communication", 1986: a regular register may return the new value
// and then the old one while a write lasts, an atomic one may not.
TEST(LinearizabilityTest, ReadsBesideAWriteSeeItFromSomeInstantOn) {
  EXPECT_TRUE(Check({Write(1, 9, 1), Read(2, 3, 0), Read(4, 5, 1)}).linearizable());
  EXPECT_FALSE(Check({Write(1, 9, 1), Read(2, 3, 1), Read(4, 5, 0)}).linearizable());
  EXPECT_TRUE(Check({Write(1, 9, 1), Read(2, 5, 1), Read(4, 6, 0)}).linearizable());
}

// Herlihy and Wing: sequential consistency would let the read come first, real time does not.
TEST(LinearizabilityTest, SequentialConsistencyIsNotEnough) {
  EXPECT_FALSE(Check({Write(1, 2, 1), Read(3, 4, 0)}).linearizable());
}

// Two writes at a time may come in either order, but all readers must agree which.
TEST(LinearizabilityTest, ReadersAgreeOnTheOrderOfConcurrentWrites) {
  const std::vector<CasOp> writes = {Write(1, 20, 1), Write(1, 20, 2)};
  std::vector<CasOp> history = writes;
  history.insert(history.end(), {Read(3, 4, 1), Read(5, 6, 2), Read(21, 22, 2)});
  EXPECT_TRUE(Check(history).linearizable());
  history = writes;
  history.insert(history.end(), {Read(3, 4, 1), Read(5, 6, 2), Read(21, 22, 1)});
  EXPECT_FALSE(Check(history).linearizable());
}

// ---- Compare-and-set.

TEST(LinearizabilityTest, OnlyOneOfTwoCompareAndSetsOfOneValueSucceeds) {
  EXPECT_TRUE(Check({Cas(1, 9, 0, 1, true), Cas(1, 9, 0, 2, false)}).linearizable());
  EXPECT_FALSE(Check({Cas(1, 9, 0, 1, true), Cas(1, 9, 0, 2, true)}).linearizable());
}

TEST(LinearizabilityTest, ACompareAndSetFailsOnlyIfAnotherValueCouldBeThere) {
  EXPECT_FALSE(Check({Cas(1, 9, 0, 1, false)}).linearizable());
  EXPECT_TRUE(Check({Cas(1, 9, 0, 1, false), Write(1, 9, 2)}).linearizable());
  EXPECT_FALSE(Check({Cas(1, 9, 0, 1, false), Write(10, 11, 2)}).linearizable());
}

TEST(LinearizabilityTest, ACompareAndSetThatChangesNothingStillTellsTheValue) {
  EXPECT_TRUE(Check({Cas(1, 2, 0, 0, true)}).linearizable());
  EXPECT_FALSE(Check({Cas(1, 2, 1, 1, true)}).linearizable());
  EXPECT_FALSE(Check({Cas(1, 2, 0, 0, false)}).linearizable());
}

TEST(LinearizabilityTest, CompareAndSetsFormAChainAgainstTheOrderOfInvocation) {
  EXPECT_TRUE(
      Check({Cas(1, 9, 2, 3, true), Cas(2, 9, 1, 2, true), Cas(3, 9, 0, 1, true), Read(10, 11, 3)})
          .linearizable());
  EXPECT_FALSE(
      Check({Cas(1, 2, 2, 3, true), Cas(3, 9, 1, 2, true), Cas(3, 9, 0, 1, true)}).linearizable());
}

// The write of 2 has no room but before that of 1.
TEST(LinearizabilityTest, AnUnreadWriteIsHiddenByAnother) {
  EXPECT_TRUE(Check({Write(1, 9, 1), Write(2, 8, 2), Read(10, 11, 1)}).linearizable());
  EXPECT_FALSE(Check({Write(1, 2, 1), Write(3, 4, 2), Read(5, 6, 1)}).linearizable());
}

// ---- Keys.

TEST(LinearizabilityTest, KeysAreJudgedApart) {
  const auto verdict = Check({OnKey(1, Write(1, 2, 1)), OnKey(2, Read(3, 4, 0)),
                              OnKey(3, Read(3, 4, 7)), OnKey(4, Read(3, 4, 8))});
  EXPECT_EQ(verdict.keys, 4);
  EXPECT_EQ(verdict.violations.count, 2);
  EXPECT_EQ(verdict.operations, 4);
  EXPECT_THAT(verdict.violations.first, StartsWith("not linearizable: key 3: "));
}

// ---- Edges.

TEST(LinearizabilityTest, AcceptsAnEmptyHistory) {
  EXPECT_TRUE(Check({}).linearizable());
  EXPECT_EQ(Check({}).keys, 0);
  EXPECT_THAT(Check({}).violations.first, IsEmpty());
  EXPECT_TRUE(CheckMutex({}).linearizable());
}

TEST(LinearizabilityTest, JudgesOneOperation) {
  EXPECT_TRUE(Check({Read(7, 7, 0)}).linearizable());
  EXPECT_FALSE(Check({Read(7, 7, 1)}).linearizable());
  EXPECT_TRUE(Check({Write(7, 7, 1)}).linearizable());
  EXPECT_TRUE(Check({Cas(7, 7, 0, 1, true)}).linearizable());
  EXPECT_FALSE(Check({Cas(7, 7, 1, 0, true)}).linearizable());
}

TEST(LinearizabilityTest, UnknownOperationsMayOrMayNotHaveHappened) {
  const std::vector<CasOp> history = {Unknown(Write(5, 0, 1)), Unknown(Cas(6, 0, 1, 2, false)),
                                      Unknown(Read(6, 0, 9))};
  EXPECT_TRUE(Check(history).linearizable());
  for (int64_t value : {0, 1, 2, 3}) {
    std::vector<CasOp> seen = history;
    seen.push_back(Read(100, 101, value));
    EXPECT_EQ(Check(seen).linearizable(), value < 3) << value;
  }
}

TEST(LinearizabilityTest, AnUnknownWriteHappensAtMostOnceAndNotBeforeItsStart) {
  EXPECT_FALSE(Check({Unknown(Write(5, 0, 1)), Read(1, 4, 1)}).linearizable());
  EXPECT_TRUE(Check({Unknown(Write(5, 0, 1)), Read(1, 5, 1)}).linearizable());
  std::vector<CasOp> history = {Unknown(Write(5, 0, 1)), Read(6, 7, 1), Write(8, 9, 2),
                                Read(10, 11, 1)};
  EXPECT_FALSE(Check(history).linearizable());
  history.push_back(Unknown(Write(8, 0, 1)));
  EXPECT_TRUE(Check(history).linearizable());
}

TEST(LinearizabilityTest, FailedOperationsCountForNothing) {
  CasOp failed = Write(1, 2, 1);
  failed.outcome = Outcome::kFailed;
  EXPECT_TRUE(Check({failed, Read(3, 4, 0)}).linearizable());
  EXPECT_FALSE(Check({failed, Read(3, 4, 1)}).linearizable());
}

TEST(LinearizabilityTest, SharedStampsAreConcurrent) {
  EXPECT_TRUE(Check({Write(1, 5, 1), Write(5, 9, 2), Read(10, 11, 1)}).linearizable());
  EXPECT_FALSE(Check({Write(1, 5, 1), Write(6, 9, 2), Read(10, 11, 1)}).linearizable());
}

TEST(LinearizabilityTest, MoreOperationsAtATimeThanBitsInAWord) {
  std::vector<CasOp> history;
  for (int64_t i = 0; i < 200; ++i) history.push_back(Cas(1, 1'000, i, i + 1, true));
  EXPECT_TRUE(Check(history).linearizable());
  history.pop_back();
  history.push_back(Cas(1, 1'000, 198, 200, true));  // 198 was there only once
  EXPECT_FALSE(Check(history).linearizable());
}

// ---- Mutexes.

TEST(LinearizabilityTest, AMutexIsHeldByOneAtATime) {
  EXPECT_TRUE(CheckMutex({Acquire(1, 2), Release(3, 6), Acquire(4, 7)}).linearizable());
  EXPECT_FALSE(CheckMutex({Acquire(1, 2), Acquire(3, 4)}).linearizable());
  EXPECT_FALSE(CheckMutex({Acquire(1, 2), Release(5, 6), Acquire(3, 4)}).linearizable());
  EXPECT_FALSE(CheckMutex({Release(1, 2)}).linearizable());
}

TEST(LinearizabilityTest, AnUnknownReleaseMayExplainAnAcquisition) {
  EXPECT_TRUE(CheckMutex({Acquire(1, 2), Unknown(Release(3, 0)), Acquire(9, 10)}).linearizable());
  EXPECT_FALSE(CheckMutex({Acquire(1, 2), Unknown(Release(3, 0)), Acquire(9, 10), Acquire(11, 12)})
                   .linearizable());
  EXPECT_TRUE(CheckMutex({Unknown(Acquire(1, 0)), Acquire(3, 4)}).linearizable());
  EXPECT_TRUE(CheckMutex({Unknown(Acquire(1, 0)), Release(3, 4)}).linearizable());
}

// ---- The words.

TEST(LinearizabilityTest, NamesWhatHasNoPlace) {
  EXPECT_EQ(Check({Write(1'000, 2'000, 1), Read(3'000, 4'250, 7), Write(3'500, 5'000, 2)})
                .violations.first,
            "not linearizable: key 0: the best order got to 1 of 3 acknowledged operations and the "
            "value 1, where "
            "no order has a place for read -> 7 [2.000, 3.250 us]; beside it wait write 2 [2.500, "
            "4.000 us]");
  EXPECT_EQ(CheckMutex({Acquire(1'000, 2'000), Acquire(3'000, 4'000)}).violations.first,
            "not linearizable: key 0: the best order got to 1 of 2 acknowledged operations and a "
            "held mutex, where "
            "no order has a place for acquire [2.000, 3.000 us]");
  EXPECT_THAT(Check({Cas(10, 20, 3, 4, true)}).violations.first, HasSubstr("cas 3 to 4 -> ok ["));
}

// ---- Giving up.

// It needs one particular order of many concurrent compare-and-sets, then two values at once.
std::vector<CasOp> Hard() {
  std::vector<CasOp> history;
  for (int64_t i = 0; i < 40; ++i) history.push_back(Cas(1, 100 + i, i % 7, (i * 3 + 1) % 7, true));
  for (int64_t i = 0; i < 7; ++i) history.push_back(Write(1, 150, i));
  history.push_back(Read(200, 201, 0));
  history.push_back(Read(202, 203, 1));
  return history;
}

TEST(LinearizabilityTest, IsUndecidedWhenALimitDoesNotSuffice) {
  EXPECT_EQ(CheckCasRegister(Hard(), 0, {.max_steps = 1'000}).answer, Answer::kUndecided);
  const auto verdict = CheckCasRegister(Hard(), 0, {.max_bytes = 1'000});
  EXPECT_EQ(verdict.answer, Answer::kUndecided);
  EXPECT_EQ(verdict.undecided_keys, 1);
  EXPECT_THAT(verdict.first_undecided, StartsWith("undecided: key 0: the best order got to "));
}

TEST(LinearizabilityTest, AViolationOfOneKeyOutweighsAnUndecidedOne) {
  std::vector<CasOp> history = Hard();
  history.push_back(OnKey(5, Read(1, 2, 3)));
  const auto verdict = CheckCasRegister(history, 0, {.max_steps = 1'000});
  EXPECT_EQ(verdict.answer, Answer::kNotLinearizable);
  EXPECT_EQ(verdict.undecided_keys, 1);
  EXPECT_EQ(verdict.violations.count, 1);
  EXPECT_THAT(verdict.violations.first, StartsWith("not linearizable: key 5: "));
}

TEST(LinearizabilityDeathTest, StampsThatRunBackwardsAbort) {
  EXPECT_DEATH(Check({Write(5, 4, 1)}), "runs from 5 to 4 ns");
  EXPECT_DEATH(Check({Write(-1, 4, 1)}), "runs from -1 to 4 ns");
  EXPECT_DEATH(Check({Write(5, kMax, 1)}), "runs from 5 to");
}

}  // namespace
}  // namespace rcb
