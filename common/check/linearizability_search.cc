#include "common/check/linearizability_search.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/check/search_history.h"
#include "common/check/search_level.h"

namespace rcb {
namespace {

class Search {
 public:
  Search(const std::vector<SearchOp>& ops, int64_t initial, const SearchLimits& limits)
      : history_(ops),
        initial_(initial),
        limits_(limits),
        level_(history_, initial),
        marks_(history_.ops.size() / limits.few_levels + 1) {}

  SearchResult Run();

 private:
  enum class Way { kEnd, kStuck, kStopped };

  Way Walk(size_t end, size_t width, bool is_proof);
  void GoBack(size_t stuck, size_t reach);
  bool IsImpossible(size_t stuck, size_t reach, size_t width);
  void NoteStuck();

  SearchHistory history_;
  int64_t initial_;
  SearchLimits limits_;
  SearchLevel level_;
  // The states of every level whose number is a multiple of few_levels, for GoBack.
  std::vector<std::vector<uint64_t>> marks_;
  size_t stuck_level_ = 0;
  SearchResult result_;
};

// Walks on up to level `end`, with at most `width` states of each level.
Search::Way Search::Walk(size_t end, size_t width, bool is_proof) {
  while (level_.number() < end) {
    level_.Settle(std::min(width, limits_.max_at_once));
    if (!is_proof && level_.number() % limits_.few_levels == 0) {
      marks_[level_.number() / limits_.few_levels] = level_.AllStates();
    }
    level_.Expand(std::min(is_proof ? width : width * 16, limits_.max_at_once));
    result_.states += static_cast<int64_t>(level_.states());
    if (is_proof && !level_.is_complete()) return Way::kStopped;
    if (!level_.has_next()) return Way::kStuck;
    if (result_.states > limits_.max_states) return Way::kStopped;
    if (level_.counts_rows() > 8 * limits_.max_at_once) return Way::kStopped;
    level_.Advance();
  }
  return Way::kEnd;
}

SearchResult Search::Run() {
  size_t width = limits_.few_states;
  size_t reach = limits_.few_levels;
  size_t end = history_.ops.size();
  for (;;) {
    const Way way = Walk(end, width, false);
    if (way == Way::kEnd && end == history_.ops.size()) return std::move(result_);
    if (way == Way::kEnd) {
      width = limits_.few_states;
      reach = limits_.few_levels;
      end = history_.ops.size();
      continue;
    }
    NoteStuck();
    const size_t stuck = level_.number();
    const bool is_impossible =
        way == Way::kStuck && (level_.is_complete() || history_.AsksForUngivenValue(initial_) ||
                               IsImpossible(stuck, reach, width));
    if (is_impossible) {
      result_.answer = Answer::kNotLinearizable;
      return std::move(result_);
    }
    if (way == Way::kStopped || result_.states > limits_.max_states ||
        width * 16 > limits_.max_at_once) {
      result_.answer = Answer::kUndecided;
      return std::move(result_);
    }

    width *= 4;
    reach *= 2;
    end = std::min(history_.ops.size(), stuck + reach);
    GoBack(stuck, reach);
  }
}

// Starts again some `reach` levels before `stuck`, with the states that were kept there.
void Search::GoBack(size_t stuck, size_t reach) {
  const size_t mark = stuck < reach ? 0 : (stuck - reach) / limits_.few_levels;
  if (mark == 0) {
    level_.StartAtFirst();
  } else {
    level_.StartAt(mark * limits_.few_levels, marks_[mark]);
  }
}

// A short way is cheap, but a start further back leaves less open.
bool Search::IsImpossible(size_t stuck, size_t reach, size_t width) {
  const size_t max = std::min(limits_.max_at_once, width * 64);
  const int64_t stop = result_.states + static_cast<int64_t>(2 * width * reach);
  for (size_t back = std::min<size_t>(4, reach); back <= reach && result_.states < stop;
       back *= 4) {
    level_.StartAnywhere(stuck < back ? 0 : stuck - back, stuck);
    if (Walk(stuck + 1, max, true) == Way::kStuck) return true;
  }
  return false;
}

void Search::NoteStuck() {
  if (level_.number() < stuck_level_ && result_.placed > 0) return;
  stuck_level_ = level_.number();
  const SearchState& state = level_.FirstState();
  result_.value = state.value;
  result_.placed = stuck_level_;
  result_.stuck.clear();
  for (const OpenOp& open : level_.open()) {
    if (state.IsPlaced(open.slot)) {
      ++result_.placed;
    } else {
      result_.stuck.push_back(history_.input_of[open.number]);
    }
  }
}

}  // namespace

SearchResult SearchOrder(const std::vector<SearchOp>& ops, int64_t initial,
                         const SearchLimits& limits) {
  return Search(ops, initial, limits).Run();
}

}  // namespace rcb
