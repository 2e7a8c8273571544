#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/computation_flags.h"
#include "bench/computation_metrics.h"
#include "bench/families.h"
#include "bench/needs.h"
#include "bench/stampede/stampede.h"

namespace rcb {
namespace {

using stampede::Shared;

constexpr int64_t kDefaultComputeMs = 10;
constexpr int64_t kDefaultRounds = 50;
constexpr int64_t kLeaseMs = 10'000;

Operation TokenLock(Worker& worker, Shared& shared) {
  return stampede::TokenLock(worker, shared, shared.lease_ms());
}
Operation ShortLock(Worker& worker, Shared& shared) {
  return stampede::TokenLock(worker, shared,
                             std::max<int64_t>(shared.computation().duration_ms / 2, 1));
}

struct Row {
  const char* name;
  Role role;
  Operation (*variant)(Worker& worker, Shared& shared);
  Needs needs;
  double floor_round_trips;
  const char* promise;
  TrialContract trial = {};   // of winners that die or stall
  bool promises_one = true;   // computation per round
  bool refuses_late = false;  // a value that comes after the lease is over is not stored
  bool needs_subscriber = false;
};

using Death = TrialContract::Death;
// A late value comes while the next winner computes: see ComputationOf.
constexpr double kStallLeases = 0.7;
constexpr TrialContract Expiring(double recovery_leases, int requests) {
  return {.death = Death::kOthersGoOn,
          .recovery_leases = recovery_leases,
          .stalls = true,
          .stall_leases = kStallLeases,
          .requests_while_holding = requests};
}

constexpr char kOnce[] =
    "one computation per round, whose value everyone gets; a dead winner holds up the others for "
    "its lease";
constexpr Row kRows[] = {
    {.name = "Stampede/unsafe/none",
     .role = Role::kControl,
     .variant = stampede::None,
     .needs = {"GET SET", "{round}"},
     .floor_round_trips = 2,
     .promise = kOnce},
    {.name = "Stampede/unsafe/short_lock",
     .role = Role::kControl,
     .variant = ShortLock,
     .needs = {"GET SET EVAL DEL", "{round} {round}:lock"},
     .floor_round_trips = 3,
     .promise = kOnce},
    {.name = "Stampede/locking/setnx_poll",
     .role = Role::kSafe,
     .variant = stampede::SetnxPoll,
     .needs = {"GET SETNX SETEX DEL", "{round} {round}:lock"},
     .floor_round_trips = 3,
     .promise = "this round's value; more than one computation if a loser is late; a dead winner "
                "locks out all others",
     .trial = {.death = Death::kOthersLockedOut, .requests_while_holding = 1},
     .promises_one = false},
    {.name = "Stampede/locking/token_lock",
     .role = Role::kSafe,
     .variant = TokenLock,
     .needs = {"GET SET EVAL DEL", "{round} {round}:lock"},
     .floor_round_trips = 3,
     .promise = kOnce,
     .trial = Expiring(1, 2)},
    {.name = "Stampede/locking/pubsub",
     .role = Role::kSafe,
     .variant = stampede::Pubsub,
     .needs = {"EVAL GET SET PUBLISH DEL SUBSCRIBE", "{round} {round}:lock"},
     .floor_round_trips = 2,
     .promise = kOnce,
     .trial = Expiring(2, 1),
     .needs_subscriber = true},
    {.name = "Stampede/locking/blpop",
     .role = Role::kSafe,
     .variant = stampede::Blpop,
     .needs = {"EVAL GET SET INCR PEXPIRE RPUSH DEL BLPOP",
               "{round} {round}:lock {round}:waiters {round}:wake"},
     .floor_round_trips = 2,
     .promise = kOnce,
     .trial = Expiring(2, 1)},
    {.name = "Stampede/locking/single_flight",
     .role = Role::kSafe,
     .variant = stampede::OneFlight,
     .needs = {"GET SET", "{round}"},
     .floor_round_trips = 3,
     .promise = "one computation per round and process, whose value everyone gets"},
    {.name = "Stampede/locking/lease",
     .role = Role::kSafe,
     .variant = stampede::Lease,
     .needs = {"EVAL GET SET DEL", "{round} {round}:lock"},
     .floor_round_trips = 2,
     .promise = "one computation per round, whose value everyone gets; a dead winner holds up the "
                "others for its lease, and a late one's value is refused",
     .trial = Expiring(1, 1),
     .refuses_late = true},
};

// In a trial, computations are short; where winners misbehave, a late value comes while the next
// winner computes.
Computation ComputationOf(const RunPlan& plan, Computation computation) {
  if (!plan.trial) return computation;
  computation.kind = Computation::Kind::kWait;
  computation.duration_ms = plan.trial->misbehaves ? plan.trial->lease_ms * 6 / 10 : 2;
  return computation;
}

class StampedeScenario : public Scenario {
 public:
  StampedeScenario(const RunPlan& plan, const Computation& computation, const Row& row)
      : shared_(plan.key_prefix, ComputationOf(plan, computation), plan.LeaseMs(kLeaseMs),
                plan.budget + 1),
        row_(row) {}

  absl::Status Prepare(BlockingClient&) override { return absl::OkStatus(); }  // keys are new

  void StartRound(int64_t round) override { shared_.StartRound(round); }

  Operation Operate(Worker& worker) override { return row_.variant(worker, shared_); }

  absl::StatusOr<Findings> Check(absl::Span<const OpRecord> history, BlockingClient&) override {
    Findings findings;
    JudgeValues(history, findings);
    std::vector<bool> was_run(static_cast<size_t>(shared_.rounds()));
    std::vector<bool> has_failures(was_run.size());
    for (const OpRecord& op : history) {
      was_run[static_cast<size_t>(op.operation)] = true;
      if (op.outcome != Outcome::kOk) has_failures[static_cast<size_t>(op.operation)] = true;
    }
    Violations too_many;
    Violations too_early;
    int64_t sum = 0;
    int64_t max = 0;
    for (int64_t round = 0; round < shared_.rounds(); ++round) {
      const int64_t computations = shared_.computations(round);
      sum += computations;
      max = std::max(max, computations);
      // Where the server refused some of the work, others may have had to compute again, or none
      // did.
      const bool is_whole =
          was_run[static_cast<size_t>(round)] && !has_failures[static_cast<size_t>(round)];
      if (!is_whole || shared_.late_worker(round) >= 0) continue;
      if (row_.promises_one) {
        too_many.Add(std::abs(computations - 1),
                     absl::StrCat("round ", round, ": ", computations, " computations, not one"));
      } else {
        too_early.Add(shared_.early_computations(round),
                      absl::StrCat("round ", round,
                                   ": a computation began before the one before it was stored"));
      }
    }
    findings.Detect("by_computations", too_many);
    if (!row_.promises_one) findings.Detect("by_storing", too_early);
    findings.counters = {
        {"computations", static_cast<double>(sum) / static_cast<double>(shared_.rounds())},
        {"computations_max", static_cast<double>(max)},
    };
    return findings;
  }

 private:
  // Everyone gets a value of this round, and nobody one that came too late.
  void JudgeValues(absl::Span<const OpRecord> history, Findings& findings) const {
    Violations unknown;
    Violations late;
    for (const OpRecord& op : history) {
      if (op.outcome != Outcome::kOk) continue;
      if (!shared_.IsOfRound(op.value, op.operation)) {
        unknown.Add(1, absl::StrCat("round ", op.operation, ": worker ", op.worker, " got ",
                                    op.value, ", which nobody computed in this round"));
      } else if (const int64_t late_worker = shared_.late_worker(op.operation);
                 late_worker >= 0 && op.worker != late_worker && Shared::IsFirst(op.value)) {
        late.Add(1, absl::StrCat("round ", op.operation,
                                 ": the value of a winner whose lease was "
                                 "over was stored"));
      }
    }
    findings.Detect("by_value", unknown);
    if (row_.refuses_late) findings.Detect("by_late_value", late);
  }

  Shared shared_;
  const Row row_;
};

std::vector<BenchmarkSpec> Variants(const ComputationOptions& options) {
  const Computation computation = options.Make(kDefaultComputeMs);
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : kRows) {
    Contract contract;
    contract.promise = row.promise;
    if (row.promises_one) contract.bounds = OneComputation();
    // Computations are counted where they run, values are judged by the record.
    contract.evidence = Evidence::kMemory;
    contract.min_overlapping = 5;  // all workers of a round miss together
    BenchmarkSpec spec(row.name, row.role, contract);
    spec.shape = Shape::kRounds;
    spec.workers = {10, 100, 500};
    spec.args = {{options.burns_cpu() ? "compute_cpu_ms" : "compute_ms", computation.duration_ms}};
    spec.rounds = options.RoundsOr(kDefaultRounds);
    spec.floor.round_trips = row.floor_round_trips;
    spec.floor.compute_ms = static_cast<double>(computation.duration_ms);
    spec.floor.computes_in_turn = options.burns_cpu();
    spec.needs.subscriber = row.needs_subscriber;
    spec.trial = row.trial;
    spec.residue.is_judged = row.role == Role::kSafe;
    spec.residue.keys = {{.name = "{round}", .expires = true},
                         {.name = "{round}:waiters", .expires = true},
                         {.name = "{round}:wake", .type = "list", .expires = true}};
    spec.residue.stays_subscribed = row.needs_subscriber;
    Declare(row.needs, spec);
    spec.make = [row, computation](const RunPlan& plan) {
      return std::make_unique<StampedeScenario>(plan, computation, row);
    };
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace

Family StampedeFamily() {
  const auto options = std::make_shared<ComputationOptions>();
  return {
      .name = "Stampede",
      .metrics = ComputationMetrics(),
      .columns = {{"computations", "computations"}},
      .flags = ComputationFlags(options.get()),
      .variants = [options] { return Variants(*options); },
  };
}

}  // namespace rcb
