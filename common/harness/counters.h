// The figures of one run, from what its threads and workers recorded: the counters of a row.

#ifndef RCB_COMMON_HARNESS_COUNTERS_H_
#define RCB_COMMON_HARNESS_COUNTERS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "common/harness/run.h"
#include "common/harness/scenario.h"
#include "common/harness/session.h"
#include "common/harness/spec.h"
#include "common/measure/histogram.h"
#include "common/report/catalogue.h"
#include "common/report/ledger.h"

namespace rcb {

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

// How many operations succeeded in the timed region: all that a rate may count.
int64_t CompletedIn(Session& session);

// What was offered and what was achieved in an open loop that could not keep up, in one line; empty
// where it kept up, as far as the chance in the arrivals allows to tell, and in a closed loop.
std::string DescribeOverload(Run& run);

// "<class>_p95_us" for each class of operation, or none of a class that did not occur where the
// spec tells classes apart; then "_p50_us", "_p99_us", "_per_second" and "_success_rate" too.
Counters ClassCounters(Session& session, const BenchmarkSpec& spec);

// The metrics of what that is for a class that the spec tells apart. `one` and `several` are words
// for such operations: "a get" and "gets".
std::vector<Metric> MetricsOfClass(const std::string& op_class, const std::string& one,
                                   const std::string& several);

// What every row has. `floor_ns` 0: no floor is known.
Counters CommonCounters(Session& session, const LedgerEntry& entry, int64_t round_trip_ns,
                        double floor_ns);

// Jain's fairness index: 1 where all shares are equal, 1/n where one has everything.
// Jain, Chiu, Hawe: DEC-TR-301, 1984.
double JainIndex(const std::vector<int64_t>& shares);

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_COUNTERS_H_
