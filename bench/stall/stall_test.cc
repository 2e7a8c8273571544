// Each variant of Stall on a real server: that the late write of a holder is refused, or caught.

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
constexpr int kWorkers = 20;  // one of which watches

BenchmarkSpec Spec(const std::string& name) {
  return SpecOf(StallFamily(), name, {"--lease_ms=60"});
}

TEST(StallTest, LateWritesAreAcceptedInEachControlAndNowhereElse) {
  for (const BenchmarkSpec& spec : VariantsOf(StallFamily(), {"--lease_ms=60"})) {
    SCOPED_TRACE(spec.name);
    TestBed bed(spec, {.workers = kWorkers, .threads = 2});
    ASSERT_EQ(RunWithAllFaults(bed, kRounds), absl::OkStatus());
    const Findings findings = bed.Judge().value();
    EXPECT_EQ(findings.violations.none(), spec.role == Role::kSafe) << findings.violations.first;
    const Tally tally = bed.totals().tally;
    EXPECT_EQ(tally.succeeded, kWorkers * (kRounds + 1)) << bed.first_error();
    const std::map<std::string, double> counters = CountersOf(findings);
    EXPECT_EQ(counters.at("late_write_ratio") > 0, spec.role == Role::kControl);
    EXPECT_EQ(counters.at("unserved"), 0);
    if (!spec.needs.breaks_servers) continue;
    EXPECT_GE(counters.at("recovery_p50_us"), 50'000) << "before the lease was over";
    EXPECT_GT(counters.at("two_holders_ratio"), 0);
  }
}

// Otherwise a row whose server does not stall for long enough would be safe.
TEST(StallTest, ARowIsNotJudgedUnlessItsServerStalledForLongEnough) {
  HolderFault fault;
  fault.lease_ms = 60;
  fault.stall_leases = 0.5;
  fault.server_stall_leases = 0.1;
  fault.first_request = 1;
  fault.last_request = 1;
  const std::vector<BenchmarkSpec> victims = VariantsWithHolders();
  const BenchmarkSpec& victim = FindVariant(victims, "Lock", "locking/fenced");
  const BenchmarkSpec spec =
      WithHolderFault("Stall/locking/server_lock_fenced", Role::kSafe, "", victim, fault, kRounds);
  TestBed bed(spec, {.workers = kWorkers});
  ASSERT_EQ(RunCalmly(bed, kRounds), absl::OkStatus());
  EXPECT_THAT(bed.Judge().status().message(), HasSubstr("for less than a lease"));
}

TEST(StallTest, EachDetectorIsProvenByItself) {
  const std::map<std::string, std::vector<std::string>> detectors = {
      {"Stall/unsafe/lock_token_backoff", {"by_counter", "by_intervals", "by_cell"}},
      {"Stall/unsafe/server_lock_token_backoff", {"by_counter", "by_intervals", "by_cell"}},
      {"Stall/unsafe/lock_unfenced", {"by_counter", "by_fence"}},
      {"Stall/unsafe/stampede_token_lock", {"by_late_value"}},
  };
  for (const auto& [name, names] : detectors) {
    TestBed bed(Spec(name), {.workers = kWorkers});
    ASSERT_EQ(RunCalmly(bed, kRounds), absl::OkStatus());
    const Findings findings = bed.Check();
    for (const std::string& detector : names) {
      EXPECT_GT(findings.detections.at(detector), 0) << name << ": " << detector;
    }
  }
}

TEST(StallTest, WithoutALeaseAllWaitForTheHolder) {
  TestBed bed(Spec("Stall/locking/lock_setnx_spin"), {.workers = kWorkers});
  ASSERT_EQ(RunCalmly(bed, kRounds), absl::OkStatus());
  std::map<std::string, double> counters = CountersOf(bed.Check());
  EXPECT_EQ(counters["two_holders_ratio"], 0);
  EXPECT_GE(counters["recovery_p50_us"], 90'000) << "one and a half leases";
}

// The same write twice is what a late one looks like.
TEST(StallTest, AFalseRecordIsCaught) {
  TestBed bed(Spec("Stall/locking/lock_fenced"), {.workers = kWorkers});
  ASSERT_EQ(RunCalmly(bed, kRounds), absl::OkStatus());
  std::vector<OpRecord> history = bed.history();
  ASSERT_EQ(bed.Check(history).violations.count, 0);
  const auto& scenario = static_cast<HolderFaultScenario&>(bed.scenario());
  for (OpRecord& op : history) {
    if (op.operation != 1 || op.worker != scenario.rounds()[1].faulty_worker) continue;
    --op.value;  // that of the one before it
  }
  Findings findings = bed.Check(history);
  EXPECT_GT(findings.violations.count, 0);
  EXPECT_GT(CountersOf(findings)["late_write_ratio"], 0);
}

// A value that is stored late is found in the cache itself, whatever the clients saw.
TEST(StallTest, ALateValueIsFoundInTheCache) {
  TestBed bed(Spec("Stall/locking/stampede_lease"), {.workers = kWorkers});
  ASSERT_EQ(RunCalmly(bed, kRounds), absl::OkStatus());
  ASSERT_EQ(bed.Check().violations.count, 0);
  const std::string key = bed.plan().key_prefix + "1";
  ASSERT_TRUE(bed.redis().Command({"SET", key, "1000000"}).ok());  // the first of round 1
  const Findings findings = bed.Check();
  EXPECT_EQ(findings.detections.at("by_late_value"), 1);
  EXPECT_THAT(findings.violations.first, HasSubstr("whose lease was over"));
}

}  // namespace
}  // namespace rcb
