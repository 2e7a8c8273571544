#include "common/check/search_level.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

namespace rcb {

SearchLevel::SearchLevel(const SearchHistory& history, int64_t initial)
    : history_(history),
      initial_(initial),
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
      row_(2 * words_ + 2),
      kind_seen_(2 * history_.kinds) {
  StartAtFirst();
}

const uint64_t* SearchLevel::Pack() {
  row_[0] = static_cast<uint64_t>(state_.value);
  row_[1] = static_cast<uint64_t>(state_.pending);
  std::copy(state_.placed.begin(), state_.placed.end(), row_.begin() + 2);
  std::copy(state_.covered.begin(), state_.covered.end(),
            row_.begin() + 2 + static_cast<std::ptrdiff_t>(words_));
  return row_.data();
}

void SearchLevel::Unpack(const uint64_t* row) {
  state_.value = static_cast<int64_t>(row[0]);
  state_.pending = static_cast<int32_t>(row[1]);
  std::copy_n(row + 2, words_, state_.placed.begin());
  std::copy_n(row + 2 + words_, words_, state_.covered.begin());
}

// ---- Where a walk starts.

void SearchLevel::Clear(size_t level) {
  level_ = level;
  called_ = 0;
  open_.clear();
  relaxed_ns_ = -1;
  is_complete_ = true;
  next_states_.Clear();
}

void SearchLevel::StartAtFirst() {
  Clear(0);
  state_ = {initial_, CountsTable::kZeros, std::vector<uint64_t>(words_),
            std::vector<uint64_t>(words_)};
  next_states_.Add(Pack());
}

void SearchLevel::StartAt(size_t level, const std::vector<uint64_t>& states) {
  Clear(level);
  is_complete_ = false;
  for (size_t i = 0; i < states.size(); i += row_.size()) next_states_.Add(&states[i]);
  steps_ += static_cast<int64_t>(states.size());
}

void SearchLevel::StartAnywhere(size_t level, size_t end) {
  StartAtFirst();
  if (level == 0) return;
  level_ = level;
  relaxed_ns_ = history_.ops[level - 1].return_ns;
  std::vector<int64_t> values;
  for (size_t op : history_.calls) {
    if (history_.ops[op].invoke_ns > history_.ops[end].return_ns) break;
    if (op >= level) values.push_back(AskedOf(history_.ops[op]));
  }
  for (const PendingGroup& group : history_.groups) values.push_back(AskedOf(group.op));
  steps_ += static_cast<int64_t>(history_.calls.size() + values.size() * row_.size());
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

// ---- How the states that arrive at a level become those that go on from there.

void SearchLevel::Open() {
  const int64_t return_ns = history_.ops[level_].return_ns;
  const auto open_before = static_cast<std::ptrdiff_t>(open_.size());
  for (; called_ < history_.calls.size(); ++called_) {
    const size_t op = history_.calls[called_];
    if (history_.ops[op].invoke_ns > return_ns) break;
    ++steps_;
    if (op < level_) continue;
    open_.push_back({history_.ops[op], op, history_.slot[op], history_.kind[op]});
  }
  const auto by_return = [](const OpenOp& a, const OpenOp& b) { return a.number < b.number; };
  std::sort(open_.begin() + open_before, open_.end(), by_return);
  std::inplace_merge(open_.begin(), open_.begin() + open_before, open_.end(), by_return);
  steps_ += static_cast<int64_t>(open_.size());
}

// Says of each slot what is open there.
void SearchLevel::SortSlots() {
  for (auto* v : {&reads_, &swaps_, &writes_}) std::fill(v->begin(), v->end(), 0);
  for (const OpenOp& open : open_) {
    const bool may_be_covered = open.op.effect == Effect::kSet || open.op.invoke_ns <= relaxed_ns_;
    auto& bits = LeavesValue(open.op) ? reads_ : may_be_covered ? writes_ : swaps_;
    bits[open.slot / 64] |= uint64_t{1} << open.slot % 64;
    in_slot_[open.slot] = &history_.ops[open.number];
  }
  // The question here is what to do with the front: a state that has placed it is ahead.
  const size_t front = open_.front().slot;
  swaps_[front / 64] |= uint64_t{1} << front % 64;
}

void SearchLevel::Settle(size_t max_states) {
  Open();
  SortSlots();
  ClearStates();
  std::vector<std::pair<int, size_t>> order;
  for (size_t i = 0; i < next_states_.size(); ++i) {
    Unpack(next_states_.Row(i));
    const int score = PlaceReads();
    if (AddState()) order.push_back({-score, states_.size() - 1});
  }
  std::erase_if(order, [this](const auto& entry) { return dead_[entry.second] != 0; });
  if (order.size() > max_states) KeepBest(max_states, &order);
}

// `order` holds the states that are not dead, with scores that are the lower the better they are.
void SearchLevel::KeepBest(size_t max_states, std::vector<std::pair<int, size_t>>* order) {
  is_complete_ = false;
  std::nth_element(order->begin(), order->begin() + static_cast<std::ptrdiff_t>(max_states),
                   order->end());
  next_states_.Clear();
  for (size_t i = 0; i < max_states; ++i) next_states_.Add(states_.Row((*order)[i].second));
  ClearStates();
  for (size_t i = 0; i < next_states_.size(); ++i) {
    Unpack(next_states_.Row(i));
    AddState();
  }
}

void SearchLevel::ClearStates() {
  states_.Clear();
  state_groups_.Clear();
  group_head_.clear();
  group_next_.clear();
  dead_.clear();
}

// Returns false if another state is as good, or if it is time to stop.
bool SearchLevel::AddState() {
  if (is_stopped() && states_.size() > 0) return false;
  steps_ += static_cast<int64_t>(row_.size());
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
bool SearchLevel::Dominates(const uint64_t* a, const uint64_t* b) {
  for (size_t i = 0; i < words_; ++i) {
    ++steps_;
    const uint64_t ap = a[2 + i], bp = b[2 + i], ac = a[2 + words_ + i], bc = b[2 + words_ + i];
    if ((bp & ~ap & reads_[i]) |
        (((bp & ~(ap | ac)) | (bc & ~ac) | (ap & ~(bp | bc))) & writes_[i])) {
      return false;
    }
  }
  return true;
}

// Places the reads that can be, and returns how promising the state is: what must be placed is the
// hardest to place later, and a write at hand is worth as much.
int SearchLevel::PlaceReads() {
  int score = 0;
  for (size_t i = 0; i < words_; ++i) {
    ++steps_;
    uint64_t& placed = state_.placed[i];
    for (uint64_t left = reads_[i] & ~placed; left != 0; left &= left - 1) {
      ++steps_;
      const auto slot = static_cast<size_t>(std::countr_zero(left));
      if (Allows(*in_slot_[64 * i + slot], state_.value)) placed |= left & (~left + 1);
    }
    const uint64_t covered = state_.covered[i];
    score += std::popcount(placed & reads_[i]) + 4 * std::popcount(placed & swaps_[i]) +
             4 * std::popcount(covered) + 3 * std::popcount(writes_[i] & ~placed & ~covered);
  }
  return score;
}

void SearchLevel::Expand(size_t max_states) {
  next_states_.Clear();
  const size_t slot = open_.front().slot;
  for (size_t i = 0; i < states_.size() && !is_stopped(); ++i) {
    if (dead_[i] != 0) continue;
    Unpack(states_.Row(i));
    if (state_.IsPlaced(slot)) {
      state_.Forget(slot);
      next_states_.Add(Pack());
    } else if (states_.size() < max_states) {
      base_ = state_;
      ExpandState();
    } else {
      is_complete_ = false;
    }
  }
}

// Whether an operation that may come next depends on `value`.
bool SearchLevel::IsWanted(int64_t value) {
  for (const OpenOp& open : open_) {
    ++steps_;
    if (open.op.effect == Effect::kSet || base_.IsPlaced(open.slot)) continue;
    if (Allows(open.op, value)) return true;
  }
  return std::binary_search(history_.asked_by_pending.begin(), history_.asked_by_pending.end(),
                            value);
}

void SearchLevel::ExpandState() {
  ++expansion_;
  const OpenOp& front = open_.front();
  if (base_.IsCovered(front.slot)) Move(front, false);
  for (const OpenOp& open : open_) {
    ++steps_;
    if (is_stopped()) return;
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

void SearchLevel::Move(const OpenOp& open, bool is_seen) {
  state_ = base_;
  state_.Place(open.slot);
  if (is_seen) {
    state_.value = open.op.value;
    if (open.op.effect == Effect::kSet) Cover();
  }
  state_.covered[open.slot / 64] &= ~state_.placed[open.slot / 64];
  PlaceReads();
  AddState();
}

// Each write that may come next may have come just before one that comes now.
void SearchLevel::Cover() {
  for (size_t i = 0; i < words_; ++i) state_.covered[i] |= writes_[i] & ~state_.placed[i];
}

void SearchLevel::ExpandPending() {
  const int64_t now_ns = history_.ops[level_].return_ns;
  const PendingGroup* previous = nullptr;  // groups of one value follow each other
  bool is_wanted = false;
  for (size_t i = 0; i < history_.groups.size() && !is_stopped(); ++i) {
    ++steps_;
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
    PlaceReads();
    AddState();
  }
}

void SearchLevel::Advance() {
  open_.erase(open_.begin());
  ++level_;
}

std::vector<uint64_t> SearchLevel::AllStates() const {
  return {states_.Row(0), states_.Row(0) + states_.size() * row_.size()};
}

const SearchState& SearchLevel::FirstState() {
  Unpack(states_.Row(0));
  return state_;
}

}  // namespace rcb
