// The acknowledged operations that a search in depth may choose from, level by level. The level is
// the number of acknowledged operations that have returned: linearizability_search.h. Only
// search_depth_first.cc uses it.

#ifndef RCB_COMMON_CHECK_SEARCH_OPEN_H_
#define RCB_COMMON_CHECK_SEARCH_OPEN_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/check/search_history.h"

namespace rcb {

// The operations that are open at a level: those that are numbered from it on and were invoked
// before the first of them, the front, returned. It moves to and fro, in steps that cost what opens
// or closes, and what is open. Not thread-safe.
class SearchOpen {
 public:
  // `history` must outlive it. It begins at level 0.
  explicit SearchOpen(const SearchHistory& history);

  // Moves to `level`, which may be the number of all operations: then none is open.
  void GoTo(size_t level);

  size_t level() const { return level_; }
  bool is_end() const { return level_ == history_.ops.size(); }
  // When the front returned: what was invoked later may not come yet. Not at the end.
  int64_t now_ns() const { return history_.ops[level_].return_ns; }
  size_t front_slot() const { return history_.slot[level_]; }

  // By number, the front last.
  const std::vector<uint32_t>& numbers() const { return numbers_; }
  const SearchOp& InSlot(size_t slot) const { return history_.ops[in_slot_[slot]]; }
  // One bit for each slot: what leaves the value, compare-and-sets, and writes.
  const std::vector<uint64_t>& reads() const { return bits_[0]; }
  const std::vector<uint64_t>& swaps() const { return bits_[1]; }
  const std::vector<uint64_t>& writes() const { return bits_[2]; }

  // How much work it took, in looks at an operation.
  int64_t steps() const { return steps_; }

 private:
  void Forward();
  void Back();
  void OpenCalls();
  void Flip(size_t number);

  const SearchHistory& history_;
  size_t level_ = 0;
  size_t called_ = 0;  // so many of history_.calls are open or were
  std::vector<uint32_t> numbers_;
  std::vector<uint32_t> in_slot_;
  std::vector<uint64_t> bits_[3];
  int64_t steps_ = 0;
};

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_SEARCH_OPEN_H_
