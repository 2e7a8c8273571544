// Waits before another try: the waits grow exponentially, have full jitter and end at a limit.

#ifndef RCB_COMMON_WORKLOAD_BACKOFF_H_
#define RCB_COMMON_WORKLOAD_BACKOFF_H_

#include <algorithm>
#include <cstdint>

#include "absl/random/distributions.h"
#include "absl/random/random.h"
#include "absl/status/status.h"
#include "common/measure/clock.h"
#include "common/runtime/loop.h"
#include "common/runtime/task.h"

namespace rcb {

// The waits of one operation, as in "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
// Loop thread only.
class Backoff {
 public:
  // The n-th wait is uniform in [0, min(max_ms, first_ms * 2^n)). After `give_up_ms` in all, the
  // next wait fails with kDeadlineExceeded.
  Backoff(double first_ms, double max_ms, int64_t give_up_ms)
      : window_ns_(first_ms * 1e6),
        max_ns_(max_ms * 1e6),
        give_up_ns_(NowNs() + give_up_ms * 1'000'000) {}

  Task<absl::Status> Wait(Loop& loop, absl::InsecureBitGen& random) {
    const int64_t now_ns = NowNs();
    if (now_ns >= give_up_ns_) co_return absl::DeadlineExceededError("gave up trying again");
    const double wait_ns = absl::Uniform(random, 0.0, std::min(window_ns_, max_ns_));
    window_ns_ = std::min(2 * window_ns_, max_ns_);
    co_await loop.SleepUntil(now_ns + static_cast<int64_t>(wait_ns));
    co_return absl::OkStatus();
  }

 private:
  double window_ns_;
  double max_ns_;
  int64_t give_up_ns_;
};

}  // namespace rcb

#endif  // RCB_COMMON_WORKLOAD_BACKOFF_H_
