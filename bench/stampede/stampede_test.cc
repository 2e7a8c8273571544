// Each variant of Stampede on a real server, judged by its own checker; then with winners that die,
// computations that race with their waiters, and false records.

#include "bench/stampede/stampede.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bench/families.h"
#include "bench/test_family.h"
#include "common/harness/test_bed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using stampede::Shared;
using testing::HasSubstr;

constexpr int64_t kRounds = 5;
constexpr int kWorkers = 20;

using Variant = Operation (*)(Worker& worker, Shared& shared);

Operation TokenLock(Worker& worker, Shared& shared) {
  return stampede::TokenLock(worker, shared, shared.lease_ms());
}

std::string Trace(const std::string& name, int threads) {
  return absl::StrCat(name, " on ", threads, " threads");
}

std::vector<BenchmarkSpec> Specs() { return VariantsOf(StampedeFamily()); }
BenchmarkSpec Spec(const std::string& name) { return SpecOf(StampedeFamily(), name); }

TEST(StampedeTest, EachSafeVariantGivesAllTheRoundsValueComputedOnce) {
  for (const BenchmarkSpec& spec : Specs()) {
    if (spec.role == Role::kControl) continue;
    for (const int threads : {1, 2}) {
      SCOPED_TRACE(Trace(spec.name, threads));
      TestBed bed(spec, {.workers = kWorkers, .threads = threads});
      ASSERT_EQ(bed.RunOnce(kRounds), absl::OkStatus());
      const Findings findings = bed.Check();
      EXPECT_EQ(findings.violations.count, 0) << findings.violations.first;
      EXPECT_EQ(findings.violations.first, "");
      EXPECT_EQ(bed.totals().tally.started, kWorkers * (kRounds + 1));
      EXPECT_EQ(bed.totals().tally.succeeded, kWorkers * (kRounds + 1)) << bed.first_error();
      EXPECT_EQ(bed.history().size(), static_cast<size_t>(kWorkers * (kRounds + 1)));
      if (absl::EndsWith(spec.name, "/setnx_poll")) continue;  // does not promise this:
      EXPECT_EQ(CountersOf(findings)["computations"], 1);
      EXPECT_EQ(CountersOf(findings)["computations_max"], 1);
    }
  }
}

TEST(StampedeTest, EachUnsafeControlComputesMoreThanOnceAndIsCaught) {
  for (const char* const name : {"Stampede/unsafe/none", "Stampede/unsafe/short_lock"}) {
    for (const int threads : {1, 2}) {
      SCOPED_TRACE(Trace(name, threads));
      TestBed bed(Spec(name), {.workers = kWorkers, .threads = threads});
      ASSERT_EQ(bed.RunOnce(kRounds), absl::OkStatus());
      const Findings findings = bed.Check();
      EXPECT_GT(findings.violations.count, 0);
      EXPECT_THAT(findings.violations.first, HasSubstr("computations, not one"));
      EXPECT_GT(CountersOf(findings)["computations_max"], 1);
      EXPECT_EQ(bed.totals().tally.succeeded, kWorkers * (kRounds + 1)) << bed.first_error();
    }
  }
}

TEST(StampedeTest, AllWorkersWithoutProtectionCompute) {
  TestBed bed(Spec("Stampede/unsafe/none"), {.workers = kWorkers});
  ASSERT_EQ(bed.RunOnce(kRounds), absl::OkStatus());
  EXPECT_GE(CountersOf(bed.Check())["computations"], kWorkers / 2);
}

TEST(StampedeTest, AComputationMayBurnProcessorTime) {
  constexpr int64_t kComputeMs = 3;
  for (const BenchmarkSpec& spec :
       VariantsOf(StampedeFamily(), {"--compute=cpu", "--compute_ms=3"})) {
    SCOPED_TRACE(spec.name);
    EXPECT_EQ(spec.args.front().first, "compute_cpu_ms");
    if (spec.role == Role::kControl) continue;
    TestBed bed(spec, {.workers = kWorkers});
    ASSERT_EQ(bed.RunOnce(kRounds), absl::OkStatus());
    const Findings findings = bed.Check();
    EXPECT_EQ(findings.violations.count, 0) << findings.violations.first;
    EXPECT_EQ(bed.totals().tally.succeeded, kWorkers * (kRounds + 1)) << bed.first_error();
    EXPECT_GE(bed.session().slot(0).busy_ns, kRounds * kComputeMs * 1'000'000);
  }
}

TEST(StampedeTest, AFalseRecordIsCaught) {
  for (const BenchmarkSpec& spec : Specs()) {
    if (spec.role == Role::kControl) continue;
    SCOPED_TRACE(spec.name);
    TestBed bed(spec, {.workers = kWorkers});
    ASSERT_EQ(bed.RunOnce(kRounds), absl::OkStatus());
    const std::vector<OpRecord> good = bed.history();
    ASSERT_EQ(bed.Check(good).violations.count, 0);
    const OpRecord& other = *std::find_if(good.begin(), good.end(),
                                          [](const OpRecord& op) { return op.operation == 2; });

    std::vector<OpRecord> false_value = good;
    false_value.back().value = other.value;
    EXPECT_EQ(bed.Check(false_value).violations.count, 1) << "the value of an earlier round";

    std::vector<OpRecord> no_value = good;
    no_value.back().value = 0;
    EXPECT_EQ(bed.Check(no_value).violations.count, 1) << "what a lost value reads as";

    std::vector<OpRecord> invented = good;
    invented.back().value += 1000;
    EXPECT_EQ(bed.Check(invented).violations.count, 1) << "a value that nobody computed";

    std::vector<OpRecord> failed = good;
    failed.back().value = 0;
    failed.back().outcome = Outcome::kUnknown;
    EXPECT_EQ(bed.Check(failed).violations.count, 0)
        << "a worker that got nothing got nothing false";
  }
}

// A variant with a computation, lease and fault that the benchmarks do not have.
struct Trial {
  Variant variant = nullptr;
  bool needs_subscriber = false;
  Computation computation = {};
  int64_t lease_ms = 10'000;
  bool winners_die = false;  // the first of each round
};

class TrialScenario : public Scenario {
 public:
  TrialScenario(const RunPlan& plan, const Trial& trial)
      : shared_(plan.key_prefix, trial.computation, trial.lease_ms, plan.budget + 1),
        variant_(trial.variant) {
    if (trial.winners_die) shared_.AbandonFirst();
  }

  absl::Status Prepare(BlockingClient&) override { return absl::OkStatus(); }
  void StartRound(int64_t round) override { shared_.StartRound(round); }
  Operation Operate(Worker& worker) override { return variant_(worker, shared_); }
  absl::StatusOr<Findings> Check(absl::Span<const OpRecord>, BlockingClient&) override {
    return Findings();
  }

  Shared& shared() { return shared_; }

 private:
  Shared shared_;
  const Variant variant_;
};

BenchmarkSpec SpecOfTrial(const Trial& trial) {
  BenchmarkSpec spec("Stampede/locking/trial", Role::kSafe, {});
  spec.shape = Shape::kRounds;
  spec.needs.subscriber = trial.needs_subscriber;
  spec.make = [trial](const RunPlan& plan) { return std::make_unique<TrialScenario>(plan, trial); };
  return spec;
}

// How many computations each round of the bed's last run had.
std::vector<int64_t> ComputationsOf(TestBed& bed) {
  const Shared& shared = static_cast<TrialScenario&>(bed.scenario()).shared();
  std::vector<int64_t> computations;
  for (int64_t round = 0; round < shared.rounds(); ++round) {
    computations.push_back(shared.computations(round));
  }
  return computations;
}

// Those whose value is not of their round.
int64_t Misled(const std::vector<OpRecord>& history) {
  return std::count_if(history.begin(), history.end(), [](const OpRecord& op) {
    return op.outcome == Outcome::kOk && Shared::RoundOf(op.value) != op.operation;
  });
}

TEST(StampedeTest, ADeadWinnerLocksEveryoneOutOfSetnxPoll) {
  for (const int threads : {1, 2}) {
    SCOPED_TRACE(threads);
    TestBed bed(SpecOfTrial({.variant = stampede::SetnxPoll,
                             .computation = {.duration_ms = 1},
                             .winners_die = true}),
                {.workers = kWorkers, .threads = threads});
    ASSERT_EQ(bed.RunOnce(1), absl::OkStatus());
    const Tally tally = bed.totals().tally;
    EXPECT_EQ(tally.started, kWorkers * 2);
    EXPECT_EQ(tally.succeeded, 0);
    EXPECT_EQ(tally.errors, 2) << "the winners";
    EXPECT_EQ(tally.timeouts, (kWorkers - 1) * 2) << "the others";
    EXPECT_EQ(tally.retries, tally.timeouts * stampede::kMaxPolls);
    EXPECT_THAT(ComputationsOf(bed), testing::Each(1));
  }
}

TEST(StampedeTest, ADeadWinnerIsReplacedWhereTheLockExpires) {
  struct Row {
    const char* name;
    Variant variant;
    bool needs_subscriber;
  };
  const Row rows[] = {
      {"token_lock", TokenLock, false},
      {"pubsub", stampede::Pubsub, true},
      {"blpop", stampede::Blpop, false},
      {"lease", stampede::Lease, false},
  };
  for (const Row& row : rows) {
    for (const int threads : {1, 2}) {
      SCOPED_TRACE(Trace(row.name, threads));
      TestBed bed(SpecOfTrial({.variant = row.variant,
                               .needs_subscriber = row.needs_subscriber,
                               .computation = {.duration_ms = 1},
                               .lease_ms = 200,
                               .winners_die = true}),
                  {.workers = kWorkers, .threads = threads});
      ASSERT_EQ(bed.RunOnce(2), absl::OkStatus());
      const Tally tally = bed.totals().tally;
      EXPECT_EQ(tally.started, kWorkers * 3);
      EXPECT_EQ(tally.succeeded, (kWorkers - 1) * 3) << bed.first_error();
      EXPECT_EQ(tally.errors, 3) << "the winners";
      EXPECT_EQ(tally.timeouts, 0);
      EXPECT_THAT(ComputationsOf(bed), testing::Each(2));
      EXPECT_EQ(Misled(bed.history()), 0);
    }
  }
}

// All that wait for a flight get its error; a worker that asks again flies again.
Operation TwoFlights(Worker& worker, Shared& shared) {
  const absl::StatusOr<int64_t> first = co_await Try(stampede::OneFlight(worker, shared));
  if (first.ok()) co_return first;
  ++worker.tally->retries;
  co_return co_await stampede::OneFlight(worker, shared);
}

TEST(StampedeTest, SingleFlightSharesTheErrorAndComputesForWhoAsksAgain) {
  for (const int threads : {1, 2}) {
    SCOPED_TRACE(threads);
    TestBed bed(
        SpecOfTrial(
            {.variant = TwoFlights, .computation = {.duration_ms = 100}, .winners_die = true}),
        {.workers = kWorkers, .threads = threads});
    ASSERT_EQ(bed.RunOnce(2), absl::OkStatus());
    const Tally tally = bed.totals().tally;
    EXPECT_GT(tally.retries, 3) << "more than the one that computed, in each of three rounds";
    EXPECT_EQ(tally.succeeded, kWorkers * 3) << bed.first_error();
    EXPECT_THAT(ComputationsOf(bed), testing::Each(2));
    EXPECT_EQ(Misled(bed.history()), 0);
  }
}

// Computations so short that the fill comes while the losers still sign up. Who missed the wake-up
// would sleep until the lease is over, and the run would be given up as stalled.
TEST(StampedeTest, NoWakeUpIsLostHoweverShortTheComputation) {
  constexpr int64_t kManyRounds = 100;
  for (const auto variant : {stampede::Pubsub, stampede::Blpop}) {
    for (const int64_t duration_ms : {0, 1}) {
      for (const int threads : {1, 2}) {
        SCOPED_TRACE(absl::StrCat(variant == stampede::Pubsub ? "pubsub" : "blpop", ", ",
                                  duration_ms, " ms, ", threads, " threads"));
        TestBed bed(SpecOfTrial({.variant = variant,
                                 .needs_subscriber = variant == stampede::Pubsub,
                                 .computation = {.duration_ms = duration_ms},
                                 .lease_ms = 600'000}),
                    {.workers = kWorkers, .threads = threads, .op_timeout_ms = 5000});
        ASSERT_EQ(bed.RunOnce(kManyRounds), absl::OkStatus());
        const Tally tally = bed.totals().tally;
        EXPECT_EQ(tally.succeeded, kWorkers * (kManyRounds + 1)) << bed.first_error();
        EXPECT_THAT(ComputationsOf(bed), testing::Each(1));
        EXPECT_EQ(Misled(bed.history()), 0);
      }
    }
  }
}

}  // namespace
}  // namespace rcb
