#include "bench/mixed/class_metrics.h"

#include <iterator>

#include "absl/algorithm/container.h"

namespace rcb::mixed {
namespace {

constexpr Direction kHigher = Direction::kHigherIsBetter;
constexpr Direction kLower = Direction::kLowerIsBetter;
constexpr Direction kNeither = Direction::kNeither;
constexpr MetricClass kNoisy = MetricClass::kNoisy;
constexpr MetricClass kContract = MetricClass::kContract;
constexpr MetricClass kInfo = MetricClass::kInfo;

const Metric kOfCommands[] = {
    {"get_p50_us", "us", kLower, kNoisy, "median latency of a get"},
    {"get_p95_us", "us", kLower, kNoisy, "95th percentile of the latency of a get"},
    {"get_p99_us", "us", kLower, kNoisy, "99th percentile of the latency of a get"},
    {"get_per_second", "1/s", kHigher, kNoisy, "gets per second that completed"},
    {"get_success_rate", "ratio", kHigher, kContract,
     "gets that did what they promised over those started"},
    {"set_p50_us", "us", kLower, kNoisy, "median latency of a set"},
    {"set_p95_us", "us", kLower, kNoisy, "95th percentile of the latency of a set"},
    {"set_p99_us", "us", kLower, kNoisy, "99th percentile of the latency of a set"},
    {"set_per_second", "1/s", kHigher, kNoisy, "sets per second that completed"},
    {"set_success_rate", "ratio", kHigher, kContract,
     "sets that did what they promised over those started"},
    {"incr_p50_us", "us", kLower, kNoisy, "median latency of an increment"},
    {"incr_p95_us", "us", kLower, kNoisy, "95th percentile of the latency of an increment"},
    {"incr_p99_us", "us", kLower, kNoisy, "99th percentile of the latency of an increment"},
    {"incr_per_second", "1/s", kHigher, kNoisy, "increments per second that completed"},
    {"incr_success_rate", "ratio", kHigher, kContract,
     "increments that did what they promised over those started"},
    {"compute_p50_us", "us", kLower, kNoisy,
     "median latency of a get-or-compute that did not find the value at once"},
    {"compute_p95_us", "us", kLower, kNoisy,
     "95th percentile of the latency of a get-or-compute that did not find the value at once"},
    {"compute_p99_us", "us", kLower, kNoisy,
     "99th percentile of the latency of a get-or-compute that did not find the value at once"},
    {"compute_per_second", "1/s", kHigher, kNoisy,
     "get-or-computes that did not find the value at once per second that completed"},
    {"compute_success_rate", "ratio", kHigher, kContract,
     "get-or-computes that did not find the value at once that did what they promised over those "
     "started"},
};

const Metric kOfBankAndCache[] = {
    {"transfer_p50_us", "us", kLower, kNoisy, "median latency of a transfer"},
    {"transfer_p95_us", "us", kLower, kNoisy, "95th percentile of the latency of a transfer"},
    {"transfer_p99_us", "us", kLower, kNoisy, "99th percentile of the latency of a transfer"},
    {"transfer_per_second", "1/s", kHigher, kNoisy, "transfers per second that completed"},
    {"transfer_success_rate", "ratio", kHigher, kContract,
     "transfers that did what they promised over those started"},
    {"invalidate_p50_us", "us", kLower, kNoisy, "median latency of an invalidation"},
    {"invalidate_p95_us", "us", kLower, kNoisy,
     "95th percentile of the latency of an invalidation"},
    {"invalidate_p99_us", "us", kLower, kNoisy,
     "99th percentile of the latency of an invalidation"},
    {"invalidate_per_second", "1/s", kHigher, kNoisy, "invalidations per second that completed"},
    {"invalidate_success_rate", "ratio", kHigher, kContract,
     "invalidations that did what they promised over those started"},
    {"expire_p50_us", "us", kLower, kNoisy, "median latency of an order to expire"},
    {"expire_p95_us", "us", kLower, kNoisy, "95th percentile of the latency of an order to expire"},
    {"expire_p99_us", "us", kLower, kNoisy, "99th percentile of the latency of an order to expire"},
    {"expire_per_second", "1/s", kHigher, kNoisy, "orders to expire per second that completed"},
    {"expire_success_rate", "ratio", kHigher, kContract,
     "orders to expire that did what they promised over those started"},
    {"hit_p50_us", "us", kLower, kNoisy,
     "median latency of a get-or-compute that found the value at once"},
    {"hit_p95_us", "us", kLower, kNoisy,
     "95th percentile of the latency of a get-or-compute that found the value at once"},
    {"hit_p99_us", "us", kLower, kNoisy,
     "99th percentile of the latency of a get-or-compute that found the value at once"},
    {"hit_per_second", "1/s", kHigher, kNoisy,
     "get-or-computes that found the value at once per second that completed"},
    {"hit_success_rate", "ratio", kHigher, kContract,
     "get-or-computes that found the value at once that did what they promised over those "
     "started"},
    {"snapshot_p50_us", "us", kLower, kNoisy, "median latency of a snapshot of all balances"},
    {"snapshot_p95_us", "us", kLower, kNoisy,
     "95th percentile of the latency of a snapshot of all balances"},
    {"snapshot_p99_us", "us", kLower, kNoisy,
     "99th percentile of the latency of a snapshot of all balances"},
    {"snapshot_per_second", "1/s", kHigher, kNoisy,
     "snapshots of all balances per second that completed"},
    {"snapshot_success_rate", "ratio", kHigher, kContract,
     "snapshots of all balances that did what they promised over those started"},
};

const Metric kOfTheWhole[] = {
    {"check_us", "us", kNeither, kInfo, "how long it took to judge the run by its record"},
    {"queue_floor_us", "us", kNeither, kInfo,
     "mean time of an operation, which is workers over operations per second"},
    {"computations", "1", kLower, kNoisy, "mean of the expensive computations per round or expiry"},
    {"computing_at_once_max", "1", kLower, kNoisy,
     "most expensive computations that ran at the same time"},
};

}  // namespace

std::vector<Metric> Metrics() {
  std::vector<Metric> metrics;
  absl::c_copy(kOfCommands, std::back_inserter(metrics));
  absl::c_copy(kOfBankAndCache, std::back_inserter(metrics));
  absl::c_copy(kOfTheWhole, std::back_inserter(metrics));
  return metrics;
}

}  // namespace rcb::mixed
