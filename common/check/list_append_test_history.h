// Histories for the tests of CheckListAppend, spelled out as values that a test can change.

#ifndef RCB_COMMON_CHECK_LIST_APPEND_TEST_HISTORY_H_
#define RCB_COMMON_CHECK_LIST_APPEND_TEST_HISTORY_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "common/check/list_append_check.h"
#include "common/check/list_append_history.h"

namespace rcb::list_append {

struct TestStep {
  bool is_read = false;
  int64_t key = 0;
  int64_t value = 0;            // of an append
  std::vector<int64_t> values;  // of a read
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

}  // namespace rcb::list_append

#endif  // RCB_COMMON_CHECK_LIST_APPEND_TEST_HISTORY_H_
