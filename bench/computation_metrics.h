// The counters of families with an expensive computation.

#ifndef RCB_BENCH_COMPUTATION_METRICS_H_
#define RCB_BENCH_COMPUTATION_METRICS_H_

#include <vector>

#include "common/report/catalogue.h"
#include "common/report/contract.h"

namespace rcb {

inline Metric MeanOfComputations() {
  return {"computations", "1", Direction::kLowerIsBetter, MetricClass::kNoisy,
          "mean of the expensive computations per round or expiry"};
}
inline Metric ComputationsAtOnce() {
  return {"computing_at_once_max", "1", Direction::kLowerIsBetter, MetricClass::kNoisy,
          "most expensive computations that ran at the same time"};
}

inline std::vector<Metric> ComputationMetrics() {
  return {
      MeanOfComputations(),
      {"computations_max", "1", Direction::kLowerIsBetter, MetricClass::kNoisy,
       "most expensive computations in one round or expiry"},
  };
}

// The bounds of a contract that promises one computation per round or expiry.
inline std::vector<Bound> OneComputation() {
  return {{"computations", Bound::Relation::kAtMost, 1},
          {"computations_max", Bound::Relation::kAtMost, 1}};
}

}  // namespace rcb

#endif  // RCB_BENCH_COMPUTATION_METRICS_H_
