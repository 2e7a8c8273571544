// Puts a history together from what a file says, and refuses what a checker could not judge.

#ifndef RCB_COMMON_HISTORY_HISTORY_BUILDER_H_
#define RCB_COMMON_HISTORY_HISTORY_BUILDER_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/history/model_history.h"
#include "common/history/notation.h"

namespace rcb {

// All errors are part of a line: what is wrong. Not thread-safe.
class HistoryBuilder {
 public:
  static constexpr int64_t kMaxOperations = 50'000'000;
  static constexpr int64_t kMaxListValues = 200'000'000;  // that all reads of lists return
  static constexpr size_t kMaxNameBytes = 256;

  explicit HistoryBuilder(HistoryModel model) { history_.model = model; }

  HistoryModel model() const { return history_.model; }
  void SetRow(absl::string_view row) { history_.row = std::string(row); }
  void SetInitial(int64_t initial) { history_.initial = initial; }

  // A value or key: an integer, a name or nil.
  absl::StatusOr<int64_t> ValueOf(const NotationNode& node);
  // The same, but no nil and, in a counter, no name.
  absl::StatusOr<int64_t> SomeValueOf(const NotationNode& node, absl::string_view what);

  // Steps of the next transaction.
  absl::Status AddAppend(int64_t key, int64_t value);
  absl::Status AddRead(int64_t key, const std::vector<int64_t>& values);
  // An operation. Of transactions the steps were added before.
  absl::Status Add(const HistoryOp& op);

  size_t size() const { return history_.ops.size(); }
  ModelHistory Build() && { return std::move(history_); }

 private:
  ModelHistory history_;
  int64_t list_values_ = 0;
  absl::flat_hash_set<std::pair<int64_t, int64_t>> appended_;  // keys and values
};

}  // namespace rcb

#endif  // RCB_COMMON_HISTORY_HISTORY_BUILDER_H_
