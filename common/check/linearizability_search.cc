#include "common/check/linearizability_search.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "common/check/row_table.h"
#include "common/check/search_history.h"

namespace rcb {
namespace {

// An acknowledged operation invoked before the front returned.
struct OpenOp {
  SearchOp op;
  size_t number = 0;  // by return
  size_t slot = 0;
  size_t kind = 0;  // equal for operations of the same effect
};

// A state, unpacked.
struct State {
  int64_t value = 0;
  int32_t pending = CountsTable::kZeros;  // placed, by group
  std::vector<uint64_t> placed;           // by slot
  std::vector<uint64_t> covered;          // by slot, of writes that are not placed

  bool IsPlaced(size_t slot) const { return (placed[slot / 64] >> slot % 64 & 1) != 0; }
  void Place(size_t slot) { placed[slot / 64] |= uint64_t{1} << slot % 64; }
  bool IsCovered(size_t slot) const { return (covered[slot / 64] >> slot % 64 & 1) != 0; }
  void Forget(size_t slot) {
    placed[slot / 64] &= ~(uint64_t{1} << slot % 64);
    covered[slot / 64] &= ~(uint64_t{1} << slot % 64);
  }
};

class Search {
 public:
  Search(const std::vector<SearchOp>& ops, int64_t initial, const SearchLimits& limits);

  SearchResult Run();

 private:
  enum class Way { kEnd, kStuck, kStopped };

  void StartAt(size_t level);
  void StartAnywhere(size_t level, size_t end);
  bool IsImpossible(size_t stuck, size_t reach, size_t width);
  Way Walk(size_t end, size_t width, bool is_proof);
  void OpenUpTo(int64_t ns);
  void Settle(size_t width);
  int SettleState();
  bool AddState();
  bool Dominates(const uint64_t* a, const uint64_t* b) const;
  void Expand(size_t most);
  void Cover();
  void ClearStates();
  void ExpandState();
  void ExpandPending();
  bool IsWanted(int64_t value) const;
  void Move(const OpenOp& open, bool is_seen);

  void Unpack(const uint64_t* row);
  const uint64_t* Pack();
  void NoteStuck();

  SearchHistory history_;
  int64_t initial_;
  SearchLimits limits_;
  CountsTable counts_;
  size_t words_;  // for one bit per slot

  size_t level_ = 0;          // the front's number
  size_t called_ = 0;         // so many of history_.calls were invoked before the front returned
  std::vector<OpenOp> open_;  // by return: the front first
  int64_t relaxed_ns_ = -1;   // what was invoked up to here may be left out
  bool is_complete_ = true;   // no state was left out since the start
  // The slots of the open operations, by what they are: reads and failed compare-and-sets; those
  // that must be placed, and the front; those that may be covered.
  std::vector<uint64_t> reads_;
  std::vector<uint64_t> swaps_;
  std::vector<uint64_t> writes_;
  std::vector<const SearchOp*> in_slot_;

  RowTable states_;
  std::vector<uint8_t> dead_;  // by state: another one is as good or better
  // Only states that agree in the value and in what is placed of swaps_ and the pending ones can
  // dominate each other. Each such group is a list.
  RowTable state_groups_;
  std::vector<int32_t> group_head_;  // by group, its latest state
  std::vector<int32_t> group_next_;  // by state
  std::vector<uint64_t> group_row_;
  RowTable next_states_;
  std::vector<std::vector<uint64_t>> marks_;  // states on arrival, every so many levels

  State state_;  // being made or read
  State base_;   // being expanded
  std::vector<uint64_t> row_;
  std::vector<size_t> kind_seen_;  // in which expansion
  size_t expansion_ = 0;
  size_t stuck_level_ = 0;
  SearchResult result_;
};

Search::Search(const std::vector<SearchOp>& ops, int64_t initial, const SearchLimits& limits)
    : history_(ops),
      initial_(initial),
      limits_(limits),
      counts_(history_.groups.size()),
      words_((history_.slots + 63) / 64),
      reads_(words_),
      swaps_(words_),
      writes_(words_),
      in_slot_(history_.slots),
      states_(2 * words_ + 2),
      state_groups_(words_ + 2),
      group_row_(words_ + 2),
      next_states_(2 * words_ + 2),
      marks_(history_.ops.size() / limits.few_levels + 1),
      row_(2 * words_ + 2),
      kind_seen_(2 * history_.kinds) {}

const uint64_t* Search::Pack() {
  row_[0] = static_cast<uint64_t>(state_.value);
  row_[1] = static_cast<uint64_t>(state_.pending);
  std::copy(state_.placed.begin(), state_.placed.end(), row_.begin() + 2);
  std::copy(state_.covered.begin(), state_.covered.end(),
            row_.begin() + 2 + static_cast<std::ptrdiff_t>(words_));
  return row_.data();
}

void Search::Unpack(const uint64_t* row) {
  state_.value = static_cast<int64_t>(row[0]);
  state_.pending = static_cast<int32_t>(row[1]);
  std::copy_n(row + 2, words_, state_.placed.begin());
  std::copy_n(row + 2 + words_, words_, state_.covered.begin());
}

// ---- The levels.

// With the states that were kept there, or the first one.
void Search::StartAt(size_t level) {
  level_ = level;
  called_ = 0;
  open_.clear();
  relaxed_ns_ = -1;
  is_complete_ = level == 0;
  next_states_.Clear();
  if (level == 0) {
    state_ = {initial_, CountsTable::kZeros, std::vector<uint64_t>(words_),
              std::vector<uint64_t>(words_)};
    next_states_.Add(Pack());
    return;
  }
  const std::vector<uint64_t>& mark = marks_[level / limits_.few_levels];
  for (size_t i = 0; i < mark.size(); i += row_.size()) next_states_.Add(&mark[i]);
}

// With states that stand for all that are possible there: with any value that the operations up to
// `end` ask for, or another; all that overlaps the start may be placed or not, and all that is
// pending still be at hand.
void Search::StartAnywhere(size_t level, size_t end) {
  StartAt(0);
  if (level == 0) return;
  level_ = level;
  is_complete_ = true;
  relaxed_ns_ = history_.ops[level - 1].return_ns;
  std::vector<int64_t> values;
  for (size_t op : history_.calls) {
    if (history_.ops[op].invoke_ns > history_.ops[end].return_ns) break;
    if (op >= level) values.push_back(AskedOf(history_.ops[op]));
  }
  for (const PendingGroup& group : history_.groups) values.push_back(AskedOf(group.op));
  std::sort(values.begin(), values.end());
  int64_t other = 0;
  for (int64_t value : values) other += value == other ? 1 : 0;
  values.push_back(other);

  next_states_.Clear();
  for (size_t op : history_.calls) {
    if (history_.ops[op].invoke_ns > relaxed_ns_) break;
    if (op < level) continue;
    auto& bits = LeavesValue(history_.ops[op]) ? state_.placed : state_.covered;
    bits[history_.slot[op] / 64] |= uint64_t{1} << history_.slot[op] % 64;
  }
  for (int64_t value : values) {
    state_.value = value;
    next_states_.Add(Pack());
  }
}

// From level_ up to `end`, at most `width` states of each level.
Search::Way Search::Walk(size_t end, size_t width, bool is_proof) {
  while (level_ < end) {
    OpenUpTo(history_.ops[level_].return_ns);
    Settle(std::min(width, limits_.most_at_once));
    if (!is_proof && level_ % limits_.few_levels == 0) {
      marks_[level_ / limits_.few_levels].assign(states_.Row(0),
                                                 states_.Row(0) + states_.size() * row_.size());
    }
    Expand(std::min(is_proof ? width : width * 16, limits_.most_at_once));
    result_.states += static_cast<int64_t>(states_.size());
    if (is_proof && !is_complete_) return Way::kStopped;
    if (next_states_.size() == 0) return Way::kStuck;
    if (result_.states > limits_.most_states) return Way::kStopped;
    if (counts_.rows() > 8 * limits_.most_at_once) return Way::kStopped;
    open_.erase(open_.begin());
    ++level_;
  }
  return Way::kEnd;
}

void Search::OpenUpTo(int64_t ns) {
  for (; called_ < history_.calls.size(); ++called_) {
    const size_t op = history_.calls[called_];
    if (history_.ops[op].invoke_ns > ns) break;
    if (op < level_) continue;
    const auto place =
        std::upper_bound(open_.begin(), open_.end(), op,
                         [](size_t number, const OpenOp& open) { return number < open.number; });
    open_.insert(place, {history_.ops[op], op, history_.slot[op], history_.kind[op]});
  }
}

// Takes next_states_ over into states_.
void Search::Settle(size_t width) {
  for (auto* v : {&reads_, &swaps_, &writes_}) std::fill(v->begin(), v->end(), 0);
  for (const OpenOp& open : open_) {
    const bool may_be_covered = open.op.effect == Effect::kSet || open.op.invoke_ns <= relaxed_ns_;
    auto& bits = LeavesValue(open.op) ? reads_ : may_be_covered ? writes_ : swaps_;
    bits[open.slot / 64] |= uint64_t{1} << open.slot % 64;
    in_slot_[open.slot] = &history_.ops[open.number];
  }
  // What to do with the front is the question here: a state that has placed it is ahead.
  const size_t front = open_.front().slot;
  swaps_[front / 64] |= uint64_t{1} << front % 64;
  ClearStates();
  std::vector<std::pair<int, size_t>> order;
  for (size_t i = 0; i < next_states_.size(); ++i) {
    Unpack(next_states_.Row(i));
    const int score = SettleState();
    if (AddState()) order.push_back({-score, states_.size() - 1});
  }
  std::erase_if(order, [this](const auto& entry) { return dead_[entry.second] != 0; });
  if (order.size() <= width) return;

  is_complete_ = false;
  std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(width), order.end());
  next_states_.Clear();
  for (size_t i = 0; i < width; ++i) next_states_.Add(states_.Row(order[i].second));
  ClearStates();
  for (size_t i = 0; i < next_states_.size(); ++i) {
    Unpack(next_states_.Row(i));
    AddState();
  }
}

void Search::ClearStates() {
  states_.Clear();
  state_groups_.Clear();
  group_head_.clear();
  group_next_.clear();
  dead_.clear();
}

// False if another one is as good.
bool Search::AddState() {
  const uint64_t* row = Pack();
  group_row_[0] = row[0];
  group_row_[1] = row[1];
  for (size_t i = 0; i < words_; ++i) group_row_[2 + i] = row[2 + i] & swaps_[i];
  const auto group = static_cast<size_t>(state_groups_.Add(group_row_.data()));
  if (group == group_head_.size()) group_head_.push_back(-1);
  for (int32_t i = group_head_[group]; i >= 0; i = group_next_[static_cast<size_t>(i)]) {
    if (Dominates(states_.Row(static_cast<size_t>(i)), row)) return false;
  }
  for (int32_t i = group_head_[group]; i >= 0; i = group_next_[static_cast<size_t>(i)]) {
    if (Dominates(row, states_.Row(static_cast<size_t>(i)))) dead_[static_cast<size_t>(i)] = 1;
  }
  const int32_t made = states_.Add(row);
  dead_.push_back(0);
  group_next_.push_back(std::exchange(group_head_[group], made));
  return true;
}

// Whether all that can follow state `b` can follow `a`: no read is missing, and a write that is
// covered is better than one that is placed, for it can still be of use.
bool Search::Dominates(const uint64_t* a, const uint64_t* b) const {
  for (size_t i = 0; i < words_; ++i) {
    const uint64_t ap = a[2 + i], bp = b[2 + i], ac = a[2 + words_ + i], bc = b[2 + words_ + i];
    if ((bp & ~ap & reads_[i]) |
        (((bp & ~(ap | ac)) | (bc & ~ac) | (ap & ~(bp | bc))) & writes_[i])) {
      return false;
    }
  }
  return true;
}

// Places the reads that can be; returns how promising the state is: what must be placed is the
// hardest to place later, and a write at hand is worth as much.
int Search::SettleState() {
  int score = 0;
  for (size_t i = 0; i < words_; ++i) {
    uint64_t& placed = state_.placed[i];
    for (uint64_t left = reads_[i] & ~placed; left != 0; left &= left - 1) {
      const auto slot = static_cast<size_t>(std::countr_zero(left));
      if (Allows(*in_slot_[64 * i + slot], state_.value)) placed |= left & (~left + 1);
    }
    const uint64_t covered = state_.covered[i];
    score += std::popcount(placed & reads_[i]) + 4 * std::popcount(placed & swaps_[i]) +
             4 * std::popcount(covered) + 3 * std::popcount(writes_[i] & ~placed & ~covered);
  }
  return score;
}

// Each write that may come next may have come just before one that comes now.
void Search::Cover() {
  for (size_t i = 0; i < words_; ++i) state_.covered[i] |= writes_[i] & ~state_.placed[i];
}

void Search::Expand(size_t most) {
  next_states_.Clear();
  const size_t slot = open_.front().slot;
  for (size_t i = 0; i < states_.size(); ++i) {
    if (dead_[i] != 0) continue;
    Unpack(states_.Row(i));
    if (state_.IsPlaced(slot)) {
      state_.Forget(slot);
      next_states_.Add(Pack());
    } else if (states_.size() < most) {
      base_ = state_;
      ExpandState();
    } else {
      is_complete_ = false;
    }
  }
}

// Whether an operation that may come next depends on `value`.
bool Search::IsWanted(int64_t value) const {
  for (const OpenOp& open : open_) {
    if (open.op.effect == Effect::kSet || base_.IsPlaced(open.slot)) continue;
    if (Allows(open.op, value)) return true;
  }
  return std::binary_search(history_.asked_by_pending.begin(), history_.asked_by_pending.end(),
                            value);
}

void Search::ExpandState() {
  ++expansion_;
  const OpenOp& front = open_.front();
  if (base_.IsCovered(front.slot)) Move(front, false);
  for (const OpenOp& open : open_) {
    if (base_.IsPlaced(open.slot) || LeavesValue(open.op) || !Allows(open.op, base_.value)) {
      continue;
    }
    size_t& seen =
        kind_seen_[2 * open.kind +
                   (base_.IsCovered(open.slot) && open.op.effect == Effect::kSwap ? 1 : 0)];
    if (std::exchange(seen, expansion_) == expansion_) continue;
    if (&open != &front && open.op.effect == Effect::kSet && !IsWanted(open.op.value)) continue;
    Move(open, true);
  }
  ExpandPending();
}

void Search::Move(const OpenOp& open, bool is_seen) {
  state_ = base_;
  state_.Place(open.slot);
  if (is_seen) {
    state_.value = open.op.value;
    if (open.op.effect == Effect::kSet) Cover();
  }
  state_.covered[open.slot / 64] &= ~state_.placed[open.slot / 64];
  SettleState();
  AddState();
}

void Search::ExpandPending() {
  const int64_t now_ns = history_.ops[level_].return_ns;
  const PendingGroup* previous = nullptr;  // groups of one value follow each other
  bool is_wanted = false;
  for (size_t i = 0; i < history_.groups.size(); ++i) {
    const PendingGroup& group = history_.groups[i];
    if (history_.pending[group.begin].invoke_ns > now_ns || !Allows(group.op, base_.value)) {
      continue;
    }
    if (previous == nullptr || previous->op.value != group.op.value) {
      is_wanted = IsWanted(group.op.value);
      previous = &group;
    }
    if (!is_wanted) continue;
    const size_t next = group.begin + static_cast<size_t>(counts_.At(base_.pending, i));
    if (next == group.end || history_.pending[next].invoke_ns > now_ns) continue;
    state_ = base_;
    state_.value = group.op.value;
    state_.pending = counts_.WithOneMore(base_.pending, i);
    if (group.op.effect == Effect::kSet) Cover();
    SettleState();
    AddState();
  }
}

// ---- The search.

SearchResult Search::Run() {
  size_t width = limits_.few_states;
  size_t reach = limits_.few_levels;
  size_t end = history_.ops.size();
  StartAt(0);
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
    const size_t stuck = level_;
    const bool is_impossible =
        way == Way::kStuck && (is_complete_ || history_.AsksForUngivenValue(initial_) ||
                               IsImpossible(stuck, reach, width));
    if (is_impossible) {
      result_.answer = Answer::kNotLinearizable;
      return std::move(result_);
    }
    if (way == Way::kStopped || result_.states > limits_.most_states ||
        width * 16 > limits_.most_at_once) {
      result_.answer = Answer::kUndecided;
      return std::move(result_);
    }

    width *= 4;
    reach *= 2;
    end = std::min(history_.ops.size(), stuck + reach);
    StartAt(stuck < reach ? 0 : (stuck - reach) / limits_.few_levels * limits_.few_levels);
  }
}

// A short way is cheap, but a start further back leaves less open.
bool Search::IsImpossible(size_t stuck, size_t reach, size_t width) {
  const size_t most = std::min(limits_.most_at_once, width * 64);
  const int64_t stop = result_.states + static_cast<int64_t>(2 * width * reach);
  for (size_t back = std::min<size_t>(4, reach); back <= reach && result_.states < stop;
       back *= 4) {
    StartAnywhere(stuck < back ? 0 : stuck - back, stuck);
    if (Walk(stuck + 1, most, true) == Way::kStuck) return true;
  }
  return false;
}

void Search::NoteStuck() {
  if (level_ < stuck_level_ && result_.placed > 0) return;
  stuck_level_ = level_;
  Unpack(states_.Row(0));
  result_.value = state_.value;
  result_.placed = level_;
  result_.stuck.clear();
  for (const OpenOp& open : open_) {
    if (state_.IsPlaced(open.slot)) {
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
