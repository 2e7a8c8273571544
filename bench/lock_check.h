// What the record of Lock's critical section shows: exclusion, and how the lock was handed on.

#ifndef RCB_BENCH_LOCK_CHECK_H_
#define RCB_BENCH_LOCK_CHECK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "bench/lock_section.h"
#include "common/check/history.h"

namespace rcb::lock {

struct ExclusionVerdict {
  int64_t violations = 0;  // stays that began while another was on which should have kept them out
  std::string first;       // one line about the first of them
};

// By the intervals between acquiring and releasing; readers may overlap readers. Any order.
ExclusionVerdict CheckExclusion(std::vector<Holding> holdings);

struct HandOffs {
  double acquire_p50_us = 0;  // from wanting the lock to having it
  double acquire_p95_us = 0;
  double longest_wait_us = 0;
  // From just before the release to the next holder's acquisition, where that one was waiting
  // already; 0 where nobody ever was.
  double handoff_p50_us = 0;
};
HandOffs MeasureHandOffs(std::vector<Holding> holdings);

// Acknowledged writes (OpRecord: the fence in `argument`, the counter's new value in `value`) that
// the resource took although it had taken one with a higher fence: each is a violation.
int64_t CountLateWrites(absl::Span<const OpRecord> history);

}  // namespace rcb::lock

#endif  // RCB_BENCH_LOCK_CHECK_H_
