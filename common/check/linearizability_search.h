// The search for an order of the operations on one register that each takes effect between its
// invocation and its return: the core of linearizability.h, where the papers are named.
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

#ifndef RCB_COMMON_CHECK_LINEARIZABILITY_SEARCH_H_
#define RCB_COMMON_CHECK_LINEARIZABILITY_SEARCH_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/check/search_history.h"

namespace rcb {

enum class Answer : uint8_t { kLinearizable, kNotLinearizable, kUndecided };

struct SearchLimits {
  int64_t max_states = 0;  // so many are looked at, in all
  size_t max_at_once = 0;  // so many are kept of one level
  // To begin with, the search keeps so many states of a level, and goes back so many levels. Any
  // numbers lead to the same answer, if there is one.
  size_t few_states = 16;
  size_t few_levels = 64;
};

struct SearchResult {
  Answer answer = Answer::kLinearizable;
  int64_t states = 0;  // how many were looked at
  // Unless kLinearizable, these tell of one of the orders that got furthest: the value at its end,
  // how many acknowledged operations it has, and which might come next but for the value, by their
  // places in the input; the one that had to is in front.
  int64_t value = 0;
  size_t placed = 0;
  std::vector<size_t> stuck;
};

// Searches `ops`, in any order, on a register that holds `initial` before them. The answer is
// kUndecided if a limit did not suffice. Pending operations are kSet or kSwap. Any thread.
SearchResult SearchOrder(const std::vector<SearchOp>& ops, int64_t initial,
                         const SearchLimits& limits);

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_LINEARIZABILITY_SEARCH_H_
