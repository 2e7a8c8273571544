#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/cold/cold.h"
#include "bench/cold/cold_check.h"
#include "bench/computation_metrics.h"
#include "bench/families.h"
#include "bench/needs.h"
#include "bench/workload_flags.h"
#include "common/redis/blocking_client.h"

namespace rcb {
namespace {

using cold::Ground;
using cold::kNsPerMs;
using cold::SeenRead;
using cold::Settings;
using cold::Times;

constexpr int64_t kDefaultRounds = 12;
constexpr int64_t kDefaultKeys = 200;
constexpr double kReadsPerSecond = 2000;
constexpr int64_t kComputeMs = 10;
constexpr int64_t kLeaseMs = 30'000;
constexpr double kWarmPerSecond = 150;
constexpr double kLeastHitRatio = 0.7;  // of any tenth of a second
constexpr int64_t kLeastSpreadNs = 900 * kNsPerMs;
constexpr int kServerTimeoutMs = 5000;
constexpr int64_t kStepNs = 50 * kNsPerMs;
constexpr size_t kKeysPerRequest = 1000;
constexpr int64_t kNsPerFill = 200'000;  // at most, as a rule

// What a row promises.
enum class Promise { kOnce, kPace, kHits };

struct Row {
  const char* name;
  Role role;
  Operation (*variant)(Worker& worker, Ground& ground, size_t index);
  const char* commands;
  Promise promise;
  bool expires = false;
  bool is_spread = false;  // or all at once
  bool warms_up = false;
  double warm_per_second = 0;
  bool has_locks = false;
};

constexpr char kOnce[] = "each key that was lost is computed once";
constexpr char kPace[] =
    "each key that was lost is computed once, and a warm-up computes no more than 150 a second";
constexpr char kHits[] = "in each tenth of a second, at least 70 % of the reads are hits";

const char* TextOf(Promise promise) {
  if (promise == Promise::kOnce) return kOnce;
  return promise == Promise::kPace ? kPace : kHits;
}

constexpr Row kRows[] = {
    {.name = "Cold/unsafe/none",
     .role = Role::kControl,
     .variant = cold::None,
     .commands = "GET SET MSET",
     .promise = Promise::kOnce},
    {.name = "Cold/locking/single_flight",
     .role = Role::kSafe,
     .variant = cold::SingleFlightPerKey,
     .commands = "GET SET MSET",
     .promise = Promise::kOnce},
    {.name = "Cold/locking/token_lock",
     .role = Role::kSafe,
     .variant = cold::TokenLock,
     .commands = "GET SET MSET EVAL DEL",
     .promise = Promise::kOnce,
     .has_locks = true},
    {.name = "Cold/unsafe/warm_up_at_once",
     .role = Role::kControl,
     .variant = cold::SingleFlightPerKey,
     .commands = "GET SET MSET",
     .promise = Promise::kPace,
     .warms_up = true},
    {.name = "Cold/locking/warm_up",
     .role = Role::kSafe,
     .variant = cold::SingleFlightPerKey,
     .commands = "GET SET MSET",
     .promise = Promise::kPace,
     .warms_up = true,
     .warm_per_second = kWarmPerSecond},
    {.name = "Cold/unsafe/ttl_at_once",
     .role = Role::kControl,
     .variant = cold::None,
     .commands = "GET SET",
     .promise = Promise::kHits,
     .expires = true},
    {.name = "Cold/lockfree/ttl_jitter",
     .role = Role::kSafe,
     .variant = cold::None,
     .commands = "GET SET",
     .promise = Promise::kHits,
     .expires = true,
     .is_spread = true},
};

class ColdScenario : public Scenario {
 public:
  ColdScenario(const RunPlan& plan, const Settings& settings, const Row& row)
      : ground_(plan, settings),
        is_trial_(plan.trial),
        lanes_(std::min(plan.workers, cold::kLanes)),
        seed_(plan.seed),
        server_(plan.server),
        row_(row) {}

  absl::Status Prepare(BlockingClient& redis) override {
    absl::StatusOr<BlockingClient> server = BlockingClient::Connect(server_, kServerTimeoutMs);
    if (!server.ok()) return server.status();
    ground_.set_server(*std::move(server));
    return row_.expires ? FillToExpire(redis) : Fill(redis);
  }

  bool IsOver() override { return ground_.IsOver(); }

  Operation Operate(Worker& worker) override {
    ground_.Begin(worker);
    return row_.variant(worker, ground_, ground_.AnyKey(worker));
  }

  absl::StatusOr<Findings> Check(absl::Span<const OpRecord> history, BlockingClient&) override {
    if (!ground_.status().ok()) return ground_.status();
    std::vector<SeenRead> reads;
    reads.reserve(history.size());
    for (const OpRecord& op : history) {
      if (op.outcome == Outcome::kOk) {
        reads.push_back({op.invoke_ns, op.return_ns, ground_.WasHit(op)});
      }
    }
    const std::vector<cold::Computed> computed = ground_.AllComputed();
    const cold::Counts counts = cold::CountComputations(computed, ground_.settings().keys);
    const cold::Warmth warmth = cold::MeasureWarmth(reads, TimesOfRun());
    Findings findings;
    const bool has_failures = reads.size() != history.size();
    if (row_.promise != Promise::kHits && !has_failures) {
      findings.Detect("by_computations", counts.too_many);
    }
    if (row_.promise == Promise::kPace) {
      findings.Detect("by_pace", cold::CheckPace(computed, kWarmPerSecond, lanes_));
    }
    if (row_.promise == Promise::kHits && !is_trial_) {
      findings.Detect("by_hit_ratio", CheckHits(warmth, findings));
    }
    if (warmth.back_ns >= ground_.end_ns() - ground_.lost_ns() - kStepNs) {
      const char* const note = "the hit ratio was not back when the run ended";
      if (findings.note.empty()) findings.note = note;
    }
    findings.counters = {{"computations", counts.mean},
                         {"computations_max", static_cast<double>(counts.max)},
                         {"computing_at_once_max", static_cast<double>(ground_.max_running())},
                         {"warm_p95_us", warmth.warm_p95_us},
                         {"cold_p95_us", warmth.cold_p95_us},
                         {"worst_hit_ratio", warmth.worst_hit_ratio},
                         {"warm_again_us", static_cast<double>(warmth.back_ns) / 1e3}};
    return findings;
  }

 private:
  absl::Status Fill(BlockingClient& redis) const {
    const size_t keys = ground_.settings().keys;
    for (size_t begin = 0; begin < keys; begin += kKeysPerRequest) {
      std::vector<std::string> fill = {"MSET"};
      for (size_t i = begin; i < std::min(keys, begin + kKeysPerRequest); ++i) {
        fill.push_back(ground_.key(i));
        fill.push_back(absl::StrCat(i));
      }
      const absl::Status filled = redis.Command(fill).status();
      if (!filled.ok()) return filled;
    }
    return absl::OkStatus();
  }

  // Popular keys and others expire evenly over the time. The run begins when all are there.
  absl::Status FillToExpire(BlockingClient& redis) {
    const Settings& settings = ground_.settings();
    ground_.set_start_ns(NowNs() + static_cast<int64_t>(settings.keys) * kNsPerFill);
    std::vector<size_t> places(settings.keys);
    std::iota(places.begin(), places.end(), size_t{0});
    std::shuffle(places.begin(), places.end(), std::mt19937_64(seed_));
    for (size_t i = 0; i < settings.keys; ++i) {
      const double place = static_cast<double>(places[i]) / static_cast<double>(settings.keys);
      const int64_t end_ns =
          ground_.lost_ns() + static_cast<int64_t>(place * static_cast<double>(settings.spread_ns));
      const int64_t px = std::max<int64_t>((end_ns - NowNs()) / kNsPerMs, 1);
      const absl::Status set =
          redis.Command({"SET", ground_.key(i), absl::StrCat(i), "PX", absl::StrCat(px)}).status();
      if (!set.ok()) return set;
    }
    return absl::OkStatus();
  }

  // Where nobody reads for a while, as on a machine that stands still, more keys have expired when
  // they read again.
  Violations CheckHits(const cold::Warmth& warmth, Findings& findings) const {
    Violations violations;
    if (warmth.worst_hit_ratio >= kLeastHitRatio) return violations;
    if (row_.role == Role::kSafe && warmth.longest_gap_ns > kStepNs) {
      findings.note = absl::StrFormat("nobody read for %d ms, so that hits are not judged",
                                      warmth.longest_gap_ns / kNsPerMs);
      return violations;
    }
    violations.Add(1, absl::StrFormat("in some tenth of a second, %.0f %% of the reads were hits",
                                      100 * warmth.worst_hit_ratio));
    return violations;
  }

  Times TimesOfRun() const {
    const int64_t start_ns = ground_.start_ns();
    return {.calm_ns = start_ns + (ground_.lost_ns() - start_ns) / 2,
            .lost_ns = ground_.lost_ns(),
            .end_ns = ground_.end_ns()};
  }

  Ground ground_;
  const bool is_trial_;
  const int lanes_;  // of a warm-up
  const uint64_t seed_;
  const Endpoint server_;
  const Row row_;
};

struct ColdOptions {
  int64_t rounds = 0;
  KeyspaceOptions keyspace;
};

// A round is 100 ms: a fifth before the loss, and the rest after.
Settings SettingsOf(const Row& row, const ColdOptions& options, const RunPlan& plan) {
  Settings settings;
  settings.computation = {Computation::Kind::kWait, kComputeMs};
  settings.keys = static_cast<size_t>(options.keyspace.KeysOr(kDefaultKeys));
  settings.distribution = options.keyspace.DistributionOr(KeyDistribution::Zipf(0.99));
  settings.lease_ms = plan.LeaseMs(kLeaseMs);
  settings.before_ns = plan.budget * 20 * kNsPerMs;
  settings.after_ns = plan.budget * 80 * kNsPerMs;
  settings.expires = row.expires;
  if (row.is_spread) settings.spread_ns = std::max(settings.after_ns, kLeastSpreadNs);
  settings.warms_up = row.warms_up;
  settings.warm_per_second = row.warm_per_second;
  return settings;
}

std::vector<BenchmarkSpec> Variants(const ColdOptions& options) {
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : kRows) {
    Contract contract;
    contract.promise = TextOf(row.promise);
    if (row.promise != Promise::kHits) contract.bounds = OneComputation();
    contract.evidence = Evidence::kRecordAndMemory;
    BenchmarkSpec spec(row.name, row.role, contract);
    spec.shape = Shape::kEpochs;
    spec.workers = {100};
    spec.rounds = options.rounds > 0 ? options.rounds : kDefaultRounds;
    spec.rate_per_second = kReadsPerSecond;
    spec.floor.round_trips = 1;
    Declare({row.commands, ""}, spec);
    spec.needs.own_server = true;
    spec.needs.flushes = true;
    spec.needs.subscriber = row.warms_up;
    spec.residue = {.is_judged = row.role == Role::kSafe, .keys = {{.name = "key:{number}"}}};
    spec.make = [row, options](const RunPlan& plan) {
      return std::make_unique<ColdScenario>(plan, SettingsOf(row, options, plan), row);
    };
    specs.push_back(std::move(spec));
  }
  return specs;
}

std::vector<Metric> Metrics() {
  constexpr Direction kLower = Direction::kLowerIsBetter;
  constexpr MetricClass kNoisy = MetricClass::kNoisy;
  std::vector<Metric> metrics = ComputationMetrics();
  const Metric own[] = {
      ComputationsAtOnce(),
      {"warm_p95_us", "us", kLower, kNoisy,
       "95th percentile of the latency of a read before the keys were lost"},
      {"cold_p95_us", "us", kLower, kNoisy,
       "95th percentile of the latency of a read in the first 200 ms after the keys were lost"},
      {"worst_hit_ratio", "ratio", Direction::kHigherIsBetter, kNoisy,
       "least hit ratio of any tenth of a second after the keys were lost"},
      {"warm_again_us", "us", kLower, kNoisy,
       "time from the loss of the keys until the hit ratio was 95 % of the one before"},
  };
  metrics.insert(metrics.end(), std::begin(own), std::end(own));
  return metrics;
}

std::vector<Flag> Flags(ColdOptions* options) {
  std::vector<Flag> flags = KeyspaceFlags(&options->keyspace);
  flags.pop_back();  // values are what they tell
  flags.push_back(RoundsFlag(&options->rounds));
  return flags;
}

}  // namespace

Family ColdFamily() {
  const auto options = std::make_shared<ColdOptions>();
  return {
      .name = "Cold",
      .metrics = Metrics(),
      .columns = {{"computations", "computations", {{"peak ", "computing_at_once_max"}}},
                  {"p95 cold", "cold_p95_us"},
                  {"worst hits", "worst_hit_ratio"},
                  {"warm again", "warm_again_us"}},
      .flags = Flags(options.get()),
      .variants = [options] { return Variants(*options); },
  };
}

}  // namespace rcb
