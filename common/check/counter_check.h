// Decides whether the recorded operations on one counter could have happened one at a time, each
// between its invocation and its return: linearizability, in O(n log n).
//
// General checkers of linearizability search; a counter needs no search, because the values name
// the order: the increment to v comes before the reads of v, and those before the increment to v
// + 1. What remains to check is that
//   - no value was taken twice, or had been taken before the history began;
//   - real time agrees: nothing started after an operation of a later place had returned;
//   - each value up to the highest one seen has an increment. Those that no acknowledged increment
//     returned are matched, in order of deadline, with the increments of unknown outcome: a value's
//     deadline is the first return of an operation of a later place.

#ifndef RCB_COMMON_CHECK_COUNTER_CHECK_H_
#define RCB_COMMON_CHECK_COUNTER_CHECK_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "common/check/value_history.h"

namespace rcb {

// One INCR (adds 1, returns the new value) or GET. Of an increment of unknown outcome only
// invoke_ns counts; failed operations and reads of unknown outcome are ignored.
using CounterOp = ValueOp;

// There are violations if and only if the history is not linearizable. Each is in the first class
// that fits: duplicates, inversions, holes, or an increment to a value above the final one. All
// counts stop at INT64_MAX.
struct CounterVerdict : ValueVerdict {
  // Acknowledged increments whose effect the final value lacks: initial + acknowledged - final if
  // positive. They are another view of the damage and not added to the violations: each lost update
  // shows there as a duplicate, an inversion or an increment above the final value.
  int64_t lost_updates = 0;
  // Increments to a value at or below the initial one, or to one that another increment had
  // returned earlier.
  int64_t duplicates = 0;
  // Operations that saw an older state than one that had returned before they started; among
  // them reads below the initial value, and the final read when a higher value had been seen.
  int64_t inversions = 0;
  // Values up to the highest one seen to which nothing can have incremented: no acknowledged
  // increment, and no unknown one that was invoked early enough and not needed for another value.
  int64_t holes = 0;
};

// Checks `history`, in any order, of a counter that held `initial` before its first operation.
// `final_value`, where known, was read after the last operation had returned. Aborts unless
// 0 <= invoke_ns <= return_ns < INT64_MAX (return_ns of acknowledged operations only). Any thread.
CounterVerdict CheckCounter(std::vector<CounterOp> history, int64_t initial,
                            std::optional<int64_t> final_value);

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_COUNTER_CHECK_H_
