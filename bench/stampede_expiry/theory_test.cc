#include "bench/stampede_expiry/theory.h"

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb::expiry {
namespace {

using testing::HasSubstr;

// By simulation: the sum of geometric numbers exceeds its quantile as often as it should.
TEST(GeometricSumQuantile, AgreesWithASimulation) {
  std::mt19937_64 random(5);
  constexpr int kRuns = 20'000;
  constexpr int kCount = 50;
  for (const double mean : {0.65, 1.72, 6.39}) {
    std::geometric_distribution<int64_t> geometric(1 / (1 + mean));
    const int64_t low = GeometricSumQuantile(kCount, mean, 0.05);
    const int64_t high = GeometricSumQuantile(kCount, mean, 0.95);
    int below = 0;
    int above = 0;
    for (int run = 0; run < kRuns; ++run) {
      int64_t sum = 0;
      for (int i = 0; i < kCount; ++i) sum += geometric(random);
      below += sum < low ? 1 : 0;
      above += sum > high ? 1 : 0;
    }
    EXPECT_LT(below, kRuns * 0.055);
    EXPECT_LT(above, kRuns * 0.055);
    EXPECT_GT(below + above, kRuns * 0.06) << "the interval is no wider than it has to be";
  }
}

TEST(GeometricSumQuantile, IsNormalForManyNumbers) {
  const int64_t low = GeometricSumQuantile(100'000, 1.72, 5e-5);
  const int64_t high = GeometricSumQuantile(100'000, 1.72, 1 - 5e-5);
  EXPECT_LT(low, 172'000);
  EXPECT_GT(low, 169'000);
  EXPECT_GT(high, 172'000);
  EXPECT_LT(high, 175'000);
}

TEST(XfetchComputations, HoldTheMeanAndExcludeWhatFaultsGive) {
  for (const double beta : {0.5, 1.0, 1.5, 2.0}) {
    const Interval interval = XfetchComputations(beta, /*stretch=*/1.05, /*epochs=*/50);
    const double mean = std::exp(1 / beta);
    EXPECT_GT(mean, interval.low) << beta;
    EXPECT_LT(mean, interval.high) << beta;
    EXPECT_LT(interval.high, 20)
        << "as many as without any early refresh, at 4000 reads per second";
  }
  EXPECT_GT(XfetchComputations(0.5, 1.05, 50).low, std::exp(1.0)) << "beta is ignored";
  EXPECT_LT(XfetchComputations(2, 1.05, 50).high, std::exp(1.0)) << "beta is ignored";
}

TEST(JudgeLifetimes, AcceptsEvenSpreadInTenThousandRuns) {
  std::mt19937_64 random(7);
  std::uniform_int_distribution<int64_t> lifetime(50, 150);
  for (int run = 0; run < 10'000; ++run) {
    std::vector<int64_t> lifetimes_ms(100);
    for (int64_t& ms : lifetimes_ms) ms = lifetime(random);
    ASSERT_EQ(JudgeLifetimes(lifetimes_ms, 100, 50), "") << run;
  }
}

TEST(JudgeLifetimes, SeesJitterThatDoesNotJitterIsTooWeakTooStrongOrAside) {
  const std::vector<int64_t> constant(100, 100);
  EXPECT_EQ(JudgeLifetimes(constant, 100, 0), "");
  EXPECT_THAT(JudgeLifetimes(constant, 100, 50), HasSubstr("not spread evenly"));
  std::vector<int64_t> weak;
  std::vector<int64_t> aside;
  for (int64_t i = 0; i < 100; ++i) {
    weak.push_back(90 + i / 5);
    aside.push_back(100 + i / 2);
  }
  EXPECT_THAT(JudgeLifetimes(weak, 100, 50), HasSubstr("not spread evenly"));
  EXPECT_THAT(JudgeLifetimes(aside, 100, 50), HasSubstr("not spread evenly"));
  EXPECT_THAT(JudgeLifetimes({100, 160}, 100, 50), HasSubstr("160 ms is not within 50 ms"));
}

}  // namespace
}  // namespace rcb::expiry
