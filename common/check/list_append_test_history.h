// Histories for the tests of CheckListAppend, spelled out as values that a test can change.

#ifndef RCB_COMMON_CHECK_LIST_APPEND_TEST_HISTORY_H_
#define RCB_COMMON_CHECK_LIST_APPEND_TEST_HISTORY_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/check/list_append_check.h"
#include "common/check/list_append_history.h"

namespace rcb::list_append {

struct TestStep {
  bool is_read = false;
  int64_t key = 0;
  int64_t value = 0;            // what an append appends
  std::vector<int64_t> values;  // what a read returned
};

struct TestTransaction {
  int64_t invoke_ns = 0;
  int64_t return_ns = 0;
  std::vector<TestStep> steps;
  Outcome outcome = Outcome::kOk;
};

using TestHistory = std::vector<TestTransaction>;

inline TestStep Append(int64_t key, int64_t value) { return {false, key, value, {}}; }
inline TestStep Read(int64_t key, std::vector<int64_t> values) {
  return {true, key, 0, std::move(values)};
}

inline ListVerdict Check(const TestHistory& transactions) {
  ListHistory history;
  for (const TestTransaction& transaction : transactions) {
    for (const TestStep& step : transaction.steps) {
      if (step.is_read) {
        history.Read(step.key, step.values);
      } else {
        history.Append(step.key, step.value);
      }
    }
    history.End(transaction.invoke_ns, transaction.return_ns, transaction.outcome);
  }
  return CheckListAppend(history);
}

// ---- Short ways to write a history, and to expect a verdict.

inline constexpr int64_t kX = 1;
inline constexpr int64_t kY = 2;

// All of these overlap, so that real time orders none of them.
inline TestTransaction Ok(std::vector<TestStep> steps) {
  return {0, 9, std::move(steps), Outcome::kOk};
}
inline TestTransaction Failed(std::vector<TestStep> steps) {
  return {0, 9, std::move(steps), Outcome::kFailed};
}
// The return is nonsense that the checker must not look at.
inline TestTransaction Unknown(int64_t invoke_ns, std::vector<TestStep> steps) {
  return {invoke_ns, -9, std::move(steps), Outcome::kUnknown};
}

// Expects that `anomaly` is found once, and nothing else.
inline void ExpectOnly(ListAnomaly anomaly, const TestHistory& history) {
  const ListVerdict verdict = Check(history);
  EXPECT_EQ(verdict.count(anomaly), 1) << verdict.violations.first;
  EXPECT_EQ(verdict.violations.count, 1) << verdict.violations.first;
  EXPECT_THAT(verdict.violations.first,
              ::testing::StartsWith(absl::StrCat(ListAnomalyName(anomaly), ": ")));
}

inline void ExpectNone(const TestHistory& history) {
  const ListVerdict verdict = Check(history);
  EXPECT_TRUE(verdict.is_strictly_serializable());
  EXPECT_EQ(verdict.violations.first, "");
}

}  // namespace rcb::list_append

#endif  // RCB_COMMON_CHECK_LIST_APPEND_TEST_HISTORY_H_
