// The one clock of every stamp and latency, and the processor time of a thread.

#ifndef RCB_COMMON_MEASURE_CLOCK_H_
#define RCB_COMMON_MEASURE_CLOCK_H_

#include <time.h>

#include <cstdint>

namespace rcb {
namespace internal {

inline int64_t ReadClockNs(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);  // cannot fail: both clocks below exist wherever the suite builds
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace internal

// Nanoseconds since an arbitrary point, never going back, the same for all threads of the machine.
// Any thread.
inline int64_t NowNs() { return internal::ReadClockNs(CLOCK_MONOTONIC); }

// Nanoseconds of processor time, user and system, that the calling thread has used. Any thread.
inline int64_t ThreadCpuNs() { return internal::ReadClockNs(CLOCK_THREAD_CPUTIME_ID); }

}  // namespace rcb

#endif  // RCB_COMMON_MEASURE_CLOCK_H_
