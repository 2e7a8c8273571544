// How many operations of a history ran at the same time as another.

#ifndef RCB_COMMON_CHECK_OVERLAP_H_
#define RCB_COMMON_CHECK_OVERLAP_H_

#include <cstdint>
#include <vector>

#include "common/check/history.h"

namespace rcb {

// Counts the operations that began while an operation which had begun before them was still
// running. Without any, no race can have happened. O(n log n). Any thread.
int64_t CountOverlapping(const std::vector<OpRecord>& history);

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_OVERLAP_H_
