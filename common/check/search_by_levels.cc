#include "common/check/search_by_levels.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/check/search_history.h"
#include "common/check/search_level.h"

namespace rcb {
namespace {

class Search {
 public:
  Search(const SearchHistory& history, int64_t initial, const SearchLimits& limits)
      : history_(history),
        limits_(limits),
        level_(history_, initial),
        max_at_once_(std::max<size_t>(1, limits.max_bytes / level_.bytes_per_state())),
        is_value_missing_(history_.AsksForUngivenValue(initial)),
        marks_(history_.ops.size() / limits.few_levels + 1) {
    level_.StopAt(limits.max_steps);
  }

  SearchResult Run();

 private:
  enum class Way { kEnd, kStuck, kStopped };

  Way Walk(size_t end, size_t width, bool is_proof);
  bool IsOverLimit() const;
  void Mark();
  void SearchPlaces();
  void GoBack(size_t stuck, size_t reach);
  bool IsImpossible(size_t stuck, size_t reach, size_t width);
  void NoteStuck();

  const SearchHistory& history_;
  SearchLimits limits_;
  SearchLevel level_;
  size_t max_at_once_;  // so many states are kept of one level
  bool is_value_missing_;
  // The states of every level whose number is a multiple of few_levels, for GoBack.
  std::vector<std::vector<uint64_t>> marks_;
  size_t marks_bytes_ = 0;
  size_t stuck_level_ = 0;
  SearchResult result_;
};

// Walks on up to level `end`, with at most `width` states of each level.
Search::Way Search::Walk(size_t end, size_t width, bool is_proof) {
  while (level_.number() < end) {
    level_.Settle(std::min(width, max_at_once_));
    if (!is_proof && level_.number() % limits_.few_levels == 0) Mark();
    level_.Expand(std::min(is_proof ? width : width * 16, max_at_once_));
    result_.states += static_cast<int64_t>(level_.states());
    if (IsOverLimit() || (is_proof && !level_.is_complete())) return Way::kStopped;
    if (!level_.has_next()) return Way::kStuck;
    level_.Advance();
  }
  return Way::kEnd;
}

bool Search::IsOverLimit() const {
  return level_.is_stopped() || level_.counts_bytes() + marks_bytes_ > limits_.max_bytes;
}

void Search::Mark() {
  std::vector<uint64_t>& mark = marks_[level_.number() / limits_.few_levels];
  marks_bytes_ -= mark.size() * sizeof(uint64_t);
  mark = level_.AllStates();
  marks_bytes_ += mark.size() * sizeof(uint64_t);
}

SearchResult Search::Run() {
  SearchPlaces();
  result_.steps = level_.steps();
  return std::move(result_);
}

void Search::SearchPlaces() {
  size_t width = limits_.few_states;
  size_t reach = limits_.few_levels;
  size_t end = history_.ops.size();
  for (;;) {
    const Way way = Walk(end, width, false);
    if (way == Way::kEnd && end == history_.ops.size()) return;
    if (way == Way::kEnd) {
      width = limits_.few_states;
      reach = limits_.few_levels;
      end = history_.ops.size();
      continue;
    }
    NoteStuck();
    const size_t stuck = level_.number();
    const bool is_impossible = way == Way::kStuck && (level_.is_complete() || is_value_missing_ ||
                                                      IsImpossible(stuck, reach, width));
    if (is_impossible) {
      result_.answer = Answer::kNotLinearizable;
      return;
    }
    if (way == Way::kStopped || IsOverLimit() || width * 16 > max_at_once_) {
      result_.answer = Answer::kUndecided;
      return;
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
  const size_t max = std::min(max_at_once_, width * 64);
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

SearchResult SearchByLevels(const SearchHistory& history, int64_t initial,
                            const SearchLimits& limits) {
  return Search(history, initial, limits).Run();
}

}  // namespace rcb
