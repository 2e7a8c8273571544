// Each variant of Outage through an outage, judged by its own checks, and these checks on records
// whose answer is known.

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bench/families.h"
#include "bench/outage/outage_check.h"
#include "bench/test_family.h"
#include "common/harness/test_bed.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using outage::SeenRead;
using outage::Source;
using outage::Times;

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kRounds = 4;

class OutageTest : public testing::Test {
 protected:
  const std::vector<BenchmarkSpec> specs_ = VariantsOf(OutageFamily());
};

// The detector that has to catch each control.
const std::map<std::string, std::string>& DetectorOf() {
  static const std::map<std::string, std::string> kDetectors = {
      {"Outage/unsafe/fall_through", "by_origin"},
      {"Outage/unsafe/reconnect_at_once", "by_connects"},
      {"Outage/unsafe/breaker_without_probe", "by_breaker"}};
  return kDetectors;
}

TEST_F(OutageTest, EachSafeVariantKeepsItsPromiseAndEachControlIsCaught) {
  for (const BenchmarkSpec& spec : specs_) {
    SCOPED_TRACE(spec.name);
    TestBed bed(spec, {.workers = 60, .threads = 2});
    ASSERT_EQ(bed.RunOnce(kRounds), absl::OkStatus());
    EXPECT_EQ(bed.first_error(), "");
    const Findings findings = bed.Check();
    const auto counters = CountersOf(findings);
    EXPECT_LT(counters.at("during_served_ratio"), 1.01);
    EXPECT_GT(counters.at("connects_peak_per_second"), 0) << "the cache was never gone";
    if (spec.role == Role::kSafe) {
      EXPECT_EQ(findings.violations.count, 0) << findings.violations.first;
      EXPECT_GT(counters.at("during_served_ratio"), 0);
    } else {
      EXPECT_GT(findings.detections.at(DetectorOf().at(spec.name)), 0);
      const auto by_service = findings.detections.find("by_service");
      if (by_service != findings.detections.end()) {
        EXPECT_GT(by_service->second, 0);
      }
    }
  }
}

TEST_F(OutageTest, AllIsWholeAndEmptyAfterwards) {
  TestBed bed(SpecOf(OutageFamily(), "Outage/lockfree/fail_fast"), {.workers = 20});
  for (int run = 0; run < 2; ++run) {
    ASSERT_EQ(bed.RunOnce(kRounds), absl::OkStatus());
    EXPECT_EQ(bed.first_error(), "");
    EXPECT_EQ(bed.Check().violations.count, 0);
  }
  EXPECT_GT(bed.session().MeasureRoundTripNs(/*pings=*/10), 0) << "the proxy lets pass again";
}

TEST(OutageCheckTest, FindsTheWorstTenthOfASecond) {
  EXPECT_EQ(outage::PeakOf({}), 0);
  EXPECT_EQ(outage::PeakOf({300 * kMs, 0, 50 * kMs, 99 * kMs, 100 * kMs, 149 * kMs}), 4);
  EXPECT_TRUE(outage::CheckConnects(/*peak=*/40, /*clients=*/10).none());
  EXPECT_EQ(outage::CheckConnects(/*peak=*/43, /*clients=*/10).count, 3);
}

// One read a millisecond: hits at first, none from 100 ms on, and again hits from 200 + `cold` ms.
std::vector<SeenRead> ReadsWithGap(int64_t cold_ms) {
  std::vector<SeenRead> reads;
  for (int64_t i = 0; i < 1000; ++i) {
    const bool is_hit = i < 100 || i >= 200 + cold_ms;
    const int64_t took_ns = is_hit ? 100'000 : 10 * kMs;
    reads.push_back({i * kMs, i * kMs + took_ns, is_hit ? Source::kCache : Source::kNothing});
  }
  return reads;
}

TEST(OutageCheckTest, TellsHowLongItTookUntilAllWasAsBefore) {
  const Times times = {0, 100 * kMs, 200 * kMs, 1000 * kMs};
  EXPECT_EQ(outage::RecoveryOf(ReadsWithGap(0), times).hits_ns, 0);
  EXPECT_EQ(outage::RecoveryOf(ReadsWithGap(0), times).p95_ns, 0);
  EXPECT_EQ(outage::RecoveryOf(ReadsWithGap(70), times).hits_ns, 100 * kMs);
  EXPECT_EQ(outage::RecoveryOf(ReadsWithGap(70), times).p95_ns, 100 * kMs);
  EXPECT_EQ(outage::RecoveryOf(ReadsWithGap(2000), times).hits_ns, 800 * kMs);
}

TEST(OutageCheckTest, WhatWasServedOnceIsServedAgainByTheSameThread) {
  const Times times = {0, 100, 1000, 2000};
  const SeenRead served = {200, 210, Source::kOrigin, /*key=*/7, /*waited_ns=*/0, /*thread=*/0};
  const auto found = [&](SeenRead later) {
    return outage::CheckService({later, served}, times).count;
  };
  EXPECT_EQ(found({300, 310, Source::kNothing, 7, 0, 0}), 1);
  EXPECT_EQ(found({300, 310, Source::kCopy, 7, 0, 0}), 0);
  EXPECT_EQ(found({300, 310, Source::kNothing, 8, 0, 0}), 0) << "of another key";
  EXPECT_EQ(found({300, 310, Source::kNothing, 7, 0, 1}), 0) << "of another thread";
  EXPECT_EQ(found({205, 310, Source::kNothing, 7, 0, 0}), 0) << "it began before";
  EXPECT_EQ(found({300, 1010, Source::kNothing, 7, 0, 0}), 0) << "the cache was back";
  EXPECT_EQ(outage::CheckService(
                {{50, 60, Source::kCache, 7, 0, 0}, {300, 310, Source::kNothing, 7, 0, 0}}, times)
                .count,
            0)
      << "by the cache";
}

TEST(OutageCheckTest, NobodyWaitsForLongerThanAUserUnlessAllStoodStill) {
  std::vector<SeenRead> reads = {{0, 1, Source::kNothing, 0, /*waited_ns=*/46 * kMs},
                                 {1 * kMs, 2 * kMs, Source::kNothing, 0, 45 * kMs}};
  EXPECT_EQ(outage::CheckWaits(reads).count, 0) << "no read began for 1 ms";
  reads.push_back({500'000, 600'000, Source::kNothing});
  EXPECT_EQ(outage::CheckWaits(reads).count, 1);
}

TEST(OutageCheckTest, CountsEachPartByItself) {
  const Times times = {0, 100 * kMs, 200 * kMs, 1000 * kMs};
  std::vector<SeenRead> reads = ReadsWithGap(400);
  reads[150].source = Source::kCopy;
  reads[160].source = Source::kOrigin;
  const Counters counters = outage::CountReads(reads, times);
  const std::map<std::string, double> by_name(counters.begin(), counters.end());
  EXPECT_DOUBLE_EQ(by_name.at("during_served_ratio"), 0.02);
  EXPECT_DOUBLE_EQ(by_name.at("during_stale_ratio"), 0.01);
  EXPECT_DOUBLE_EQ(by_name.at("after_served_ratio"), 0.5);
  EXPECT_NEAR(by_name.at("before_p95_us"), 100, 1);
  EXPECT_NEAR(by_name.at("during_p95_us"), 10'000, 20);
}

}  // namespace
}  // namespace rcb
