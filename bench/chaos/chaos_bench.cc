// Chaos: the applications of Mixed, on a server and a network to which everything happens, and
// among clients that die and linger.
//
// Question: for how much of the time is there service, how long after each kind of fault is it
//           back, and does what is safe stay safe?
// Checked:  all that Mixed checks. What a fault has cut off is unknown, and may have happened.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bench/chaos/chaos_scenario.h"
#include "bench/families.h"
#include "bench/holder_fault.h"
#include "bench/workload_flags.h"
#include "bench/write_log.h"

namespace rcb {
namespace {

using chaos::ChaosPlan;
using chaos::ChaosScenario;

// Long enough for each kind of fault, whatever is drawn.
constexpr int64_t kDefaultRounds = 100;
constexpr int64_t kMsPerRound = 100;
constexpr double kOperationsPerSecond = 1000;

struct Row {
  const char* name;
  Role role;
  const char* victim;  // of Mixed
};

constexpr Row kRows[] = {
    {"Chaos/unsafe/naive", Role::kControl, "unsafe/naive"},
    {"Chaos/locking/safe", Role::kSafe, "locking/safe"},
    {"Chaos/lockfree/safe", Role::kSafe, "lockfree/safe"},
};

struct ChaosOptions {
  int64_t seed = 0;
  bool has_seed = false;
  int64_t rounds = 0;
  std::string schedule_text;
  Schedule schedule;
};

// What was asked for, as far as the run has time for it.
void TakeGiven(const Schedule& given, ChaosPlan* plan) {
  plan->schedule = given;
  const int64_t end_ms = plan->duration_ms - chaos::kCalmEndMs;
  const size_t late = std::erase_if(plan->schedule, [end_ms](const Fault& fault) {
    return fault.start_ms + fault.length_ms > end_ms;
  });
  if (late == 0) return;
  plan->left_out = absl::StrCat("the run is too short for ", late, " of ", given.size(),
                                " faults: use more --rounds");
}

// `is_fenced`: it is safe without any lock, so that it does no harm where a client lingers for
// longer than its lease, or where all locks are gone.
ChaosPlan PlanOf(const ChaosOptions& options, const RunPlan& run, bool is_fenced) {
  ChaosPlan plan;
  plan.seed = options.has_seed ? static_cast<uint64_t>(options.seed) : run.seed;
  plan.duration_ms = run.budget * kMsPerRound;
  const bool is_given = !options.schedule_text.empty();
  if (is_given) {
    TakeGiven(options.schedule, &plan);
  } else {
    plan.schedule = DrawSchedule(plan.seed, chaos::RangeOf(plan.duration_ms));
  }
  if (is_fenced) return plan;
  const size_t spared = std::erase_if(plan.schedule, [](const Fault& fault) {
    return fault.kind == chaos::kLinger || fault.kind == chaos::kFlush;
  });
  if (is_given && spared > 0) {
    plan.left_out = absl::StrCat(spared, spared == 1 ? " fault was" : " faults were",
                                 " left out: locks promise nothing where they are flushed or "
                                 "outlived");
  }
  return plan;
}

std::vector<BenchmarkSpec> Variants(const ChaosOptions& options) {
  const std::vector<BenchmarkSpec> victims = MixedFamily().variants();
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : kRows) {
    const BenchmarkSpec& victim = FindVariant(victims, "Mixed", row.victim);
    // What was acknowledged is on the disk, so that a server that is killed loses nothing. Eviction
    // would take locks as well. A replica without a disk gets no commands for a second.
    BenchmarkSpec spec = SpecOnBrokenServer(row.name, row.role, victim.contract.promise,
                                            {{"appendonly", "yes"},
                                             {"appendfsync", "always"},
                                             {"maxmemory-policy", "noeviction"},
                                             {"repl-diskless-sync", "no"}});
    spec.workers = {50};
    spec.rounds = options.rounds > 0 ? options.rounds : kDefaultRounds;
    spec.rate_per_second = kOperationsPerSecond;
    spec.op_classes = victim.op_classes;
    spec.residue = victim.residue;
    spec.residue.is_judged = false;  // who was cut off leaves a lock, until its lease is over
    spec.needs.proxy = true;
    spec.needs.commands = victim.needs.commands;
    spec.trial.is_tried = false;
    const bool is_fenced = row.role != Role::kSafe || victim.trial.stalls;
    spec.make = [victim, options, is_fenced](const RunPlan& plan) {
      return std::make_unique<ChaosScenario>(plan, victim, PlanOf(options, plan, is_fenced));
    };
    specs.push_back(std::move(spec));
  }
  return specs;
}

std::vector<Metric> Metrics() {
  constexpr Direction kLower = Direction::kLowerIsBetter;
  constexpr Direction kHigher = Direction::kHigherIsBetter;
  constexpr MetricClass kNoisy = MetricClass::kNoisy;
  std::vector<Metric> metrics = {
      {"availability_ratio", "ratio", kHigher, kNoisy,
       "time, in windows of 50 ms, in which more than 95 % of what ended had been served, over all "
       "time"},
      {"served_ratio", "ratio", kHigher, kNoisy, "operations that were served over all operations"},
      {"calm_p95_us", "us", kLower, kNoisy,
       "95th percentile of the latency of an operation while nothing was wrong"},
      {"fault_p95_us", "us", kLower, kNoisy,
       "95th percentile of the latency of an operation during a fault and its repair"},
      {"faults", "1", Direction::kNeither, MetricClass::kInfo, "faults that happened"},
  };
  for (const FaultKind& kind : chaos::Kinds()) {
    metrics.push_back({absl::StrCat("repair_", kind.kind, "_us"), "us", kLower, kNoisy,
                       absl::StrCat("time from the beginning of a fault '", kind.kind,
                                    "' until there was service again, at worst")});
  }
  return metrics;
}

std::string NamesOfKinds() {
  return absl::StrJoin(chaos::Kinds(), ", ", [](std::string* out, const FaultKind& kind) {
    absl::StrAppend(out, kind.kind, "@", kind.target);
  });
}

std::vector<Flag> Flags(ChaosOptions* o) {
  return {
      RoundsFlag(&o->rounds),
      {"chaos_seed", "a whole number from 0",
       "draws the faults of Chaos (default: as --seed has it)",
       [o](absl::string_view v) { return o->has_seed = ParseInteger(v, 0, INT64_MAX, &o->seed); },
       [o] { return o->has_seed ? absl::StrCat(o->seed) : ""; }},
      {"chaos_schedule",
       absl::StrCat("faults as kind@target:start+length in milliseconds, such as "
                    "stall@server:500+200, with commas between them, of ",
                    NamesOfKinds()),
       "makes these faults happen, instead of drawing some",
       [o](absl::string_view v) {
         absl::StatusOr<Schedule> parsed = ParseSchedule(v, chaos::Kinds());
         if (!parsed.ok() || parsed->empty()) return false;
         o->schedule = *std::move(parsed);
         o->schedule_text = std::string(v);
         return true;
       },
       [o] { return o->schedule_text; },
       // Who names a server and faults means these to happen to it.
       /*is_for_own_server=*/true},
  };
}

}  // namespace

Family ChaosFamily() {
  const auto options = std::make_shared<ChaosOptions>();
  return {
      .name = "Chaos",
      .metrics = Metrics(),
      .columns = {{"available", "availability_ratio"},
                  {"calm p95", "calm_p95_us"},
                  {"fault p95", "fault_p95_us"},
                  {"stall", "repair_stall_us"},
                  {"kill", "repair_kill_us"}},
      .flags = Flags(options.get()),
      .variants = [options] { return Variants(*options); },
  };
}

}  // namespace rcb
