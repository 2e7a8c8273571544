// Each variant of Crash on a real server: who is served, when, and what the checker says of records
// that are false.

#include <map>
#include <string>
#include <vector>

#include "bench/families.h"
#include "bench/holder_fault.h"
#include "bench/test_family.h"
#include "bench/test_holder_fault.h"
#include "common/harness/test_bed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::HasSubstr;

constexpr int64_t kRounds = 2;
constexpr int kWorkers = 8;  // one of which watches

std::vector<BenchmarkSpec> Specs() { return VariantsOf(CrashFamily(), {"--lease_ms=60"}); }
BenchmarkSpec Spec(const std::string& name) {
  return SpecOf(CrashFamily(), name, {"--lease_ms=60"});
}

TEST(CrashTest, EachSafeVariantServesAllOthersAndEachControlDoesNot) {
  for (const BenchmarkSpec& spec : Specs()) {
    SCOPED_TRACE(spec.name);
    TestBed bed(spec, {.workers = kWorkers, .threads = 2});
    ASSERT_EQ(RunWithAllFaults(bed, kRounds), absl::OkStatus());
    const Findings findings = bed.Judge().value();
    EXPECT_EQ(findings.violations.none(), spec.role == Role::kSafe) << findings.violations.first;
    const Tally tally = bed.totals().tally;
    EXPECT_EQ(tally.started, kWorkers * (kRounds + 1));
    EXPECT_EQ(tally.succeeded, tally.started) << bed.first_error();
    EXPECT_EQ(RoundsOf(bed)[0].faulty_worker, -1) << "nobody dies in the warm-up";
    EXPECT_NE(RoundsOf(bed)[1].faulty_ns, 0) << "somebody dies in each round";
    if (spec.role != Role::kSafe) continue;
    EXPECT_NE(RoundsOf(bed)[2].faulty_ns, 0);
    const std::map<std::string, double> counters = CountersOf(findings);
    EXPECT_EQ(counters.at("unserved"), 0);
    EXPECT_GT(counters.at("recovery_p50_us"), 0);
    EXPECT_GE(counters.at("all_served_max_us"), counters.at("recovery_max_us"));
    if (counters.count("recovery_x_floor") == 0) continue;
    EXPECT_GT(counters.at("recovery_x_floor"), 0.5);
  }
}

TEST(CrashTest, WhoIsLockedOutIsCountedAndOnlyOnce) {
  for (const char* const name : {"Crash/unsafe/stampede_setnx_poll", "Crash/unsafe/lock_setnx_spin",
                                 "Crash/unsafe/lock_ticket"}) {
    SCOPED_TRACE(name);
    TestBed bed(Spec(name), {.workers = kWorkers});
    ASSERT_EQ(RunCalmly(bed, kRounds), absl::OkStatus());
    const Findings findings = bed.Check();
    EXPECT_EQ(findings.violations.count, kWorkers - 2) << "all but the dead and the observer";
    EXPECT_EQ(findings.detections.at("by_recovery"), kWorkers - 2);
    EXPECT_EQ(CountersOf(findings)["unserved"], kWorkers - 2);
    EXPECT_THAT(findings.violations.first, HasSubstr("were not served after a holder died"));
    EXPECT_EQ(RoundsOf(bed)[2].holds, 0) << "there is no further round";
  }
}

TEST(CrashTest, EveryoneComputesWithoutALock) {
  TestBed bed(Spec("Crash/unsafe/stampede_none"), {.workers = kWorkers});
  ASSERT_EQ(RunCalmly(bed, kRounds), absl::OkStatus());
  const Findings findings = bed.Check();
  EXPECT_GT(findings.detections.at("by_repetition"), 0);
  EXPECT_GT(CountersOf(findings)["computations"], 2);
  EXPECT_EQ(CountersOf(findings)["unserved"], 0);
}

TEST(CrashTest, TheSameSeedLetsHoldersDieAtTheSameRequests) {
  std::vector<std::string> first;
  for (int i = 0; i < 2; ++i) {
    TestBed bed(Spec("Crash/locking/lock_token_backoff"), {.workers = kWorkers});
    ASSERT_EQ(RunCalmly(bed, kRounds), absl::OkStatus());
    // Whether the write of the dead was made tells where they died.
    const std::string value =
        bed.redis().Command({"GET", bed.plan().key_prefix + "counter"})->text();
    first.push_back(value);
  }
  EXPECT_EQ(first[0], first[1]);
}

// What the victim's checker gets: the dead and those that watched have no result.
TEST(CrashTest, TheVictimsCheckerSeesItsOwnOperationsOnly) {
  TestBed bed(Spec("Crash/locking/lock_token_backoff"), {.workers = kWorkers});
  ASSERT_EQ(RunCalmly(bed, kRounds), absl::OkStatus());
  const auto& scenario = static_cast<HolderFaultScenario&>(bed.scenario());
  const std::vector<OpRecord> seen = scenario.VictimsHistory(bed.history());
  EXPECT_EQ(seen.size(), static_cast<size_t>((kWorkers - 1) * (kRounds + 1)));
  int64_t unknown = 0;
  for (const OpRecord& op : seen) unknown += op.outcome == Outcome::kUnknown ? 1 : 0;
  EXPECT_EQ(unknown, kRounds) << "one died in each round";
}

TEST(CrashTest, AFalseRecordIsCaught) {
  for (const char* const name :
       {"Crash/locking/lock_token_backoff", "Crash/locking/stampede_token_lock"}) {
    SCOPED_TRACE(name);
    TestBed bed(Spec(name), {.workers = kWorkers});
    ASSERT_EQ(RunCalmly(bed, kRounds), absl::OkStatus());
    const std::vector<OpRecord> good = bed.history();
    ASSERT_EQ(bed.Check(good).violations.count, 0);
    std::vector<OpRecord> false_value = good;
    for (OpRecord& op : false_value) {
      if (op.operation == 1 && op.value > 0) op.value += 3'000'000;
    }
    EXPECT_GT(bed.Check(false_value).violations.count, 0);
  }
}

// A server that goes is an error, and nobody's violation.
TEST(CrashTest, ALostConnectionIsAnErrorAndNoViolation) {
  const auto kill = [](const RunPlan&) { return Command("CLIENT", "KILL", "TYPE", "normal"); };
  TestBed bed(WithAccident(Spec("Crash/locking/lock_token_backoff"), kWorkers + 3, kill),
              {.workers = kWorkers});
  ASSERT_EQ(bed.RunOnce(kRounds), absl::OkStatus());
  EXPECT_GT(bed.totals().tally.errors, 0);
  EXPECT_EQ(bed.Check().violations.count, 0) << bed.Check().violations.first;
}

TEST(CrashTest, ASingleWorkerHoldsUpNobody) {
  TestBed bed(Spec("Crash/unsafe/lock_setnx_spin"), {.workers = 1});
  ASSERT_EQ(RunCalmly(bed, kRounds), absl::OkStatus());
  EXPECT_EQ(bed.totals().tally.errors, 0) << bed.first_error();
}

}  // namespace
}  // namespace rcb
