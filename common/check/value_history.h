// Histories of operations on one shared value: what the checkers of counters and of registers read,
// and what they say.

#ifndef RCB_COMMON_CHECK_VALUE_HISTORY_H_
#define RCB_COMMON_CHECK_VALUE_HISTORY_H_

#include <cstdint>

#include "common/check/history.h"
#include "common/check/violations.h"

namespace rcb {

struct ValueOp {
  int64_t invoke_ns = 0;
  int64_t return_ns = 0;
  int64_t value = 0;
  bool is_read = false;
  Outcome outcome = Outcome::kOk;
};
static_assert(sizeof(ValueOp) <= 32, "a history holds one of these per operation");

// Whether `op` says nothing about the value: it failed, or it is a read that got no reply.
inline bool TellsNothing(const ValueOp& op) {
  return op.outcome == Outcome::kFailed || (op.outcome == Outcome::kUnknown && op.is_read);
}

// What is said of any such history; a checker adds counts of its own.
struct ValueVerdict {
  // Each offender counts once. The words are about the violation that came to light first, with the
  // values and, in microseconds since the first invocation, the times.
  Violations violations;

  bool linearizable() const { return violations.none(); }
};

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_VALUE_HISTORY_H_
