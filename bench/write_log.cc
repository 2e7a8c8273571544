#include "bench/write_log.h"

#include <algorithm>

namespace rcb {

Counters LossCounters(const std::vector<AddOp>& adds, const AddVerdict& verdict,
                      const std::vector<int64_t>& fault_ns) {
  int64_t window_ns = 0;  // from the oldest lost write to the fault after it
  for (const size_t place : verdict.lost) {
    const auto fault = std::lower_bound(fault_ns.begin(), fault_ns.end(), adds[place].return_ns);
    if (fault != fault_ns.end()) window_ns = std::max(window_ns, *fault - adds[place].return_ns);
  }
  int64_t unavailable_ns = 0;
  for (const int64_t when_ns : fault_ns) {
    int64_t back_ns = INT64_MAX;
    for (const AddOp& add : adds) {
      const bool is_after = add.outcome == Outcome::kOk && add.invoke_ns > when_ns;
      if (is_after) back_ns = std::min(back_ns, add.return_ns);
    }
    if (back_ns != INT64_MAX) unavailable_ns = std::max(unavailable_ns, back_ns - when_ns);
  }
  const auto share = [](double part, int64_t whole) {
    return part / static_cast<double>(std::max<int64_t>(whole, 1));
  };
  const auto lost = static_cast<double>(verdict.lost.size());
  const auto recovered = static_cast<double>(verdict.recovered);
  return {{"acknowledged", static_cast<double>(verdict.acknowledged)},
          {"lost", lost},
          {"lost_ratio", share(lost, verdict.acknowledged)},
          {"recovered", recovered},
          {"recovered_ratio", share(recovered, verdict.unknown)},
          {"loss_window_us", static_cast<double>(window_ns) / 1e3},
          {"unavailable_us", static_cast<double>(unavailable_ns) / 1e3}};
}

std::vector<Metric> LossMetrics() {
  constexpr Direction kLower = Direction::kLowerIsBetter;
  constexpr Direction kNeither = Direction::kNeither;
  constexpr MetricClass kNoisy = MetricClass::kNoisy;
  constexpr MetricClass kInfo = MetricClass::kInfo;
  return {
      {"acknowledged", "1", kNeither, kInfo, "writes that were acknowledged"},
      {"lost", "1", kLower, kNoisy, "of these, writes that are gone after the faults"},
      {"lost_ratio", "ratio", kLower, kNoisy, "the same over acknowledged"},
      {"recovered", "1", kNeither, kInfo,
       "writes that were neither acknowledged nor refused, and are there"},
      {"recovered_ratio", "ratio", kNeither, kInfo,
       "the same over all writes that were neither acknowledged nor refused"},
      {"loss_window_us", "us", kLower, kNoisy,
       "longest time from the acknowledgement of a write that was lost to the next fault"},
      {"unavailable_us", "us", kLower, kNoisy,
       "longest time from a fault until a write that began after it was acknowledged"},
  };
}

}  // namespace rcb
