#include "bench/mixed/mix.h"

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bench/families.h"
#include "common/harness/flags.h"
#include "common/workload/test_chi_square.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb::mixed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

absl::Status ParseFlag(std::string argument) {
  FlagSet flags;
  const Family mixed = MixedFamily();
  flags.Add("Mixed", mixed.flags);
  std::string program = "bench";
  char* argv[] = {program.data(), argument.data(), nullptr};
  int argc = 2;
  return flags.Parse(&argc, argv);
}

TEST(MixTest, WeightsAreGivenByTheNamesOfClasses) {
  const std::optional<Mix> mix = Mix::Parse("get:70,expire:0,set:30");
  ASSERT_TRUE(mix.has_value());
  EXPECT_THAT(mix->weights, ElementsAre(70, 30, 0, 0, 0, 0, 0));
  EXPECT_EQ(mix->name, "get:70,expire:0,set:30");
}

TEST(MixTest, EachPresetHasAllClasses) {
  for (const char* const name : {"cache", "counter", "write_heavy", "ai_api"}) {
    const std::optional<Mix> mix = Mix::Parse(name);
    ASSERT_TRUE(mix.has_value()) << name;
    for (const int64_t weight : mix->weights) EXPECT_GT(weight, 0) << name;
    EXPECT_GE(static_cast<double>(mix->grace_ms), mix->computation.max_ms)
        << name << ": what is refreshed is there before its end";
  }
  EXPECT_EQ(Mix::Default().name, "cache");
}

TEST(MixTest, TheFlagRefusesBadWeightsInOneLineThatNamesIt) {
  for (const char* const bad :
       {"", "0", "get", "get:", "get:0", "get:0,set:0", "get:-1", "get:1.5", "put:3", "get:1,get:2",
        "get:1,,set:1", "get:1:2", "get:1000001", "hit:1", "snapshot:1", "cache,get:1", "CACHE"}) {
    const absl::Status refused = ParseFlag(absl::StrCat("--mix=", bad));
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_THAT(std::string(refused.message()), HasSubstr("--mix= takes cache, counter"));
    EXPECT_THAT(std::string(refused.message()), HasSubstr(absl::StrCat("not '", bad, "'")));
    EXPECT_EQ(refused.message().find('\n'), std::string::npos);
  }
  for (const char* const good : {"--mix=ai_api", "--mix=get:1", "--mix=get:0,transfer:1000000"}) {
    EXPECT_EQ(ParseFlag(good), absl::OkStatus()) << good;
  }
}

TEST(MixTest, ClassesAreDrawnByTheirWeights) {
  const Weights weights = {1, 0, 2, 3, 0, 4, 0};
  const ClassChooser classes(weights);
  absl::InsecureBitGen random(std::seed_seq{1});
  std::vector<double> probabilities;
  for (const int64_t weight : weights) probabilities.push_back(static_cast<double>(weight) / 10);
  const double excess = ChiSquareExcess([&] { return static_cast<size_t>(classes.Next(random)); },
                                        probabilities, 100'000);
  EXPECT_LT(excess, kImprobable);
}

// F(x) = (1 - (min / x)^tail) / (1 - (min / max)^tail).
TEST(MixTest, LongComputationsAreHeavyTailed) {
  const Durations durations = Mix::Parse("ai_api")->computation;
  absl::InsecureBitGen random(std::seed_seq{1});
  const auto share_up_to = [&durations](double ms) {
    return (1 - std::pow(durations.min_ms / ms, durations.tail)) /
           (1 - std::pow(durations.min_ms / durations.max_ms, durations.tail));
  };
  const std::vector<double> bounds = {300, 400, 600, 900, 1400, 2000};
  std::vector<double> probabilities;
  double below = 0;
  for (const double bound : bounds) {
    probabilities.push_back(share_up_to(bound) - below);
    below = share_up_to(bound);
  }
  EXPECT_NEAR(below, 1, 1e-9);
  const double excess = ChiSquareExcess(
      [&] {
        const double ms = durations.DrawMs(random);
        EXPECT_GE(ms, durations.min_ms);
        return static_cast<size_t>(std::lower_bound(bounds.begin(), bounds.end(), ms) -
                                   bounds.begin());
      },
      probabilities, 100'000);
  EXPECT_LT(excess, kImprobable);
  EXPECT_EQ(Durations().DrawMs(random), 5);
}

}  // namespace
}  // namespace rcb::mixed
