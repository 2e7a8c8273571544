// How long the requests of Pool waited and how long they took, from their record.

#ifndef RCB_BENCH_POOL_POOL_TIMES_H_
#define RCB_BENCH_POOL_POOL_TIMES_H_

#include <cstdint>
#include <vector>

#include "bench/pool/exchange.h"
#include "common/harness/scenario.h"

namespace rcb::pool {

// The counters about time of a run with so many workers over so many connections.
Counters MeasureTimes(const std::vector<Exchange>& exchanges, int64_t workers, int64_t connections);

}  // namespace rcb::pool

#endif  // RCB_BENCH_POOL_POOL_TIMES_H_
