// Reads the operations of this suite's own format: one map for each, with its beginning and its
// end. The format is documented in common/README.md.

#ifndef RCB_COMMON_HISTORY_OPERATION_PARSER_H_
#define RCB_COMMON_HISTORY_OPERATION_PARSER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "common/history/history_builder.h"
#include "common/history/notation.h"

namespace rcb {

// `builder` outlives it.
class OperationParser {
 public:
  explicit OperationParser(HistoryBuilder& builder) : builder_(builder) {}

  // Adds the operation that `form`'s root, a map, describes.
  absl::Status Parse(const Notation& form);

 private:
  absl::Status ParseHead(const Notation& form, HistoryOp* op);
  absl::Status ParseTimes(const Notation& form, HistoryOp* op);
  absl::Status ParseEffect(const Notation& form, size_t args, size_t result, HistoryOp* op);
  absl::Status ParseAdd(const Notation& form, size_t args, size_t result, HistoryOp* op);
  absl::Status ParseSteps(const Notation& form, size_t args, size_t result, bool is_ok);
  absl::Status ParseStep(const Notation& form, size_t step, size_t result);

  HistoryBuilder& builder_;
  std::vector<int64_t> values_;
};

// The value of an integer field of a map within bounds; kNever where it is nil or missing.
absl::StatusOr<int64_t> IntegerField(const Notation& form, absl::string_view name, int64_t min);

// Reads the values of a list that was read, nil being an empty one.
absl::Status ParseListValues(const Notation& form, size_t list, HistoryBuilder& builder,
                             std::vector<int64_t>* values);

}  // namespace rcb

#endif  // RCB_COMMON_HISTORY_OPERATION_PARSER_H_
