#include "common/report/percentile_text.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  EXPECT_EQ(lines.back(), "");
  lines.pop_back();
  return lines;
}

// Four samples, five ticks for each halving, and a scale of 1000.
TEST(PercentileTextTest, LooksAsThatOfHdrHistogram) {
  Histogram latency;
  for (int64_t us = 1; us <= 4; ++us) latency.Record(us * 100);
  EXPECT_THAT(LinesOf(ToPercentileText(latency)),
              ElementsAre("       Value     Percentile TotalCount 1/(1-Percentile)",  //
                          "",                                                         //
                          "       0.100 0.000000000000          1           1.00",    //
                          "       0.100 0.100000000000          1           1.11",    //
                          "       0.100 0.200000000000          1           1.25",    //
                          "       0.200 0.300000000000          2           1.43",    //
                          "       0.200 0.400000000000          2           1.67",    //
                          "       0.200 0.500000000000          2           2.00",    //
                          "       0.300 0.550000000000          3           2.22",    //
                          "       0.300 0.600000000000          3           2.50",    //
                          "       0.300 0.650000000000          3           2.86",    //
                          "       0.300 0.700000000000          3           3.33",    //
                          "       0.300 0.750000000000          3           4.00",    //
                          "       0.400 0.775000000000          4           4.44",    //
                          "       0.400 1.000000000000          4",                   //
                          "#[Mean    =        0.250, StdDeviation   =        0.112]",
                          "#[Max     =        0.400, Total count    =            4]",
                          "#[Buckets =           54, SubBuckets     =         1024]"));
}

TEST(PercentileTextTest, OfNothingThereIsAHeaderAndAFooter) {
  EXPECT_THAT(LinesOf(ToPercentileText(Histogram())), SizeIs(5));
}

// Each line by the definition, over samples that are kept.
TEST(PercentileTextTest, EveryLineIsAQuantileOfTheSamples) {
  std::mt19937_64 random(7);
  Histogram latency;
  std::vector<int64_t> samples;
  for (int i = 0; i < 20'000; ++i) {
    const auto ns = static_cast<int64_t>(std::exp(std::normal_distribution<double>(12, 1)(random)));
    samples.push_back(ns);
    latency.Record(ns);
  }
  std::sort(samples.begin(), samples.end());
  int64_t read = 0;
  double before = -1;
  for (const std::string& line : LinesOf(ToPercentileText(latency))) {
    std::istringstream words(line);
    double value_us = 0;
    double level = 0;
    int64_t until_here = 0;
    if (!(words >> value_us >> level >> until_here)) continue;
    ++read;
    EXPECT_GT(level, before);
    before = level;
    const auto exact =
        std::upper_bound(samples.begin(), samples.end(), value_us * 1001) - samples.begin();
    const auto at_least =
        std::lower_bound(samples.begin(), samples.end(), value_us * 999) - samples.begin();
    EXPECT_LE(until_here, exact) << line;
    EXPECT_GE(until_here, at_least) << line;
    EXPECT_GE(static_cast<double>(until_here), level * 20'000 - 1e-6) << line;
  }
  EXPECT_GT(read, 60);  // five a halving, of which there are 14
  EXPECT_EQ(before, 1);
}

}  // namespace
}  // namespace rcb
