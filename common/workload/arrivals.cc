#include "common/workload/arrivals.h"

#include <random>

#include "absl/random/distributions.h"
#include "absl/random/random.h"

namespace rcb {

PoissonArrivals::PoissonArrivals(double rate_per_second, uint64_t seed) : gaps_ns_(kGaps) {
  absl::InsecureBitGen random(
      std::seed_seq{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
  for (double& gap_ns : gaps_ns_) gap_ns = absl::Exponential(random, rate_per_second / 1e9);
}

void PoissonArrivals::Start(int64_t start_ns) {
  start_ns_ = start_ns;
  now_ns_ = 0;
}

int64_t PoissonArrivals::Next() {
  now_ns_ += gaps_ns_[next_gap_];
  next_gap_ = (next_gap_ + 1) % kGaps;
  return start_ns_ + static_cast<int64_t>(now_ns_);
}

}  // namespace rcb
