#include "common/check/search_seen.h"

#include <algorithm>

namespace rcb {

SeenStates::SeenStates(size_t words, const CountsTable* counts)
    : words_(words), counts_(*counts), groups_(words + 2), row_(row_words()), group_(words + 2) {}

bool SeenStates::Add(const SearchOpen& open, const SeenState& state) {
  row_[0] = open.level();
  row_[1] = static_cast<uint64_t>(state.value);
  row_[2] = static_cast<uint64_t>(state.pending);
  std::copy(state.placed.begin(), state.placed.end(), row_.begin() + 3);
  std::copy(state.covered.begin(), state.covered.end(),
            row_.begin() + 3 + static_cast<std::ptrdiff_t>(words_));
  group_[0] = row_[0];
  group_[1] = row_[1];
  for (size_t i = 0; i < words_; ++i) group_[2 + i] = state.placed[i] & open.swaps()[i];
  steps_ += static_cast<int64_t>(row_words());

  const auto group = static_cast<size_t>(groups_.Add(group_.data()));
  if (group == head_.size()) head_.push_back(-1);
  for (int32_t i = head_[group]; i >= 0; i = next_[static_cast<size_t>(i)]) {
    if (Dominates(open, Row(static_cast<size_t>(i)), row_.data())) return false;
  }
  for (int32_t* link = &head_[group]; *link >= 0;) {
    const auto other = static_cast<size_t>(*link);
    if (Dominates(open, row_.data(), Row(other))) {
      *link = next_[other];
    } else {
      link = &next_[other];
    }
  }
  rows_.insert(rows_.end(), row_.begin(), row_.end());
  next_.push_back(head_[group]);
  head_[group] = static_cast<int32_t>(next_.size() - 1);
  return true;
}

// Whether all that can follow state `b` can follow `a`: no read is missing, no more of the pending
// ones are used, and a write that is covered is better than one that is placed.
bool SeenStates::Dominates(const SearchOpen& open, const uint64_t* a, const uint64_t* b) {
  for (size_t i = 0; i < words_; ++i) {
    ++steps_;
    const uint64_t a_placed = a[3 + i];
    const uint64_t b_placed = b[3 + i];
    const uint64_t a_covered = a[3 + words_ + i];
    const uint64_t b_covered = b[3 + words_ + i];
    const uint64_t worse_writes = (b_placed & ~(a_placed | a_covered)) | (b_covered & ~a_covered) |
                                  (a_placed & ~(b_placed | b_covered));
    if ((b_placed & ~a_placed & open.reads()[i]) | (worse_writes & open.writes()[i])) return false;
  }
  return counts_.IsAtMost(static_cast<int32_t>(a[2]), static_cast<int32_t>(b[2]), &steps_);
}

size_t SeenStates::Read(size_t number, SeenState* state) const {
  const uint64_t* row = Row(number);
  state->value = static_cast<int64_t>(row[1]);
  state->pending = static_cast<int32_t>(row[2]);
  std::copy_n(row + 3, words_, state->placed.begin());
  std::copy_n(row + 3 + words_, words_, state->covered.begin());
  return static_cast<size_t>(row[0]);
}

size_t SeenStates::bytes() const {
  constexpr size_t kWord = sizeof(uint64_t);
  return rows_.size() * kWord + groups_.bytes() + (head_.size() + next_.size()) * sizeof(int32_t);
}

}  // namespace rcb
