// The states of one level of the search of search_by_levels.h, which says what a level and a
// state are, and the step to the next level. Only search_by_levels.cc uses it.

#ifndef RCB_COMMON_CHECK_SEARCH_LEVEL_H_
#define RCB_COMMON_CHECK_SEARCH_LEVEL_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "common/check/row_table.h"
#include "common/check/search_history.h"

namespace rcb {

// An acknowledged operation that was invoked before the front returned.
struct OpenOp {
  SearchOp op;
  // What SearchHistory gave it.
  size_t number = 0;
  size_t slot = 0;
  size_t kind = 0;
};

struct SearchState {
  int64_t value = 0;
  int32_t pending = CountsTable::kZeros;  // how many are placed, by group
  std::vector<uint64_t> placed;           // by slot
  std::vector<uint64_t> covered;          // by slot: writes that are not placed

  bool IsPlaced(size_t slot) const { return (placed[slot / 64] >> slot % 64 & 1) != 0; }
  void Place(size_t slot) { placed[slot / 64] |= uint64_t{1} << slot % 64; }
  bool IsCovered(size_t slot) const { return (covered[slot / 64] >> slot % 64 & 1) != 0; }
  void Forget(size_t slot) {
    placed[slot / 64] &= ~(uint64_t{1} << slot % 64);
    covered[slot / 64] &= ~(uint64_t{1} << slot % 64);
  }
};

// A walk starts, and then calls Settle, Expand and, where there is a way on, Advance for each
// level. Not thread-safe.
class SearchLevel {
 public:
  // `history` must outlive the level, which starts at the first one.
  SearchLevel(const SearchHistory& history, int64_t initial);

  // From so many steps on nothing is looked at any more, even in the middle of a level. A step is a
  // look at an operation or at a word of a state.
  void StopAt(int64_t max_steps) { max_steps_ = max_steps; }
  int64_t steps() const { return steps_; }
  // Whether that happened; what is_complete and has_next say is then of no use.
  bool is_stopped() const { return steps_ > max_steps_; }

  // Starts where no operation is placed yet.
  void StartAtFirst();
  // Starts with the states that AllStates returned after Settle at that level.
  void StartAt(size_t level, const std::vector<uint64_t>& states);
  // Starts with states that stand for all that are possible there: with any value that the
  // operations up to `end` ask for, or another; all that overlaps the start may be placed or not,
  // and all that is pending may still be at hand.
  void StartAnywhere(size_t level, size_t end);

  // Opens what was invoked before the front returned, and keeps the `max_states` most promising
  // of the states that the last Expand or the start left.
  void Settle(size_t max_states);
  // Lets each state go on in every way that places the front, until there are `max_states`.
  void Expand(size_t max_states);
  void Advance();

  // The front's number, by return.
  size_t number() const { return level_; }
  const std::vector<OpenOp>& open() const { return open_; }
  // Whether no state was left out since the start.
  bool is_complete() const { return is_complete_; }
  // Whether Expand found a way to the next level.
  bool has_next() const { return next_states_.size() > 0; }

  size_t states() const { return states_.size(); }
  std::vector<uint64_t> AllStates() const;
  // Any one of the states; it is gone with the next call of any function.
  const SearchState& FirstState();
  // About how much memory a state takes, and the counts of pending operations take in all.
  size_t bytes_per_state() const { return 4 * row_.size() * sizeof(uint64_t); }
  size_t counts_bytes() const { return counts_.bytes(); }

 private:
  void Clear(size_t level);
  const uint64_t* Pack();
  void Unpack(const uint64_t* row);
  void Open();
  void SortSlots();
  void KeepBest(size_t max_states, std::vector<std::pair<int, size_t>>* order);
  int PlaceReads();
  void ClearStates();
  bool AddState();
  bool Dominates(const uint64_t* a, const uint64_t* b);
  bool IsWanted(int64_t value);
  void ExpandState();
  void ExpandPending();
  void Move(const OpenOp& open, bool is_seen);
  void Cover();

  const SearchHistory& history_;
  int64_t initial_;
  CountsTable counts_;
  size_t words_;  // so many hold one bit for each slot

  size_t level_ = 0;
  size_t called_ = 0;         // so many of history_.calls were invoked before the front returned
  std::vector<OpenOp> open_;  // by return: the front comes first
  int64_t relaxed_ns_ = -1;   // what was invoked up to here may be left out
  bool is_complete_ = true;
  // The slots of the open operations, sorted by what these are: reads and failed compare-and-sets;
  // those that must be placed, and the front; those that may be covered.
  std::vector<uint64_t> reads_;
  std::vector<uint64_t> swaps_;
  std::vector<uint64_t> writes_;
  std::vector<const SearchOp*> in_slot_;

  RowTable states_;
  std::vector<uint8_t> dead_;  // by state: whether another one is as good or better
  // Only states that agree in the value and in what is placed of swaps_ and the pending ones can
  // dominate each other. Each such group is a list.
  RowTable state_groups_;
  std::vector<int32_t> group_head_;  // by group: its latest state
  std::vector<int32_t> group_next_;  // by state
  std::vector<uint64_t> group_row_;
  RowTable next_states_;

  SearchState state_;  // the one that is being made or read
  SearchState base_;   // the one that is being expanded
  std::vector<uint64_t> row_;
  std::vector<size_t> kind_seen_;  // by kind: the expansion that tried it last
  size_t expansion_ = 0;
  int64_t max_steps_ = std::numeric_limits<int64_t>::max();
  int64_t steps_ = 0;
};

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_SEARCH_LEVEL_H_
