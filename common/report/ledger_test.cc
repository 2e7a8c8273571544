#include "common/report/ledger.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::HasSubstr;
using testing::Not;

// The entry of one row of `variant` that came to its end.
LedgerEntry& AddFinished(Ledger& ledger, const std::string& variant, const std::string& args,
                         Role role, int64_t violations) {
  LedgerEntry& entry = ledger[LedgerName(variant, args, 1)];
  entry.variant = variant;
  entry.role = role;
  entry.finished = true;
  entry.violations.Add(violations, "a violation");
  entry.succeeded = 5000;
  entry.overlapping = 4000;
  return entry;
}

LedgerEntry& AddSafe(Ledger& ledger, const std::string& args = "workers:10",
                     int64_t violations = 0) {
  return AddFinished(ledger, "F/lockfree/safe", args, Role::kSafe, violations);
}

LedgerEntry& AddControl(Ledger& ledger, const std::string& args = "workers:10",
                        int64_t violations = 9) {
  return AddFinished(ledger, "F/unsafe/control", args, Role::kControl, violations);
}

TEST(Ledger, NamesAsGoogleBenchmarkPrintsThemWithoutTimeAndIterations) {
  EXPECT_EQ(LedgerName("F/d/v", "workers:5/beta_pct:50", 2),
            "F/d/v/workers:5/beta_pct:50/threads:2");
  EXPECT_EQ(LedgerName("F/d/v", "", 1), "F/d/v/threads:1");
}

TEST(Ledger, FindsOnlyWhatWasMade) {
  Ledger ledger;
  EXPECT_EQ(ledger.Find("F/d/v/threads:1"), nullptr);
  ledger["F/d/v/threads:1"].violations.Add(3, "three");
  ledger["F/d/v/threads:1"].violations.Add(1, "one");
  ASSERT_NE(ledger.Find("F/d/v/threads:1"), nullptr);
  EXPECT_EQ(ledger.Find("F/d/v/threads:1")->violations.count, 4);
  EXPECT_EQ(ledger.Find("F/d/v/threads:2"), nullptr);
  EXPECT_EQ(ledger.Find("F/d/u/threads:1"), nullptr);
}

TEST(LedgerEntry, HasNoErrorWhileNothingIsWrong) {
  LedgerEntry entry;
  entry.violations.count = 5;
  entry.interrupted = true;
  EXPECT_EQ(entry.Error(), "");
}

TEST(LedgerEntry, CountsErrorsAndTimeoutsAndQuotesTheFirst) {
  LedgerEntry entry;
  entry.errors = 1;
  entry.first_error = "the server closed the connection";
  EXPECT_EQ(entry.Error(), "1 error, 0 timeouts; first: the server closed the connection");
  entry.errors = 2;
  entry.timeouts = 1;
  EXPECT_EQ(entry.Error(), "2 errors, 1 timeout; first: the server closed the connection");
  entry.errors = 0;
  EXPECT_EQ(entry.Error(), "0 errors, 1 timeout; first: the server closed the connection");
}

TEST(LedgerEntry, TheReasonOfAnAbortComesBeforeCounts) {
  LedgerEntry entry;
  entry.errors = 2;
  entry.abort_reason = "no operation succeeded for 10 s";
  EXPECT_EQ(entry.Error(), "no operation succeeded for 10 s");
}

TEST(Verdict, NothingRanIsNoFailure) {
  const Verdict verdict = Ledger().Conclude();
  EXPECT_FALSE(verdict.failed);
  EXPECT_EQ(verdict.line, "verdict: 0 safe variants, 0 violations; 0 unsafe controls");
}

TEST(Verdict, GoodNewsCountsVariantsNotRows) {
  Ledger ledger;
  AddSafe(ledger, "workers:10");
  AddSafe(ledger, "workers:50");
  AddFinished(ledger, "F/locking/other", "workers:10", Role::kSafe, 0);
  AddControl(ledger, "workers:10");
  AddControl(ledger, "workers:50");
  EXPECT_FALSE(ledger.Conclude().failed);
  EXPECT_EQ(ledger.Conclude().line,
            "verdict: 2 safe variants, 0 violations; 1 unsafe control, caught");
  AddFinished(ledger, "G/unsafe/none", "workers:10", Role::kControl, 1);
  EXPECT_EQ(ledger.Conclude().line,
            "verdict: 2 safe variants, 0 violations; 2 unsafe controls, all caught");
}

TEST(Verdict, AViolationOfASafeVariantFailsAndNamesItsRows) {
  Ledger ledger;
  AddSafe(ledger, "workers:10", 1);
  AddSafe(ledger, "workers:50", 2);
  AddSafe(ledger, "workers:100", 0);
  const Verdict verdict = ledger.Conclude();
  EXPECT_TRUE(verdict.failed);
  EXPECT_EQ(verdict.line,
            "verdict: 1 safe variant, 3 violations, 2 broken: F/lockfree/safe/workers:10/threads:1,"
            " F/lockfree/safe/workers:50/threads:1; 0 unsafe controls");
}

TEST(Verdict, AControlThatCouldNotOverlapIsListedAndFailsNothing) {
  Ledger ledger;
  LedgerEntry& alone = AddControl(ledger, "workers:1", 0);
  alone.workers = 1;
  alone.overlapping = 0;
  const Verdict verdict = ledger.Conclude();
  EXPECT_FALSE(verdict.failed);
  EXPECT_EQ(verdict.line,
            "verdict: 0 safe variants, 0 violations; 0 unsafe controls; not provable here: "
            "F/unsafe/control");
  EXPECT_EQ(alone.verdict(), RowVerdict::kNotProvable);
  EXPECT_THAT(alone.Remark(), HasSubstr("--workers=10"));
  alone.workers = 2;
  alone.overlapping = alone.contract.min_overlapping - 1;
  EXPECT_EQ(alone.verdict(), RowVerdict::kNotProvable);
  EXPECT_THAT(alone.Remark(), HasSubstr("199 operations overlapped, and 200 have to"));
  alone.overlapping = alone.contract.min_overlapping;
  EXPECT_EQ(alone.verdict(), RowVerdict::kNotCaught);
  EXPECT_TRUE(ledger.Conclude().failed);
}

TEST(Verdict, AnOverloadedRowIsNamedAndFailsNothing) {
  Ledger ledger;
  AddSafe(ledger).overload = "1000 operations per second were offered, 90 done";
  const Verdict verdict = ledger.Conclude();
  EXPECT_FALSE(verdict.failed);
  EXPECT_EQ(verdict.line,
            "verdict: 1 safe variant, 0 violations; 0 unsafe controls; overloaded: "
            "F/lockfree/safe/workers:10/threads:1");
}

TEST(Verdict, ARowWhoseServerLostDataIsVoidAndBlamesNoVariant) {
  Ledger ledger;
  LedgerEntry& entry = AddSafe(ledger, "workers:10", /*violations=*/7);
  entry.void_reason = "the server evicted 812 keys";
  const Verdict verdict = ledger.Conclude();
  EXPECT_TRUE(verdict.failed);
  EXPECT_EQ(verdict.line,
            "verdict: 0 safe variants, 0 violations; 0 unsafe controls; void: "
            "F/lockfree/safe/workers:10/threads:1");
  EXPECT_EQ(entry.Error(), "void: the server evicted 812 keys");
  EXPECT_EQ(entry.violations.count, 7) << "the observations stay";
}

TEST(Verdict, AVariantWithoutOneSuccessIsNoSafeVariant) {
  Ledger ledger;
  LedgerEntry& entry = AddSafe(ledger);
  entry.succeeded = 0;
  entry.errors = 3;
  entry.first_error = "READONLY";
  const Verdict verdict = ledger.Conclude();
  EXPECT_TRUE(verdict.failed);
  EXPECT_THAT(verdict.line, HasSubstr("verdict: 0 safe variants, 0 violations;"));
}

TEST(Verdict, ABrokenRowWithErrorsIsNamedForBoth) {
  Ledger ledger;
  LedgerEntry& entry = AddSafe(ledger, "workers:10", 2);
  entry.timeouts = 1;
  entry.first_error = "no reply";
  EXPECT_EQ(entry.verdict(), RowVerdict::kBroken);
  const std::string line = ledger.Conclude().line;
  EXPECT_THAT(line, HasSubstr("2 violations, 1 broken: F/lockfree/safe"));
  EXPECT_THAT(line, HasSubstr("; errors in F/lockfree/safe"));
}

// The role decides, whatever the name says.
TEST(Verdict, ABrokenVariantOutsideTheThreeDisciplinesFails) {
  Ledger ledger;
  AddFinished(ledger, "Limiter/policy/token_bucket", "workers:10", Role::kSafe, 3);
  const Verdict verdict = ledger.Conclude();
  EXPECT_TRUE(verdict.failed);
  EXPECT_THAT(verdict.line, HasSubstr("1 safe variant, 3 violations, 1 broken: Limiter/policy/"));
}

TEST(Verdict, ViolationsOfControlsAreNotCountedAgainstSafeVariants) {
  Ledger ledger;
  AddSafe(ledger);
  AddControl(ledger, "workers:10", 1000);
  EXPECT_THAT(ledger.Conclude().line, HasSubstr("1 safe variant, 0 violations;"));
}

TEST(Verdict, ASilentControlFailsAndIsNamedThoughAnotherRowOfItFired) {
  Ledger ledger;
  AddControl(ledger, "workers:1", 0);
  AddControl(ledger, "workers:50", 7);
  const Verdict verdict = ledger.Conclude();
  EXPECT_TRUE(verdict.failed);
  EXPECT_EQ(verdict.line,
            "verdict: 0 safe variants, 0 violations; 1 unsafe control, 1 that caught nothing, so "
            "its detector is unproven: F/unsafe/control/workers:1/threads:1");
}

TEST(Verdict, AnErrorFailsEvenWhereThePromiseWasKept) {
  Ledger ledger;
  LedgerEntry& entry = AddSafe(ledger);
  entry.timeouts = 1;
  entry.first_error = "no reply";
  const Verdict verdict = ledger.Conclude();
  EXPECT_TRUE(verdict.failed);
  EXPECT_EQ(verdict.line,
            "verdict: 1 safe variant, 0 violations; 0 unsafe controls; errors in "
            "F/lockfree/safe/workers:10/threads:1");
}

TEST(Verdict, ARowThatNeverFinishedIsNoVariantButItsErrorFails) {
  Ledger ledger;
  LedgerEntry& entry = AddControl(ledger, "workers:10", 0);
  entry.finished = false;
  entry.abort_reason = "the server is gone";
  const Verdict verdict = ledger.Conclude();
  EXPECT_TRUE(verdict.failed);
  EXPECT_THAT(verdict.line, HasSubstr("; 0 unsafe controls; errors in F/unsafe/control"));
  EXPECT_THAT(verdict.line, Not(HasSubstr("unproven")));
}

TEST(Verdict, ARowThatIsTriedAgainKeepsItsErrors) {
  Ledger ledger;
  LedgerEntry& entry = AddControl(ledger, "workers:10", 5);
  EXPECT_EQ(ledger.RetryAborted(), 0);
  entry.abort_reason = "the server is gone";
  EXPECT_EQ(ledger.RetryAborted(), 1);
  EXPECT_EQ(entry.abort_reason, "");
  EXPECT_EQ(entry.errors, 1);
  EXPECT_EQ(entry.first_error, "the server is gone");
  EXPECT_TRUE(ledger.Conclude().failed);
}

TEST(Verdict, AHarnessRowPromisesNothingButItsErrorFails) {
  Ledger ledger;
  LedgerEntry& entry = ledger["Harness/limit/epoll/workers:1/threads:1"];
  entry.finished = true;
  EXPECT_FALSE(ledger.Conclude().failed);
  EXPECT_EQ(ledger.Conclude().line, "verdict: 0 safe variants, 0 violations; 0 unsafe controls");
  entry.abort_reason = "read: connection reset";
  EXPECT_TRUE(ledger.Conclude().failed);
  EXPECT_THAT(ledger.Conclude().line,
              HasSubstr("; errors in Harness/limit/epoll/workers:1/threads:1"));
}

// A calibration of a few operations may end before Ctrl-C comes: it proves nothing either way.
TEST(Verdict, WhatWasInterruptedBeforeItShowedAnythingIsNotCounted) {
  Ledger ledger;
  AddControl(ledger, "workers:10", 0).interrupted = true;
  AddSafe(ledger, "workers:10", 0).interrupted = true;
  EXPECT_FALSE(ledger.Conclude().failed);
  EXPECT_EQ(ledger.Conclude().line, "verdict: 0 safe variants, 0 violations; 0 unsafe controls");
}

TEST(Verdict, WhatWasSeenBeforeAnInterruptCounts) {
  Ledger ledger;
  AddSafe(ledger, "workers:10", 2).interrupted = true;
  AddControl(ledger, "workers:10", 3).interrupted = true;
  const Verdict verdict = ledger.Conclude();
  EXPECT_TRUE(verdict.failed);
  EXPECT_THAT(verdict.line, HasSubstr("2 violations, 1 broken"));
  EXPECT_THAT(verdict.line, HasSubstr("1 unsafe control, caught"));
}

TEST(Verdict, NamesTheDetectorsThatNoControlShowedToWork) {
  Ledger ledger;
  LedgerEntry& control = ledger["F/unsafe/a/workers:9/threads:1"];
  control.variant = "F/unsafe/a";
  control.role = Role::kControl;
  control.finished = true;
  control.violations.Add(3, "lost");
  control.detections = {{"by_counter", 3}, {"by_cell", 0}, {"by_wait", 0}};
  LedgerEntry& other = ledger["G/locking/b/workers:9/threads:1"];
  other.variant = "G/locking/b";
  other.role = Role::kSafe;
  other.finished = true;
  other.succeeded = 1;
  other.detections = {{"by_cell", 0}, {"by_wait", 1}};
  EXPECT_EQ(ledger.Conclude().unproven, "unproven detectors of F: by_cell\n");
  EXPECT_FALSE(ledger.Conclude().failed);
}

}  // namespace
}  // namespace rcb
