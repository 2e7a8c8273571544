#include "common/measure/histogram.h"

#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace rcb {

void Histogram::Merge(const Histogram& other) {
  // An empty one has its min_ above its max_, so nothing to add.
  const size_t last = BucketOf(other.max_);
  for (size_t i = BucketOf(other.min_); i <= last; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

// Only what is there: it is done many times a second while operations run.
void Histogram::Clear() {
  if (count_ == 0) return;
  const auto first = counts_.begin() + static_cast<std::ptrdiff_t>(BucketOf(min_));
  const auto end = counts_.begin() + static_cast<std::ptrdiff_t>(BucketOf(max_)) + 1;
  std::fill(first, end, 0);
  count_ = 0;
  sum_ = 0;
  min_ = std::numeric_limits<int64_t>::max();
  max_ = 0;
}

double Histogram::StdDeviation() const {
  const double mean = Mean();
  double squares = 0;
  ForEachBucket([mean, &squares](int64_t ns, int64_t count) {
    const double distance = static_cast<double>(ns) - mean;
    squares += distance * distance * static_cast<double>(count);
  });
  return count_ == 0 ? 0 : std::sqrt(squares / static_cast<double>(count_));
}

int64_t Histogram::ValueAtQuantile(double q) const {
  if (!(q >= 0 && q <= 1)) {
    std::fprintf(stderr, "Histogram::ValueAtQuantile: q = %g is outside [0, 1]\n", q);
    std::abort();
  }
  if (count_ == 0) return 0;
  constexpr double kRounding = 1 - 4 * std::numeric_limits<double>::epsilon();
  const double rank = std::ceil(q * static_cast<double>(count_) * kRounding);
  if (rank <= 1) return min_;
  if (rank >= static_cast<double>(count_)) return max_;

  auto missing = static_cast<uint64_t>(rank);
  size_t bucket = BucketOf(min_);
  while (missing > counts_[bucket]) missing -= counts_[bucket++];
  return std::clamp(MiddleOf(bucket), min_, max_);
}

int64_t Histogram::MiddleOf(size_t bucket) {
  if (bucket < 2 * kBucketsPerOctave) return static_cast<int64_t>(bucket);
  const size_t shift = bucket / kBucketsPerOctave - 1;
  const uint64_t lowest = uint64_t{bucket - shift * kBucketsPerOctave} << shift;
  return static_cast<int64_t>(lowest + (uint64_t{1} << (shift - 1)));
}

void Histogram::AbortOnNegative(int64_t ns) {
  std::fprintf(stderr, "Histogram::Record: negative sample of %" PRId64 " ns\n", ns);
  std::abort();
}

}  // namespace rcb
