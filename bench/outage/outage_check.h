// What a run of Outage is judged by, and what it tells, from its record.

#ifndef RCB_BENCH_OUTAGE_OUTAGE_CHECK_H_
#define RCB_BENCH_OUTAGE_OUTAGE_CHECK_H_

#include <cstdint>
#include <vector>

#include "bench/outage/ground.h"
#include "common/check/violations.h"
#include "common/harness/scenario.h"

namespace rcb::outage {

// A read, and what it was served from.
struct SeenRead {
  int64_t invoke_ns = 0;
  int64_t return_ns = 0;
  Source source = Source::kNothing;
  uint32_t key = 0;
  int64_t waited_ns = 0;  // for its turn to ask the origin
  int thread = 0;         // of the client, where each has a memory of its own
};

// When the cache was gone and back, and the part of the time before that is looked at.
struct Times {
  int64_t calm_ns = 0;  // from here on all clients are connected
  int64_t gone_ns = 0;
  int64_t back_ns = 0;
  int64_t end_ns = 0;
};

// Tries to get back to the cache in the worst kPeakNs.
inline constexpr int64_t kPeakNs = 100'000'000;
int64_t PeakOf(std::vector<int64_t> connects_ns);

// With full jitter from 50 ms, a client makes 1.6 tries in the first 100 ms on the average. More
// than three are hammering.
Violations CheckConnects(int64_t peak, int64_t clients);

// A violation is each read that waited for its turn for longer than a user does. A machine that
// stood still is allowed for: no read began meanwhile.
Violations CheckWaits(const std::vector<SeenRead>& reads);

// A violation is each read, of those that came and went while the cache was gone, that was not
// served, though the same thread had served another of the same key before, also meanwhile and no
// more than nine seconds ago.
Violations CheckService(const std::vector<SeenRead>& reads, const Times& times);

// What the row tells of its reads.
Counters CountReads(const std::vector<SeenRead>& reads, const Times& times);

// How long after `times.back_ns` the last window ended in which something was not as it had been
// before: fewer hits than 95 % of the share before, or a p95 of more than twice the one before and
// 1 ms. The whole time where it never was again.
struct Recovery {
  int64_t hits_ns = 0;
  int64_t p95_ns = 0;
};
inline constexpr int64_t kWindowNs = 50'000'000;
Recovery RecoveryOf(const std::vector<SeenRead>& reads, const Times& times);

}  // namespace rcb::outage

#endif  // RCB_BENCH_OUTAGE_OUTAGE_CHECK_H_
