// Decides whether the recorded operations on one register could have happened one at a time, each
// between its invocation and its return: linearizability, in O(n log n).
//
// General checkers of linearizability search. Where no value is written twice, no search is needed:
// a read names the write that it saw, so that the operations fall into clusters, one for each
// value, that must follow each other whole. It remains to check that no two clusters each have to
// come before the other: P. Gibbons and E. Korach, "Testing Shared Memories", SIAM J. Comput.
// 26(4), 1997, where a cluster's first return and last invocation span its zone.

#ifndef RCB_COMMON_CHECK_REGISTER_CHECK_H_
#define RCB_COMMON_CHECK_REGISTER_CHECK_H_

#include <cstdint>
#include <vector>

#include "common/check/value_history.h"

namespace rcb {

// One write of `value`, or one read that returned it. Of a write of unknown outcome, return_ns does
// not count; failed operations and reads of unknown outcome are ignored.
using RegisterOp = ValueOp;

// The violations are the sum of the counts. There are some if and only if the history is not
// linearizable, provided that no value was written twice. Without the offenders the history would
// be linearizable; there may be smaller sets of which this is true.
struct RegisterVerdict : ValueVerdict {
  // Writes of the initial value, or of one that another write, invoked earlier, had written: the
  // history breaks the rule of unique values, and the other counts may be too high. A write that
  // is sent again after an unknown outcome needs a new value.
  int64_t duplicates = 0;
  // Reads of a value that nothing can have written: neither the initial value nor that of a write
  // that was acknowledged or of unknown outcome.
  int64_t unwritten = 0;
  // Reads that returned before the write of their value was invoked.
  int64_t early = 0;
  // Reads of a value that was no longer there: an operation of another value had started after one
  // of this value returned, and one of that other value returned before the read started.
  // A read is compared only with operations invoked no later that are no offenders themselves, so
  // that one stale read does not make violations of the good ones that follow it.
  int64_t stale = 0;
};

// Checks `history`, in any order, of a register that held `initial` before its first operation.
// Aborts unless 0 <= invoke_ns <= return_ns < INT64_MAX (return_ns of acknowledged operations
// only). Any thread.
RegisterVerdict CheckRegister(std::vector<RegisterOp> history, int64_t initial);

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_REGISTER_CHECK_H_
