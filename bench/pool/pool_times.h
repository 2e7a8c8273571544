// How long the requests of Pool waited and how long they took, from their record.

#ifndef RCB_BENCH_POOL_POOL_TIMES_H_
#define RCB_BENCH_POOL_POOL_TIMES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/pool/exchange.h"
#include "common/harness/scenario.h"

namespace rcb::pool {

// The least that a worker of a closed loop waits for one of `connections`: every other one is
// served before, (workers / connections - 1) times the median service. 0 where there are enough.
double WaitFloorNs(const std::vector<Exchange>& exchanges, int64_t workers, int64_t connections);

// The counters about time of a run with so many workers over a pool of so many connections; 0:
// there is no pool.
Counters MeasureTimes(const std::vector<Exchange>& exchanges, int64_t workers, int64_t connections);

// The counters of a server that is full.
Counters MeasureRefusals(int64_t refusals, const std::vector<int64_t>& recoveries_ns,
                         size_t requests);

}  // namespace rcb::pool

#endif  // RCB_BENCH_POOL_POOL_TIMES_H_
