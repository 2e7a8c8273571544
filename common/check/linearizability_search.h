// The search for an order of the operations on one register that each takes effect between its
// invocation and its return: the core of linearizability.h, where the papers are named.
//
// Just-in-time linearization: the acknowledged operations are taken in the order of their returns,
// and at each level one of them, the front, must be placed, if need be behind others that overlap
// its return. What is left to do depends on a state: the register's value, and which operations are
// placed of those that overlap the front's return and of the pending ones. The search keeps the set
// of all states of a level, or, to be fast, the most promising ones: where these lead nowhere it
// goes back some levels and keeps more. One order is a proof of linearizability. The proof that
// there is none needs all states of some levels, from the first one or from any on: for then
// whatever might have been placed, or not, and any value, serves as a start. States are small,
// because operations that overlap have a slot each, which is reused after their return: a bit of
// the state per slot.
//
// Five rules spare most of the states:
//   - What leaves the value as it is, such as a read, is placed as soon as it can be.
//   - Of the operations of one effect that may come next, only the one that returns first is tried:
//     in every order that has another one in its place, the two may be swapped.
//   - A write that nothing needs may have come just before any other write that it overlaps: when a
//     write is placed, all others that may come next are covered, and at their return need no place
//     of their own.
//   - Otherwise writes and pending operations are placed only where what comes next depends on
//     their value, or at their return.
//   - A state is dropped for one that has the same value and the same swaps placed, and else at
//   least
//     as much placed, or covered.

#ifndef RCB_COMMON_CHECK_LINEARIZABILITY_SEARCH_H_
#define RCB_COMMON_CHECK_LINEARIZABILITY_SEARCH_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace rcb {

// What an operation demands of the register's value and what it leaves there.
enum class Effect : uint8_t {
  kIs,     // the value is `value`: a read
  kIsNot,  // the value is not `value`: a compare-and-set that found another one
  kSet,    // becomes `value`: a write
  kSwap,   // is `expected`, becomes `value`: a compare-and-set that did
};

// Numbers equal rows of a fixed count of words: the first 0, the next 1, and so on. Not
// thread-safe; up to 2^31 rows.
class RowTable {
 public:
  explicit RowTable(size_t words) : words_(words), buckets_(16, kEmpty) {}

  // The number of `row`, which is added if need be.
  int32_t Add(const uint64_t* row);

  const uint64_t* Row(size_t number) const { return rows_.data() + number * words_; }
  size_t size() const { return static_cast<size_t>(size_); }
  void Clear();

 private:
  static constexpr int32_t kEmpty = -1;

  size_t BucketOf(const uint64_t* row) const;
  void Grow();

  size_t words_;
  int32_t size_ = 0;
  std::vector<uint64_t> rows_;
  std::vector<int32_t> buckets_;  // a power of two of them, at most half of them used
};

// Arrays of `length` counts, equal ones under one number: binary trees that share their parts, so
// that an array costs no more than log2(length) rows beyond the one that it was made from. Not
// thread-safe.
class CountsTable {
 public:
  static constexpr int32_t kZeros = 0;  // the array of which all others are made

  explicit CountsTable(size_t length);

  int64_t At(int32_t counts, size_t index) const;

  size_t rows() const { return nodes_.size(); }

  // The number of the array that is one higher at `index`.
  int32_t WithOneMore(int32_t counts, size_t index) { return WithOneMore(counts, width_, index); }

 private:
  int32_t WithOneMore(int32_t node, size_t width, size_t index);

  size_t width_;    // a power of two
  RowTable nodes_;  // two halves, each a node, or one count; the first is zeros of any width
};

// An operation on a register as the search sees it.
struct SearchOp {
  int64_t invoke_ns = 0;
  int64_t return_ns = 0;  // of pending operations INT64_MAX: they may be left out
  int64_t value = 0;
  int64_t expected = 0;  // kSwap
  Effect effect = Effect::kIs;
};

enum class Answer : uint8_t { kLinearizable, kNotLinearizable, kUndecided };

struct SearchLimits {
  int64_t most_states = 0;  // looked at, in all
  size_t most_at_once = 0;  // kept of one level
  // How many states of a level are kept, and how many levels the search goes back, to begin with:
  // any numbers lead to the same answer, if there is one.
  size_t few_states = 16;
  size_t few_levels = 64;
};

struct SearchResult {
  Answer answer = Answer::kLinearizable;
  int64_t states = 0;  // looked at
  // Unless kLinearizable, of one of the orders that got furthest: the value at its end, how many
  // acknowledged operations it has, and which might come next but for the value, by their
  // places in the input; the one that had to is in front.
  int64_t value = 0;
  size_t placed = 0;
  std::vector<size_t> stuck;
};

// Searches `ops`, in any order, on a register that holds `initial` before them. kUndecided if a
// limit did not suffice. Pending operations are kSet or kSwap. Any thread.
SearchResult SearchOrder(const std::vector<SearchOp>& ops, int64_t initial,
                         const SearchLimits& limits);

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_LINEARIZABILITY_SEARCH_H_
