#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/families.h"
#include "bench/fault_flags.h"
#include "bench/needs.h"
#include "bench/outage/breaker.h"
#include "bench/outage/outage.h"
#include "bench/outage/outage_check.h"
#include "bench/workload_flags.h"
#include "common/redis/blocking_client.h"

namespace rcb {
namespace {

using outage::Ground;
using outage::Parts;
using outage::SeenRead;
using outage::Times;

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kDefaultRounds = 22;
constexpr double kReadsPerSecond = 2000;  // more than twice what the origin can serve
constexpr int kServerTimeoutMs = 5000;

struct Row {
  const char* name;
  Role role;
  Operation (*variant)(Worker& worker, Ground& ground, size_t key);
  const char* promise;
  bool spares_origin = true;  // it is never asked for more than it can do
  bool waits_to_reconnect = true;
  bool serves_again = false;  // what it has served while the cache is gone
  bool keeps_copies = false;  // of what a thread has served
  bool has_breaker = false;
  bool breaker_probes = true;
  bool has_gutter = false;
};

constexpr char kSpares[] =
    "the origin is never asked for more at once than it can do, and a client makes at most 3 tries "
    "to connect in 100 ms, on the average";
constexpr char kServes[] =
    "the origin is never asked for more at once than it can do, a client makes at most 3 tries to "
    "connect in 100 ms, on the average, and what was served once while the cache is gone is served "
    "again";
constexpr char kBreaks[] =
    "once the origin has not answered five requests in a row, it is asked one at a time, 30 ms "
    "apart, until it answers";

constexpr Row kRows[] = {
    {.name = "Outage/unsafe/fall_through",
     .role = Role::kControl,
     .variant = outage::FallThrough,
     .promise = kServes,
     .serves_again = true},
    {.name = "Outage/unsafe/reconnect_at_once",
     .role = Role::kControl,
     .variant = outage::FailFast,
     .promise = kSpares,
     .waits_to_reconnect = false},
    {.name = "Outage/unsafe/breaker_without_probe",
     .role = Role::kControl,
     .variant = outage::CircuitBreaker,
     .promise = kBreaks,
     .spares_origin = false,
     .has_breaker = true,
     .breaker_probes = false},
    {.name = "Outage/locking/bulkhead",
     .role = Role::kSafe,
     .variant = outage::Bulkhead,
     .promise = kSpares},
    {.name = "Outage/lockfree/fail_fast",
     .role = Role::kSafe,
     .variant = outage::FailFast,
     .promise = kSpares},
    {.name = "Outage/lockfree/local_stale",
     .role = Role::kSafe,
     .variant = outage::LocalStale,
     .promise = kServes,
     .serves_again = true,
     .keeps_copies = true},
    {.name = "Outage/lockfree/circuit_breaker",
     .role = Role::kSafe,
     .variant = outage::CircuitBreaker,
     .promise = kBreaks,
     .spares_origin = false,
     .has_breaker = true},
    {.name = "Outage/lockfree/gutter",
     .role = Role::kSafe,
     .variant = outage::Gutter,
     .promise = kServes,
     .serves_again = true,
     .has_gutter = true},
};

// A round is 100 ms: a fifth before, a quarter without the cache, and the rest after. A trial has
// its own, whatever the flag says.
Parts PartsOf(const RunPlan& plan, int64_t fault_ms) {
  const bool has_own = fault_ms > 0 && !plan.trial;
  return {.before_ns = plan.budget * 20 * kMs,
          .during_ns = has_own ? fault_ms * kMs : plan.budget * 25 * kMs,
          .after_ns = plan.budget * 55 * kMs};
}

class OutageScenario : public Scenario {
 public:
  OutageScenario(const RunPlan& plan, const Row& row, int64_t fault_ms)
      : ground_(plan, PartsOf(plan, fault_ms), row.waits_to_reconnect, row.breaker_probes),
        server_(plan.server),
        is_trial_(plan.trial),
        workers_(plan.workers),
        threads_(plan.threads),
        row_(row) {}

  absl::Status Prepare(BlockingClient& redis) override {
    absl::StatusOr<BlockingClient> server = BlockingClient::Connect(server_, kServerTimeoutMs);
    if (!server.ok()) return server.status();
    ground_.course.set_server(*std::move(server));
    std::vector<std::string> fill = {"MSET"};
    for (size_t i = 0; i < outage::kKeys; ++i) {
      fill.push_back(ground_.keys[i]);
      fill.push_back(ground_.values[i]);
    }
    return redis.Command(fill).status();
  }

  bool IsOver() override { return ground_.course.IsOver(); }

  Operation Operate(Worker& worker) override {
    ground_.course.Begin(worker);
    const size_t key = ground_.AnyKey(worker);
    ground_.reads.For(worker).key = static_cast<uint32_t>(key);
    return row_.variant(worker, ground_, key);
  }

  absl::StatusOr<Findings> Check(absl::Span<const OpRecord> history, BlockingClient&) override {
    if (!ground_.course.status().ok()) return ground_.course.status();
    if (!is_trial_ && ground_.CountLost() == workers_) {
      return absl::UnavailableError("no client got back to the cache after it had returned");
    }
    Findings findings;
    std::vector<SeenRead> reads;
    reads.reserve(history.size());
    for (const OpRecord& op : history) {
      const outage::Read read = ground_.reads.Of(op);
      if (read.is_wrong) findings.violations.Add(1, "a read got the value of another key, or none");
      reads.push_back({op.invoke_ns, op.return_ns, read.source, read.key, read.waited_ns,
                       row_.keeps_copies ? op.worker % threads_ : 0});
    }
    std::vector<int64_t> connects;
    ground_.connects.ForEach([&connects](const std::vector<int64_t>& own) {
      connects.insert(connects.end(), own.begin(), own.end());
    });
    const int64_t peak = outage::PeakOf(connects);
    findings.violations.Merge(outage::CheckWaits(reads));
    findings.Detect("by_connects", outage::CheckConnects(peak, workers_));
    if (row_.spares_origin) findings.Detect("by_origin", CheckOrigin());
    if (row_.serves_again) {
      findings.Detect("by_service", outage::CheckService(reads, TimesOfRun()));
    }
    if (row_.has_breaker) {
      findings.Detect("by_breaker", outage::CheckBreaker(ground_.breaker.calls()));
    }
    const Times times = TimesOfRun();
    findings.counters = outage::CountReads(reads, times);
    const outage::Recovery recovery = outage::RecoveryOf(reads, times);
    if (recovery.hits_ns >= times.end_ns - times.back_ns - outage::kWindowNs) {
      findings.note = "the hit ratio was not back when the run ended";
    }
    findings.counters.emplace_back("origin_peak", static_cast<double>(ground_.origin.peak()));
    findings.counters.emplace_back("connects_peak_per_second",
                                   static_cast<double>(peak) * 1e9 / outage::kPeakNs);
    return findings;
  }

 private:
  // What the origin itself says.
  Violations CheckOrigin() const {
    Violations violations;
    const int64_t missing = ground_.origin.capacity() - ground_.permits.left();
    violations.Add(std::abs(missing),
                   absl::StrCat(missing, " permits to ask the origin were not given back"));
    violations.Add(
        ground_.origin.beyond(),
        absl::StrCat(ground_.origin.beyond(), " of ", ground_.origin.asked(),
                     " requests came when the origin was at work on ", ground_.origin.capacity(),
                     " or more; at the peak it had ", ground_.origin.peak()));
    return violations;
  }

  Times TimesOfRun() const {
    const outage::Course& course = ground_.course;
    return {.calm_ns = course.start_ns() + (course.gone_ns() - course.start_ns()) / 2,
            .gone_ns = course.really_gone_ns(),
            .back_ns = course.really_back_ns(),
            .end_ns = course.end_ns()};
  }

  Ground ground_;
  const Endpoint server_;
  const bool is_trial_;
  const int workers_;
  const int threads_;
  const Row row_;
};

struct OutageOptions {
  int64_t fault_ms = 0;
  int64_t rounds = 0;
};

std::vector<BenchmarkSpec> Variants(const OutageOptions& options) {
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : kRows) {
    Contract contract;
    contract.promise = row.promise;
    if (row.spares_origin) {
      contract.bounds = {
          {"origin_peak", Bound::Relation::kAtMost, static_cast<double>(outage::kCapacity)}};
    }
    contract.evidence = Evidence::kMemory;
    BenchmarkSpec spec(row.name, row.role, contract);
    spec.shape = Shape::kEpochs;
    spec.workers = {100};
    spec.rounds = options.rounds > 0 ? options.rounds : kDefaultRounds;
    spec.rate_per_second = kReadsPerSecond;
    spec.floor.round_trips = 1;
    Declare({"MSET GET SET", ""}, spec);
    for (size_t i = 0; i < outage::kKeys; ++i) spec.needs.keys.push_back(absl::StrCat("key:", i));
    spec.needs.own_server = true;
    spec.needs.flushes = true;
    spec.needs.proxy = true;
    spec.needs.own_connections = Requirements::Own::kByOperations;
    if (row.has_gutter) spec.needs.quorum_nodes = 1;
    spec.residue = {.is_judged = row.role == Role::kSafe, .keys = {{.name = "key:{number}"}}};
    spec.make = [row, fault_ms = options.fault_ms](const RunPlan& plan) {
      return std::make_unique<OutageScenario>(plan, row, fault_ms);
    };
    specs.push_back(std::move(spec));
  }
  return specs;
}

std::vector<Metric> Metrics() {
  constexpr Direction kLower = Direction::kLowerIsBetter;
  constexpr Direction kHigher = Direction::kHigherIsBetter;
  constexpr MetricClass kNoisy = MetricClass::kNoisy;
  return {
      {"during_served_ratio", "ratio", kHigher, kNoisy,
       "reads that were served over all reads, while the cache was gone"},
      {"after_served_ratio", "ratio", kHigher, kNoisy,
       "reads that were served over all reads, once the cache was back"},
      {"during_stale_ratio", "ratio", kLower, kNoisy,
       "reads that were served from a copy in the process over all reads, while the cache was "
       "gone"},
      {"before_p95_us", "us", kLower, kNoisy,
       "95th percentile of the latency of a read before the cache was gone"},
      {"during_p95_us", "us", kLower, kNoisy,
       "95th percentile of the latency of a read while the cache was gone"},
      {"after_p95_us", "us", kLower, kNoisy,
       "95th percentile of the latency of a read once the cache was back"},
      {"hits_back_us", "us", kLower, kNoisy,
       "time from the return of the cache until the hit ratio was 95 % of the one before"},
      {"p95_back_us", "us", kLower, kNoisy,
       "time from the return of the cache until the p95 was at most twice the one before, or 1 ms"},
      {"origin_peak", "1", kLower, kNoisy, "most requests that the origin worked on at once"},
      {"connects_peak_per_second", "1/s", kLower, kNoisy,
       "tries to get back to the cache in the worst 100 ms, per second"},
  };
}

}  // namespace

Family OutageFamily() {
  const auto options = std::make_shared<OutageOptions>();
  return {
      .name = "Outage",
      .metrics = Metrics(),
      .columns = {{"served", "during_served_ratio"},
                  {"p95 then", "during_p95_us"},
                  {"origin", "origin_peak"},
                  {"connects", "connects_peak_per_second"},
                  {"hits back", "hits_back_us"}},
      .flags = {FaultMsFlag(&options->fault_ms), RoundsFlag(&options->rounds)},
      .variants = [options] { return Variants(*options); },
  };
}

}  // namespace rcb
