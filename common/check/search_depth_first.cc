#include "common/check/search_depth_first.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <random>
#include <utility>
#include <vector>

#include "common/check/row_table.h"
#include "common/check/search_open.h"
#include "common/check/search_seen.h"

namespace rcb {
namespace {

class DepthFirstSearch {
 public:
  DepthFirstSearch(const SearchHistory& history, int64_t initial, const SearchLimits& limits);

  SearchResult Run();

 private:
  // What may come next: an acknowledged operation by its number; behind these, a pending group; and
  // last, that the front, which is covered, was hidden by another write.
  using Move = uint32_t;
  // A state on the way; its moves that are not yet tried are those up to the next one's.
  struct Frame {
    uint32_t state = 0;
    size_t moves_begin = 0;
  };

  int64_t steps() const { return steps_ + open_.steps() + seen_.steps(); }
  bool IsOverLimit() const;
  bool IsPlaced(size_t slot) const { return (state_.placed[slot / 64] >> slot % 64 & 1) != 0; }
  void Arrive();
  void PlaceReads();
  void Make(Move move);
  void Enter();
  void Leave();
  void NoteStuck();

  void FindWanted();
  bool IsWanted(int64_t value) const;
  void AddMoves();
  void AddPendingWrites();
  void AddPendingSwaps();
  void AddPendingMove(size_t group);
  void Shuffle(size_t begin);
  void AddAcknowledged();

  const SearchHistory& history_;
  SearchLimits limits_;
  SearchOpen open_;
  CountsTable counts_;
  SeenStates seen_;
  SeenState state_;
  std::vector<Frame> frames_;
  std::vector<Move> moves_;

  std::vector<size_t> pending_swaps_;  // groups, sorted by what they expect
  std::vector<size_t> pending_writes_;
  std::vector<size_t> feeding_writes_;  // pending writes of what pending swaps expect
  // What the open operations ask for; all values but the present one if is_other_wanted_.
  std::vector<int64_t> wanted_;
  bool is_other_wanted_ = false;
  std::vector<size_t> kind_seen_;  // by kind: the state that had such a move last
  size_t entered_ = 0;
  std::minstd_rand random_;

  int64_t steps_ = 0;
  size_t stuck_level_ = 0;
  SearchResult result_;
};

DepthFirstSearch::DepthFirstSearch(const SearchHistory& history, int64_t initial,
                                   const SearchLimits& limits)
    : history_(history),
      limits_(limits),
      open_(history),
      counts_(history.groups.size()),
      seen_((history.slots + 63) / 64, &counts_),
      kind_seen_(history.kinds),
      random_(limits.seed + 1) {
  const size_t words = (history.slots + 63) / 64;
  state_ = {initial, CountsTable::kZeros, std::vector<uint64_t>(words),
            std::vector<uint64_t>(words)};
  for (size_t i = 0; i < history_.groups.size(); ++i) {
    const SearchOp& op = history_.groups[i].op;
    (op.effect == Effect::kSwap ? pending_swaps_ : pending_writes_).push_back(i);
  }
  const auto expected = [this](size_t i) { return history_.groups[i].op.expected; };
  std::stable_sort(pending_swaps_.begin(), pending_swaps_.end(),
                   [&](size_t a, size_t b) { return expected(a) < expected(b); });
  std::copy_if(pending_writes_.begin(), pending_writes_.end(), std::back_inserter(feeding_writes_),
               [this](size_t i) { return history_.IsAskedByPending(history_.groups[i].op.value); });
}

SearchResult DepthFirstSearch::Run() {
  result_.answer = Answer::kUndecided;
  Arrive();
  Enter();
  while (!open_.is_end() && !frames_.empty() && !IsOverLimit()) {
    if (moves_.size() == frames_.back().moves_begin) {
      Leave();
      continue;
    }
    const Move move = moves_.back();
    moves_.pop_back();
    open_.GoTo(seen_.Read(frames_.back().state, &state_));
    Make(move);
    Arrive();
    Enter();
  }
  if (open_.is_end()) {
    result_.answer = Answer::kLinearizable;
  } else if (frames_.empty()) {
    result_.answer = Answer::kNotLinearizable;
  }
  if (result_.answer == Answer::kUndecided) NoteStuck();
  result_.steps = steps();
  return std::move(result_);
}

bool DepthFirstSearch::IsOverLimit() const {
  return steps() > limits_.max_steps ||
         seen_.bytes() + counts_.bytes() + moves_.size() * sizeof(Move) > limits_.max_bytes;
}

// ---- States.

// Places the reads that can be, and goes on while the front is placed.
void DepthFirstSearch::Arrive() {
  while (!open_.is_end()) {
    PlaceReads();
    const size_t slot = open_.front_slot();
    if (!IsPlaced(slot)) return;
    state_.placed[slot / 64] &= ~(uint64_t{1} << slot % 64);
    state_.covered[slot / 64] &= ~(uint64_t{1} << slot % 64);
    open_.GoTo(open_.level() + 1);
  }
}

void DepthFirstSearch::PlaceReads() {
  for (size_t i = 0; i < state_.placed.size(); ++i) {
    ++steps_;
    uint64_t& placed = state_.placed[i];
    for (uint64_t left = open_.reads()[i] & ~placed; left != 0; left &= left - 1) {
      ++steps_;
      const auto slot = static_cast<size_t>(std::countr_zero(left));
      if (Allows(open_.InSlot(64 * i + slot), state_.value)) placed |= left & (~left + 1);
    }
  }
}

void DepthFirstSearch::Make(Move move) {
  const size_t group = move - history_.ops.size();
  const bool is_hidden = group == history_.groups.size();
  const bool is_pending = move >= history_.ops.size() && !is_hidden;
  const SearchOp& op =
      is_pending ? history_.groups[group].op : history_.ops[is_hidden ? open_.level() : move];
  if (is_pending) {
    state_.pending = counts_.WithOneMore(state_.pending, group);
  } else {
    const size_t slot = is_hidden ? open_.front_slot() : history_.slot[move];
    state_.placed[slot / 64] |= uint64_t{1} << slot % 64;
  }
  if (!is_hidden) state_.value = op.value;
  steps_ += static_cast<int64_t>(state_.placed.size());
  for (size_t i = 0; i < state_.placed.size(); ++i) {
    // Each write that may come next may have come just before one that comes now.
    if (!is_hidden && op.effect == Effect::kSet) state_.covered[i] |= open_.writes()[i];
    state_.covered[i] &= ~state_.placed[i];
  }
}

void DepthFirstSearch::Enter() {
  if (open_.is_end() || !seen_.Add(open_, state_)) return;
  ++result_.states;
  frames_.push_back({static_cast<uint32_t>(seen_.size() - 1), moves_.size()});
  AddMoves();
}

void DepthFirstSearch::Leave() {
  const size_t level = seen_.LevelOf(frames_.back().state);
  if (result_.stuck.empty() || level > stuck_level_) {
    open_.GoTo(seen_.Read(frames_.back().state, &state_));
    NoteStuck();
  }
  frames_.pop_back();
}

void DepthFirstSearch::NoteStuck() {
  if (!result_.stuck.empty() && open_.level() <= stuck_level_) return;
  stuck_level_ = open_.level();
  result_.value = state_.value;
  result_.placed = open_.level();
  result_.stuck.clear();
  for (auto number = open_.numbers().rbegin(); number != open_.numbers().rend(); ++number) {
    if (IsPlaced(history_.slot[*number])) {
      ++result_.placed;
    } else {
      result_.stuck.push_back(history_.input_of[*number]);
    }
  }
}

// ---- What may come next. The latest added is tried first.

void DepthFirstSearch::AddMoves() {
  ++entered_;
  FindWanted();
  const size_t begin = moves_.size();
  AddPendingWrites();
  AddPendingSwaps();
  Shuffle(begin);
  AddAcknowledged();
}

void DepthFirstSearch::FindWanted() {
  wanted_.clear();
  is_other_wanted_ = false;
  for (uint32_t number : open_.numbers()) {
    const SearchOp& op = history_.ops[number];
    if (op.effect == Effect::kSet || IsPlaced(history_.slot[number])) continue;
    if (op.effect == Effect::kIsNot) {
      is_other_wanted_ = true;  // any other value would have let it be placed
    } else {
      wanted_.push_back(AskedOf(op));
    }
  }
  std::sort(wanted_.begin(), wanted_.end());
  wanted_.erase(std::unique(wanted_.begin(), wanted_.end()), wanted_.end());
  steps_ += 2 * static_cast<int64_t>(open_.numbers().size());
}

// Whether an operation that may come next depends on `value`.
bool DepthFirstSearch::IsWanted(int64_t value) const {
  return (is_other_wanted_ && value != state_.value) ||
         std::binary_search(wanted_.begin(), wanted_.end(), value) ||
         history_.IsAskedByPending(value);
}

void DepthFirstSearch::AddPendingWrites() {
  if (is_other_wanted_) {
    for (size_t group : pending_writes_) AddPendingMove(group);
    return;
  }
  for (size_t group : feeding_writes_) AddPendingMove(group);
  for (int64_t value : wanted_) {
    const size_t group = history_.PendingWriteOf(value);
    const bool is_added = group == history_.groups.size() || history_.IsAskedByPending(value);
    if (!is_added) AddPendingMove(group);
  }
}

void DepthFirstSearch::AddPendingSwaps() {
  auto group = std::partition_point(pending_swaps_.begin(), pending_swaps_.end(), [this](size_t i) {
    return history_.groups[i].op.expected < state_.value;
  });
  for (; group != pending_swaps_.end(); ++group) {
    if (history_.groups[*group].op.expected != state_.value) break;
    if (IsWanted(history_.groups[*group].op.value)) AddPendingMove(*group);
  }
}

void DepthFirstSearch::AddPendingMove(size_t group) {
  ++steps_;
  const PendingGroup& pending = history_.groups[group];
  const size_t next = pending.begin + static_cast<size_t>(counts_.At(state_.pending, group));
  if (next == pending.end || history_.pending[next].invoke_ns > open_.now_ns()) return;
  moves_.push_back(static_cast<Move>(history_.ops.size() + group));
}

// Puts the moves from `begin` on into an order drawn at random, by R. Fisher and F. Yates, 1938.
void DepthFirstSearch::Shuffle(size_t begin) {
  for (size_t i = moves_.size(); i > begin + 1; --i) {
    std::swap(moves_[i - 1], moves_[begin + random_() % (i - begin)]);
  }
}

// The front is tried first, then what returns soonest.
void DepthFirstSearch::AddAcknowledged() {
  const size_t begin = moves_.size();
  const size_t front = open_.level();
  for (auto number = open_.numbers().rbegin(); number != open_.numbers().rend(); ++number) {
    ++steps_;
    const SearchOp& op = history_.ops[*number];
    if (IsPlaced(history_.slot[*number]) || LeavesValue(op) || !Allows(op, state_.value)) continue;
    if (std::exchange(kind_seen_[history_.kind[*number]], entered_) == entered_) continue;
    if (*number != front && op.effect == Effect::kSet && !IsWanted(op.value)) continue;
    moves_.push_back(*number);
  }
  std::reverse(moves_.begin() + static_cast<std::ptrdiff_t>(begin), moves_.end());
  const size_t slot = open_.front_slot();
  if ((state_.covered[slot / 64] >> slot % 64 & 1) != 0) {
    moves_.push_back(static_cast<Move>(history_.ops.size() + history_.groups.size()));
  }
}

}  // namespace

SearchResult SearchDepthFirst(const SearchHistory& history, int64_t initial,
                              const SearchLimits& limits) {
  return DepthFirstSearch(history, initial, limits).Run();
}

}  // namespace rcb
