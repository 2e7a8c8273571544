#include "bench/mixed/class_metrics.h"

#include <array>
#include <cstddef>
#include <utility>

#include "bench/computation_metrics.h"
#include "bench/mixed/mix.h"
#include "common/harness/counters.h"

namespace rcb::mixed {
namespace {

// What operations of a class are called: one of them, and several.
struct Words {
  const char* one;
  const char* several;
};

constexpr std::array<Words, kClassNames.size()> kWords = {{
    {"a get", "gets"},
    {"a set", "sets"},
    {"an increment", "increments"},
    {"a get-or-compute that did not find the value at once",
     "get-or-computes that did not find the value at once"},
    {"a transfer", "transfers"},
    {"an invalidation", "invalidations"},
    {"an order to expire", "orders to expire"},
    {"a get-or-compute that found the value at once",
     "get-or-computes that found the value at once"},
    {"a snapshot of all balances", "snapshots of all balances"},
}};

}  // namespace

std::vector<Metric> Metrics() {
  std::vector<Metric> metrics;
  for (size_t i = 0; i < kWords.size(); ++i) {
    for (Metric& metric : MetricsOfClass(kClassNames[i], kWords[i].one, kWords[i].several)) {
      metrics.push_back(std::move(metric));
    }
  }
  constexpr Direction kNeither = Direction::kNeither;
  constexpr MetricClass kInfo = MetricClass::kInfo;
  metrics.push_back(
      {"check_us", "us", kNeither, kInfo, "how long it took to judge the run by its record"});
  metrics.push_back({"queue_floor_us", "us", kNeither, kInfo,
                     "mean time of an operation, which is workers over operations per second"});
  metrics.push_back(MeanOfComputations());
  metrics.push_back(ComputationsAtOnce());
  return metrics;
}

}  // namespace rcb::mixed
