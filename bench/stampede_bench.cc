#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/families.h"
#include "bench/stampede.h"

namespace rcb {
namespace {

using stampede::Shared;

constexpr int64_t kDefaultComputeMs = 10;
constexpr int64_t kDefaultRounds = 50;
constexpr int64_t kLeaseMs = 10'000;

using Variant = Task<absl::StatusOr<int64_t>> (*)(Worker& worker, Shared& shared);

Task<absl::StatusOr<int64_t>> TokenLock(Worker& worker, Shared& shared) {
  return stampede::TokenLock(worker, shared, shared.lease_ms());
}
Task<absl::StatusOr<int64_t>> ShortLock(Worker& worker, Shared& shared) {
  return stampede::TokenLock(worker, shared,
                             std::max<int64_t>(shared.computation().duration_ms / 2, 1));
}

class StampedeScenario : public Scenario {
 public:
  StampedeScenario(const RunPlan& plan, const Computation& computation, Variant variant,
                   bool promises_one)
      : shared_(absl::StrCat(plan.key_prefix, "stampede:", plan.run, ":"), computation, kLeaseMs,
                plan.quantity + 1),
        variant_(variant),
        promises_one_(promises_one) {}

  absl::Status Prepare(BlockingClient&) override { return absl::OkStatus(); }  // keys are new

  void StartRound(int64_t round) override { shared_.StartRound(round); }

  Task<absl::StatusOr<int64_t>> Operate(Worker& worker) override {
    return variant_(worker, shared_);
  }

  Findings Check(absl::Span<const OpRecord> history, BlockingClient&) override {
    Findings findings;
    const auto violate = [&findings](int64_t count, const std::string& what) {
      findings.violations += count;
      if (findings.first.empty()) findings.first = what;
    };
    for (const OpRecord& op : history) {
      if (op.outcome != Outcome::kOk || shared_.IsOfRound(op.value, op.round)) continue;
      violate(1, absl::StrCat("round ", op.round, ": worker ", op.worker, " got ", op.value,
                              ", which nobody computed in this round"));
    }
    int64_t sum = 0;
    int64_t most = 0;
    for (int64_t round = 0; round < shared_.rounds(); ++round) {
      const int64_t computations = shared_.computations(round);
      sum += computations;
      most = std::max(most, computations);
      if (promises_one_ && computations != 1) {
        violate(std::abs(computations - 1),
                absl::StrCat("round ", round, ": ", computations, " computations, not one"));
      }
    }
    findings.counters = {
        {"computations", static_cast<double>(sum) / static_cast<double>(shared_.rounds())},
        {"computations_max", static_cast<double>(most)},
    };
    return findings;
  }

 private:
  Shared shared_;
  const Variant variant_;
  const bool promises_one_;
};

}  // namespace

std::vector<BenchmarkSpec> StampedeVariants(const Options& options) {
  constexpr char kOnce[] = "one computation per round, whose value everyone gets";
  struct Row {
    const char* name;
    Variant variant;
    double floor_round_trips;
    const char* contract;
    bool needs_subscriber = false;
  };
  const Row rows[] = {
      {"Stampede/unsafe/none", stampede::None, 2, kOnce},
      {"Stampede/unsafe/short_lock", ShortLock, 3, kOnce},
      {"Stampede/locking/setnx_poll", stampede::SetnxPoll, 3,
       "this round's value while no winner dies; more than one computation if a loser is late"},
      {"Stampede/locking/token_lock", TokenLock, 3, kOnce},
      {"Stampede/locking/pubsub", stampede::Pubsub, 2, kOnce, true},
      {"Stampede/locking/blpop", stampede::Blpop, 2, kOnce},
      {"Stampede/locking/single_flight", stampede::OneFlight, 3,
       "one computation per round and process, whose value everyone gets"},
      {"Stampede/locking/lease", stampede::Lease, 2, kOnce},
  };
  Computation computation;
  computation.duration_ms = options.compute_ms > 0 ? options.compute_ms : kDefaultComputeMs;
  const bool burns_cpu = options.compute == "cpu";
  computation.kind = burns_cpu ? Computation::Kind::kBurnCpu : Computation::Kind::kWait;
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : rows) {
    BenchmarkSpec spec;
    spec.name = row.name;
    spec.contract = row.contract;
    spec.shape = Shape::kRounds;
    spec.workers = {10, 100, 500};
    spec.args = {{burns_cpu ? "compute_cpu_ms" : "compute_ms", computation.duration_ms}};
    spec.rounds = kDefaultRounds;
    spec.floor_round_trips = row.floor_round_trips;
    spec.floor_compute_ms = static_cast<double>(computation.duration_ms);
    spec.needs_subscriber = row.needs_subscriber;
    spec.make = [row, computation](const RunPlan& plan) {
      return std::make_unique<StampedeScenario>(plan, computation, row.variant,
                                                row.variant != stampede::SetnxPoll);
    };
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace rcb
