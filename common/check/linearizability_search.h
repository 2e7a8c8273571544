// The search for an order of the operations on one register that each takes effect between its
// invocation and its return: the core of linearizability.h, where the papers are named.
//
// Two searches take turns, each from its beginning and with four times as many steps as the time
// before: the one in depth is good at finding an order, the one by levels at proving that there is
// none.

#ifndef RCB_COMMON_CHECK_LINEARIZABILITY_SEARCH_H_
#define RCB_COMMON_CHECK_LINEARIZABILITY_SEARCH_H_

#include <cstdint>
#include <vector>

#include "common/check/search_history.h"
#include "common/check/search_result.h"

namespace rcb {

// Searches `ops`, in any order, on a register that holds `initial` before them. The answer is
// kUndecided if a limit did not suffice. Pending operations are kSet or kSwap. Any thread.
SearchResult SearchOrder(const std::vector<SearchOp>& ops, int64_t initial,
                         const SearchLimits& limits);

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_LINEARIZABILITY_SEARCH_H_
