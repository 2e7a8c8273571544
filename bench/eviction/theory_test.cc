#include "bench/eviction/theory.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <list>
#include <random>
#include <unordered_map>
#include <vector>

#include "absl/random/distributions.h"
#include "absl/random/random.h"
#include "common/workload/key_chooser.h"
#include "common/workload/key_distribution.h"
#include "gtest/gtest.h"

namespace rcb::eviction {
namespace {

constexpr uint64_t kKeys = 2000;
constexpr size_t kHeld = 400;
constexpr int64_t kWarmUp = 200'000;
constexpr int64_t kMeasured = 1'000'000;

// The share of hits of `serve`, which tells whether a key is held and then holds it.
template <typename Serve>
double Simulate(double exponent, Serve serve) {
  KeyChooser chooser(KeyDistribution::Zipf(exponent), kKeys);
  absl::InsecureBitGen random(std::seed_seq{1});
  for (int64_t i = 0; i < kWarmUp; ++i) serve(chooser.Next(random));
  int64_t hits = 0;
  for (int64_t i = 0; i < kMeasured; ++i) hits += serve(chooser.Next(random)) ? 1 : 0;
  return static_cast<double>(hits) / static_cast<double>(kMeasured);
}

double SimulatedLru(double exponent) {
  std::list<uint64_t> by_use;  // the most recent first
  std::unordered_map<uint64_t, std::list<uint64_t>::iterator> places;
  return Simulate(exponent, [&](uint64_t key) {
    const auto found = places.find(key);
    const bool is_hit = found != places.end();
    if (is_hit) by_use.erase(found->second);
    by_use.push_front(key);
    places[key] = by_use.begin();
    if (by_use.size() > kHeld) {
      places.erase(by_use.back());
      by_use.pop_back();
    }
    return is_hit;
  });
}

// `is_fifo`: the first to be filled goes, otherwise any.
double SimulatedReplacement(double exponent, bool is_fifo) {
  std::vector<uint64_t> held;
  std::vector<bool> is_held(kKeys);
  absl::InsecureBitGen random(std::seed_seq{2});
  size_t oldest = 0;
  return Simulate(exponent, [&](uint64_t key) {
    if (is_held[key]) return true;
    is_held[key] = true;
    if (held.size() < kHeld) {
      held.push_back(key);
      return false;
    }
    const size_t place = is_fifo ? oldest++ % kHeld : absl::Uniform<size_t>(random, 0, kHeld);
    is_held[held[place]] = false;
    held[place] = key;
    return false;
  });
}

TEST(PopularityTest, PredictsWhatASimulationShows) {
  for (const double exponent : {0.5, 0.99, 1.2}) {
    const Popularity popularity(ProbabilitiesOf(KeyDistribution::Zipf(exponent), kKeys));
    EXPECT_NEAR(popularity.Lru(kHeld), SimulatedLru(exponent), 0.005) << exponent;
    EXPECT_NEAR(popularity.Random(kHeld), SimulatedReplacement(exponent, false), 0.005) << exponent;
    EXPECT_NEAR(popularity.Random(kHeld), SimulatedReplacement(exponent, true), 0.005) << exponent;
  }
}

// Worked out apart from this code, key by key.
TEST(PopularityTest, AgreesWithKnownFigures) {
  const Popularity popularity(ProbabilitiesOf(KeyDistribution::Zipf(0.99), 20'000));
  EXPECT_NEAR(popularity.Lru(4000), 0.774, 0.0006);
  EXPECT_NEAR(popularity.Random(4000), 0.736, 0.0006);
  EXPECT_NEAR(popularity.Bound(4000), 0.840, 0.0006);
  EXPECT_NEAR(popularity.LruWindow(4000), 12'470, 20);
}

TEST(PopularityTest, IsTheShareThatIsHeldWhereAllKeysAreEqual) {
  const Popularity popularity(std::vector<double>(1000, 0.001));
  for (const double held : {1.0, 250.0, 999.0}) {
    EXPECT_NEAR(popularity.Lru(held), held / 1000, 1e-6);
    EXPECT_NEAR(popularity.Random(held), held / 1000, 1e-6);
    EXPECT_NEAR(popularity.Bound(held), held / 1000, 1e-6);
  }
}

TEST(PopularityTest, EverythingIsAHitWhereAllIsHeld) {
  const Popularity popularity(ProbabilitiesOf(KeyDistribution::Zipf(1), 100));
  for (const double held : {100.0, 200.0}) {
    EXPECT_DOUBLE_EQ(popularity.Lru(held), 1);
    EXPECT_DOUBLE_EQ(popularity.Random(held), 1);
    EXPECT_NEAR(popularity.Bound(held), 1, 1e-9);
  }
}

TEST(ToleranceTest, IsWhatWasAskedForInLongRunsAndMoreInShortOnes) {
  EXPECT_DOUBLE_EQ(Tolerance(0.03, 0.8, 60'000), 0.03);
  EXPECT_GT(Tolerance(0.03, 0.8, 1000), 0.05);
}

}  // namespace
}  // namespace rcb::eviction
