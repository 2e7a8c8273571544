// The operations of one register, ordered for the search of linearizability_search.h.

#ifndef RCB_COMMON_CHECK_SEARCH_HISTORY_H_
#define RCB_COMMON_CHECK_SEARCH_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rcb {

// What an operation demands of the register's value and what it leaves there.
enum class Effect : uint8_t {
  kIs,     // the value is `value`: a read
  kIsNot,  // the value is not `value`: a compare-and-set that found another one
  kSet,    // the value becomes `value`: a write
  kSwap,   // the value is `expected`, and becomes `value`: a compare-and-set that did
};

// An operation on a register as the search sees it.
struct SearchOp {
  int64_t invoke_ns = 0;
  int64_t return_ns = 0;  // INT64_MAX says that the operation is pending and may be left out
  int64_t value = 0;
  int64_t expected = 0;  // kSwap
  Effect effect = Effect::kIs;
};

// Whether `op` may come next where the register holds `value`.
bool Allows(const SearchOp& op, int64_t value);

// Whether `op` is a read, or a compare-and-set that found another value.
bool LeavesValue(const SearchOp& op);

// The value that `op` depends on; it is any value if `op` depends on none.
int64_t AskedOf(const SearchOp& op);

// Pending operations of one effect, sorted by invocation: the first that is not yet placed is as
// good as any.
struct PendingGroup {
  SearchOp op;
  size_t begin = 0;  // in SearchHistory::pending
  size_t end = 0;
};

// Immutable once made; any thread.
struct SearchHistory {
  // Takes operations in any order.
  explicit SearchHistory(const std::vector<SearchOp>& input);

  // Whether an operation depends on a value that neither one invoked before its return leaves nor
  // the register held at first. The search would find that out, too, but late where much is pending
  // or may come next.
  bool AsksForUngivenValue(int64_t initial) const;

  // Whether a pending compare-and-set expects `value`.
  bool IsAskedByPending(int64_t value) const;
  // The group of the pending writes of `value`; as many as there are groups if there is none.
  size_t PendingWriteOf(int64_t value) const;

  std::vector<SearchOp> ops;  // acknowledged and sorted by return: their places are their numbers
  std::vector<size_t> input_of;  // by number: the place in the input
  std::vector<size_t> calls;     // the numbers, sorted by invocation
  std::vector<size_t> slot;      // by number: operations that overlap have different ones
  size_t slots = 0;
  std::vector<size_t> kind;  // by number: operations of the same effect have the same
  size_t kinds = 0;
  std::vector<SearchOp> pending;  // sorted by effect, then by invocation
  std::vector<PendingGroup> groups;
  std::vector<int64_t> asked_by_pending;  // what pending compare-and-sets expect, sorted

 private:
  void NumberByReturn(const std::vector<SearchOp>& input);
  void GroupPending();
  void AssignSlots();
  void NumberKinds();
};

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_SEARCH_HISTORY_H_
