#include "bench/eviction/eviction_check.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "absl/random/distributions.h"
#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace rcb::eviction {
namespace {

using Kind = Visit::Kind;

SeenOp Hit(int64_t from, int64_t to, int64_t version, uint32_t key = 0) {
  SeenOp op;
  op.record.invoke_ns = from;
  op.record.return_ns = to;
  op.visit.kind = Kind::kHit;
  op.visit.version = version;
  op.visit.key = key;
  op.visit.looked_ns = to;
  return op;
}

SeenOp Fill(int64_t from, int64_t looked, int64_t to, int64_t version, uint32_t key = 0) {
  SeenOp op = Hit(from, to, version, key);
  op.visit.kind = Kind::kFilled;
  op.visit.looked_ns = looked;
  return op;
}

// What each operation does on the key, for a search over all orders.
struct Step {
  int64_t from;
  int64_t to;
  bool is_read;
  int64_t version;  // 0: found nothing
};

std::vector<Step> StepsOf(const std::vector<SeenOp>& ops) {
  std::vector<Step> steps;
  for (const SeenOp& op : ops) {
    if (op.visit.kind == Kind::kHit) {
      steps.push_back({op.record.invoke_ns, op.record.return_ns, true, op.visit.version});
    } else {
      steps.push_back({op.record.invoke_ns, op.visit.looked_ns, true, 0});
      steps.push_back({op.visit.looked_ns, op.record.return_ns, false, op.visit.version});
    }
  }
  return steps;
}

// Whether the steps can have happened one at a time, with the server taking the value away whenever
// it likes.
bool CanBe(const std::vector<Step>& left, int64_t value) {
  if (left.empty()) return true;
  int64_t first_return = INT64_MAX;
  for (const Step& step : left) first_return = std::min(first_return, step.to);
  for (size_t i = 0; i < left.size(); ++i) {
    const Step step = left[i];
    if (step.from > first_return) continue;
    if (step.is_read && step.version != 0 && step.version != value) continue;
    std::vector<Step> rest = left;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    if (CanBe(rest, step.version)) return true;
  }
  return false;
}

TEST(CheckValuesTest, AgreesWithASearchOverAllOrders) {
  absl::InsecureBitGen random(std::seed_seq{1});
  int violated = 0;
  constexpr int kHistories = 30'000;
  for (int history = 0; history < kHistories; ++history) {
    std::vector<SeenOp> ops;
    const bool is_held = absl::Bernoulli(random, 0.5);
    const int count = absl::Uniform(random, 2, 6);
    for (int i = 0; i < count; ++i) {
      int64_t times[3];
      for (int64_t& time : times) time = absl::Uniform<int64_t>(random, 0, 15);
      std::sort(std::begin(times), std::end(times));
      if (absl::Bernoulli(random, 0.5)) {
        ops.push_back(Hit(times[0], times[2], absl::Uniform<int64_t>(random, 1, 5)));
      } else {
        ops.push_back(Fill(times[0], times[1], times[2], i + 2));
      }
    }
    const bool is_right = CanBe(StepsOf(ops), is_held ? FirstVersion(0) : 0);
    EXPECT_EQ(CheckValues(ops, {}, {is_held}).none(), is_right) << "history " << history;
    violated += is_right ? 0 : 1;
  }
  EXPECT_GT(violated, kHistories / 10);
  EXPECT_LT(violated, kHistories * 9 / 10);
}

// A good history, as one server would make it: each operation at one moment within its interval.
std::vector<SeenOp> GoodHistory(absl::InsecureBitGen& random, uint32_t keys, int64_t count) {
  std::vector<int64_t> values(keys);
  for (uint32_t key = 0; key < keys; ++key) values[key] = FirstVersion(key);
  std::vector<SeenOp> ops;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t now = 100 * (i + 1);
    const auto key = absl::Uniform<uint32_t>(random, 0, keys);
    if (absl::Bernoulli(random, 0.3)) values[key] = 0;  // evicted
    const int64_t before = absl::Uniform<int64_t>(random, 0, 40);
    if (values[key] != 0) {
      ops.push_back(Hit(now - before, now + before, values[key], key));
    } else {
      values[key] = keys + 1 + i;
      ops.push_back(Fill(now - before, now, now + before, values[key], key));
    }
  }
  return ops;
}

TEST(CheckValuesTest, AGoodHistoryIsGoodAndEachMutationOfItIsNot) {
  absl::InsecureBitGen random(std::seed_seq{1});
  constexpr uint32_t kKeys = 5;
  const std::vector<bool> is_held(kKeys, true);
  int mutated = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<SeenOp> ops = GoodHistory(random, kKeys, 200);
    ASSERT_TRUE(CheckValues(ops, {}, is_held).none());
    // A hit gets what the key held before its last fill.
    const auto fill = std::find_if(ops.begin() + 50, ops.end(),
                                   [](const SeenOp& op) { return op.visit.kind == Kind::kFilled; });
    const auto hit = std::find_if(fill, ops.end(), [&](const SeenOp& op) {
      return op.visit.kind == Kind::kHit && op.visit.key == fill->visit.key;
    });
    if (hit == ops.end() || hit->visit.version != fill->visit.version) continue;
    ++mutated;
    hit->visit.version = FirstVersion(fill->visit.key);
    EXPECT_FALSE(CheckValues(ops, {}, is_held).none());
    hit->visit.version = 1'000'000;  // nobody wrote it
    EXPECT_FALSE(CheckValues(ops, {}, is_held).none());
  }
  EXPECT_GT(mutated, 50);
}

TEST(CheckValuesTest, AValueDoesNotComeBackAfterItWasFoundEvicted) {
  SeenOp refused = Fill(10, 20, 30, 0);
  refused.visit.kind = Kind::kRefused;
  const std::vector<SeenOp> ops = {Hit(1, 2, 1), refused, Hit(40, 50, 1)};
  EXPECT_EQ(CheckValues(ops, {}, {true}).count, 1);
}

TEST(CheckValuesTest, AFillOfUnknownOutcomeMayHaveBeenDoneOrNot) {
  SeenOp unknown = Fill(10, 20, 30, 7);
  unknown.record.outcome = Outcome::kUnknown;
  EXPECT_TRUE(CheckValues(std::vector<SeenOp>{unknown, Hit(40, 50, 7)}, {}, {true}).none());
  EXPECT_TRUE(CheckValues(std::vector<SeenOp>{unknown, Fill(40, 45, 50, 8)}, {}, {true}).none());
  EXPECT_FALSE(CheckValues(std::vector<SeenOp>{unknown, Hit(40, 50, 1)}, {}, {true}).none());
}

TEST(CheckValuesTest, WhatIsThereInTheEndIsARead) {
  const std::vector<SeenOp> ops = {Fill(10, 20, 30, 7)};
  EXPECT_TRUE(CheckValues(ops, std::vector<FinalRead>{{0, 7}}, {true}).none());
  EXPECT_TRUE(CheckValues(ops, std::vector<FinalRead>{{0, 0}}, {true}).none());
  EXPECT_FALSE(CheckValues(ops, std::vector<FinalRead>{{0, 1}}, {true}).none());
}

TEST(CountLostTest, CountsKeysThatWereThereAndAreNot) {
  const std::vector<bool> is_held = {true, false, true};
  EXPECT_EQ(CountLost({}, std::vector<FinalRead>{{0, 1}, {1, 0}, {2, 3}}, is_held), 0);
  EXPECT_EQ(CountLost({}, std::vector<FinalRead>{{0, 0}, {1, 0}, {2, 3}}, is_held), 1);
  // Key 1 was stored, and is missed later; key 2 is missed although it was there at first.
  const std::vector<SeenOp> ops = {Fill(10, 20, 30, 7, 1), Fill(40, 50, 60, 8, 1),
                                   Fill(10, 20, 30, 9, 2)};
  EXPECT_EQ(CountLost(ops, {}, is_held), 2);
  // Two clients that miss a key together lose nothing.
  const std::vector<SeenOp> together = {Fill(10, 20, 30, 7, 1), Fill(25, 28, 60, 8, 1)};
  EXPECT_EQ(CountLost(together, {}, is_held), 0);
}

TEST(FindRecoveryTest, IsWhereTheHitRatioIsBack) {
  std::vector<SeenOp> ops;
  for (uint32_t i = 0; i < 20'000; ++i) {
    SeenOp op = Hit(i, i, 1);
    const bool is_bad = i >= 5000 && i < 8000;  // no hits for 3000 operations after the shift
    if (is_bad || i % 5 == 0) op.visit.kind = Kind::kFilled;
    op.visit.number = i;
    ops.push_back(op);
  }
  const Recovery recovery = FindRecovery(ops, 5000);
  EXPECT_NEAR(recovery.before, 0.8, 1e-9);
  EXPECT_TRUE(recovery.is_whole);
  EXPECT_NEAR(static_cast<double>(recovery.operations), 3000 + 0.95 * 2000, 5);
  ops.resize(7500);
  EXPECT_FALSE(FindRecovery(ops, 5000).is_whole);
  EXPECT_EQ(FindRecovery(ops, 5000).operations, 2500);
}

}  // namespace
}  // namespace rcb::eviction
