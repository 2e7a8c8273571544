// Each variant of Lock on a real server, judged by its own checker; then holders and nodes that
// die, and false records.

#include "bench/lock/lock.h"

#include <signal.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bench/families.h"
#include "bench/test_family.h"
#include "common/harness/test_bed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::HasSubstr;

constexpr int64_t kOperations = 600;

bool IsUnsafe(const BenchmarkSpec& spec) { return spec.role == Role::kControl; }
bool IsLocking(const BenchmarkSpec& spec) { return absl::StrContains(spec.name, "/locking/"); }

std::vector<BenchmarkSpec> Specs() { return VariantsOf(LockFamily()); }
BenchmarkSpec Spec(const std::string& name) { return SpecOf(LockFamily(), name); }

TEST(LockTest, EachSafeVariantExcludesAndCountsEveryIncrement) {
  for (const BenchmarkSpec& spec : Specs()) {
    if (IsUnsafe(spec)) continue;
    for (const int threads : {1, 2}) {
      SCOPED_TRACE(absl::StrCat(spec.name, " on ", threads, " threads"));
      TestBed bed(spec, {.threads = threads});
      ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
      EXPECT_EQ(bed.totals().tally.succeeded, kOperations) << bed.first_error();
      const Findings findings = bed.Check();
      EXPECT_EQ(findings.violations.count, 0) << findings.violations.first;
      EXPECT_EQ(findings.violations.first, "");
      const std::map<std::string, double> counters = CountersOf(findings);
      EXPECT_EQ(counters.count("acquire_p95_us"), IsLocking(spec) ? 1u : 0u);
      EXPECT_EQ(counters.count("handoff_x_floor"), IsLocking(spec) ? 1u : 0u);
    }
  }
}

TEST(LockTest, EachUnsafeControlIsCaught) {
  for (const BenchmarkSpec& spec : Specs()) {
    if (!IsUnsafe(spec)) continue;
    for (const int threads : {1, 2}) {
      SCOPED_TRACE(absl::StrCat(spec.name, " on ", threads, " threads"));
      TestBed bed(spec, {.threads = threads});
      ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
      EXPECT_EQ(bed.totals().tally.succeeded, kOperations) << bed.first_error();
      const Findings findings = bed.Check();
      EXPECT_GT(findings.violations.count, 0);
      EXPECT_NE(findings.violations.first, "");
      // Those that queue exclude each other, though in the wrong order.
      const bool lets_two_in = !absl::StrContains(spec.name, "barging");
      EXPECT_EQ(CountersOf(findings)["overlaps"] > 0, lets_two_in);
    }
  }
}

TEST(LockTest, AFenceKeepsOutHoldersWhoseLeaseIsOver) {
  TestBed bed(Spec("Lock/locking/fenced"), {});
  ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
  const Findings findings = bed.Check();
  EXPECT_EQ(findings.violations.count, 0) << findings.violations.first;
  EXPECT_GT(CountersOf(findings)["overlaps"], 0) << "nobody outlived the lease";
  EXPECT_GT(CountersOf(findings)["fenced_rejects_per_op"], 0);
}

TEST(LockTest, ALateWriteThatWasTakenIsCaught) {
  TestBed bed(Spec("Lock/locking/fenced"), {});
  ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
  std::vector<OpRecord> record = bed.history();
  const auto [first, last] =
      std::minmax_element(record.begin(), record.end(),
                          [](const OpRecord& a, const OpRecord& b) { return a.value < b.value; });
  last->worker = first->worker;  // whose fence was the lowest
  last->operation = first->operation;
  const Findings findings = bed.Check(record);
  EXPECT_EQ(findings.violations.count, 1);
  EXPECT_THAT(findings.violations.first, HasSubstr("late write"));
}

TEST(LockTest, AFalseRecordIsCaughtInEachVariant) {
  for (const BenchmarkSpec& spec : Specs()) {
    if (IsUnsafe(spec)) continue;
    SCOPED_TRACE(spec.name);
    TestBed bed(spec, {});
    ASSERT_EQ(bed.RunOnce(kOperations / 2), absl::OkStatus());
    std::vector<OpRecord> record = bed.history();
    const auto write = std::find_if(record.begin(), record.end(),
                                    [](const OpRecord& op) { return op.value > 10; });
    ASSERT_NE(write, record.end());
    write->value -= 5;
    EXPECT_GT(bed.Check(record).violations.count, 0);
  }
}

// Which is what a waiter has to survive in each variant that promises so.
TEST(LockTest, WaitersGoOnWhenTheConnectionsOfOthersBreak) {
  const auto kill_subscribers = [](const RunPlan&) {
    return Command("CLIENT", "KILL", "TYPE", "pubsub");
  };
  for (const char* const name : {"Lock/locking/pubsub", "Lock/locking/fair_queue"}) {
    SCOPED_TRACE(name);
    TestBed bed(WithAccident(Spec(name), kOperations / 2, kill_subscribers), {});
    ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
    const Tally tally = bed.totals().tally;
    EXPECT_GT(tally.errors, 0);
    EXPECT_GT(tally.succeeded, kOperations / 2);
    const Findings findings = bed.Check();
    EXPECT_EQ(findings.violations.count, 0) << findings.violations.first;
  }
}

TEST(LockTest, ATokenIsTakenBackFromAHolderThatDied) {
  // It goes to the list of a worker that is not at work; the holder of now can't give it back.
  const auto bury_the_token = [](const RunPlan& plan) {
    const lock::Keys keys(plan.key_prefix, plan.library_name);
    constexpr char kBury[] = R"lua(
      for holder = 0, 18 do redis.call('LMOVE', ARGV[1] .. holder, ARGV[1] .. 19, 'LEFT', 'RIGHT') end
      return 1)lua";
    return Command("EVAL", kBury, 0, keys.HeldBy(""));
  };
  BenchmarkSpec spec = Spec("Lock/locking/blpop_queue");
  TestBed bed(WithAccident(spec, kOperations / 2, bury_the_token), {.workers = 20});
  ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
  EXPECT_EQ(bed.totals().tally.succeeded, kOperations) << bed.first_error();
  EXPECT_GT(bed.totals().tally.retries, 0) << "nobody missed it";
  const Findings findings = bed.Check();
  EXPECT_EQ(findings.violations.count, 0) << findings.violations.first;
}

// Redlock, whose nodes of these numbers die when operation `at` begins.
BenchmarkSpec RedlockWithDeaths(int64_t at, const std::vector<int>& nodes) {
  return WithAccident(Spec("Lock/locking/redlock"), at, [nodes](const RunPlan&) {
    for (const int node : nodes) kill(TestBed::Quorum().node(node)->pid(), SIGKILL);
    return Command("PING");
  });
}

TEST(LockTest, RedlockGoesOnWithoutOneOfThreeNodes) {
  TestBed bed(RedlockWithDeaths(kOperations / 2, {1}), {.workers = 5});
  ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
  const Tally tally = bed.totals().tally;
  EXPECT_EQ(tally.succeeded, kOperations) << bed.first_error();
  EXPECT_GT(tally.errors, 0) << "the lost connections count";
  const Findings findings = bed.Check();
  EXPECT_EQ(findings.violations.count, 0) << findings.violations.first;
}

TEST(LockTest, RedlockLocksNobodyInWithoutAMajority) {
  TestBed bed(RedlockWithDeaths(0, {0, 2}), {.workers = 2});
  ASSERT_EQ(bed.RunOnce(2), absl::OkStatus());
  EXPECT_EQ(bed.totals().tally.succeeded, 0);
  const Findings findings = bed.Check();
  EXPECT_EQ(findings.violations.count, 0) << findings.violations.first;
}

TEST(LockTest, LostConnectionsMakeErrorsButNoViolations) {
  const auto kill_all = [](const RunPlan&) { return Command("CLIENT", "KILL", "TYPE", "normal"); };
  // Of those whose dead holders others can do without.
  for (const char* const name :
       {"Lock/locking/fenced", "Lock/locking/blpop_queue", "Lock/lockfree/watch"}) {
    SCOPED_TRACE(name);
    TestBed bed(WithAccident(Spec(name), kOperations / 2, kill_all), {});
    ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
    const Tally tally = bed.totals().tally;
    EXPECT_GT(tally.errors, 0);
    EXPECT_GT(tally.succeeded, kOperations / 2);
    const Findings findings = bed.Check();
    EXPECT_EQ(findings.violations.count, 0) << findings.violations.first;
  }
}

}  // namespace
}  // namespace rcb
