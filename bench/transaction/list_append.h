// Transaction, on lists: transactions of one to four steps, each an append to a list or a read of
// one, which tell the checker almost everything about their order.
//
// Checked: strict serializability, anomalies by name (common/check/list_append_check.h).
// Source:  Kingsbury and Alvaro, "Elle", VLDB 2020.

#ifndef RCB_BENCH_TRANSACTION_LIST_APPEND_H_
#define RCB_BENCH_TRANSACTION_LIST_APPEND_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/random/distributions.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/harness/worker.h"
#include "common/redis/connection.h"
#include "common/runtime/task.h"

namespace rcb::transaction {

struct Step {
  int64_t list = 0;
  int64_t value = 0;  // to append; 0: a read
  Command command;
};

// The lists that are in use: some at a time, of which the first is the hottest. A list that is long
// enough is left for a new one, so that reads stay short.
class Lists {
 public:
  explicit Lists(const std::string& prefix) : prefix_(absl::StrCat(prefix, "list:")) {}

  std::string KeyOf(int64_t list) const { return absl::StrCat(prefix_, list); }
  // Draws a step; `new_value` differs from all that were appended before.
  Step Draw(absl::InsecureBitGen& random, int64_t new_value) {
    const double uniform = absl::Uniform(absl::IntervalOpenClosed, random, 0.0, 1.0);
    const auto slot = std::min(static_cast<size_t>(-std::log2(uniform)), kSlots - 1);
    const bool is_read = absl::Bernoulli(random, 0.5);
    const int64_t appends = is_read ? appends_[slot].load() : appends_[slot].fetch_add(1);
    const int64_t list =
        appends / kMaxLength * static_cast<int64_t>(kSlots) + static_cast<int64_t>(slot);
    if (is_read) return {list, 0, Command("LRANGE", KeyOf(list), 0, -1)};
    return {list, new_value, Command("RPUSH", KeyOf(list), new_value)};
  }

 private:
  static constexpr size_t kSlots = 12;
  static constexpr int64_t kMaxLength = 32;

  const std::string prefix_;
  std::array<std::atomic<int64_t>, kSlots> appends_{};
};

// The replies to the steps, in their order.
using StepReplies = Task<absl::StatusOr<std::vector<Reply>>>;

// lockfree/list_append: all steps are in one MULTI/EXEC. https://redis.io/docs/manual/transactions
inline StepReplies ListAppend(Worker& worker, const std::vector<Step>& steps) {
  Command transaction("MULTI");
  for (const Step& step : steps) transaction = transaction.Then(step.command);
  std::vector<Reply> replies = co_await worker.redis().Pipeline(transaction.Then(Command("EXEC")));
  co_return std::move(replies.back().elements());
}

// unsafe/list_separate: each step takes a round trip of its own.
inline StepReplies ListSeparate(Worker& worker, const std::vector<Step>& steps) {
  std::vector<Reply> replies;
  for (const Step& step : steps) {
    Reply reply = co_await worker.redis().Run(step.command);
    replies.push_back(std::move(reply));
  }
  co_return replies;
}

}  // namespace rcb::transaction

#endif  // RCB_BENCH_TRANSACTION_LIST_APPEND_H_
