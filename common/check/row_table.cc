#include "common/check/row_table.h"

#include <algorithm>
#include <bit>

namespace rcb {

size_t RowTable::BucketOf(const uint64_t* row) const {
  uint64_t hash = 0;
  for (size_t i = 0; i < words_; ++i) {
    hash = (hash ^ row[i]) * 0x9E3779B97F4A7C15;  // 2^64 over the golden ratio, as Knuth has it
    hash ^= hash >> 32;
  }
  const size_t mask = buckets_.size() - 1;
  size_t bucket = hash & mask;
  while (buckets_[bucket] != kEmpty && !IsRow(static_cast<size_t>(buckets_[bucket]), row)) {
    bucket = (bucket + 1) & mask;
  }
  return bucket;
}

// Rows are short: a call of memcmp would take longer.
bool RowTable::IsRow(size_t number, const uint64_t* row) const {
  const uint64_t* other = Row(number);
  for (size_t i = 0; i < words_; ++i) {
    if (row[i] != other[i]) return false;
  }
  return true;
}

int32_t RowTable::Add(const uint64_t* row) {
  int32_t& found = buckets_[BucketOf(row)];
  if (found != kEmpty) return found;
  found = size_++;
  rows_.insert(rows_.end(), row, row + words_);
  if (static_cast<size_t>(size_) * 2 > buckets_.size()) Grow();
  return size_ - 1;
}

void RowTable::Grow() {
  buckets_.assign(buckets_.size() * 2, kEmpty);
  for (int32_t i = 0; i < size_; ++i) buckets_[BucketOf(Row(static_cast<size_t>(i)))] = i;
}

void RowTable::Clear() {
  size_ = 0;
  rows_.clear();
  buckets_.assign(16, kEmpty);
}

CountsTable::CountsTable(size_t length) : width_(std::bit_ceil(length)), nodes_(1) {
  constexpr uint64_t kZero = 0;  // as a pair of halves it is zeros and zeros
  nodes_.Add(&kZero);
}

int64_t CountsTable::At(int32_t counts, size_t index) const {
  int32_t node = counts;
  for (size_t half = width_ / 2; half > 0; half /= 2) {
    const uint64_t halves = *nodes_.Row(static_cast<size_t>(node));
    node = static_cast<int32_t>((index & half) == 0 ? halves >> 32 : halves & 0xFFFFFFFF);
  }
  return static_cast<int64_t>(*nodes_.Row(static_cast<size_t>(node)));
}

bool CountsTable::IsAtMost(int32_t a, int32_t b, size_t width, int64_t* steps) const {
  ++*steps;
  if (a == b || a == kZeros) return true;
  const uint64_t of_a = *nodes_.Row(static_cast<size_t>(a));
  const uint64_t of_b = *nodes_.Row(static_cast<size_t>(b));
  if (width == 1) return of_a <= of_b;
  const auto low = [](uint64_t halves) { return static_cast<int32_t>(halves >> 32); };
  const auto high = [](uint64_t halves) { return static_cast<int32_t>(halves & 0xFFFFFFFF); };
  return IsAtMost(low(of_a), low(of_b), width / 2, steps) &&
         IsAtMost(high(of_a), high(of_b), width / 2, steps);
}

int32_t CountsTable::WithOneMore(int32_t node, size_t width, size_t index) {
  uint64_t row = *nodes_.Row(static_cast<size_t>(node));
  if (width == 1) {
    ++row;
  } else {
    const size_t half = width / 2;
    const bool is_low = index < half;
    const auto old = static_cast<int32_t>(is_low ? row >> 32 : row & 0xFFFFFFFF);
    const auto made = static_cast<uint64_t>(WithOneMore(old, half, is_low ? index : index - half));
    row = is_low ? made << 32 | (row & 0xFFFFFFFF) : (row >> 32 << 32) | made;
  }
  return nodes_.Add(&row);
}

}  // namespace rcb
