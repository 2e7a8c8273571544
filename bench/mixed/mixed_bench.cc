#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/families.h"
#include "bench/mixed/class_metrics.h"
#include "bench/mixed/mixed_scenario.h"
#include "bench/mixed/variants.h"
#include "bench/needs.h"
#include "bench/workload_flags.h"

namespace rcb {
namespace {

using mixed::Mix;
using mixed::Once;
using mixed::Settings;
using mixed::Techniques;

struct Row {
  const char* name;
  Role role;
  const Techniques* techniques;
  Once once;
  Needs needs;
  int64_t floor_requests;
  const char* promise;
  TrialContract trial = {};
};

constexpr char kOnce[] =
    "registers, counters and banks as if one at a time; one computation for each invalidation or "
    "expiration; no document older than what was acknowledged, or than its end";
constexpr char kOnceAnExpiry[] =
    "registers, counters and banks as if one at a time; one computation for each expiration, and "
    "none that is needless; no document older than what was acknowledged, or than its end";
// Who refreshes dies or is late with the document, for so long that the others see it come to its
// end.
constexpr TrialContract kRefresherDies = {.death = TrialContract::Death::kOthersGoOn,
                                          .stalls = true,
                                          .requests_while_holding = 1,
                                          .operations = 60};
constexpr Row kRows[] = {
    {.name = "Mixed/unsafe/naive",
     .role = Role::kControl,
     .techniques = &mixed::kNaive,
     .once = Once::kEachLoss,
     .needs = {"MSET MGET EVAL GET SET DEL EXPIRE", ""},
     .floor_requests = 0,
     .promise = kOnce},
    {.name = "Mixed/locking/safe",
     .role = Role::kSafe,
     .techniques = &mixed::kLocking,
     .once = Once::kEachLoss,
     .needs = {"MSET MGET EVAL GET SET DEL PTTL PEXPIRE", ""},
     .floor_requests = 0,
     .promise = kOnce,
     .trial = {.death = TrialContract::Death::kOthersGoOn, .operations = 10}},
    {.name = "Mixed/lockfree/safe",
     .role = Role::kSafe,
     .techniques = &mixed::kLockFree,
     .once = Once::kEachExpiry,
     .needs = {"MSET MGET EVAL GET SET GETSET INCR DEL DECRBY INCRBY", ""},
     .floor_requests = 1,
     .promise = kOnceAnExpiry,
     .trial = kRefresherDies},
};

struct MixedOptions {
  Mix mix = Mix::Default();
  KeyspaceOptions keyspace;
};

Settings SettingsOf(const MixedOptions& options, const RunPlan& plan) {
  Settings settings;
  settings.mix = options.mix;
  settings.mix.keys = options.keyspace.KeysOr(options.mix.keys);
  settings.mix.distribution = options.keyspace.DistributionOr(options.mix.distribution);
  settings.value_bytes = options.keyspace.value_bytes;
  settings.lease_ms = plan.LeaseMs(settings.lease_ms);
  if (plan.trial) {  // all classes on few keys; a document lives long enough to be read
    settings.mix.weights = {4, 4, 4, 24, 4, 1, 8};
    settings.mix.keys = 2;
    settings.mix.distribution = KeyDistribution();
    settings.mix.computation = {/*min_ms=*/2, /*max_ms=*/2};
    settings.mix.grace_ms = 10;
  }
  return settings;
}

Residue ResidueOf(const Row& row) {
  return {.is_judged = row.role == Role::kSafe,
          .keys = {{.name = "{key}:value"},
                   {.name = "{key}:count"},
                   {.name = "{key}:doc", .expires = true},
                   {.name = "{key}:newest", .expires = true},
                   {.name = "{bank}:bank:account:{number}"}}};
}

std::vector<BenchmarkSpec> Variants(const MixedOptions& options) {
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : kRows) {
    Contract contract;
    contract.promise = row.promise;
    // Computations are counted where they run, and so is what the origin has.
    contract.evidence = Evidence::kRecordAndMemory;
    BenchmarkSpec spec(row.name, row.role, contract);
    spec.workers = {10, 50, 100, 200, 500};
    spec.min_run_s = options.mix.min_run_s;
    spec.floor.round_trips = 1;
    spec.floor.requests = row.floor_requests;
    spec.trial = row.trial;
    spec.residue = ResidueOf(row);
    Declare(row.needs, spec);
    spec.op_classes.assign(mixed::kClassNames.begin(), mixed::kClassNames.end());
    spec.tells_classes_apart = true;
    spec.make = [row, options](const RunPlan& plan) {
      return std::make_unique<mixed::MixedScenario>(plan, SettingsOf(options, plan),
                                                    *row.techniques, row.once);
    };
    specs.push_back(std::move(spec));
  }
  return specs;
}

std::vector<Flag> Flags(MixedOptions* o) {
  std::vector<Flag> flags = KeyspaceFlags(&o->keyspace);
  flags.push_back({"mix", Mix::kTakes, "how often each class of operation is drawn (default cache)",
                   [o](absl::string_view v) {
                     const std::optional<Mix> mix = Mix::Parse(v);
                     if (mix) o->mix = *mix;
                     return mix.has_value();
                   },
                   [o] { return o->mix.name; }});
  return flags;
}

}  // namespace

Family MixedFamily() {
  const auto options = std::make_shared<MixedOptions>();
  return {
      .name = "Mixed",
      .metrics = mixed::Metrics(),
      .columns = {{"hit p95", "hit_p95_us"},
                  {"floor", "queue_floor_us"},
                  {"transfer p95", "transfer_p95_us"}},
      .flags = Flags(options.get()),
      .variants = [options] { return Variants(*options); },
  };
}

}  // namespace rcb
