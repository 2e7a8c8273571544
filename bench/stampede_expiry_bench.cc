#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/families.h"
#include "bench/stampede_expiry.h"
#include "common/measure/histogram.h"

namespace rcb {
namespace {

using expiry::Acknowledged;
using expiry::Cache;
using expiry::Settings;

constexpr int64_t kDefaultComputeMs = 5;
constexpr int64_t kDefaultEpochs = 50;
constexpr double kReadsPerSecond = 4000;  // so that many readers come during a computation
constexpr int64_t kGraceMs = 1000;
constexpr size_t kManyKeys = 20;

using Variant = Task<absl::StatusOr<int64_t>> (*)(Worker& worker, Cache& cache, size_t index);

struct Promise {
  bool one_computation = false;  // per epoch
  bool predicts_xfetch = false;  // publish what theory says
};

class ExpiryScenario : public Scenario {
 public:
  ExpiryScenario(const RunPlan& plan, const Settings& settings, Variant variant, Promise promise)
      : cache_(absl::StrCat(plan.key_prefix, "expiry:", plan.run, ":"), settings),
        variant_(variant),
        promise_(promise) {}

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
          redis.Command({"SET", cache_.key(i).name, entry.ToText(), "PX", absl::StrCat(px)})
              .status();
      if (!filled.ok()) return filled;
    }
    return absl::OkStatus();
  }

  bool IsOver() override { return cache_.IsOver(); }

  Task<absl::StatusOr<int64_t>> Operate(Worker& worker) override {
    return OperateOn(worker, cache_.AnyKey(worker));
  }

  Findings Check(absl::Span<const OpRecord> history, BlockingClient&) override {
    Findings findings;
    CheckFreshness(history, findings);
    CheckStaleness(history.size(), findings);
    CheckComputations(findings);
    return findings;
  }

 private:
  // What the checker needs to know of an operation: generation and key, in one number.
  Task<absl::StatusOr<int64_t>> OperateOn(Worker& worker, size_t index) {
    const int64_t generation = co_await variant_(worker, cache_, index);
    co_return generation* static_cast<int64_t>(cache_.keys().size()) + static_cast<int64_t>(index);
  }

  static void Violate(Findings& findings, int64_t count, const std::string& what) {
    findings.violations += count;
    if (findings.first.empty()) findings.first = what;
  }

  // No operation yields an older generation than was acknowledged before it began.
  void CheckFreshness(absl::Span<const OpRecord> history, Findings& findings) {
    const auto key_count = static_cast<int64_t>(cache_.keys().size());
    std::vector<Acknowledged> acknowledged = cache_.acknowledged();
    std::sort(acknowledged.begin(), acknowledged.end(),
              [](const Acknowledged& a, const Acknowledged& b) { return a.ns < b.ns; });
    std::vector<OpRecord> reads(history.begin(), history.end());
    std::sort(reads.begin(), reads.end(),
              [](const OpRecord& a, const OpRecord& b) { return a.invoke_ns < b.invoke_ns; });
    std::vector<int64_t> newest(cache_.keys().size(), 1);
    size_t next = 0;
    for (const OpRecord& read : reads) {
      for (; next < acknowledged.size() && acknowledged[next].ns < read.invoke_ns; ++next) {
        int64_t& generation = newest[acknowledged[next].key];
        generation = std::max(generation, acknowledged[next].generation);
      }
      if (read.outcome != Outcome::kOk) continue;
      const int64_t generation = read.value / key_count;
      const int64_t known = newest[static_cast<size_t>(read.value % key_count)];
      if (generation >= known) continue;
      Violate(findings, 1,
              absl::StrCat("a read got generation ", generation, " after ", known,
                           " was acknowledged"));
    }
  }

  void CheckStaleness(size_t reads, Findings& findings) {
    Histogram staleness;
    const int64_t bound_ns = cache_.settings().grace_ms * 1'000'000;
    for (const int64_t ns : cache_.staleness_ns()) {
      staleness.Record(ns);
      if (ns > bound_ns) {
        Violate(findings, 1,
                absl::StrCat("a value was served ", ns / 1'000'000,
                             " ms after its expiry, with a grace of ", cache_.settings().grace_ms,
                             " ms"));
      }
    }
    const double share =
        static_cast<double>(staleness.count()) / static_cast<double>(std::max<size_t>(reads, 1));
    findings.counters.emplace_back("stale_served_ratio", share);
    findings.counters.emplace_back("staleness_p95_us",
                                   static_cast<double>(staleness.ValueAtQuantile(0.95)) / 1e3);
  }

  void CheckComputations(Findings& findings) {
    const Settings& settings = cache_.settings();
    int64_t sum = 0;
    int64_t most = 0;
    for (const auto& key : cache_.keys()) {
      for (int64_t epoch = 1; epoch <= settings.epochs; ++epoch) {
        const int64_t computations = key->computations[static_cast<size_t>(epoch + 1)];
        sum += computations;
        most = std::max(most, computations);
        if (promise_.one_computation && computations != 1) {
          Violate(findings, std::abs(computations - 1),
                  absl::StrCat("epoch ", epoch, ": ", computations, " computations, not one"));
        }
      }
    }
    const auto epochs =
        static_cast<double>(settings.epochs) * static_cast<double>(cache_.keys().size());
    const auto add = [&findings](const char* name, double value) {
      findings.counters.emplace_back(name, value);
    };
    add("computations", static_cast<double>(sum) / epochs);
    add("computations_max", static_cast<double>(most));
    add("hard_misses_per_epoch", static_cast<double>(cache_.hard_misses()) / epochs);
    if (cache_.keys().size() > 1) {
      add("computing_at_once_max", static_cast<double>(cache_.most_running()));
    }
    if (promise_.predicts_xfetch) add("predicted_computations", std::exp(1 / settings.beta));
  }

  Cache cache_;
  const Variant variant_;
  const Promise promise_;
};

struct Row {
  const char* name;
  Variant variant;
  const char* contract;
  Promise promise;
  int64_t grace_ms = 0;
  std::vector<std::pair<std::string, int64_t>> args = {};
  size_t keys = 1;
};

std::vector<Row> Rows() {
  static constexpr char kOnce[] =
      "one computation per expiry; nobody gets less than was acknowledged";
  static constexpr char kFresh[] = "nobody gets less than was acknowledged";
  std::vector<Row> rows = {
      {"StampedeExpiry/unsafe/none", expiry::None, kOnce, {true, false}},
      {"StampedeExpiry/locking/token_lock", expiry::TokenLock, kOnce, {true, false}},
      {"StampedeExpiry/locking/xfetch_lock", expiry::XfetchLock, kOnce, {true, false}},
      {"StampedeExpiry/locking/stale_while_revalidate",
       expiry::StaleWhileRevalidate,
       "one computation per expiry; nobody gets less than was acknowledged, or a value that "
       "expired "
       "over a second ago",
       {true, false},
       kGraceMs},
  };
  for (const int64_t beta_pct : {50, 100, 150, 200}) {
    rows.push_back({"StampedeExpiry/lockfree/xfetch",
                    expiry::Xfetch,
                    kFresh,
                    {false, true},
                    0,
                    {{"beta_pct", beta_pct}}});
  }
  for (const int64_t jitter_pct : {0, 50}) {
    rows.push_back({"StampedeExpiry/lockfree/ttl_jitter",
                    expiry::None,
                    kFresh,
                    {},
                    0,
                    {{"jitter_pct", jitter_pct}},
                    kManyKeys});
  }
  return rows;
}

// The settings that a row's arguments stand for.
Settings SettingsOf(const Row& row, const Options& options, int64_t epochs) {
  Settings settings;
  settings.computation.duration_ms =
      options.compute_ms > 0 ? options.compute_ms : kDefaultComputeMs;
  if (options.compute == "cpu") settings.computation.kind = Computation::Kind::kBurnCpu;
  settings.ttl_ms = 20 * settings.computation.duration_ms;
  settings.grace_ms = row.grace_ms;
  settings.epochs = epochs;
  settings.keys = row.keys;
  for (const auto& [name, value] : row.args) {
    if (name == "beta_pct") settings.beta = static_cast<double>(value) / 100;
    if (name == "jitter_pct") settings.jitter_pct = value;
  }
  return settings;
}

}  // namespace

std::vector<BenchmarkSpec> StampedeExpiryVariants(const Options& options) {
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : Rows()) {
    BenchmarkSpec spec;
    spec.name = row.name;
    spec.contract = row.contract;
    spec.shape = Shape::kEpochs;
    spec.workers = {100};
    spec.args = row.args;
    spec.rounds = kDefaultEpochs;
    spec.rate_per_second = kReadsPerSecond;
    spec.floor_round_trips = 1;
    spec.make = [row, options](const RunPlan& plan) {
      return std::make_unique<ExpiryScenario>(plan, SettingsOf(row, options, plan.quantity),
                                              row.variant, row.promise);
    };
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace rcb
