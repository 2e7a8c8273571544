// The memory of a search in depth: the states that it has seen. Only search_depth_first.cc uses it.

#ifndef RCB_COMMON_CHECK_SEARCH_SEEN_H_
#define RCB_COMMON_CHECK_SEARCH_SEEN_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/check/row_table.h"
#include "common/check/search_open.h"

namespace rcb {

// Where a search is at a level: linearizability_search.h.
struct SeenState {
  int64_t value = 0;
  int32_t pending = CountsTable::kZeros;  // how many are placed, by group
  std::vector<uint64_t> placed;           // by slot
  std::vector<uint64_t> covered;          // by slot: writes that are not placed
};

// Numbers states from 0, in the order in which they were added. Not thread-safe; up to 2^31 states.
class SeenStates {
 public:
  // States have `words` words for one bit of each slot. `counts` must outlive this.
  SeenStates(size_t words, const CountsTable* counts);

  // Adds `state` at the level of `open`. Returns false, and adds nothing, if a state was added from
  // which all that can follow it can follow as well.
  bool Add(const SearchOpen& open, const SeenState& state);

  // Returns the level of the state `number`, which must have been added, and fills in `state`.
  size_t Read(size_t number, SeenState* state) const;
  size_t LevelOf(size_t number) const { return static_cast<size_t>(Row(number)[0]); }

  size_t size() const { return next_.size(); }
  // About how much memory it takes.
  size_t bytes() const;
  // How much work it took, in looks at a word.
  int64_t steps() const { return steps_; }

 private:
  size_t row_words() const { return 3 + 2 * words_; }
  const uint64_t* Row(size_t number) const { return rows_.data() + number * row_words(); }
  bool Dominates(const SearchOpen& open, const uint64_t* a, const uint64_t* b);

  size_t words_;
  const CountsTable& counts_;
  std::vector<uint64_t> rows_;
  // Only states that agree in the level, the value and the compare-and-sets that are placed can
  // dominate each other. Each such group is a list, without those that are dominated.
  RowTable groups_;
  std::vector<int32_t> head_;  // by group: its latest state
  std::vector<int32_t> next_;  // by state
  std::vector<uint64_t> row_;
  std::vector<uint64_t> group_;
  int64_t steps_ = 0;
};

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_SEARCH_SEEN_H_
