// The search of linearizability_search.h in depth: it follows one order as far as it goes, takes
// back its latest choice where it is stuck, and remembers the states that it has seen. Wing and
// Gong's search with Lowe's memory, named in linearizability.h.
//
// Where an order exists and few are misleading, this finds one with hardly more states than there
// are operations, because pending operations are kept for where nothing else helps. Where there is
// none, all choices have to be taken back, which soon takes too long: the search by levels, which
// starts proofs in the middle, is better at that.
//
// How long it takes depends on luck: the choice that has to be taken back may be far back. So it
// had better be started anew with another order of the choices than go on for long: C. Gomes,
// B. Selman and H. Kautz, "Boosting combinatorial search through randomization", AAAI 1998.
//
// Its states and rules are those of linearizability_search.h, with one more: a state that has used
// at least as many pending operations of each effect as another, and is no better otherwise, is
// dropped.

#ifndef RCB_COMMON_CHECK_SEARCH_DEPTH_FIRST_H_
#define RCB_COMMON_CHECK_SEARCH_DEPTH_FIRST_H_

#include <cstdint>

#include "common/check/search_history.h"
#include "common/check/search_result.h"

namespace rcb {

// As SearchOrder, without the levels. Any thread.
SearchResult SearchDepthFirst(const SearchHistory& history, int64_t initial,
                              const SearchLimits& limits);

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_SEARCH_DEPTH_FIRST_H_
