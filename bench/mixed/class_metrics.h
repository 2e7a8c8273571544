// The counters of Mixed: "<class>_p50_us", "_p95_us", "_p99_us", "_per_second" and "_success_rate"
// of each class of operation, and a few more.

#ifndef RCB_BENCH_MIXED_CLASS_METRICS_H_
#define RCB_BENCH_MIXED_CLASS_METRICS_H_

#include <vector>

#include "common/report/catalogue.h"

namespace rcb::mixed {

std::vector<Metric> Metrics();

}  // namespace rcb::mixed

#endif  // RCB_BENCH_MIXED_CLASS_METRICS_H_
