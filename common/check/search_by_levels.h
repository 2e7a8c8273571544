// The search of linearizability_search.h by levels, each the return of an operation. It keeps many
// states at a time, and can prove that there is no order without looking at all that leads up to
// the place where there is none.
//
// It is just-in-time linearization. Acknowledged operations are taken in the order of their
// returns, and at each level one of them, the front, must be placed, if need be behind others that
// overlap its return. What is left to do depends on a state: the register's value, and which
// operations are placed of those that overlap the front's return and of the pending ones. The
// search keeps the set of all states of a level, or, to be fast, the most promising ones: where
// these lead nowhere it goes back some levels and keeps more. One order is a proof of
// linearizability. The proof that there is none needs all states of some levels, which begin at the
// first one or at any other: there whatever might have been placed, or not, and any value, serves
// as a start. States are small, for each slot takes one bit of them: operations that overlap have a
// slot each, and a slot is used again after the return of its operation.
//
// Five rules spare most of the states:
//   - What leaves the value as it is, such as a read, is placed as soon as it can be.
//   - Of the operations of one effect that may come next, only the one that returns first is tried:
//     in every order that has another one in its place, the two may be swapped.
//   - A write that nothing needs may have come just before any other write that it overlaps: when a
//     write is placed, all others that may come next are covered, and at their return need no place
//     of their own.
//   - Otherwise writes and pending operations are placed only where what comes next depends on
//     their value, or at their return.
//   - A state is dropped for one that has the same value and the same swaps placed, and of the rest
//     at least as much placed, or covered.

#ifndef RCB_COMMON_CHECK_SEARCH_BY_LEVELS_H_
#define RCB_COMMON_CHECK_SEARCH_BY_LEVELS_H_

#include <cstdint>

#include "common/check/search_history.h"
#include "common/check/search_result.h"

namespace rcb {

// As SearchOrder, of operations that are ordered already. Any thread.
SearchResult SearchByLevels(const SearchHistory& history, int64_t initial,
                            const SearchLimits& limits);

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_SEARCH_BY_LEVELS_H_
