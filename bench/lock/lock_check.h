// What the record of Lock's critical section shows: exclusion, and how the lock was handed on.

#ifndef RCB_BENCH_LOCK_LOCK_CHECK_H_
#define RCB_BENCH_LOCK_LOCK_CHECK_H_

#include <cstdint>
#include <vector>

#include "bench/lock/section.h"
#include "common/check/violations.h"

namespace rcb::lock {

// Stays that began while another was on which should have kept them out, by the intervals between
// acquiring and releasing; readers may overlap readers. Any order.
Violations CheckExclusion(std::vector<Holding> holdings);

// The stays that lasted for at most `max_ns`, so that no lease was over before they ended.
std::vector<Holding> ShortStays(const std::vector<Holding>& holdings, int64_t max_ns);

// Stays that began before that of another which had its place in the queue before they even asked.
// Who had waited for longer than `max_wait_ns` may have lost its place. Any order.
Violations CheckOrder(std::vector<Holding> holdings, int64_t max_wait_ns);

struct HandOffs {
  double acquire_p50_us = 0;  // from wanting the lock to having it
  double acquire_p95_us = 0;
  double longest_wait_us = 0;
  // From just before the release to the next holder's acquisition, where that one was waiting
  // already; 0 where nobody ever was.
  double handoff_p50_us = 0;
};
HandOffs MeasureHandOffs(std::vector<Holding> holdings);

// An acknowledged write of the counter's new value, and the fence of the holder that made it.
struct FencedWrite {
  int64_t value = 0;
  int64_t fence = 0;
};

// Writes that the resource took although it had taken one with a higher fence. Any order.
Violations CheckFences(std::vector<FencedWrite> writes);

}  // namespace rcb::lock

#endif  // RCB_BENCH_LOCK_LOCK_CHECK_H_
