// What is drawn is compared with what a Poisson process promises, at fixed seeds.

#include "common/workload/arrivals.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace rcb {
namespace {

constexpr uint64_t kSeeds[] = {1, 2, 3, 0, UINT64_MAX, uint64_t{1} << 32};

// The first `count` arrivals after `start_ns`.
std::vector<int64_t> Draw(PoissonArrivals& arrivals, int64_t start_ns, size_t count) {
  arrivals.Start(start_ns);
  std::vector<int64_t> times_ns;
  for (size_t i = 0; i < count; ++i) times_ns.push_back(arrivals.Next());
  return times_ns;
}

// The gaps between the arrivals, in units of the mean gap that the rate asks for.
std::vector<double> Gaps(double rate_per_second, uint64_t seed) {
  constexpr int64_t kStartNs = 1'000'000'000;
  PoissonArrivals arrivals(rate_per_second, seed);
  std::vector<double> gaps;
  int64_t last_ns = kStartNs;
  for (const int64_t time_ns : Draw(arrivals, kStartNs, PoissonArrivals::kGaps)) {
    gaps.push_back(static_cast<double>(time_ns - last_ns) * rate_per_second / 1e9);
    last_ns = time_ns;
  }
  return gaps;
}

double MeanOf(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

// Five standard errors: 1/sqrt(n) of the mean, sqrt(8/n) of the variance.
TEST(PoissonArrivals, GapsHaveTheMeanAndVarianceOfTheirRate) {
  for (const uint64_t seed : kSeeds) {
    for (const double rate : {0.1, 100.0, 4000.0, 1e6}) {
      const std::vector<double> gaps = Gaps(rate, seed);
      const auto n = static_cast<double>(gaps.size());
      const double mean = MeanOf(gaps);
      EXPECT_NEAR(mean, 1, 5 / std::sqrt(n)) << rate << " per second, seed " << seed;
      double squares = 0;
      for (const double gap : gaps) squares += (gap - mean) * (gap - mean);
      EXPECT_NEAR(squares / n, 1, 5 * std::sqrt(8 / n)) << rate << " per second, seed " << seed;
    }
  }
}

// Kolmogorov and Smirnov's distance; by chance it passes this bound once in 50 thousand.
TEST(PoissonArrivals, GapsAreExponential) {
  for (const uint64_t seed : kSeeds) {
    std::vector<double> gaps = Gaps(1000, seed);
    std::sort(gaps.begin(), gaps.end());
    const auto n = static_cast<double>(gaps.size());
    double distance = 0;
    for (size_t i = 0; i < gaps.size(); ++i) {
      const double expected = 1 - std::exp(-gaps[i]);
      distance = std::max(distance, std::abs(expected - static_cast<double>(i) / n));
      distance = std::max(distance, std::abs(expected - static_cast<double>(i + 1) / n));
    }
    EXPECT_LT(distance, 2.3 / std::sqrt(n)) << "seed " << seed;
  }
}

// A burst says nothing about the next gap: no correlation beyond five standard errors.
TEST(PoissonArrivals, GapsForgetTheOneBefore) {
  for (const uint64_t seed : kSeeds) {
    const std::vector<double> gaps = Gaps(1000, seed);
    double products = 0;
    for (size_t i = 1; i < gaps.size(); ++i) products += (gaps[i - 1] - 1) * (gaps[i] - 1);
    const auto n = static_cast<double>(gaps.size());
    EXPECT_NEAR(products / n, 0, 5 / std::sqrt(n)) << "seed " << seed;
  }
}

TEST(PoissonArrivals, NeverGoBackNorBeforeTheStart) {
  PoissonArrivals arrivals(1e7, 1);
  int64_t last_ns = 500;
  for (const int64_t time_ns : Draw(arrivals, 500, PoissonArrivals::kGaps)) {
    EXPECT_GE(time_ns, last_ns);
    last_ns = time_ns;
  }
}

TEST(PoissonArrivals, AreTheSameForTheSameSeedAlone) {
  for (const uint64_t seed : kSeeds) {
    PoissonArrivals one(1000, seed);
    PoissonArrivals other(1000, seed);
    EXPECT_EQ(Draw(one, 7, 1000), Draw(other, 7, 1000));
  }
  for (const uint64_t seed : kSeeds) {
    for (const uint64_t other_seed : kSeeds) {
      if (seed == other_seed) continue;
      PoissonArrivals one(1000, seed);
      PoissonArrivals other(1000, other_seed);
      EXPECT_NE(Draw(one, 7, 1000), Draw(other, 7, 1000)) << seed << " and " << other_seed;
    }
  }
}

TEST(PoissonArrivals, StartMovesThemWithoutChangingTheirGaps) {
  PoissonArrivals early(1000, 1);
  PoissonArrivals late(1000, 1);
  const std::vector<int64_t> from_zero = Draw(early, 0, 100);
  const std::vector<int64_t> from_later = Draw(late, 5'000'000'000, 100);
  for (size_t i = 0; i < from_zero.size(); ++i) {
    EXPECT_EQ(from_later[i] - 5'000'000'000, from_zero[i]);
  }
}

// Arrivals past the stock of gaps: the second lap takes as long as the first, and goes on from it.
TEST(PoissonArrivals, GoOnWhenTheGapsAreUsedUp) {
  PoissonArrivals arrivals(1000, 1);
  const size_t lap = PoissonArrivals::kGaps;
  const std::vector<int64_t> times_ns = Draw(arrivals, 0, 2 * lap);
  const int64_t lap_ns = times_ns[lap - 1];
  for (const size_t i : {size_t{0}, size_t{1}, lap / 2, lap - 1}) {
    EXPECT_NEAR(static_cast<double>(times_ns[lap + i]), static_cast<double>(lap_ns + times_ns[i]),
                2);
  }
}

}  // namespace
}  // namespace rcb
