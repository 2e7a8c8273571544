// What a run of Cold is judged by, and what it tells, from its record.

#ifndef RCB_BENCH_COLD_COLD_CHECK_H_
#define RCB_BENCH_COLD_COLD_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/cold/ground.h"
#include "common/check/violations.h"
#include "common/harness/scenario.h"

namespace rcb::cold {

// A read, and whether the cache had what it asked for.
struct SeenRead {
  int64_t invoke_ns = 0;
  int64_t return_ns = 0;
  bool was_hit = false;
};

// How often each key of `keys` was computed: a violation is each computation beyond the first.
struct Counts {
  double mean = 0;  // of keys that were computed at all
  int64_t max = 0;
  Violations too_many;
};
Counts CountComputations(const std::vector<Computed>& computed, size_t keys);

// A violation is each computation of a warm-up beyond `per_second` in any tenth of a second, and
// beyond the one with which each of its `lanes` may begin.
Violations CheckPace(const std::vector<Computed>& computed, double per_second, int lanes);

// The part of the time that is looked at before the loss, the loss, and the end.
struct Times {
  int64_t calm_ns = 0;
  int64_t lost_ns = 0;
  int64_t end_ns = 0;
};

struct Warmth {
  double warm_p95_us = 0;      // before the loss
  double cold_p95_us = 0;      // in the first 200 ms after it
  double worst_hit_ratio = 1;  // of any tenth of a second after it
  // How long after it the last 50 ms ended that had less than 95 % of the hits before.
  int64_t back_ns = 0;
  int64_t longest_gap_ns = 0;  // between two reads after it that follow each other
};
Warmth MeasureWarmth(const std::vector<SeenRead>& reads, const Times& times);

}  // namespace rcb::cold

#endif  // RCB_BENCH_COLD_COLD_CHECK_H_
