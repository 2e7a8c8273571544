#include "common/workload/key_chooser.h"

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/random/random.h"
#include "common/workload/key_distribution.h"
#include "common/workload/test_chi_square.h"
#include "common/workload/zipf.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

constexpr uint64_t kKeys = 1000;
constexpr int64_t kDraws = 500'000;
constexpr double kExponents[] = {0, 0.5, 0.99, 1, 1.2};

// The law itself, written as it is defined.
std::vector<double> Zipf(double exponent, uint64_t keys) {
  double sum = 0;
  for (uint64_t i = 1; i <= keys; ++i) sum += 1 / std::pow(i, exponent);
  std::vector<double> probabilities;
  for (uint64_t i = 1; i <= keys; ++i) probabilities.push_back(1 / std::pow(i, exponent) / sum);
  return probabilities;
}

double ExcessOf(KeyChooser chooser, const std::vector<double>& probabilities, int seed = 1) {
  absl::InsecureBitGen random(std::seed_seq{seed});
  return ChiSquareExcess([&] { return chooser.Next(random); }, probabilities, kDraws);
}

TEST(KeyChooserTest, DrawsZipfExactlyFromItsTable) {
  for (const double exponent : kExponents) {
    const KeyChooser chooser(KeyDistribution::Zipf(exponent), kKeys);
    EXPECT_LT(ExcessOf(chooser, Zipf(exponent, kKeys)), kImprobable) << exponent;
  }
}

TEST(KeyChooserTest, DrawsZipfExactlyByRejection) {
  for (const double exponent : kExponents) {
    const ZipfByRejection zipf(exponent, kKeys);
    absl::InsecureBitGen random(std::seed_seq{1});
    const auto draw = [&] { return zipf.Next(random); };
    EXPECT_LT(ChiSquareExcess(draw, Zipf(exponent, kKeys), kDraws), kImprobable) << exponent;
  }
}

// The test tells neighbours apart, so that it means something.
TEST(KeyChooserTest, AnExponentThatIsOffByALittleIsSeen) {
  for (const double exponent : kExponents) {
    const KeyChooser chooser(KeyDistribution::Zipf(exponent + 0.05), kKeys);
    EXPECT_GT(ExcessOf(chooser, Zipf(exponent, kKeys)), kImprobable) << exponent;
  }
}

// Keys by powers of two, because each alone is too seldom drawn.
TEST(KeyChooserTest, DrawsZipfExactlyAmongMoreKeysThanATableHolds) {
  constexpr uint64_t kMany = KeyChooser::kMaxTable + 1;
  for (const double exponent : kExponents) {
    KeyChooser chooser(KeyDistribution::Zipf(exponent), kMany);
    const auto power_of = [](uint64_t key) { return static_cast<size_t>(std::log2(key + 1)); };
    std::vector<double> probabilities(power_of(kMany - 1) + 1);
    const double zeta = Zeta(exponent, kMany);
    for (uint64_t key = 0; key < kMany; ++key) {
      probabilities[power_of(key)] += std::pow(static_cast<double>(key + 1), -exponent) / zeta;
    }
    absl::InsecureBitGen random(std::seed_seq{1});
    const auto draw = [&] { return power_of(chooser.Next(random)); };
    EXPECT_LT(ChiSquareExcess(draw, probabilities, kDraws), kImprobable) << exponent;
  }
}

TEST(KeyChooserTest, DrawsEachDistributionAsItTells) {
  for (const char* const text : {"uniform", "latest", "latest:1.2", "hotspot:90:1", "hotspot:0:50",
                                 "two_step", "moving:80:20:1000000"}) {
    const KeyDistribution distribution = *KeyDistribution::Parse(text);
    const KeyChooser chooser(distribution, kKeys);
    EXPECT_LT(ExcessOf(chooser, ProbabilitiesOf(distribution, kKeys)), kImprobable) << text;
  }
}

// The suite that it comes from drew the border key from both steps.
TEST(KeyChooserTest, TwoStepHasNoKeyInBothSteps) {
  const std::vector<double> probabilities =
      ProbabilitiesOf(*KeyDistribution::Parse("two_step"), kKeys);
  EXPECT_DOUBLE_EQ(probabilities[199], 0.8 / 200);
  EXPECT_DOUBLE_EQ(probabilities[200], 0.2 / 800);
  EXPECT_DOUBLE_EQ(probabilities[999], 0.2 / 800);
}

TEST(KeyChooserTest, ALatestKeyIsTheOneThatWasInserted) {
  KeyChooser chooser(*KeyDistribution::Parse("latest:10"), kKeys);
  absl::InsecureBitGen random(std::seed_seq{1});
  std::vector<int> drawn(kKeys);
  for (int i = 0; i < 100; ++i) ++drawn[chooser.Next(random)];
  EXPECT_GT(drawn[kKeys - 1], 90);
  chooser.Rotate(1);  // key 0 is inserted anew
  for (int i = 0; i < 100; ++i) ++drawn[chooser.Next(random)];
  EXPECT_GT(drawn[0], 90);
}

TEST(KeyChooserTest, AMovingHotspotMovesByItsWidth) {
  KeyChooser chooser(*KeyDistribution::Parse("moving:100:10:50"), kKeys);
  absl::InsecureBitGen random(std::seed_seq{1});
  for (int draw = 0; draw < 2000; ++draw) {
    const uint64_t place = static_cast<uint64_t>(draw / 50 % 10) * 100;
    const uint64_t key = chooser.Next(random);
    EXPECT_GE(key, place);
    EXPECT_LT(key, place + 100);
  }
}

TEST(KeyChooserTest, ASeedGivesTheSameKeysToEachCopy) {
  const KeyChooser prototype(KeyDistribution::Zipf(1), kKeys);
  KeyChooser one = prototype;
  KeyChooser other = prototype;
  absl::InsecureBitGen random_of_one(std::seed_seq{7});
  absl::InsecureBitGen random_of_other(std::seed_seq{7});
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(one.Next(random_of_one), other.Next(random_of_other));
}

TEST(KeyChooserTest, ASingleKeyIsDrawnAlways) {
  for (const char* const text :
       {"uniform", "zipf:0", "zipf:1", "ycsb_scrambled", "latest", "two_step", "moving:80:20:1"}) {
    KeyChooser chooser(*KeyDistribution::Parse(text), 1);
    absl::InsecureBitGen random(std::seed_seq{1});
    for (int i = 0; i < 10; ++i) EXPECT_EQ(chooser.Next(random), 0U) << text;
  }
}

TEST(ZetaTest, IsTheSumAlsoWhereItIsAnIntegral) {
  EXPECT_NEAR(Zeta(0.99, 1000), 7.728953, 1e-6);
  EXPECT_NEAR(Zeta(0.99, 100'000), 12.778338, 1e-6);
  EXPECT_NEAR(Zeta(0.99, 10'000'000'000), 26.46902820178302, 1e-6);
  EXPECT_NEAR(Zeta(0, 3'000'000), 3e6, 1e-3);
}

}  // namespace
}  // namespace rcb
