// Hands over, interval by interval, what one thread of a run sees: see IntervalFeed.

#ifndef RCB_COMMON_HARNESS_INTERVAL_SAMPLER_H_
#define RCB_COMMON_HARNESS_INTERVAL_SAMPLER_H_

#include <cstdint>

#include "common/harness/session.h"
#include "common/measure/histogram.h"
#include "common/report/interval_feed.h"
#include "common/runtime/loop.h"

namespace rcb {

// While it lives, the slot's histogram holds the latencies of the interval alone, so that
// operations take no longer than without it; from Finish on, those of the whole run again. Loop
// thread only.
class IntervalSampler {
 public:
  // `feed` and `slot` outlive it. The run has begun, and no operation of the slot.
  IntervalSampler(IntervalFeed& feed, ThreadSlot& slot);
  IntervalSampler(const IntervalSampler&) = delete;
  IntervalSampler& operator=(const IntervalSampler&) = delete;

  // Hands over the rest, once no operation of the slot runs any more.
  void Finish();

 private:
  void StartTimer(int64_t now_ns);
  void OnDue();
  IntervalCounts CountsSince();
  void TakeLatency();
  IntervalCounts SumOfWorkers() const;

  IntervalFeed& feed_;
  ThreadSlot& slot_;
  Histogram whole_;  // but for the interval
  IntervalCounts before_;
  Timer timer_;
};

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_INTERVAL_SAMPLER_H_
