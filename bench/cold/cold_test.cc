// Each variant of Cold through the loss of its keys, judged by its own checks, and these checks on
// records whose answer is known.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bench/cold/cold_check.h"
#include "bench/families.h"
#include "bench/test_family.h"
#include "common/harness/test_bed.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using cold::Computed;
using cold::kNsPerMs;
using cold::SeenRead;

constexpr int64_t kRounds = 6;

const std::map<std::string, std::string>& DetectorOf() {
  static const std::map<std::string, std::string> kDetectors = {
      {"Cold/unsafe/none", "by_computations"},
      {"Cold/unsafe/warm_up_at_once", "by_pace"},
      {"Cold/unsafe/ttl_at_once", "by_hit_ratio"}};
  return kDetectors;
}

TEST(ColdTest, EachSafeVariantKeepsItsPromiseAndEachControlIsCaught) {
  for (const BenchmarkSpec& spec : VariantsOf(ColdFamily())) {
    SCOPED_TRACE(spec.name);
    TestBed bed(spec, {.workers = 60, .threads = 2});
    ASSERT_EQ(bed.RunOnce(kRounds), absl::OkStatus());
    EXPECT_EQ(bed.first_error(), "");
    const Findings findings = bed.Check();
    const auto counters = CountersOf(findings);
    EXPECT_GT(counters.at("computations"), 0);
    EXPECT_LT(counters.at("worst_hit_ratio"), 1);
    if (spec.role == Role::kSafe) {
      EXPECT_EQ(findings.violations.count, 0) << findings.violations.first;
    } else {
      EXPECT_GT(findings.detections.at(DetectorOf().at(spec.name)), 0);
    }
  }
}

TEST(ColdCheckTest, CountsComputationsBeyondTheFirstOfEachKey) {
  const std::vector<Computed> computed = {{0, 1}, {1, 2}, {0, 3}, {0, 4}, {3, 5}};
  const cold::Counts counts = cold::CountComputations(computed, /*keys=*/4);
  EXPECT_EQ(counts.max, 3);
  EXPECT_DOUBLE_EQ(counts.mean, 5.0 / 3);
  EXPECT_EQ(counts.too_many.count, 2);
  EXPECT_EQ(counts.too_many.first, "key 0 was lost once and computed 3 times");
  EXPECT_TRUE(cold::CountComputations({}, 4).too_many.none());
}

TEST(ColdCheckTest, HoldsAWarmUpToItsPaceAndNobodyElse) {
  std::vector<Computed> computed;
  for (int64_t i = 0; i < 14; ++i) computed.push_back({0, i * kNsPerMs, true});
  EXPECT_TRUE(cold::CheckPace(computed, /*per_second=*/100, /*lanes=*/4).none());
  computed.push_back({0, 99 * kNsPerMs, true});
  EXPECT_EQ(cold::CheckPace(computed, /*per_second=*/100, /*lanes=*/4).count, 1);
  computed.back().is_warm_up = false;
  EXPECT_TRUE(cold::CheckPace(computed, /*per_second=*/100, /*lanes=*/4).none());
  computed.push_back({0, 100 * kNsPerMs, true});
  EXPECT_TRUE(cold::CheckPace(computed, /*per_second=*/100, /*lanes=*/4).none());
}

TEST(ColdCheckTest, MeasuresHowColdItGetsAndForHowLong) {
  // A read a millisecond: all hits, then for 120 ms one of two, then all hits.
  std::vector<SeenRead> reads;
  for (int64_t i = 0; i < 1000; ++i) {
    const bool is_cold = i >= 200 && i < 320;
    const bool was_hit = !is_cold || i % 2 == 0;
    reads.push_back({i * kNsPerMs, i * kNsPerMs + (was_hit ? 100'000 : 5 * kNsPerMs), was_hit});
  }
  const cold::Warmth warmth = cold::MeasureWarmth(reads, {0, 200 * kNsPerMs, 1000 * kNsPerMs});
  EXPECT_NEAR(warmth.warm_p95_us, 100, 1);
  EXPECT_NEAR(warmth.cold_p95_us, 5000, 10);
  EXPECT_DOUBLE_EQ(warmth.worst_hit_ratio, 0.5);
  EXPECT_EQ(warmth.back_ns, 150 * kNsPerMs);
  EXPECT_EQ(warmth.longest_gap_ns, kNsPerMs);
}

}  // namespace
}  // namespace rcb
