// The counters and the flags of families whose holders misbehave: Crash and Stall.

#ifndef RCB_BENCH_HOLDER_FAULT_METRICS_H_
#define RCB_BENCH_HOLDER_FAULT_METRICS_H_

#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/workload_flags.h"
#include "common/harness/flags.h"
#include "common/report/catalogue.h"

namespace rcb {

inline Metric RecoveryMedian() {
  return {"recovery_p50_us", "us", Direction::kLowerIsBetter, MetricClass::kNoisy,
          "median time from a holder's death or stall until the next one holds"};
}
inline Metric RecoveryMaximum() {
  return {"recovery_max_us", "us", Direction::kLowerIsBetter, MetricClass::kNoisy,
          "longest time from a holder's death or stall until the next one holds"};
}
inline Metric RecoveryOverFloor() {
  return {"recovery_x_floor", "1", Direction::kLowerIsBetter, MetricClass::kNoisy,
          "median of the time from a holder's death until the next one holds, over the rest of the "
          "lease"};
}
inline Metric AllServedMaximum() {
  return {"all_served_max_us", "us", Direction::kLowerIsBetter, MetricClass::kNoisy,
          "longest time from a holder's death or stall until all others were served"};
}
inline Metric Unserved() {
  return {"unserved", "1", Direction::kLowerIsBetter, MetricClass::kNoisy,
          "clients that gave up, or would have waited for ever, after a holder died or stalled"};
}

inline Metric TwoHoldersRatio() {
  return {"two_holders_ratio", "ratio", Direction::kLowerIsBetter, MetricClass::kNoisy,
          "share of the stalls during which another held as well"};
}
inline Metric LateWriteRatio() {
  return {"late_write_ratio", "ratio", Direction::kLowerIsBetter, MetricClass::kNoisy,
          "share of the stalls after which a late write was accepted"};
}

struct HolderFaultOptions {
  int64_t rounds = 0;  // 0: what the family has by itself
  int64_t lease_ms = 100;

  int64_t RoundsOr(int64_t of_family) const { return rounds > 0 ? rounds : of_family; }
};

// `options` outlives the flags.
inline std::vector<Flag> HolderFaultFlags(HolderFaultOptions* options) {
  int64_t* const lease_ms = &options->lease_ms;
  return {RoundsFlag(&options->rounds),
          {"lease_ms", "milliseconds, from 20 to 10000",
           "how long locks last where a holder misbehaves (default 100)",
           [lease_ms](absl::string_view v) { return ParseInteger(v, 20, 10'000, lease_ms); },
           [lease_ms] { return absl::StrCat(*lease_ms); }}};
}

}  // namespace rcb

#endif  // RCB_BENCH_HOLDER_FAULT_METRICS_H_
