#include "common/workload/value_sizes.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/workload/test_chi_square.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

TEST(ValueSizesTest, AreWhatTheirTextSays) {
  for (const char* const text : {"1", "1000", "1048576", "uniform:100-2000", "lognormal:500:1.5"}) {
    const std::optional<ValueSizes> parsed = ValueSizes::Parse(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->ToText(), text);
    EXPECT_TRUE(parsed->is_given());
  }
  EXPECT_FALSE(ValueSizes().is_given());
  EXPECT_EQ(ValueSizes().ToText(), "0");
  EXPECT_EQ(ValueSizes().Of(5), 0);
}

TEST(ValueSizesTest, AConstantIsTheSameForAll) {
  for (uint64_t number = 0; number < 10; ++number) {
    EXPECT_EQ(ValueSizes::Parse("1000")->Of(number), 1000);
  }
}

TEST(ValueSizesTest, UniformSizesAreAllAsFrequent) {
  const ValueSizes sizes = *ValueSizes::Parse("uniform:10-29");
  uint64_t number = 0;
  const auto draw = [&] { return static_cast<uint64_t>(sizes.Of(number++) - 10); };
  EXPECT_LT(ChiSquareExcess(draw, std::vector<double>(20, 1.0 / 20), 100'000), kImprobable);
}

TEST(ValueSizesTest, LogNormalSizesHaveTheirMedianAndSpread) {
  const ValueSizes sizes = *ValueSizes::Parse("lognormal:500:0.5");
  constexpr double kPercentiles[][2] = {
      {0.0228, -2}, {0.1587, -1}, {0.5, 0}, {0.8413, 1}, {0.9772, 2}};
  std::vector<int64_t> drawn;
  for (uint64_t number = 0; number < 100'000; ++number) drawn.push_back(sizes.Of(number));
  std::sort(drawn.begin(), drawn.end());
  for (const auto& [share, deviations] : kPercentiles) {
    const auto place = static_cast<size_t>(share * 100'000);
    const double expected = 500 * std::exp(0.5 * deviations);
    EXPECT_NEAR(static_cast<double>(drawn[place]), expected, 0.03 * expected) << share;
  }
}

TEST(ValueSizesTest, AreNeverMoreThanAValueMayHave) {
  const ValueSizes sizes = *ValueSizes::Parse("lognormal:1000000:3");
  for (uint64_t number = 0; number < 10'000; ++number) {
    EXPECT_GE(sizes.Of(number), 1);
    EXPECT_LE(sizes.Of(number), ValueSizes::kMax);
  }
}

}  // namespace
}  // namespace rcb
