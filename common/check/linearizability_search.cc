#include "common/check/linearizability_search.h"

#include <algorithm>
#include <utility>

#include "common/check/search_by_levels.h"
#include "common/check/search_depth_first.h"

namespace rcb {
namespace {

// The first turn has so many steps, for each operation and in all.
constexpr int64_t kStepsPerOperation = 400;
constexpr int64_t kFewSteps = 100'000;

}  // namespace

SearchResult SearchOrder(const std::vector<SearchOp>& ops, int64_t initial,
                         const SearchLimits& limits) {
  const SearchHistory history(ops);
  // Where a value comes from nowhere, the levels see it at once.
  if (history.AsksForUngivenValue(initial)) return SearchByLevels(history, initial, limits);

  SearchResult best;
  SearchLimits turn = limits;
  int64_t turn_steps = kFewSteps + kStepsPerOperation * static_cast<int64_t>(ops.size());
  for (;; turn_steps *= 4, ++turn.seed) {
    bool is_short_of_steps = false;
    for (const auto search : {&SearchDepthFirst, &SearchByLevels}) {
      turn.max_steps = std::min(turn_steps, limits.max_steps - best.steps);
      SearchResult result = search(history, initial, turn);
      is_short_of_steps |= result.steps > turn.max_steps;
      result.states += best.states;
      result.steps += best.steps;
      if (result.answer != Answer::kUndecided) return result;
      if (result.placed < best.placed) {
        result.value = best.value;
        result.placed = best.placed;
        result.stuck = std::move(best.stuck);
      }
      best = std::move(result);
      if (best.steps >= limits.max_steps) return best;
    }
    if (!is_short_of_steps) return best;
  }
}

}  // namespace rcb
