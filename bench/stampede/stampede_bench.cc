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
  double floor_round_trips;
  const char* promise;
  bool promises_one = true;  // computation per round
  bool needs_subscriber = false;
};

constexpr char kOnce[] = "one computation per round, whose value everyone gets";
constexpr Row kRows[] = {
    {"Stampede/unsafe/none", Role::kControl, stampede::None, 2, kOnce},
    {"Stampede/unsafe/short_lock", Role::kControl, ShortLock, 3, kOnce},
    {"Stampede/locking/setnx_poll", Role::kSafe, stampede::SetnxPoll, 3,
     "this round's value while no winner dies; more than one computation if a loser is late",
     /*promises_one=*/false},
    {"Stampede/locking/token_lock", Role::kSafe, TokenLock, 3, kOnce},
    {"Stampede/locking/pubsub", Role::kSafe, stampede::Pubsub, 2, kOnce, true,
     /*needs_subscriber=*/true},
    {"Stampede/locking/blpop", Role::kSafe, stampede::Blpop, 2, kOnce},
    {"Stampede/locking/single_flight", Role::kSafe, stampede::OneFlight, 3,
     "one computation per round and process, whose value everyone gets"},
    {"Stampede/locking/lease", Role::kSafe, stampede::Lease, 2, kOnce},
};

class StampedeScenario : public Scenario {
 public:
  StampedeScenario(const RunPlan& plan, const Computation& computation, const Row& row)
      : shared_(plan.key_prefix, computation, kLeaseMs, plan.budget + 1), row_(row) {}

  absl::Status Prepare(BlockingClient&) override { return absl::OkStatus(); }  // keys are new

  void StartRound(int64_t round) override { shared_.StartRound(round); }

  Operation Operate(Worker& worker) override { return row_.variant(worker, shared_); }

  absl::StatusOr<Findings> Check(absl::Span<const OpRecord> history, BlockingClient&) override {
    Findings findings;
    std::vector<bool> has_failures(static_cast<size_t>(shared_.rounds()));
    for (const OpRecord& op : history) {
      if (op.outcome != Outcome::kOk) has_failures[static_cast<size_t>(op.operation)] = true;
      if (op.outcome != Outcome::kOk || shared_.IsOfRound(op.value, op.operation)) continue;
      findings.violations.Add(
          1, absl::StrCat("round ", op.operation, ": worker ", op.worker, " got ", op.value,
                          ", which nobody computed in this round"));
    }
    int64_t sum = 0;
    int64_t max = 0;
    for (int64_t round = 0; round < shared_.rounds(); ++round) {
      const int64_t computations = shared_.computations(round);
      sum += computations;
      max = std::max(max, computations);
      // Where the server refused some of the work, others may have had to compute again, or none
      // did.
      if (row_.promises_one && !has_failures[static_cast<size_t>(round)]) {
        findings.violations.Add(
            std::abs(computations - 1),
            absl::StrCat("round ", round, ": ", computations, " computations, not one"));
      }
    }
    findings.counters = {
        {"computations", static_cast<double>(sum) / static_cast<double>(shared_.rounds())},
        {"computations_max", static_cast<double>(max)},
    };
    return findings;
  }

 private:
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
