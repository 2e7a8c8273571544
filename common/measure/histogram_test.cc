#include "common/measure/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <utility>
#include <vector>

namespace rcb {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kHourNs = int64_t{3600} * 1'000'000'000;

Histogram Of(const std::vector<int64_t>& samples) {
  Histogram histogram;
  for (int64_t ns : samples) histogram.Record(ns);
  return histogram;
}

void ExpectWithinTheError(int64_t measured, int64_t exact, double q) {
  if (exact < 1024) {
    EXPECT_EQ(measured, exact) << "q = " << q;
    return;
  }
  const auto difference =
      static_cast<double>(measured > exact ? measured - exact : exact - measured);
  EXPECT_LE(difference, 0.001 * static_cast<double>(exact))
      << measured << " instead of " << exact << " at q = " << q;
}

// Against the samples themselves, sorted. Sample sizes are chosen such that q * n is either whole
// or far from it, so that the exact rank is plain.
void ExpectQuantilesOf(std::vector<int64_t> samples) {
  const Histogram histogram = Of(samples);
  std::sort(samples.begin(), samples.end());
  ASSERT_EQ(histogram.count(), static_cast<int64_t>(samples.size()));
  EXPECT_EQ(histogram.min(), samples.front());
  EXPECT_EQ(histogram.max(), samples.back());
  EXPECT_EQ(histogram.ValueAtQuantile(0), samples.front());
  EXPECT_EQ(histogram.ValueAtQuantile(1), samples.back());
  for (int per_mille = 1; per_mille < 1000; ++per_mille) {
    const size_t scaled = samples.size() * static_cast<size_t>(per_mille);
    const size_t rank = (scaled + 999) / 1000;
    ExpectWithinTheError(histogram.ValueAtQuantile(per_mille / 1000.0), samples[rank - 1],
                         per_mille / 1000.0);
  }
}

template <typename Distribution>
std::vector<int64_t> Draw(size_t count, Distribution distribution) {
  std::mt19937_64 random(20240611);
  std::vector<int64_t> samples(count);
  for (int64_t& ns : samples) ns = static_cast<int64_t>(distribution(random));
  return samples;
}

TEST(HistogramTest, EmptyYieldsZeroEverywhere) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0);
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.max(), 0);
  EXPECT_EQ(histogram.Mean(), 0);
  for (double q : {0.0, 0.5, 1.0}) EXPECT_EQ(histogram.ValueAtQuantile(q), 0);
}

TEST(HistogramTest, OneSampleIsEveryQuantileExactly) {
  for (int64_t ns : {int64_t{0}, int64_t{1}, int64_t{1025}, int64_t{123'456'789}, kHourNs, kMax}) {
    const Histogram histogram = Of({ns});
    for (double q : {0.0, 0.001, 0.5, 0.999, 1.0}) EXPECT_EQ(histogram.ValueAtQuantile(q), ns);
    EXPECT_EQ(histogram.Mean(), static_cast<double>(ns));
  }
}

TEST(HistogramTest, QuantilesOfUniformSamples) {
  ExpectQuantilesOf(Draw(100'000, std::uniform_int_distribution<int64_t>(1, 10'000'000)));
  ExpectQuantilesOf(Draw(9'973, std::uniform_int_distribution<int64_t>(0, kMax)));
}

TEST(HistogramTest, QuantilesOfExponentialSamples) {
  ExpectQuantilesOf(Draw(100'000, std::exponential_distribution<double>(1.0 / 40'000)));
}

TEST(HistogramTest, QuantilesOfLogNormalSamples) {
  ExpectQuantilesOf(Draw(100'000, std::lognormal_distribution<double>(std::log(80'000), 2.5)));
}

TEST(HistogramTest, QuantilesOfTwoModesWithAFarTail) {
  std::vector<int64_t> samples = Draw(60'000, std::normal_distribution<double>(50'000, 3'000));
  const std::vector<int64_t> slow = Draw(38'000, std::normal_distribution<double>(9e6, 2e5));
  const std::vector<int64_t> stalled =
      Draw(2'000, std::uniform_int_distribution<int64_t>(5'000'000'000, 5 * kHourNs));
  samples.insert(samples.end(), slow.begin(), slow.end());
  samples.insert(samples.end(), stalled.begin(), stalled.end());
  ExpectQuantilesOf(samples);
}

TEST(HistogramTest, QuantilesOfConstantSamplesAreThatConstant) {
  const Histogram histogram = Of(std::vector<int64_t>(1'000, 1'234'567));
  for (double q : {0.0, 0.001, 0.5, 0.99, 1.0}) EXPECT_EQ(histogram.ValueAtQuantile(q), 1'234'567);
  EXPECT_EQ(histogram.Mean(), 1'234'567);
}

// Between a smallest and a largest sample that leave the bucket of the middle one no help.
TEST(HistogramTest, EachMagnitudeUpToTheLargestIsWithinTheError) {
  std::mt19937_64 random(7);
  for (int bits = 0; bits < 63; ++bits) {
    const int64_t power = int64_t{1} << bits;
    std::vector<int64_t> samples = {power - 1, power, power + 1, power + power / 512 - 1};
    std::uniform_int_distribution<int64_t> same_octave(power, power - 1 + power);
    for (int i = 0; i < 50; ++i) samples.push_back(same_octave(random));
    for (int64_t ns : samples) {
      ExpectWithinTheError(Of({0, ns, kMax}).ValueAtQuantile(0.5), ns, 0.5);
    }
  }
  ExpectWithinTheError(Of({0, kMax - 1, kMax}).ValueAtQuantile(0.5), kMax - 1, 0.5);
}

TEST(HistogramTest, EveryValueBelow1024IsExact) {
  for (int64_t ns = 0; ns < 1024; ++ns) {
    EXPECT_EQ(Of({0, ns, kMax}).ValueAtQuantile(0.5), ns);
  }
}

TEST(HistogramTest, HoursAndTheLargestValueAreNotClamped) {
  const Histogram histogram = Of({1, kHourNs, 30 * kHourNs, kMax});
  EXPECT_EQ(histogram.min(), 1);
  ExpectWithinTheError(histogram.ValueAtQuantile(0.5), kHourNs, 0.5);
  ExpectWithinTheError(histogram.ValueAtQuantile(0.75), 30 * kHourNs, 0.75);
  EXPECT_EQ(histogram.max(), kMax);
}

TEST(HistogramTest, RankIsTheCeilingOfQTimesCountDespiteRounding) {
  std::vector<int64_t> samples;
  for (int64_t ns = 1; ns <= 100; ++ns) samples.push_back(ns);
  const Histogram histogram = Of(samples);
  for (int percent = 1; percent <= 100; ++percent) {
    EXPECT_EQ(histogram.ValueAtQuantile(percent / 100.0), percent);  // 0.07 * 100 > 7 in doubles
  }
  EXPECT_EQ(histogram.ValueAtQuantile(0.0701), 8);
  EXPECT_EQ(histogram.ValueAtQuantile(1e-9), 1);
}

TEST(HistogramTest, MeanIsOfTheSamplesNotOfTheBuckets) {
  EXPECT_EQ(Of({1'000'001, 1'000'003, 5'000'000'007}).Mean(), (2'000'004 + 5'000'000'007) / 3.0);
  EXPECT_EQ(Of({kMax, kMax, kMax, kMax}).Mean(), static_cast<double>(kMax));
}

void ExpectSame(const Histogram& a, const Histogram& b) {
  EXPECT_EQ(a.count(), b.count());
  EXPECT_EQ(a.min(), b.min());
  EXPECT_EQ(a.max(), b.max());
  EXPECT_DOUBLE_EQ(a.Mean(), b.Mean());
  for (int i = 0; i <= 10'000; ++i) {
    const double q = i / 10'000.0;
    ASSERT_EQ(a.ValueAtQuantile(q), b.ValueAtQuantile(q)) << "q = " << q;
  }
}

TEST(HistogramTest, MergingEqualsRecordingEverythingInOne) {
  const std::vector<int64_t> samples =
      Draw(30'000, std::lognormal_distribution<double>(std::log(50'000), 3));
  std::vector<Histogram> parts(4);  // the last stays empty
  for (size_t i = 0; i < samples.size(); ++i) parts[i % 3].Record(samples[i]);
  Histogram merged;
  for (const Histogram& part : parts) merged.Merge(part);
  ExpectSame(merged, Of(samples));
}

TEST(HistogramTest, MergingKeepsSmallestAndLargestOfEitherSide) {
  Histogram low = Of({0, 3});
  Histogram high = Of({5'000'000, kMax});
  low.Merge(high);
  high.Merge(Of({0, 3}));
  ExpectSame(low, Of({0, 3, 5'000'000, kMax}));
  ExpectSame(high, low);
}

TEST(HistogramTest, MergingAnEmptyOneChangesNothing) {
  Histogram histogram = Of({17, 170'000});
  histogram.Merge(Histogram());
  ExpectSame(histogram, Of({17, 170'000}));
}

TEST(HistogramTest, ClearedIsAsNew) {
  Histogram histogram = Of({5, 6'000'000, kMax});
  histogram.Clear();
  ExpectSame(histogram, Histogram());
  histogram.Record(42'000);
  ExpectSame(histogram, Of({42'000}));
}

TEST(HistogramTest, MovedToHoldsTheSamples) {
  Histogram source = Of({5, 6'000'000});
  const Histogram target = std::move(source);
  ExpectSame(target, Of({5, 6'000'000}));
}

TEST(HistogramDeathTest, NegativeSampleAborts) {
  Histogram histogram;
  EXPECT_DEATH(histogram.Record(-1), "negative sample of -1 ns");
}

TEST(HistogramDeathTest, QuantileOutsideZeroToOneAborts) {
  const Histogram histogram = Of({1});
  EXPECT_DEATH(histogram.ValueAtQuantile(99), "outside \\[0, 1\\]");
  EXPECT_DEATH(histogram.ValueAtQuantile(std::nan("")), "outside \\[0, 1\\]");
}

}  // namespace
}  // namespace rcb
