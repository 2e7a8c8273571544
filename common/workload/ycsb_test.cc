// Against values that YCSB's definition gives (ScrambledZipfianGenerator,
// ZipfianGenerator.nextLong, Utils.fnvhash64), worked out apart from this code.

#include "common/workload/ycsb.h"

#include <cstdint>
#include <numeric>
#include <vector>

#include "absl/random/distributions.h"
#include "absl/random/random.h"
#include "common/workload/test_chi_square.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

TEST(YcsbTest, HashesAsYcsbDoes) {
  struct Case {
    uint64_t value;
    uint64_t hash;
  };
  const Case cases[] = {
      {0, 6284781860667377211U},       {1, 8517097267634966620U},
      {2, 1820151046732198393U},       {3, 4052466453699787802U},
      {255, 8064062821143829734U},     {256, 2056600594528442646U},
      {1234567, 4406382118621181934U}, {9'999'999'999, 3605131173811637474U},
  };
  for (const Case& c : cases) EXPECT_EQ(ycsb::Hash(c.value), c.hash) << c.value;
}

TEST(YcsbTest, DrawsTheItemAndTheKeyThatYcsbDraws) {
  struct Case {
    double uniform;
    uint64_t item;
    uint64_t key_of_thousand;
    uint64_t key_of_million;
  };
  const Case cases[] = {
      {0, 0, 211, 377211},
      {0.037, 0, 211, 377211},
      {0.038, 1, 620, 966620},
      {0.056, 1, 620, 966620},
      {0.06, 2, 393, 198393},
      {0.1, 6, 587, 995587},
      {0.25, 296, 614, 933614},
      {0.5, 134552, 260, 280260},
      {0.75, 42924421, 439, 210439},
      {0.9, 1170869537, 670, 781670},
      {0.99, 8086205587, 521, 761521},
      {0.999999, 9999787803, 89, 16089},
      {0.9999999999, 9999999979, 570, 237570},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(ycsb::ItemOf(c.uniform), c.item) << c.uniform;
    EXPECT_EQ(ycsb::KeyOf(c.uniform, 1000), c.key_of_thousand) << c.uniform;
    EXPECT_EQ(ycsb::KeyOf(c.uniform, 1'000'000), c.key_of_million) << c.uniform;
  }
}

TEST(YcsbTest, TheHottestKeyDoesNotDependOnHowManyThereAre) {
  for (const uint64_t keys : {uint64_t{1000}, uint64_t{1'000'000}}) {
    const std::vector<double> probabilities = ycsb::Probabilities(keys);
    EXPECT_NEAR(std::accumulate(probabilities.begin(), probabilities.end(), 0.0), 1, 1e-9);
    EXPECT_NEAR(probabilities[ycsb::Hash(0) % keys], 1 / 26.46902820178302, 1.5e-3);
  }
}

TEST(YcsbTest, DrawsByTheProbabilitiesThatItTells) {
  constexpr uint64_t kKeys = 1000;
  absl::InsecureBitGen random(std::seed_seq{1});
  const auto draw = [&random] { return ycsb::KeyOf(absl::Uniform(random, 0.0, 1.0), kKeys); };
  EXPECT_LT(ChiSquareExcess(draw, ycsb::Probabilities(kKeys), 500'000), kImprobable);
}

}  // namespace
}  // namespace rcb
