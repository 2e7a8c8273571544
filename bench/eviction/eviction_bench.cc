#include <cstdint>
#include <memory>
#include <vector>

#include "bench/eviction/eviction_scenario.h"
#include "bench/families.h"
#include "bench/needs.h"
#include "bench/workload_flags.h"

namespace rcb {
namespace {

using eviction::Order;
using eviction::Row;
using eviction::Theory;

constexpr int64_t kDefaultEpochs = 60;
constexpr int64_t kDefaultKeys = 100'000;
constexpr double kDefaultExponent = 0.99;
// For unsafe/stale_copy: so little memory that also popular keys come and go.
constexpr double kKeysPerHeldIfScarce = 250;
constexpr int64_t kLargeValueBytes = 10'000;
constexpr uint64_t kTrialKeys = 50;
constexpr int64_t kTrialOperationsPerEpoch = 50;

constexpr Row Policy(const char* name, const char* policy, Order order, Theory theory) {
  Row row{name, Role::kSafe, policy, order, theory};
  if (order == Order::kRecent || order == Order::kOften) {
    row.needs.commands = "GET SET DBSIZE EVAL DUMP RESTORE OBJECT";
  }
  return row;
}
// All keys have a time to live, so that a volatile policy may evict any.
constexpr Row Volatile(const char* name, const char* policy, Order order, Theory theory) {
  Row row = Policy(name, policy, order, theory);
  row.has_ttls = true;
  row.ttl_pct = 100;
  return row;
}
// Nothing may be evicted.
constexpr Row Refusing(const char* name, const char* policy, int64_t ttl_pct) {
  Row row{name, Role::kControl, policy, Order::kNone, Theory::kBound};
  row.needs.commands = "GET SET DBSIZE EVAL MGET";
  row.evicts = false;
  row.ttl_pct = ttl_pct;
  return row;
}

constexpr Row kRows[] = {
    Policy("Eviction/policy/allkeys_lru", "allkeys-lru", Order::kRecent, Theory::kLru),
    Policy("Eviction/policy/allkeys_lfu", "allkeys-lfu", Order::kOften, Theory::kBound),
    Policy("Eviction/policy/allkeys_random", "allkeys-random", Order::kNone, Theory::kRandom),
    Volatile("Eviction/policy/volatile_lru", "volatile-lru", Order::kRecent, Theory::kLru),
    Volatile("Eviction/policy/volatile_lfu", "volatile-lfu", Order::kOften, Theory::kBound),
    Volatile("Eviction/policy/volatile_random", "volatile-random", Order::kNone, Theory::kRandom),
    Volatile("Eviction/policy/volatile_ttl", "volatile-ttl", Order::kExpiry, Theory::kRandom),
    Refusing("Eviction/policy/noeviction", "noeviction", -1),
    Refusing("Eviction/policy/volatile_lru", "volatile-lru", 0),
    Refusing("Eviction/policy/volatile_lfu", "volatile-lfu", 0),
    Refusing("Eviction/policy/volatile_random", "volatile-random", 0),
    Refusing("Eviction/policy/volatile_ttl", "volatile-ttl", 0),
    {.name = "Eviction/shift/allkeys_lru",
     .role = Role::kSafe,
     .policy = "allkeys-lru",
     .order = Order::kRecent,
     .theory = Theory::kBound,
     .variant = eviction::GetOrFillStamped,
     .needs = {"GET SET DBSIZE EVAL DUMP RESTORE OBJECT", ""},
     .shifts = true},
    {.name = "Eviction/shift/allkeys_lfu",
     .role = Role::kSafe,
     .policy = "allkeys-lfu",
     .order = Order::kOften,
     .theory = Theory::kBound,
     .needs = {"GET SET DBSIZE EVAL DUMP RESTORE OBJECT", ""},
     .shifts = true},
    {.name = "Eviction/unsafe/stale_copy",
     .role = Role::kControl,
     .policy = "allkeys-random",
     .order = Order::kNone,
     .theory = Theory::kBound,
     .variant = eviction::StaleCopy,
     .keys_per_held = kKeysPerHeldIfScarce,
     .value_bytes = kLargeValueBytes},
};

eviction::Settings SettingsOf(const Row& row, const KeyspaceOptions& options, const RunPlan& plan) {
  eviction::Settings settings;
  settings.distribution = options.DistributionOr(KeyDistribution::Zipf(kDefaultExponent));
  settings.keys = plan.trial ? kTrialKeys : static_cast<uint64_t>(options.KeysOr(kDefaultKeys));
  settings.value_bytes =
      options.value_bytes.is_given() ? options.value_bytes : ValueSizes::Constant(row.value_bytes);
  settings.ttl_ms = row.has_ttls ? eviction::kTtlMs : 0;
  settings.operations =
      plan.budget * (plan.trial ? kTrialOperationsPerEpoch : eviction::kOperationsPerEpoch);
  if (row.shifts && !plan.trial) settings.shift_at = settings.operations / 4;
  return settings;
}

std::vector<BenchmarkSpec> Variants(const KeyspaceOptions& options, int64_t rounds) {
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : kRows) {
    Contract contract;
    const bool is_about_values = row.role == Role::kSafe || row.evicts;
    contract.promise = is_about_values
                           ? "a hit returns the last value written to its key, and no write is "
                             "refused for want of memory"
                           : "no write is refused for want of memory";
    if (row.role == Role::kSafe) contract.bounds = {{"oom_errors", Bound::Relation::kAtMost, 0}};
    // The server alone decides it, and not a race.
    if (!row.evicts) contract.min_overlapping = 0;
    BenchmarkSpec spec(row.name, row.role, contract);
    spec.shape = Shape::kEpochs;
    spec.workers = {50};
    if (row.ttl_pct >= 0) spec.args = {{"ttl_pct", row.ttl_pct}};
    spec.rounds = rounds > 0 ? rounds : kDefaultEpochs * (row.shifts ? 2 : 1);
    spec.floor.round_trips = 1;
    spec.op_classes = {"hit", "fill"};
    spec.needs.settings = {{"maxmemory-policy", row.policy},
                           {"maxmemory-samples", "10"},
                           {"maxmemory", "0"},
                           {"lfu-log-factor", "10"},
                           {"lfu-decay-time", "1"}};
    spec.needs.evicts = row.evicts;
    Declare(row.needs, spec);
    spec.make = [row, options](const RunPlan& plan) {
      return eviction::MakeScenario(plan, SettingsOf(row, options, plan), row);
    };
    specs.push_back(std::move(spec));
  }
  return specs;
}

std::vector<Metric> Metrics() {
  constexpr Direction kLower = Direction::kLowerIsBetter;
  constexpr Direction kHigher = Direction::kHigherIsBetter;
  constexpr Direction kNeither = Direction::kNeither;
  constexpr MetricClass kNoisy = MetricClass::kNoisy;
  constexpr MetricClass kInfo = MetricClass::kInfo;
  return {
      {"keys_held", "1", kNeither, kInfo, "mean number of keys that the server held"},
      {"hit_ratio_lru", "ratio", kNeither, kInfo,
       "hit ratio that Che's approximation gives for exact LRU with as many keys held"},
      {"hit_ratio_random", "ratio", kNeither, kInfo,
       "hit ratio that theory gives for random eviction or FIFO with as many keys held"},
      {"hit_ratio_bound", "ratio", kNeither, kInfo,
       "hit ratio if the most popular keys were held, which nothing exceeds"},
      {"hit_efficiency", "ratio", kHigher, kNoisy, "hit_ratio over hit_ratio_bound"},
      {"hit_p95_us", "us", kLower, kNoisy,
       "95th percentile of the latency of a get-or-compute that found the value at once"},
      {"fill_p95_us", "us", kLower, kNoisy,
       "95th percentile of the latency of a get-or-compute that did not, and stored a value"},
      {"evicted_per_second", "1/s", kNeither, kInfo, "keys that the server evicted per second"},
      {"oom_errors", "1", kLower, kNoisy, "writes that the server refused for want of memory"},
      {"recovery_operations", "1", kLower, kNoisy,
       "operations after a shift of popularity until the hit ratio is within 5 % of what it was"},
      {"bytes_per_key", "1", kLower, kNoisy,
       "memory that the server took for the keys that it was filled with, per key"},
      {"value_bytes_per_key", "1", kNeither, kInfo, "of which the value is so many bytes"},
  };
}

}  // namespace

Family EvictionFamily() {
  const auto options = std::make_shared<KeyspaceOptions>();
  const auto rounds = std::make_shared<int64_t>(0);
  std::vector<Flag> flags = KeyspaceFlags(options.get());
  flags.push_back(RoundsFlag(rounds.get()));
  return {
      .name = "Eviction",
      .metrics = Metrics(),
      .columns = {{"hits", "hit_ratio"},
                  {"lru", "hit_ratio_lru"},
                  {"random", "hit_ratio_random"},
                  {"bound", "hit_ratio_bound"}},
      .flags = flags,
      .variants = [options, rounds] { return Variants(*options, *rounds); },
  };
}

}  // namespace rcb
