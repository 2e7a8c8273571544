// Rows on real servers that fail over: that contracts hold or are seen broken, and what is told of
// it.

#include <map>
#include <string>

#include "bench/test_family.h"
#include "common/harness/test_bed.h"
#include "common/server/test_network.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::AllOf;
using testing::Ge;
using testing::Gt;
using testing::HasSubstr;
using testing::Lt;

class FailoverTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { has_network_ = EnterOwnNetwork().empty(); }

  static bool has_network_;
};

bool FailoverTest::has_network_ = false;

Findings Judged(const BenchmarkSpec& spec, int threads) {
  TestBed bed(spec, {.workers = 8, .threads = threads});
  EXPECT_EQ(bed.RunOnce(/*budget=*/1), absl::OkStatus());
  EXPECT_EQ(bed.totals().tally.errors, 0) << bed.first_error();
  const absl::StatusOr<Findings> findings = bed.Judge();
  EXPECT_TRUE(findings.ok()) << findings.status();
  return findings.ok() ? *findings : Findings();
}

TEST_F(FailoverTest, AKilledPrimaryTakesAcknowledgedWritesAlong) {
  const Findings findings = Judged(SpecOf(FailoverFamily(), "Failover/unsafe/async", {}, 0), 2);
  EXPECT_THAT(findings.violations.first, HasSubstr("was acknowledged, and is not there"));
  std::map<std::string, double> counters = CountersOf(findings);
  EXPECT_THAT(counters["lost"], AllOf(Gt(0), Lt(counters["acknowledged"])));
  EXPECT_THAT(counters["unavailable_us"],
              Gt(200e3));  // the Sentinels wait for 500 ms since the cut
  EXPECT_THAT(counters["unavailable_us"], Ge(counters["announced_us"]));
  EXPECT_THAT(counters["lost_for_us"], Gt(0));
  EXPECT_EQ(counters["real_partition"], has_network_ ? 1 : 0);
}

TEST_F(FailoverTest, WhatAllReplicasHaveConfirmedSurvives) {
  const Findings findings = Judged(SpecOf(FailoverFamily(), "Failover/lockfree/wait", {}, 0), 1);
  EXPECT_TRUE(findings.violations.none()) << findings.violations.first;
  std::map<std::string, double> counters = CountersOf(findings);
  EXPECT_EQ(counters["lost"], 0);
  EXPECT_THAT(counters["acknowledged"], Gt(50));
}

TEST_F(FailoverTest, AnOldPrimaryAcknowledgesWhatIsLostAlsoInAPlannedFailover) {
  const Findings findings = Judged(SpecOf(FailoverFamily(), "Failover/unsafe/planned_async"), 1);
  EXPECT_THAT(findings.violations.first, HasSubstr("was acknowledged, and is not there"));
}

TEST_F(FailoverTest, TwoHoldALockThatNoReplicaHasHeardOf) {
  const Findings findings = Judged(SpecOf(FailoverFamily(), "Failover/unsafe/token_lock"), 2);
  EXPECT_THAT(findings.detections.at("by_overlap"), Gt(0));
  EXPECT_THAT(findings.detections.at("by_late_write"), Gt(0));
}

TEST_F(FailoverTest, AMajorityOutlivesTheLossOfOneVote) {
  const Findings findings = Judged(SpecOf(FailoverFamily(), "Failover/locking/redlock"), 2);
  EXPECT_TRUE(findings.violations.none()) << findings.violations.first;
  EXPECT_THAT(CountersOf(findings)["outvoted"], Gt(0));
}

TEST_F(FailoverTest, ABareMajorityDoesNotOutliveTheLossOfOneVote) {
  const Findings findings =
      Judged(SpecOf(FailoverFamily(), "Failover/unsafe/redlock_bare_majority"), 1);
  EXPECT_THAT(findings.detections.at("by_overlap"), Gt(0));
  EXPECT_THAT(findings.detections.at("by_late_write"), Gt(0));
}

}  // namespace
}  // namespace rcb
