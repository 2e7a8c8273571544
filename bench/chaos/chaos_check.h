// What a run under faults shows of the service: for how much of the time it was there, and how long
// after each fault until it was back.

#ifndef RCB_BENCH_CHAOS_CHAOS_CHECK_H_
#define RCB_BENCH_CHAOS_CHAOS_CHECK_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "common/fault/fault_runner.h"

namespace rcb::chaos {

inline constexpr int64_t kWindowNs = 50'000'000;
inline constexpr double kLeastSuccess = 0.95;

// An operation, and whether the client got what it had asked for.
struct SeenOp {
  int64_t invoke_ns = 0;
  int64_t return_ns = 0;
  bool is_served = true;
};

struct Service {
  // Windows in which more than 95 % of what ended was served, and something was, over all windows
  // between the first operation and the end of the last.
  double availability = 0;
  double served_ratio = 0;  // of all operations
  // From the beginning of a fault to the end of the last window without service before the next
  // fault begins; 0 where there is none. The worst of each kind.
  std::map<std::string, int64_t> repair_ns;
  // Of operations that were under way while a fault was in force or its repair went on, and of all
  // others. Those that were not served are among them.
  double fault_p95_us = 0;
  double calm_p95_us = 0;
  double calm_served_ratio = 0;
};

// `injected` in the order in which they began. No operations: nothing was available.
Service MeasureService(absl::Span<const SeenOp> ops, const std::vector<InjectedFault>& injected);

}  // namespace rcb::chaos

#endif  // RCB_BENCH_CHAOS_CHAOS_CHECK_H_
