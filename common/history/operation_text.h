// Operations of a history as text: as lines of a file, and for people.

#ifndef RCB_COMMON_HISTORY_OPERATION_TEXT_H_
#define RCB_COMMON_HISTORY_OPERATION_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/history/model_history.h"

namespace rcb {

// Refers to the history, which outlives it. Times count from the first invocation.
class OperationText {
 public:
  explicit OperationText(const ModelHistory& history);

  // The header of a file, and the line of an operation, by its place; see common/README.md. Neither
  // ends with a line break.
  std::string Header() const;
  std::string Json(size_t place) const;
  void AppendJson(size_t place, std::string* text) const;

  // The operation in words, such as "    0.500 ..     2.250  process 3  read -> 5".
  std::string Line(size_t place) const;

 private:
  void AppendEffect(const HistoryOp& op, std::string* text) const;
  void AppendSteps(const ListTransaction& transaction, std::string* text) const;
  void AppendValues(const ListOp& step, std::string* text) const;
  std::string Words(size_t place) const;
  std::string Value(int64_t value) const;

  const ModelHistory& history_;
  int64_t origin_ns_;
};

}  // namespace rcb

#endif  // RCB_COMMON_HISTORY_OPERATION_TEXT_H_
