// The bounds on counters, against what a brute force over all ways in which it may have been says.

#include "bench/lost_reply/counts_check.h"

#include <cstdint>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace rcb::lost_reply {
namespace {

HistoryOp Add(int64_t key, Outcome outcome) {
  HistoryOp op;
  op.function = HistoryFunction::kAdd;
  op.key = key;
  op.outcome = outcome;
  return op;
}

// Whether the counter `key` may be `final`: each unknown add was done or not.
bool MayBe(int64_t final, int64_t key, const std::vector<HistoryOp>& ops) {
  std::vector<Outcome> own;
  for (const HistoryOp& op : ops) {
    if (op.key == key) own.push_back(op.outcome);
  }
  for (uint32_t choice = 0; choice < uint32_t{1} << own.size(); ++choice) {
    int64_t count = 0;
    bool is_allowed = true;
    for (size_t i = 0; i < own.size(); ++i) {
      const bool is_done = (choice >> i & 1) != 0;
      is_allowed &= own[i] == Outcome::kUnknown || is_done == (own[i] == Outcome::kOk);
      count += is_done ? 1 : 0;
    }
    if (is_allowed && count == final) return true;
  }
  return false;
}

TEST(CountsCheckTest, AgreesWithBruteForceOverWhatMayHaveBeenDone) {
  std::mt19937 random(1);
  int found = 0;
  for (int i = 0; i < 5000; ++i) {
    std::vector<HistoryOp> ops;
    for (uint64_t n = random() % 9; n > 0; --n) {
      const auto key = static_cast<int64_t>(random() % 2);
      ops.push_back(Add(key, static_cast<Outcome>(random() % 3)));
    }
    const std::vector<int64_t> finals = {static_cast<int64_t>(random() % 6),
                                         static_cast<int64_t>(random() % 6)};
    const bool is_possible = MayBe(finals[0], 0, ops) && MayBe(finals[1], 1, ops);
    EXPECT_EQ(CheckBounds(ops, finals).none(), is_possible) << "history " << i;
    found += is_possible ? 0 : 1;
  }
  EXPECT_GT(found, 500);
  EXPECT_LT(found, 4900);
}

TEST(CountsCheckTest, CountsEachIncrementThatIsMissingOrTooMany) {
  const std::vector<HistoryOp> ops = {Add(0, Outcome::kOk), Add(0, Outcome::kOk),
                                      Add(0, Outcome::kUnknown), Add(0, Outcome::kFailed)};
  EXPECT_EQ(CheckBounds(ops, {0}).count, 2);
  EXPECT_EQ(CheckBounds(ops, {1}).count, 1);
  EXPECT_EQ(CheckBounds(ops, {2}).count, 0);
  EXPECT_EQ(CheckBounds(ops, {3}).count, 0);
  EXPECT_EQ(CheckBounds(ops, {5}).count, 2);
  EXPECT_EQ(CheckBounds(ops, {4}).first,
            "counter 0 is 4, though clients say that 2 increments were done and that they do not "
            "know of 1");
}

TEST(CountsCheckTest, DoesNotCountReads) {
  std::vector<HistoryOp> ops = {Add(0, Outcome::kOk), Add(0, Outcome::kOk)};
  ops[1].function = HistoryFunction::kRead;
  EXPECT_TRUE(CheckBounds(ops, {1}).none());
}

}  // namespace
}  // namespace rcb::lost_reply
