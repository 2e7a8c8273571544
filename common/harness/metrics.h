// The figures of one run, from what its threads and workers recorded: the counters of a row.

#ifndef RCB_COMMON_HARNESS_METRICS_H_
#define RCB_COMMON_HARNESS_METRICS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/harness/ledger.h"
#include "common/harness/scenario.h"
#include "common/harness/session.h"
#include "common/measure/histogram.h"

namespace rcb {

// Every counter that a row may have, all described in scripts/metrics.tsv.
inline constexpr const char* kCounterNames[] = {
    "items_per_second",
    "p50_us",
    "p95_us",
    "p99_us",
    "p999_us",
    "max_us",
    "x_floor",
    "rtt_us",
    "computations",
    "computations_max",
    "computing_at_once_max",
    "predicted_computations",
    "hard_misses_per_epoch",
    "stale_served_ratio",
    "staleness_p95_us",
    "violations",
    "success_rate",
    "errors",
    "timeouts",
    "retries_per_op",
    "round_trips_per_op",
    "hit_ratio",
    "fairness",
    "client_cpu",
    "offered_per_second",
    "achieved_per_second",
    "dropped",
    "rss_mib",
    "acquire_p50_us",
    "acquire_p95_us",
    "longest_wait_us",
    "handoff_p50_us",
    "handoff_x_floor",
    "overlaps",
    "fenced_rejects_per_op",
    "attempts_p95",
};

// A row's counters by name, as listed in scripts/metrics.tsv. All finite.
using Counters = std::vector<std::pair<std::string, double>>;

// Sums over all workers.
struct Totals {
  Tally tally;
  int64_t round_trips = 0;
  double fairness = 1;  // Jain's index of the operations that each worker completed
};
Totals TotalsOf(Session& session);

// All threads' latencies together.
Histogram LatencyOf(Session& session);

// All threads' records together, in no order.
std::vector<OpRecord> HistoryOf(Session& session);

// What every row has. `floor_ns` 0: no floor is known.
Counters CommonCounters(Session& session, const LedgerEntry& entry, int64_t round_trip_ns,
                        double floor_ns);

// Jain's fairness index: 1 where all shares are equal, 1/n where one has everything.
// Jain, Chiu, Hawe: DEC-TR-301, 1984.
double JainIndex(const std::vector<int64_t>& shares);

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_METRICS_H_
