#include "common/workload/key_distribution.h"

#include <numeric>
#include <optional>
#include <vector>

#include "gtest/gtest.h"

namespace rcb {
namespace {

TEST(KeyDistributionTest, IsWhatItsTextSays) {
  for (const char* const text :
       {"uniform", "zipf:0", "zipf:0.99", "zipf:1", "zipf:1.2", "ycsb_scrambled", "latest:0.5",
        "hotspot:80:20", "hotspot:99.5:0.1", "two_step", "moving:80:20:1000"}) {
    const std::optional<KeyDistribution> parsed = KeyDistribution::Parse(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->ToText(), text);
  }
  EXPECT_EQ(KeyDistribution::Parse("latest")->ToText(), "latest:0.99");
}

TEST(KeyDistributionTest, WhatMeansNothingIsRefused) {
  for (const char* const text : {"",
                                 "zipf",
                                 "zipf:",
                                 "zipf:-1",
                                 "zipf:nan",
                                 "zipf:inf",
                                 "zipf:11",
                                 "zipf:1:2",
                                 "uniform:1",
                                 "hotspot",
                                 "hotspot:80",
                                 "hotspot:80:0",
                                 "hotspot:101:20",
                                 "hotspot:80:120",
                                 "moving:80:20",
                                 "moving:80:20:0",
                                 "moving:80:20:x",
                                 "two_step:1",
                                 "latest:x",
                                 "Zipf:1",
                                 "pareto",
                                 "ycsb_scrambled:0.5"}) {
    EXPECT_FALSE(KeyDistribution::Parse(text)) << text;
  }
}

TEST(KeyDistributionTest, ProbabilitiesSumToOne) {
  for (const char* const text : {"uniform", "zipf:0", "zipf:1.2", "ycsb_scrambled", "latest",
                                 "hotspot:80:20", "hotspot:80:100", "two_step", "moving:9:1:10"}) {
    for (const uint64_t keys : {1U, 2U, 7U, 1000U}) {
      const std::vector<double> probabilities =
          ProbabilitiesOf(*KeyDistribution::Parse(text), keys);
      ASSERT_EQ(probabilities.size(), keys);
      EXPECT_NEAR(std::accumulate(probabilities.begin(), probabilities.end(), 0.0), 1, 1e-9)
          << text << " " << keys;
    }
  }
}

}  // namespace
}  // namespace rcb
