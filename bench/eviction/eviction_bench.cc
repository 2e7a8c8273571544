#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/eviction/eviction.h"
#include "bench/eviction/eviction_check.h"
#include "bench/eviction/steady_state.h"
#include "bench/eviction/theory.h"
#include "bench/families.h"
#include "bench/needs.h"
#include "bench/workload_flags.h"

namespace rcb {
namespace {

using eviction::Cache;
using eviction::FinalRead;
using eviction::HeldKey;
using eviction::MemoryFacts;
using eviction::Order;
using eviction::Popularity;
using eviction::SeenOp;
using eviction::SizeSample;
using eviction::Visit;

constexpr int64_t kDefaultEpochs = 60;
constexpr int64_t kDefaultKeys = 100'000;
constexpr int64_t kDefaultValueBytes = 500;
constexpr double kDefaultExponent = 0.99;
constexpr double kKeysPerHeld = 5;  // the keyspace is so many times what fits
// For unsafe/stale_copy: so little memory that also popular keys come and go.
constexpr double kKeysPerHeldIfScarce = 250;
constexpr int64_t kLargeValueBytes = 10'000;
constexpr uint64_t kTrialKeys = 50;
constexpr int64_t kTrialOperationsPerEpoch = 50;
constexpr size_t kKeysPerRead = 500;

// What theory says of the hit ratio of a policy.
enum class Theory { kBound, kLru, kRandom };

struct Row {
  const char* name;
  Role role;
  const char* policy;  // maxmemory-policy
  Order order;         // that it goes by
  Theory theory;
  Operation (*variant)(Worker& worker, Cache& cache) = eviction::GetOrFill;
  Needs needs = {"GET SET DBSIZE EVAL", ""};
  bool has_ttls = false;
  bool evicts = true;  // otherwise it refuses writes at its limit, and loses nothing
  bool shifts = false;
  double keys_per_held = kKeysPerHeld;
  int64_t value_bytes = kDefaultValueBytes;
  int64_t ttl_pct = -1;  // an argument of the name: how many of a hundred keys have a time to live
};

constexpr Row Policy(const char* name, const char* policy, Order order, Theory theory) {
  Row row{name, Role::kSafe, policy, order, theory};
  if (order == Order::kRecent || order == Order::kOften) {
    row.needs.commands = "GET SET DBSIZE EVAL DUMP RESTORE";
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
     .needs = {"GET SET DBSIZE EVAL DUMP RESTORE", ""},
     .shifts = true},
    {.name = "Eviction/shift/allkeys_lfu",
     .role = Role::kSafe,
     .policy = "allkeys-lfu",
     .order = Order::kOften,
     .theory = Theory::kBound,
     .needs = {"GET SET DBSIZE EVAL DUMP RESTORE", ""},
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

class EvictionScenario : public Scenario {
 public:
  EvictionScenario(const RunPlan& plan, const eviction::Settings& settings, const Row& row)
      : cache_(plan, settings),
        is_trial_(plan.trial),
        seed_(plan.seed),
        row_(row),
        probabilities_(ProbabilitiesOf(settings.distribution, settings.keys)),
        is_held_(settings.keys) {}

  // Fills the server without a limit, and then limits it to what it uses. In a trial nothing is
  // evicted.
  absl::Status Prepare(BlockingClient& redis) override {
    if (is_trial_) return SetLimit(0, redis);
    absl::Status status = SetLimit(0, redis);
    if (!status.ok()) return status;
    const absl::StatusOr<MemoryFacts> empty = eviction::FetchMemoryFacts(redis);
    if (!empty.ok()) return empty.status();
    empty_ = *empty;
    absl::InsecureBitGen random(
        std::seed_seq{static_cast<uint32_t>(seed_), static_cast<uint32_t>(seed_ >> 32)});
    const double held = static_cast<double>(cache_.settings().keys) / row_.keys_per_held;
    const std::vector<HeldKey> keys =
        eviction::DrawHeldKeys(probabilities_, held, row_.order, random);
    for (const HeldKey& key : keys) {
      is_held_[key.key] = true;
      value_bytes_ +=
          static_cast<double>(cache_.BytesOf(key.key)) / static_cast<double>(keys.size());
    }
    status = eviction::Store(keys, row_.order, cache_, redis);
    if (!status.ok()) return status;
    const absl::StatusOr<MemoryFacts> full = eviction::FetchMemoryFacts(redis);
    if (!full.ok()) return full.status();
    bytes_per_key_ = static_cast<double>(full->used_bytes - empty_.used_bytes) /
                     static_cast<double>(std::max<size_t>(keys.size(), 1));
    // A limit that is below what the keys take is reached, whatever the clients' buffers do.
    return SetLimit(full->used_bytes - (row_.evicts ? 0 : full->client_bytes), redis);
  }

  bool IsOver() override { return cache_.IsOver(); }

  Operation Operate(Worker& worker) override { return row_.variant(worker, cache_); }

  absl::StatusOr<Findings> Check(absl::Span<const OpRecord> history,
                                 BlockingClient& redis) override {
    std::vector<SeenOp> ops;
    ops.reserve(history.size());
    for (const OpRecord& record : history) ops.push_back({record, cache_.visits().Of(record)});
    std::vector<FinalRead> final_reads;
    if (!row_.evicts && !is_trial_) {
      absl::StatusOr<std::vector<FinalRead>> read = ReadAll(redis);
      if (!read.ok()) return read.status();
      final_reads = *std::move(read);
    }
    Findings findings;
    findings.Detect("by_value", eviction::CheckValues(ops, final_reads, is_held_));
    if (is_trial_) return findings;
    const int64_t refused = CountRefused(ops);
    findings.counters.emplace_back("oom_errors", static_cast<double>(refused));
    if (!row_.evicts) JudgeRefusals(refused, ops, final_reads, findings);
    const absl::Status told = TellMemory(ops, redis, findings);
    if (!told.ok()) return told;
    TellHitRatio(ops, findings);
    if (row_.shifts) TellRecovery(ops, findings);
    return findings;
  }

 private:
  static absl::Status SetLimit(int64_t bytes, BlockingClient& redis) {
    return redis.Command({"CONFIG", "SET", "maxmemory", absl::StrCat(bytes)}).status();
  }

  // All keys, where none may have been taken away.
  absl::StatusOr<std::vector<FinalRead>> ReadAll(BlockingClient& redis) const {
    std::vector<FinalRead> reads;
    const auto keys = static_cast<uint32_t>(cache_.settings().keys);
    for (uint32_t begin = 0; begin < keys; begin += kKeysPerRead) {
      std::vector<std::string> words = {"MGET"};
      const uint32_t end = std::min<uint32_t>(keys, begin + kKeysPerRead);
      for (uint32_t key = begin; key < end; ++key) words.push_back(cache_.NameOf(key));
      const absl::StatusOr<Reply> values = redis.Command(words);
      if (!values.ok()) return values.status();
      for (uint32_t key = begin; key < end; ++key) {
        reads.push_back({key, (*values)[key - begin].integer()});
      }
    }
    return reads;
  }

  static int64_t CountRefused(const std::vector<SeenOp>& ops) {
    return std::count_if(ops.begin(), ops.end(),
                         [](const SeenOp& op) { return op.visit.kind == Visit::Kind::kRefused; });
  }

  // That writes are refused is what this control must show, and it shows nothing where keys were
  // lost as well.
  void JudgeRefusals(int64_t refused, const std::vector<SeenOp>& ops,
                     const std::vector<FinalRead>& final_reads, Findings& findings) const {
    const int64_t lost = eviction::CountLost(ops, final_reads, is_held_);
    Violations refusals;
    if (lost == 0) {
      refusals.Add(refused, absl::StrCat(refused, " of ", ops.size(),
                                         " writes were refused for want of memory"));
    } else {
      findings.violations = Violations();
      findings.note = absl::StrCat("it refused ", refused, " writes, and lost ", lost,
                                   " keys all the same, which it must not");
    }
    findings.Detect("by_refusal", refusals);
  }

  absl::Status TellMemory(const std::vector<SeenOp>& ops, BlockingClient& redis,
                          Findings& findings) const {
    const absl::StatusOr<MemoryFacts> facts = eviction::FetchMemoryFacts(redis);
    if (!facts.ok()) return facts.status();
    const auto evicted = static_cast<double>(facts->evicted_keys - empty_.evicted_keys);
    findings.counters.emplace_back("evicted_per_second", evicted / SecondsOf(ops));
    findings.counters.emplace_back("bytes_per_key", bytes_per_key_);
    findings.counters.emplace_back("value_bytes_per_key", value_bytes_);
    return absl::OkStatus();
  }

  static double SecondsOf(const std::vector<SeenOp>& ops) {
    int64_t first_ns = INT64_MAX;
    int64_t last_ns = 0;
    for (const SeenOp& op : ops) {
      first_ns = std::min(first_ns, op.record.invoke_ns);
      last_ns = std::max(last_ns, op.record.return_ns);
    }
    return static_cast<double>(std::max<int64_t>(last_ns - first_ns, 1)) / 1e9;
  }

  // Beside what theory says of as many keys as there were on the average.
  void TellHitRatio(const std::vector<SeenOp>& ops, Findings& findings) const {
    const std::vector<SizeSample> sizes = cache_.sizes();
    double held = 0;
    for (const SizeSample& size : sizes) {
      held += static_cast<double>(size.keys) / static_cast<double>(sizes.size());
    }
    const auto hits = std::count_if(ops.begin(), ops.end(), [](const SeenOp& op) {
      return op.visit.kind == Visit::Kind::kHit;
    });
    const double ratio =
        static_cast<double>(hits) / static_cast<double>(std::max<size_t>(ops.size(), 1));
    const Popularity popularity(probabilities_);
    const double bound = popularity.Bound(held);
    const auto add = [&findings](const char* name, double value) {
      findings.counters.emplace_back(name, value);
    };
    add("hit_ratio", ratio);
    add("keys_held", held);
    add("hit_ratio_lru", popularity.Lru(held));
    add("hit_ratio_random", popularity.Random(held));
    add("hit_ratio_bound", bound);
    add("hit_efficiency", bound > 0 ? ratio / bound : 0);
    if (findings.note.empty()) findings.note = NoteOnAges();
    if (row_.evicts && row_.role == Role::kSafe && !row_.shifts) {
      Predict(popularity, held, static_cast<int64_t>(ops.size()), findings);
    }
  }

  std::string NoteOnAges() const {
    switch (row_.order) {
      case Order::kRecent:
        return row_.shifts ? "each use sets the age of its key (RESTORE ... IDLETIME), 1 s an "
                             "operation"
                           : "ages were built (RESTORE ... IDLETIME), as the clock of LRU ticks "
                             "once a second";
      case Order::kOften:
        return "counters of uses were built (RESTORE ... FREQ)";
      case Order::kExpiry:
        return "expiries were built; what was filled first expires first, so that this is FIFO";
      case Order::kNone:
        break;
    }
    return "";
  }

  void Predict(const Popularity& popularity, double held, int64_t operations,
               Findings& findings) const {
    // Half of what is promised: a server with another policy than the row's would be within that.
    constexpr double kOfLru = 0.015;
    constexpr double kOfRandom = 0.01;
    const double bound = popularity.Bound(held);
    const double most = bound + eviction::Tolerance(kOfRandom, bound, operations);
    if (cache_.settings().distribution.kind == KeyDistribution::Kind::kMoving) {
      findings.note = "theory predicts nothing for keys whose popularity moves";
      return;
    }
    double low = 0;
    double high = most;
    if (row_.theory == Theory::kLru) {
      const double window = popularity.LruWindow(held);
      if (static_cast<double>(operations) > window) {
        findings.note = absl::StrFormat(
            "ages were built for the %.0f operations after which LRU evicts; of %d nothing is "
            "judged",
            window, operations);
        return;
      }
      const double lru = popularity.Lru(held);
      low = lru - eviction::Tolerance(kOfLru, lru, operations);
      high = std::min(most, lru + eviction::Tolerance(kOfLru, lru, operations));
    } else if (row_.theory == Theory::kRandom) {
      const double random = popularity.Random(held);
      low = random - eviction::Tolerance(kOfRandom, random, operations);
      high = random + eviction::Tolerance(kOfRandom, random, operations);
    }
    findings.predictions.push_back({"hit_ratio", low, high, /*max_lateness_us=*/1e12});
  }

  void TellRecovery(const std::vector<SeenOp>& ops, Findings& findings) const {
    const eviction::Recovery recovery = eviction::FindRecovery(ops, cache_.settings().shift_at);
    findings.counters.emplace_back("recovery_operations", static_cast<double>(recovery.operations));
    absl::StrAppend(&findings.note,
                    recovery.is_whole ? "; recovered after " : "; not recovered after ",
                    recovery.operations, " operations");
  }

  Cache cache_;
  const bool is_trial_;
  const uint64_t seed_;
  const Row row_;
  const std::vector<double> probabilities_;
  std::vector<bool> is_held_;  // at the start
  MemoryFacts empty_;          // before there were keys
  double value_bytes_ = 0;     // of a key, on the average
  double bytes_per_key_ = 0;   // before any was evicted
};

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
      return std::make_unique<EvictionScenario>(plan, SettingsOf(row, options, plan), row);
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
       "95th percentile of the latency of operations that found their key"},
      {"fill_p95_us", "us", kLower, kNoisy,
       "95th percentile of the latency of operations that did not, and stored a value"},
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
