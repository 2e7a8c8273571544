#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/computation_flags.h"
#include "bench/computation_metrics.h"
#include "bench/families.h"
#include "bench/needs.h"
#include "bench/stampede_expiry/expiry_check.h"
#include "bench/stampede_expiry/stampede_expiry.h"
#include "bench/stampede_expiry/theory.h"
#include "common/harness/notes.h"
#include "common/measure/histogram.h"

namespace rcb {
namespace {

using expiry::Acknowledged;
using expiry::Cache;
using expiry::GenerationRead;
using expiry::Settings;
using expiry::Sightings;

constexpr int64_t kDefaultComputeMs = 5;
constexpr int64_t kDefaultEpochs = 50;
constexpr double kReadsPerSecond = 4000;  // so that many readers come during a computation
constexpr int64_t kGraceMs = 1000;
constexpr size_t kManyKeys = 20;

struct Row {
  const char* name;
  Role role;
  Operation (*variant)(Worker& worker, Cache& cache, size_t index);
  Needs needs;
  const char* promise;
  bool promises_one = false;     // computation per epoch
  bool predicts_xfetch = false;  // the row shows what the theory of XFetch says
  bool refreshes_early = false;  // before the value expires
  int64_t grace_ms = 0;
  std::pair<const char*, int64_t> arg = {nullptr, 0};
  size_t keys = 1;
};

constexpr char kOnce[] = "one computation per expiry; nobody gets less than was acknowledged";
constexpr char kOnceOrStale[] =
    "one computation per expiry; nobody gets less than was acknowledged, or a value that expired "
    "over a second ago";
constexpr char kFresh[] = "nobody gets less than was acknowledged";

constexpr Row Xfetch(int64_t beta_pct) {
  Row row{
      "StampedeExpiry/lockfree/xfetch", Role::kSafe, expiry::Xfetch, {"GET SET EVAL", ""}, kFresh};
  row.predicts_xfetch = true;
  row.refreshes_early = true;
  row.arg = {"beta_pct", beta_pct};
  return row;
}

constexpr Row TtlJitter(int64_t jitter_pct) {
  Row row{"StampedeExpiry/lockfree/ttl_jitter",
          Role::kSafe,
          expiry::None,
          {"GET SET EVAL", ""},
          kFresh};
  row.arg = {"jitter_pct", jitter_pct};
  row.keys = kManyKeys;
  return row;
}

constexpr Row kRows[] = {
    {.name = "StampedeExpiry/unsafe/none",
     .role = Role::kControl,
     .variant = expiry::None,
     .needs = {"GET SET EVAL", ""},
     .promise = kOnce,
     .promises_one = true},
    {.name = "StampedeExpiry/locking/token_lock",
     .role = Role::kSafe,
     .variant = expiry::TokenLock,
     .needs = {"GET SET EVAL DEL", ""},
     .promise = kOnce,
     .promises_one = true},
    {.name = "StampedeExpiry/locking/xfetch_lock",
     .role = Role::kSafe,
     .variant = expiry::XfetchLock,
     .needs = {"GET SET EVAL DEL", ""},
     .promise = kOnce,
     .promises_one = true,
     .refreshes_early = true},
    {.name = "StampedeExpiry/locking/stale_while_revalidate",
     .role = Role::kSafe,
     .variant = expiry::StaleWhileRevalidate,
     .needs = {"GET SET EVAL DEL", ""},
     .promise = kOnceOrStale,
     .promises_one = true,
     .grace_ms = kGraceMs},
    Xfetch(50),
    Xfetch(100),
    Xfetch(150),
    Xfetch(200),
    TtlJitter(0),
    TtlJitter(50),
};

class ExpiryScenario : public Scenario {
 public:
  ExpiryScenario(const RunPlan& plan, const Settings& settings, const Row& row)
      : cache_(plan.key_prefix, settings, plan.workers),
        is_trial_(plan.trial),
        row_(row),
        key_of_(plan.workers) {}

  // Fills every key at once, as after a deployment; with jitter, evenly over its range.
  absl::Status Prepare(BlockingClient& redis) override {
    const Settings& settings = cache_.settings();
    const double jitter = static_cast<double>(settings.jitter_pct) / 100;
    const auto key_count = static_cast<double>(settings.keys);
    for (size_t i = 0; i < settings.keys; ++i) {
      const double place = (2 * static_cast<double>(i) + 1) / key_count - 1;  // within (-1, 1)
      const double lifetime_ms = static_cast<double>(settings.ttl_ms) * (1 + jitter * place);
      expiry::Entry entry;
      entry.generation = 1;
      entry.delta_ns = settings.computation.duration_ms * 1'000'000;
      entry.expiry_ns = NowNs() + static_cast<int64_t>(lifetime_ms * 1e6);
      const int64_t px = static_cast<int64_t>(lifetime_ms) + settings.grace_ms;
      absl::Status filled =
          redis
              .Command({"SET", cache_.key(i).name, settings.computation.Cached(entry.ToText()),
                        "PX", absl::StrCat(px)})
              .status();
      if (!filled.ok()) return filled;
    }
    return absl::OkStatus();
  }

  bool IsOver() override { return cache_.IsOver(); }

  Operation Operate(Worker& worker) override {
    const size_t index = cache_.AnyKey(worker);
    key_of_.For(worker) = static_cast<uint32_t>(index);
    return row_.variant(worker, cache_, index);
  }

  absl::StatusOr<Findings> Check(absl::Span<const OpRecord> history, BlockingClient&) override {
    Findings findings;
    const std::vector<Acknowledged> stored = AllAcknowledged();
    const std::vector<GenerationRead> reads = ReadsOf(history);
    findings.Detect("by_generation", expiry::CheckFreshness(reads, stored));
    findings.Detect("by_age", expiry::CheckAge(reads, stored, cache_.settings().grace_ms));
    if (!row_.refreshes_early) findings.Detect("by_need", expiry::CheckNeed(stored));
    CheckStaleness(history.size(), findings);
    const bool has_failures = std::any_of(history.begin(), history.end(), [](const OpRecord& op) {
      return op.outcome != Outcome::kOk;
    });
    CheckComputations(has_failures, findings);
    CheckLifetimes(findings.violations);
    if (row_.predicts_xfetch && !is_trial_) Predict(history, findings);
    return findings;
  }

 private:
  std::vector<Acknowledged> AllAcknowledged() const {
    std::vector<Acknowledged> all;
    cache_.sightings().ForEach([&all](const Sightings& own) {
      all.insert(all.end(), own.acknowledged.begin(), own.acknowledged.end());
    });
    return all;
  }

  std::vector<GenerationRead> ReadsOf(absl::Span<const OpRecord> history) const {
    std::vector<GenerationRead> reads;
    for (const OpRecord& op : history) {
      if (op.outcome == Outcome::kOk) reads.push_back({op.invoke_ns, key_of_.Of(op), op.value});
    }
    return reads;
  }

  void CheckStaleness(size_t reads, Findings& findings) {
    Histogram staleness;
    const int64_t bound_ns = cache_.settings().grace_ms * 1'000'000;
    cache_.sightings().ForEach([&](const Sightings& own) {
      for (const int64_t ns : own.staleness_ns) {
        staleness.Record(ns);
        if (ns <= bound_ns) continue;
        findings.violations.Add(1, absl::StrCat("a value was served ", ns / 1'000'000,
                                                " ms after its expiry, with a grace of ",
                                                cache_.settings().grace_ms, " ms"));
      }
    });
    const double share =
        static_cast<double>(staleness.count()) / static_cast<double>(std::max<size_t>(reads, 1));
    findings.counters.emplace_back("stale_served_ratio", share);
    findings.counters.emplace_back("staleness_p95_us",
                                   static_cast<double>(staleness.ValueAtQuantile(0.95)) / 1e3);
  }

  // Where the server refused some of the work, a value may have had to be computed again.
  void CheckComputations(bool has_failures, Findings& findings) {
    const Settings& settings = cache_.settings();
    int64_t sum = 0;
    int64_t max = 0;
    Violations too_many;
    for (const auto& key : cache_.keys()) {
      for (int64_t epoch = 1; epoch <= settings.epochs; ++epoch) {
        const int64_t computations = key->computations[static_cast<size_t>(epoch + 1)];
        sum += computations;
        max = std::max(max, computations);
        if (row_.promises_one && !has_failures && !cache_.has_misbehaved()) {
          too_many.Add(std::abs(computations - 1),
                       absl::StrCat("epoch ", epoch, ": ", computations, " computations, not one"));
        }
      }
    }
    if (row_.promises_one) findings.Detect("by_computations", too_many);
    const auto epochs =
        static_cast<double>(settings.epochs) * static_cast<double>(cache_.keys().size());
    int64_t hard_misses = 0;
    cache_.sightings().ForEach(
        [&hard_misses](const Sightings& own) { hard_misses += own.hard_misses; });
    const auto add = [&findings](const char* name, double value) {
      findings.counters.emplace_back(name, value);
    };
    add("computations", static_cast<double>(sum) / epochs);
    add("computations_max", static_cast<double>(max));
    add("hard_misses_per_epoch", static_cast<double>(hard_misses) / epochs);
    if (cache_.keys().size() > 1) {
      add("computing_at_once_max", static_cast<double>(cache_.max_running()));
    }
  }

  // XFetch's theory has many readers for each computation; fewer predict nothing.
  void Predict(absl::Span<const OpRecord> history, Findings& findings) {
    constexpr double kMinReadersPerComputation = 10;
    const Settings& settings = cache_.settings();
    const auto compute_ms = static_cast<double>(settings.computation.duration_ms);
    const double readers = ReadsPerMs(history) * compute_ms;
    if (readers < kMinReadersPerComputation) {
      findings.note = absl::StrFormat(
          "theory predicts nothing here: %.1f readers come during a computation, and it is about "
          "many",
          readers);
      return;
    }
    int64_t computing_ns = 0;
    int64_t until_stored_ns = 0;
    cache_.sightings().ForEach([&](const Sightings& own) {
      computing_ns += own.computing_ns;
      until_stored_ns += own.until_stored_ns;
    });
    const double stretch = static_cast<double>(until_stored_ns) /
                           static_cast<double>(std::max<int64_t>(computing_ns, 1));
    const expiry::Interval interval =
        expiry::XfetchComputations(settings.beta, stretch, settings.epochs);
    findings.counters.emplace_back("predicted_computations", std::exp(1 / settings.beta));
    findings.predictions.push_back(
        {"computations", interval.low, interval.high, /*max_lateness_us=*/100 * compute_ms});
  }

  static double ReadsPerMs(absl::Span<const OpRecord> history) {
    if (history.empty()) return 0;
    const auto [first, last] = std::minmax_element(
        history.begin(), history.end(),
        [](const OpRecord& a, const OpRecord& b) { return a.invoke_ns < b.invoke_ns; });
    const int64_t span_ns = std::max<int64_t>(last->invoke_ns - first->invoke_ns, 1);
    return 1e6 * static_cast<double>(history.size()) / static_cast<double>(span_ns);
  }

  void CheckLifetimes(Violations& violations) {
    std::vector<int64_t> lifetimes_ms;
    cache_.sightings().ForEach([&lifetimes_ms](const Sightings& own) {
      lifetimes_ms.insert(lifetimes_ms.end(), own.lifetimes_ms.begin(), own.lifetimes_ms.end());
    });
    const Settings& settings = cache_.settings();
    const std::string fault =
        expiry::JudgeLifetimes(lifetimes_ms, settings.ttl_ms, settings.jitter_pct);
    if (!fault.empty()) violations.Add(1, fault);
  }

  Cache cache_;
  const bool is_trial_;
  const Row row_;
  Notes<uint32_t> key_of_;  // the key that each operation reads
};

// The settings that a row's argument stands for.
Settings SettingsOf(const Row& row, const ComputationOptions& options, const RunPlan& plan) {
  Settings settings;
  settings.computation = options.Make(kDefaultComputeMs);
  settings.ttl_ms = 20 * settings.computation.duration_ms;
  settings.grace_ms = row.grace_ms;
  if (plan.trial) {
    settings.computation = {Computation::Kind::kWait, /*duration_ms=*/2};
    settings.ttl_ms = 20;
    settings.lease_ms = plan.trial->lease_ms;
    // It ends before the lease of a refresher that has died.
    if (row.grace_ms > 0) settings.grace_ms = plan.trial->misbehaves ? settings.lease_ms / 3 : 60;
  }
  settings.epochs = plan.budget;
  settings.feed = plan.feed;
  settings.keys = row.keys;
  const auto& [name, value] = row.arg;
  if (row.predicts_xfetch) settings.beta = static_cast<double>(value) / 100;
  if (row.keys > 1) settings.jitter_pct = value;
  return settings;
}

// How many keys there are differs among the rows of a variant.
void DeclareKeys(size_t count, BenchmarkSpec& spec) {
  for (size_t i = 0; i < count; ++i) {
    for (const char* const part : {"", ":lock", ":newest"}) {
      spec.needs.keys.push_back(absl::StrCat(i, part));
    }
  }
}

std::vector<BenchmarkSpec> Variants(const ComputationOptions& options) {
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : kRows) {
    Contract contract;
    contract.promise = row.promise;
    if (row.promises_one) contract.bounds = OneComputation();
    // Computations are counted where they run, and so is the staleness of what was served.
    contract.evidence = Evidence::kMemory;
    BenchmarkSpec spec(row.name, row.role, contract);
    spec.shape = Shape::kEpochs;
    spec.workers = {100};
    if (row.arg.first != nullptr) spec.args = {row.arg};
    spec.rounds = options.RoundsOr(kDefaultEpochs);
    spec.rate_per_second = kReadsPerSecond;
    spec.floor.round_trips = 1;
    if (row.role == Role::kSafe) {
      spec.trial.death = TrialContract::Death::kOthersGoOn;
      spec.trial.stalls = true;
      spec.trial.requests_while_holding = row.promises_one ? 2 : 1;
    }
    spec.residue.is_judged = row.role == Role::kSafe;
    spec.residue.keys = {{.name = "{number}", .expires = true}, {.name = "{number}:newest"}};
    Declare(row.needs, spec);
    DeclareKeys(row.keys, spec);
    spec.make = [row, options](const RunPlan& plan) {
      return std::make_unique<ExpiryScenario>(plan, SettingsOf(row, options, plan), row);
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
      {"predicted_computations", "1", Direction::kNeither, MetricClass::kInfo,
       "computations per epoch that the theory of the variant predicts"},
      {"hard_misses_per_epoch", "1", kLower, kNoisy,
       "lookups per expiry epoch that found neither a fresh nor a stale value"},
      {"stale_served_ratio", "ratio", kLower, kNoisy,
       "lookups answered with an expired value over all lookups"},
      {"staleness_p95_us", "us", kLower, kNoisy,
       "95th percentile of how long ago a served value had expired"},
  };
  metrics.insert(metrics.end(), std::begin(own), std::end(own));
  return metrics;
}

}  // namespace

Family StampedeExpiryFamily() {
  const auto options = std::make_shared<ComputationOptions>();
  return {
      .name = "StampedeExpiry",
      .metrics = Metrics(),
      .columns = {{"computations",
                   "computations",
                   {{"~", "predicted_computations"}, {"peak ", "computing_at_once_max"}}},
                  {"misses", "hard_misses_per_epoch"},
                  {"stale", "stale_served_ratio"}},
      .flags = ComputationFlags(options.get()),
      .variants = [options] { return Variants(*options); },
  };
}

}  // namespace rcb
