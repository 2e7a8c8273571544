#include "bench/write_log.h"

#include <algorithm>

namespace rcb {

BenchmarkSpec SpecOnBrokenServer(const std::string& name, Role role, const std::string& promise,
                                 const Settings& settings) {
  Contract contract;
  contract.promise = promise;
  contract.evidence = Evidence::kMemory;
  contract.min_overlapping = 0;  // a single client loses what it wrote
  BenchmarkSpec spec(name, role, contract);
  spec.shape = Shape::kEpochs;
  spec.needs.own_connections = Requirements::Own::kByOperations;
  spec.needs.own_server = true;
  spec.needs.breaks_servers = true;
  spec.needs.settings = settings;
  spec.residue.is_judged = role == Role::kSafe;
  return spec;
}

Counters LossCounters(const AddVerdict& verdict) {
  const auto share = [](double part, int64_t whole) {
    return part / static_cast<double>(std::max<int64_t>(whole, 1));
  };
  const auto lost = static_cast<double>(verdict.lost.size());
  const auto recovered = static_cast<double>(verdict.recovered);
  return {{"acknowledged", static_cast<double>(verdict.acknowledged)},
          {"lost", lost},
          {"lost_ratio", share(lost, verdict.acknowledged)},
          {"recovered", recovered},
          {"recovered_ratio", share(recovered, verdict.unknown)}};
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
      {"unavailable_us", "us", kLower, kNoisy,
       "longest time from a fault until a client that it had cut off had a write acknowledged "
       "again"},
  };
}

}  // namespace rcb
