// Decides linearizability, as counter_check.h does, where some increments return nothing: in
// O(n log n).
//
// What returns a value has its place by that value. An increment that returns nothing may be any of
// those to the values that nothing else accounts for, and fits where no operation of a later place
// returned before it began, and none of an earlier place began after it returned. These values are
// in order of time, so that each such increment fits a run of them, and two greedy matchings
// decide: one gives each such value an increment, the other each acknowledged increment a value.
// If there is either there is one matching that does both (N. Mendelsohn and A. Dulmage, "Some
// generalizations of the problem of distinct representatives", 1958); F. Glover, "Maximum matching
// in a convex bipartite graph", 1967, is the greedy. Two increments that a matching puts against
// the order of time may be swapped.

#ifndef RCB_COMMON_CHECK_BLIND_COUNTER_CHECK_H_
#define RCB_COMMON_CHECK_BLIND_COUNTER_CHECK_H_

#include <cstdint>
#include <vector>

#include "common/check/counter_check.h"
#include "common/check/violations.h"

namespace rcb {

// Checks `history` together with `blind`, acknowledged increments by 1 whose values are not known,
// and do not count; both in any order. The violations are those of CheckCounter, which takes the
// blind increments for ones of unknown outcome, or where there are none, one for the first value
// or increment that has no match. Any thread.
Violations CheckBlindCounter(const std::vector<CounterOp>& history,
                             const std::vector<CounterOp>& blind, int64_t initial);

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_BLIND_COUNTER_CHECK_H_
