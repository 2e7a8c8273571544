// The list-append checker against strict serializability by definition, trying every order, on
// small random histories; and on large ones that a serial store made.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/check/list_append_test_history.h"
#include "common/check/random_test_history.h"

namespace rcb::list_append {
namespace {

using Store = std::map<int64_t, std::vector<int64_t>>;

std::string Describe(const TestHistory& history) {
  std::string text;
  for (const TestTransaction& transaction : history) {
    absl::StrAppend(&text, "\n[", transaction.invoke_ns, ",", transaction.return_ns, "] outcome ",
                    static_cast<int>(transaction.outcome));
    for (const TestStep& step : transaction.steps) {
      absl::StrAppend(&text, step.is_read ? "; read " : "; append ", step.key, ":");
      if (!step.is_read) absl::StrAppend(&text, " ", step.value);
      for (int64_t value : step.values) absl::StrAppend(&text, " ", value);
    }
  }
  return text;
}

// ---- Strict serializability by definition: is there an order of all acknowledged transactions and
// some of the unknown ones in which each reads what is there, and that real time allows?

// False if a read of the transaction does not return what `store` holds.
bool Apply(const TestTransaction& transaction, Store* store) {
  for (const TestStep& step : transaction.steps) {
    std::vector<int64_t>& list = (*store)[step.key];
    if (!step.is_read) {
      list.push_back(step.value);
    } else if (transaction.outcome == Outcome::kOk && list != step.values) {
      return false;
    }
  }
  return true;
}

bool CanFinish(const TestHistory& history, size_t done, const Store& store) {
  bool all_acknowledged = true;
  for (size_t i = 0; i < history.size(); ++i) {
    if ((done >> i & 1) != 0 || history[i].outcome == Outcome::kFailed) continue;
    all_acknowledged = all_acknowledged && history[i].outcome != Outcome::kOk;
    if (!MayComeNext(history, i, done)) continue;
    Store after = store;
    if (!Apply(history[i], &after)) continue;
    if (CanFinish(history, done | size_t{1} << i, after)) return true;
  }
  return all_acknowledged;
}

bool IsStrictlySerializable(const TestHistory& history) { return CanFinish(history, 0, {}); }

// ---- Histories.

Outcome PickOutcome(Random& random) {
  const int64_t kind = Pick(random, 0, 9);
  return kind == 0 ? Outcome::kFailed : kind <= 2 ? Outcome::kUnknown : Outcome::kOk;
}

// Performs the step on `store` unless `takes_effect` is false; a read learns what is there.
void Perform(Store* store, bool takes_effect, TestStep* step) {
  std::vector<int64_t>& list = (*store)[step->key];
  if (step->is_read) {
    step->values = list;
  } else if (takes_effect) {
    list.push_back(step->value);
  }
}

std::vector<TestStep> MakeSteps(Random& random, int64_t keys, int64_t* next_value) {
  std::vector<TestStep> steps;
  for (int64_t left = Pick(random, 1, 3); left > 0; --left) {
    const int64_t key = Pick(random, 1, keys);
    steps.push_back(Pick(random, 0, 1) == 0 ? Read(key, {}) : Append(key, (*next_value)++));
  }
  return steps;
}

// Runs up to five transactions, each at one instant of a coarse clock, and records intervals around
// these: strictly serializable by construction. What failed or unknown transactions read is noise.
TestHistory MakeGood(Random& random) {
  TestHistory history(static_cast<size_t>(Pick(random, 0, 5)));
  const std::vector<int64_t> instants = PickInstants(random, std::ssize(history), 4, 16);
  const int64_t reach = Pick(random, 0, 4);
  const int64_t keys = Pick(random, 1, 3);
  int64_t next_value = 1;
  Store store;
  for (size_t i = 0; i < history.size(); ++i) {
    TestTransaction& transaction = history[i];
    transaction = {instants[i] - Pick(random, 0, reach), instants[i] + Pick(random, 0, reach),
                   MakeSteps(random, keys, &next_value), PickOutcome(random)};
    const bool takes_effect = TakesEffect(random, transaction.outcome);
    for (TestStep& step : transaction.steps) {
      Perform(&store, takes_effect, &step);
      if (step.is_read && transaction.outcome != Outcome::kOk) step.values = {77, 77};
    }
  }
  std::shuffle(history.begin(), history.end(), random);
  return history;
}

// Each step takes effect by itself at an instant within its transaction: what four commands without
// MULTI do. Some of these histories happen to be serializable.
TestHistory MakeInterleaved(Random& random) {
  TestHistory history(static_cast<size_t>(Pick(random, 2, 5)));
  const int64_t keys = Pick(random, 1, 3);
  int64_t next_value = 1;
  std::vector<size_t> turns;  // by transaction, as often as it has steps
  for (size_t i = 0; i < history.size(); ++i) {
    history[i].steps = MakeSteps(random, keys, &next_value);
    history[i].outcome = PickOutcome(random);
    turns.insert(turns.end(), history[i].steps.size(), i);
  }
  std::shuffle(turns.begin(), turns.end(), random);
  const int64_t stamps_per_turn = Pick(random, 1, 2);  // 1: those that meet share a stamp
  std::vector<size_t> steps_done(history.size());
  Store store;
  int64_t now_ns = 0;
  for (size_t i : turns) {
    TestTransaction& transaction = history[i];
    if (steps_done[i] == 0) transaction.invoke_ns = now_ns;
    TestStep& step = transaction.steps[steps_done[i]++];
    Perform(&store, transaction.outcome != Outcome::kFailed, &step);
    now_ns += stamps_per_turn;
    transaction.return_ns = now_ns;
  }
  return history;
}

// Damages a history in one of the ways in which a store, or the recording, goes wrong.
void Mutate(Random& random, TestHistory* history) {
  if (history->empty()) return;
  TestTransaction& transaction = Any(random, *history);
  TestStep& step = Any(random, transaction.steps);
  TestStep& other = Any(random, Any(random, *history).steps);
  switch (Pick(random, 0, 7)) {
    case 0:
      std::swap(step.values, other.values);
      break;
    case 1:
      if (!step.values.empty()) step.values.pop_back();
      break;
    case 2:
      if (!step.values.empty()) step.values.erase(step.values.begin());
      break;
    case 3:
      Shift(random, &transaction);
      break;
    case 4:
      transaction.outcome = PickOutcome(random);
      break;
    case 5:
      if (!step.is_read && !other.is_read) std::swap(step.value, other.value);
      break;
    case 6:
      if (step.is_read) step.values.push_back(Pick(random, 1, 6));
      break;
    default:
      std::shuffle(step.values.begin(), step.values.end(), random);
  }
}

TestHistory MakeMutated(Random& random) {
  TestHistory history = MakeGood(random);
  for (int64_t left = Pick(random, 1, 3); left > 0; --left) Mutate(random, &history);
  return history;
}

// Reads are beginnings of lists in which the appends come in any order.
TestHistory MakeArbitrary(Random& random) {
  TestHistory history(static_cast<size_t>(Pick(random, 1, 5)));
  const int64_t keys = Pick(random, 1, 2);
  int64_t next_value = 1;
  Store store;
  for (TestTransaction& transaction : history) {
    transaction.invoke_ns = Pick(random, 0, 8);
    transaction.return_ns = transaction.invoke_ns + Pick(random, 0, 8);
    transaction.steps = MakeSteps(random, keys, &next_value);
    transaction.outcome = PickOutcome(random);
    const bool takes_effect = transaction.outcome != Outcome::kFailed && Pick(random, 0, 9) > 0;
    for (TestStep& step : transaction.steps) {
      if (!step.is_read) Perform(&store, takes_effect, &step);
    }
  }
  for (auto& [key, list] : store) std::shuffle(list.begin(), list.end(), random);
  for (TestTransaction& transaction : history) {
    for (TestStep& step : transaction.steps) {
      if (!step.is_read) continue;
      step.values = store[step.key];
      step.values.resize(static_cast<size_t>(Pick(random, 0, std::ssize(step.values))));
    }
  }
  return history;
}

// ---- Against the definition.

void ExpectAgreement(const TestHistory& history, bool is_strictly_serializable) {
  const ListVerdict verdict = Check(history);
  ASSERT_EQ(verdict.is_strictly_serializable(), is_strictly_serializable)
      << verdict.violations.first << Describe(history);
  ASSERT_EQ(std::accumulate(verdict.counts.begin(), verdict.counts.end(), int64_t{0}),
            verdict.violations.count);
  ASSERT_EQ(verdict.violations.first.empty(), is_strictly_serializable) << Describe(history);
  ASSERT_EQ(verdict.violations.first.find('\n'), std::string::npos) << Describe(history);
}

// Returns whether `history` is strictly serializable.
bool Agrees(const TestHistory& history) {
  const bool expected = IsStrictlySerializable(history);
  ExpectAgreement(history, expected);
  return expected;
}

TEST(ListAppendCheckRandomTest, AcceptsHistoriesThatAreSerializableByConstruction) {
  ForEach({.seed = 1, .count = 20'000}, MakeGood, [](const TestHistory& history) {
    ASSERT_TRUE(IsStrictlySerializable(history))
        << "the definition itself is wrong: " << Describe(history);
    ExpectAgreement(history, true);
  });
}

TEST(ListAppendCheckRandomTest, AgreesWithTheDefinitionOnMutatedHistories) {
  ExpectBothKinds({.seed = 2, .count = 40'000}, MakeMutated, Agrees);
}

TEST(ListAppendCheckRandomTest, AgreesWithTheDefinitionOnInterleavedSteps) {
  ExpectBothKinds({.seed = 3, .count = 40'000}, MakeInterleaved, Agrees);
}

TEST(ListAppendCheckRandomTest, AgreesWithTheDefinitionOnArbitraryHistories) {
  ExpectBothKinds({.seed = 4, .count = 40'000}, MakeArbitrary, Agrees);
}

// The agreement above is worth what the histories contain.
TEST(ListAppendCheckRandomTest, RandomHistoriesShowEveryAnomaly) {
  Random random(5);
  std::vector<int64_t> histories(kListAnomalies);
  for (int i = 0; i < 60'000; ++i) {
    TestHistory history = i % 3 == 0   ? MakeGood(random)
                          : i % 3 == 1 ? MakeInterleaved(random)
                                       : MakeArbitrary(random);
    if (i % 3 == 0) Mutate(random, &history);
    const ListVerdict verdict = Check(history);
    for (size_t k = 0; k < kListAnomalies; ++k) histories[k] += verdict.counts[k] > 0 ? 1 : 0;
  }
  for (size_t k = 0; k < kListAnomalies; ++k) {
    EXPECT_GT(histories[k], 5) << ListAnomalyName(static_cast<ListAnomaly>(k));
  }
}

// ---- Large ones.

// A serial store with fifty clients, twelve keys at a time, each left after 128 appends.
TestHistory MakeLarge(Random& random, int64_t count) {
  constexpr int64_t kClients = 50;
  std::vector<int64_t> keys(12);
  std::iota(keys.begin(), keys.end(), 0);
  int64_t next_key = std::ssize(keys);
  int64_t next_value = 1;
  Store store;
  TestHistory history;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t instant_ns = 1'000 * (kClients + i);
    TestTransaction transaction = {instant_ns - Pick(random, 0, 500 * kClients),
                                   instant_ns + Pick(random, 0, 500 * kClients),
                                   {},
                                   PickOutcome(random)};
    const bool takes_effect = TakesEffect(random, transaction.outcome);
    for (int64_t left = Pick(random, 1, 4); left > 0; --left) {
      int64_t& key = Any(random, keys);
      if (store[key].size() == 128) key = next_key++;
      transaction.steps.push_back(Pick(random, 0, 1) == 0 ? Read(key, {})
                                                          : Append(key, next_value++));
      Perform(&store, takes_effect, &transaction.steps.back());
    }
    history.push_back(std::move(transaction));
  }
  std::shuffle(history.begin(), history.end(), random);
  return history;
}

TEST(ListAppendCheckRandomTest, AcceptsLargeHistories) {
  Random random(6);
  for (const int64_t count : {100, 1'000, 20'000}) {
    const ListVerdict verdict = Check(MakeLarge(random, count));
    EXPECT_EQ(verdict.violations.count, 0) << verdict.violations.first;
    EXPECT_GT(verdict.transactions, count / 2);
  }
}

TEST(ListAppendCheckRandomTest, SeesOneShortenedReadInALargeHistory) {
  Random random(7);
  for (int i = 0; i < 100; ++i) {
    TestHistory history = MakeLarge(random, 1'000);
    TestTransaction transaction;
    do {
      transaction = history.back();
      history.pop_back();
    } while (transaction.outcome != Outcome::kOk || !transaction.steps[0].is_read ||
             transaction.steps[0].values.size() < 30);
    // More than what fifty clients can append meanwhile.
    transaction.steps.resize(1);
    transaction.steps[0].values.resize(3);
    history.push_back(std::move(transaction));
    EXPECT_GT(Check(history).violations.count, 0);
  }
}

}  // namespace
}  // namespace rcb::list_append
