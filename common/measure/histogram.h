// A latency histogram over the whole of [0, INT64_MAX] ns: nothing is clamped, no range is chosen.
//
// Log-linear buckets, the idea of Gil Tene's HdrHistogram (https://github.com/HdrHistogram): each
// power of two is cut into equally wide buckets. With 512 of them a bucket is at most 1/512 of its
// values wide, so its middle is off by at most 1/1024 of any of them, which is below 0.1 %. Below
// 1024 ns each value has a bucket of its own. The price is 220 KiB per histogram.

#ifndef RCB_COMMON_MEASURE_HISTOGRAM_H_
#define RCB_COMMON_MEASURE_HISTOGRAM_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace rcb {

// Not thread-safe: give each thread its own and merge. After a move, the source may only be
// assigned to or destroyed.
class Histogram {
 public:
  Histogram() : counts_(kBuckets) {}

  // Adds one sample. Aborts if `ns` is negative. Allocates nothing.
  void Record(int64_t ns) {
    if (ns < 0) AbortOnNegative(ns);
    ++counts_[BucketOf(ns)];
    ++count_;
    sum_ += static_cast<double>(ns);
    min_ = std::min(min_, ns);
    max_ = std::max(max_, ns);
  }

  // Adds all samples of `other`, as if each had been recorded here.
  void Merge(const Histogram& other);
  // Forgets all samples.
  void Clear();

  int64_t count() const { return count_; }
  // The smallest and the largest sample, exact; 0 when empty.
  int64_t min() const { return count_ == 0 ? 0 : min_; }
  int64_t max() const { return max_; }
  // The mean of the samples as recorded, not as bucketed; 0 when empty.
  double Mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }
  // The standard deviation of the samples as bucketed; 0 when empty.
  double StdDeviation() const;
  // The sum of the samples, rounded where it is large.
  double sum_ns() const { return sum_; }

  // The smallest sample that at least ceil(q * count()) samples do not exceed, off by at most 0.1 %
  // (by nothing below 1024 ns, and at q = 0 and 1, which yield min() and max()); 0 when empty.
  // A product q * count() that only rounding lifts above a whole number counts as that number:
  // q = 0.07 of 100 samples is the 7th. Aborts if q is outside [0, 1].
  int64_t ValueAtQuantile(double q) const;

  // Calls visit(int64_t ns, int64_t count) for each bucket that holds samples, the fastest first:
  // `ns` is its middle, but no less than min() and no more than max().
  template <typename Visit>
  void ForEachBucket(const Visit& visit) const {
    if (count_ == 0) return;
    const size_t last = BucketOf(max_);
    for (size_t i = BucketOf(min_); i <= last; ++i) {
      if (counts_[i] == 0) continue;
      visit(std::clamp(MiddleOf(i), min_, max_), static_cast<int64_t>(counts_[i]));
    }
  }

  // In the terms of HdrHistogram: how many ranges, each twice as wide as the one before, and into
  // how many buckets each is cut.
  static constexpr int64_t kRanges = 54;
  static constexpr int64_t kBucketsOfRange = 1024;

 private:
  static constexpr int kExactBits = 10;  // values of at most so many bits have their own buckets
  static constexpr size_t kBucketsPerOctave = size_t{1} << (kExactBits - 1);
  static constexpr size_t kBuckets = (63 - kExactBits + 2) * kBucketsPerOctave;
  static_assert(kBucketsOfRange == 2 * kBucketsPerOctave &&
                (kRanges + 1) * kBucketsOfRange / 2 == kBuckets);

  // Drops the low bits that make a value longer than kExactBits. What is left has its top bit set,
  // so that each shift owns the next kBucketsPerOctave indices.
  static size_t BucketOf(int64_t ns) {
    const auto value = static_cast<uint64_t>(ns);
    constexpr uint64_t kExactMask = (uint64_t{1} << kExactBits) - 1;
    const int shift = static_cast<int>(std::bit_width(value | kExactMask)) - kExactBits;
    return static_cast<size_t>(shift) * kBucketsPerOctave + static_cast<size_t>(value >> shift);
  }
  static int64_t MiddleOf(size_t bucket);
  [[noreturn]] static void AbortOnNegative(int64_t ns);

  std::vector<uint64_t> counts_;
  int64_t count_ = 0;
  double sum_ = 0;  // floating, because the sum of a few large samples exceeds 64 bits
  int64_t min_ = std::numeric_limits<int64_t>::max();
  int64_t max_ = 0;
};

}  // namespace rcb

#endif  // RCB_COMMON_MEASURE_HISTOGRAM_H_
