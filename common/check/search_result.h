// What the searches of linearizability_search.h are told and what they answer.

#ifndef RCB_COMMON_CHECK_SEARCH_RESULT_H_
#define RCB_COMMON_CHECK_SEARCH_RESULT_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rcb {

enum class Answer : uint8_t { kLinearizable, kNotLinearizable, kUndecided };

struct SearchLimits {
  // A search stops soon after so many steps. A step is a look at an operation or at a word of a
  // state; it takes some nanoseconds.
  int64_t max_steps = 0;
  size_t max_bytes = 0;  // roughly so much memory may the states take
  // To begin with, the search by levels keeps so many states of a level, and goes back so many
  // levels. Any numbers lead to the same answer, if there is one.
  size_t few_states = 16;
  size_t few_levels = 64;
  // The search in depth prefers pending operations in an order that is drawn at random from this
  // seed. Any one leads to the same answer, but one may be lucky where another is not.
  uint32_t seed = 0;
};

struct SearchResult {
  Answer answer = Answer::kLinearizable;
  int64_t states = 0;  // how many were looked at
  int64_t steps = 0;   // how many were taken
  // Unless kLinearizable, these tell of one of the orders that got furthest: the value at its end,
  // how many acknowledged operations it has, and which might come next but for the value, by their
  // places in the input; the one that had to is in front.
  int64_t value = 0;
  size_t placed = 0;
  std::vector<size_t> stuck;
};

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_SEARCH_RESULT_H_
