// Tables that give equal contents one number. They keep the states of linearizability_search.h
// small, and each of them once.

#ifndef RCB_COMMON_CHECK_ROW_TABLE_H_
#define RCB_COMMON_CHECK_ROW_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rcb {

// Numbers equal rows of a fixed count of words: the first 0, the next 1, and so on. Not
// thread-safe; up to 2^31 rows.
class RowTable {
 public:
  explicit RowTable(size_t words) : words_(words), buckets_(16, kEmpty) {}

  // Returns the number of `row`, which is added if need be.
  int32_t Add(const uint64_t* row);

  const uint64_t* Row(size_t number) const { return rows_.data() + number * words_; }
  size_t size() const { return static_cast<size_t>(size_); }
  // About how much memory the table takes.
  size_t bytes() const {
    return rows_.size() * sizeof(uint64_t) + buckets_.size() * sizeof(int32_t);
  }
  void Clear();

 private:
  static constexpr int32_t kEmpty = -1;

  size_t BucketOf(const uint64_t* row) const;
  bool IsRow(size_t number, const uint64_t* row) const;
  void Grow();

  size_t words_;
  int32_t size_ = 0;
  std::vector<uint64_t> rows_;
  std::vector<int32_t> buckets_;  // their count is a power of two, and at most half are in use
};

// Numbers arrays of `length` counts, equal ones alike. They are binary trees that share their
// parts, so that an array costs no more than log2(length) rows beyond the one that it was made
// from. Not thread-safe.
class CountsTable {
 public:
  static constexpr int32_t kZeros = 0;  // the array of which all others are made

  explicit CountsTable(size_t length);

  int64_t At(int32_t counts, size_t index) const;

  // Whether no count of `a` is higher than that of `b`; adds to *steps how many nodes it looked at.
  bool IsAtMost(int32_t a, int32_t b, int64_t* steps) const {
    return IsAtMost(a, b, width_, steps);
  }

  // About how much memory the table takes.
  size_t bytes() const { return nodes_.bytes(); }

  // Returns the number of the array that is one higher at `index`.
  int32_t WithOneMore(int32_t counts, size_t index) { return WithOneMore(counts, width_, index); }

 private:
  int32_t WithOneMore(int32_t node, size_t width, size_t index);
  bool IsAtMost(int32_t a, int32_t b, size_t width, int64_t* steps) const;

  size_t width_;  // a power of two
  // A node is two halves, each a node, or one count; the first node is zeros of any width.
  RowTable nodes_;
};

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_ROW_TABLE_H_
