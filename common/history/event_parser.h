// Reads histories of Jepsen, Knossos and Elle: an event for the invocation of an operation, and one
// for its completion.

#ifndef RCB_COMMON_HISTORY_EVENT_PARSER_H_
#define RCB_COMMON_HISTORY_EVENT_PARSER_H_

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "common/history/history_builder.h"
#include "common/history/notation.h"

namespace rcb {

// Pairs events by their process. The order of the events counts, as it does to Jepsen: the stamps
// are the times of the events, put off by nanoseconds where they would contradict the order, or
// where there are no times, the numbers of the events. `builder` outlives it.
class EventParser {
 public:
  explicit EventParser(HistoryBuilder& builder) : builder_(builder) {}

  // Takes the event that `form`'s root, a map, describes; `text` is `form` as it is written.
  absl::Status Parse(const Notation& form, absl::string_view text);
  // Adds the operations that have no completion.
  absl::Status Finish();

 private:
  struct Pending {
    HistoryOp op;
    std::string text;  // of the invocation, where its steps are wanted later
  };

  absl::Status Stamp(const Notation& form);
  absl::Status Invoke(const Notation& form, absl::string_view text, int32_t process);
  absl::Status Complete(const Notation& form, Pending pending, Outcome outcome);
  absl::Status ParseFunction(const Notation& form, HistoryOp* op);
  absl::Status ParseArguments(const Notation& form, HistoryOp* op);
  absl::Status ParseResult(const Notation& form, HistoryOp* op);
  absl::Status AddSteps(const Notation& form, bool is_ok);
  absl::Status AddWithSteps(const Pending& pending);

  HistoryBuilder& builder_;
  std::unordered_map<int32_t, Pending> pending_;  // by process
  Notation invocation_;
  std::vector<int64_t> values_;
  int64_t events_ = 0;
  bool has_times_ = false;
  int64_t now_ns_ = -1;
};

}  // namespace rcb

#endif  // RCB_COMMON_HISTORY_EVENT_PARSER_H_
