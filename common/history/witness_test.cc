#include "common/history/witness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/history/judge.h"
#include "common/history/operation_text.h"
#include "common/history/test_file.h"

namespace rcb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

HistoryOp Op(HistoryFunction function, int64_t invoke_ns, int64_t return_ns, int64_t value = 0,
             int64_t expected = 0) {
  HistoryOp op;
  op.function = function;
  op.invoke_ns = invoke_ns;
  op.return_ns = return_ns;
  op.value = value;
  op.expected = expected;
  op.has_result = true;
  op.swapped = true;
  return op;
}

struct Found {
  HistoryVerdict verdict;
  Witness witness;
};

Found Find(const ModelHistory& history) {
  Found found;
  found.verdict = JudgeHistory(history);
  EXPECT_EQ(found.verdict.answer, Answer::kNotLinearizable);
  found.witness = FindWitness(history, found.verdict.violations.first);
  return found;
}

// The register of each operation by itself, one after another, each written value its number.
ModelHistory OneAfterAnother(HistoryModel model, int64_t operations) {
  ModelHistory history;
  history.model = model;
  for (int64_t i = 1; i <= operations; ++i) {
    const bool is_read = i % 2 == 0;
    const int64_t value = is_read ? i - 1 : i;
    history.ops.push_back(
        Op(is_read ? HistoryFunction::kRead : HistoryFunction::kWrite, 10 * i, 10 * i + 5, value));
  }
  return history;
}

TEST(WitnessTest, AStaleReadContradictsTheWriteBeforeIt) {
  for (const HistoryModel model : {HistoryModel::kRegister, HistoryModel::kCasRegister}) {
    SCOPED_TRACE(HistoryModelName(model));
    ModelHistory history = OneAfterAnother(model, 2000);
    history.ops[1001].value = 5;  // the read behind the write of 1001
    const Witness witness = Find(history).witness;
    EXPECT_THAT(witness.ops, ElementsAre(1000, 1001));
    EXPECT_TRUE(witness.from_any_value);
  }
}

TEST(WitnessTest, ADuplicateIsTwoIncrements) {
  ModelHistory history;
  for (int64_t i = 1; i <= 5000; ++i) {
    history.ops.push_back(Op(HistoryFunction::kAdd, 10 * i, 10 * i + 15, i));
  }
  history.ops[3000].value = 3000;
  const Witness witness = Find(history).witness;
  EXPECT_THAT(witness.ops, ElementsAre(2999, 3000));
}

TEST(WitnessTest, ALostIncrementThatReturnedNothingIsNamed) {
  ModelHistory history;
  for (int64_t i = 0; i < 100; ++i) {
    history.ops.push_back(Op(HistoryFunction::kAdd, 10 * i, 10 * i + 5));
    history.ops.back().has_result = false;
    const int64_t seen = i < 50 ? i + 1 : i;
    history.ops.push_back(Op(HistoryFunction::kRead, 10 * i + 6, 10 * i + 8, seen));
  }
  const Witness witness = Find(history).witness;
  EXPECT_THAT(witness.ops, ElementsAre(99, 100, 101));  // two reads of 50, and an add in between
}

TEST(WitnessTest, TwoHoldersOfAMutexAreNamed) {
  ModelHistory history;
  history.model = HistoryModel::kMutex;
  for (int64_t i = 0; i < 1000; ++i) {
    const auto function = i % 2 == 0 ? HistoryFunction::kAcquire : HistoryFunction::kRelease;
    history.ops.push_back(Op(function, 10 * i, 10 * i + 5));
  }
  history.ops[501].function = HistoryFunction::kAcquire;
  const Witness witness = Find(history).witness;
  EXPECT_THAT(witness.ops, ElementsAre(500, 501));
}

TEST(WitnessTest, AReadOfWhatNobodyWroteStandsAlone) {
  ModelHistory history = OneAfterAnother(HistoryModel::kRegister, 100);
  history.ops[51].value = -1;
  const Witness witness = Find(history).witness;
  EXPECT_THAT(witness.ops, ElementsAre(51));
  EXPECT_FALSE(witness.from_any_value);
}

TEST(WitnessTest, OneKeyOfManyIsNamed) {
  ModelHistory history;
  for (int64_t i = 0; i < 100; ++i) {
    history.ops.push_back(Op(HistoryFunction::kAdd, 10 * i, 10 * i + 5, i / 4 + 1));
    history.ops.back().key = i % 4;
  }
  history.ops[42].value = 10;
  const Found found = Find(history);
  EXPECT_THAT(found.verdict.violations.first, HasSubstr("key 2: duplicate"));
  EXPECT_THAT(found.witness.ops, ElementsAre(38, 42));
}

TEST(WitnessTest, TransactionsAreThoseThatTheCheckerNames) {
  const absl::StatusOr<ModelHistory> history = Read(R"({"history":1,"model":"list_append"}
{"process":0,"f":"txn","args":[["append",9,9]],"result":[null],"invoke_ns":0,"return_ns":1,"outcome":"ok"}
{"process":0,"f":"txn","args":[["append",1,1],["r",2]],"result":[null,[]],"invoke_ns":2,"return_ns":9,"outcome":"ok"}
{"process":1,"f":"txn","args":[["append",2,2],["r",1]],"result":[null,[]],"invoke_ns":3,"return_ns":8,"outcome":"ok"}
)");
  ASSERT_TRUE(history.ok()) << history.status();
  const Found found = Find(*history);
  EXPECT_THAT(found.verdict.anomalies, ElementsAre(testing::Pair(ListAnomaly::kG2, 1)));
  EXPECT_THAT(found.witness.ops, ElementsAre(1, 2));
  const OperationText text(*history);
  EXPECT_EQ(text.Line(1),
            "       0.002 ..        0.009  process 0    T1: append 1 to 1; read 2 -> []");
}

// What is left out is left out soundly: nothing that could explain what is left is dropped.
TEST(WitnessTest, AWitnessIsViolatedByItself) {
  std::mt19937_64 random(3);
  const auto pick = [&random](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  int violated = 0;
  for (int i = 0; i < 3000; ++i) {
    ModelHistory history;
    history.model = HistoryModel::kCasRegister;
    int64_t value = 0;
    for (int64_t at = 0; at < 12; ++at) {
      HistoryOp op = Op(static_cast<HistoryFunction>(pick(1, 3)), 10 * at + pick(0, 15),
                        10 * at + pick(15, 30), pick(0, 2), pick(0, 2));
      op.swapped = op.expected == value;
      if (op.function == HistoryFunction::kRead) op.value = pick(0, 9) == 0 ? pick(0, 2) : value;
      const bool sets = op.function == HistoryFunction::kWrite ||
                        (op.function == HistoryFunction::kCas && op.swapped);
      if (sets) value = op.value;
      if (pick(0, 9) == 0) op.outcome = Outcome::kUnknown;
      history.ops.push_back(op);
    }
    const HistoryVerdict verdict = JudgeHistory(history);
    if (verdict.answer != Answer::kNotLinearizable) continue;
    ++violated;
    const Witness witness = FindWitness(history, verdict.violations.first);
    ASSERT_THAT(witness.ops, testing::Not(IsEmpty()));
    // Whatever the others did: each may have happened at any time, or not.
    ModelHistory rest = history;
    for (HistoryOp& op : rest.ops) {
      op.outcome = op.function == HistoryFunction::kRead ? Outcome::kFailed : Outcome::kUnknown;
      op.invoke_ns = 0;
    }
    for (const size_t place : witness.ops) rest.ops[place] = history.ops[place];
    if (!witness.from_any_value) continue;
    for (rest.initial = 0; rest.initial < 4; ++rest.initial) {
      ModelHistory alone = rest;
      alone.ops.clear();
      for (const size_t place : witness.ops) alone.ops.push_back(history.ops[place]);
      EXPECT_EQ(JudgeHistory(alone).answer, Answer::kNotLinearizable);
    }
  }
  EXPECT_GT(violated, 100);
}

}  // namespace
}  // namespace rcb
