// The times at which open-loop operations are meant to start. They are a Poisson process, which is
// drawn before the timed region.

#ifndef RCB_COMMON_WORKLOAD_ARRIVALS_H_
#define RCB_COMMON_WORKLOAD_ARRIVALS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rcb {

// The arrivals of one thread. Not thread-safe.
class PoissonArrivals {
 public:
  // Draws kGaps exponential gaps, which are used again and again in this order. `rate_per_second`
  // must be above 0.
  PoissonArrivals(double rate_per_second, uint64_t seed);

  // The first arrival comes one gap after `start_ns`.
  void Start(int64_t start_ns);
  // Yields the next arrival (NowNs clock).
  int64_t Next();

  static constexpr size_t kGaps = 65'536;

 private:
  std::vector<double> gaps_ns_;
  size_t next_gap_ = 0;
  double now_ns_ = 0;
  int64_t start_ns_ = 0;
};

}  // namespace rcb

#endif  // RCB_COMMON_WORKLOAD_ARRIVALS_H_
