// Each variant of StampedeExpiry on a real server, judged by its own checker; what that checker
// says to false records and stale values; and XFetch against its theory.

#include "bench/stampede_expiry/stampede_expiry.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/random/distributions.h"
#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bench/families.h"
#include "bench/test_family.h"
#include "common/harness/test_bed.h"
#include "common/measure/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using expiry::Cache;
using expiry::Entry;
using expiry::Settings;
using testing::HasSubstr;

constexpr int64_t kEpochs = 5;
constexpr int64_t kComputeMs = 4;
constexpr char kStaleWhileRevalidate[] = "StampedeExpiry/locking/stale_while_revalidate";

const std::vector<std::string> kFlags = {"--compute_ms=4"};

std::vector<BenchmarkSpec> Specs() { return VariantsOf(StampedeExpiryFamily(), kFlags); }
BenchmarkSpec Spec(const std::string& name, int64_t arg = -1) {
  return SpecOf(StampedeExpiryFamily(), name, kFlags, arg);
}

std::string Trace(const BenchmarkSpec& spec, int threads) {
  const std::string arg =
      spec.args.empty() ? "" : absl::StrCat("/", spec.args[0].first, ":", spec.args[0].second);
  return absl::StrCat(spec.name, arg, " on ", threads, " threads");
}

// Key number `number` of a run of that plan.
expiry::Key KeyOf(const RunPlan& plan, size_t number) {
  return expiry::Key(plan.key_prefix, number, kEpochs);
}

TEST(StampedeExpiryTest, EachSafeVariantKeepsItsPromise) {
  for (const BenchmarkSpec& spec : Specs()) {
    if (spec.role == Role::kControl) continue;
    for (const int threads : {1, 2}) {
      SCOPED_TRACE(Trace(spec, threads));
      TestBed bed(spec, {.threads = threads});
      ASSERT_EQ(bed.RunOnce(kEpochs), absl::OkStatus());
      const Findings findings = bed.Check();
      EXPECT_EQ(findings.violations.count, 0) << findings.violations.first;
      EXPECT_EQ(findings.violations.first, "");
      const Tally tally = bed.totals().tally;
      EXPECT_GT(tally.started, kEpochs);
      EXPECT_EQ(tally.succeeded, tally.started) << bed.first_error();
      std::map<std::string, double> counters = CountersOf(findings);
      EXPECT_GE(counters["computations"], 1);
      if (!absl::StrContains(spec.name, "/locking/")) continue;
      EXPECT_EQ(counters["computations"], 1);
      EXPECT_EQ(counters["computations_max"], 1);
    }
  }
}

TEST(StampedeExpiryTest, TheUnsafeControlComputesMoreThanOnceAndIsCaught) {
  for (const int threads : {1, 2}) {
    SCOPED_TRACE(threads);
    TestBed bed(Spec("StampedeExpiry/unsafe/none"), {.threads = threads});
    ASSERT_EQ(bed.RunOnce(kEpochs), absl::OkStatus());
    const Findings findings = bed.Check();
    EXPECT_GT(findings.violations.count, 0);
    EXPECT_THAT(findings.violations.first, HasSubstr("computations, not one"));
    EXPECT_GT(CountersOf(findings)["computations_max"], 1);
    EXPECT_EQ(bed.totals().tally.succeeded, bed.totals().tally.started) << bed.first_error();
  }
}

TEST(StampedeExpiryTest, AStaleReadIsCaught) {
  for (const BenchmarkSpec& spec : Specs()) {
    if (spec.role == Role::kControl) continue;
    SCOPED_TRACE(Trace(spec, 1));
    TestBed bed(spec, {});
    ASSERT_EQ(bed.RunOnce(kEpochs), absl::OkStatus());
    const std::vector<OpRecord> good = bed.history();
    ASSERT_EQ(bed.Check(good).violations.count, 0);
    std::vector<OpRecord> stale = good;
    const auto [oldest, newest] = std::minmax_element(
        stale.begin(), stale.end(),
        [](const OpRecord& a, const OpRecord& b) { return a.invoke_ns < b.invoke_ns; });
    newest->value = oldest->value;
    const Findings findings = bed.Check(stale);
    EXPECT_EQ(findings.violations.count, 1);
    EXPECT_THAT(findings.violations.first, HasSubstr("was acknowledged"));

    newest->outcome = Outcome::kFailed;
    EXPECT_EQ(bed.Check(stale).violations.count, 0)
        << "a worker that got nothing got nothing stale";
  }
}

// Before the first read, the value becomes one that expired `expired_ms` ago and that nobody may
// refresh for a while.
BenchmarkSpec WithStaleValue(const BenchmarkSpec& spec, int64_t expired_ms) {
  return WithAccident(spec, 0, [expired_ms](const RunPlan& plan) {
    const expiry::Key key = KeyOf(plan, 0);
    Entry entry;
    entry.generation = 1;
    entry.delta_ns = kComputeMs * 1'000'000;
    entry.expiry_ns = NowNs() - expired_ms * 1'000'000;
    return Command("SET", key.lock, "another", "PX", 100)
        .Then(Command("SET", key.name, entry.ToText(), "PX", 60'000));
  });
}

TEST(StampedeExpiryTest, AStaleValueMayBeServedWithinTheGrace) {
  TestBed bed(WithStaleValue(Spec(kStaleWhileRevalidate), 10), {});
  ASSERT_EQ(bed.RunOnce(kEpochs), absl::OkStatus());
  const Findings findings = bed.Check();
  EXPECT_EQ(findings.violations.count, 0) << findings.violations.first;
  EXPECT_GT(CountersOf(findings)["stale_served_ratio"], 0);
  EXPECT_GT(CountersOf(findings)["staleness_p95_us"], 0);
}

TEST(StampedeExpiryTest, AStaleValueBeyondTheGraceIsNotServed) {
  TestBed bed(WithStaleValue(Spec(kStaleWhileRevalidate), 5000), {});
  ASSERT_EQ(bed.RunOnce(kEpochs), absl::OkStatus());
  const Findings findings = bed.Check();
  EXPECT_EQ(findings.violations.count, 0) << findings.violations.first;
  EXPECT_LT(CountersOf(findings)["staleness_p95_us"], 1e6);
}

// A worker that locks a filled key after it had seen `stale_generation` there.
class LateToLock : public Scenario {
 public:
  LateToLock(const RunPlan& plan, int64_t stale_generation)
      : cache_(plan.key_prefix, Settings(), plan.workers), stale_generation_(stale_generation) {}

  absl::Status Prepare(BlockingClient& redis) override {
    return redis.Command({"SET", cache_.key(0).name, "1 1000000 0"}).status();
  }
  Operation Operate(Worker& worker) override {
    const bool locked = co_await expiry::TryLock(worker, cache_, cache_.key(0), "token");
    if (!locked) co_return absl::InternalError("an earlier operation did not unlock");
    co_return co_await expiry::RefreshAndUnlock(worker, cache_, 0, stale_generation_, "token");
  }
  absl::StatusOr<Findings> Check(absl::Span<const OpRecord>, BlockingClient&) override {
    return Findings();
  }

 private:
  Cache cache_;
  const int64_t stale_generation_;
};

TEST(StampedeExpiryTest, WhoIsLateToLockTakesWhatAnotherComputedMeanwhile) {
  for (const int64_t stale_generation : {0, 1}) {
    BenchmarkSpec spec("StampedeExpiry/locking/trial", Role::kSafe, {});
    spec.make = [stale_generation](const RunPlan& plan) {
      return std::make_unique<LateToLock>(plan, stale_generation);
    };
    TestBed bed(spec, {.workers = 1});
    ASSERT_EQ(bed.RunOnce(2), absl::OkStatus());
    ASSERT_EQ(bed.totals().tally.succeeded, 2) << bed.first_error();
    EXPECT_EQ(bed.history().front().value, stale_generation + 1);
  }
}

// Generation 3 is stored, then 2, which took longer; yields what readers get. With an expiry in
// between, they get nothing.
class Overtaken : public Scenario {
 public:
  Overtaken(const RunPlan& plan, bool has_expired)
      : cache_(plan.key_prefix, Settings(), plan.workers), has_expired_(has_expired) {}

  absl::Status Prepare(BlockingClient&) override { return absl::OkStatus(); }
  Operation Operate(Worker& worker) override {
    co_await cache_.Recompute(worker, 0, 3);
    if (has_expired_) co_await worker.redis().Run(Command("DEL", cache_.key(0).name));
    co_await cache_.Recompute(worker, 0, 2);
    const Entry entry = co_await expiry::LookUp(worker, cache_, cache_.key(0));
    EXPECT_EQ(cache_.sightings()[worker.index].acknowledged.size(), 1U);
    co_return entry.generation;
  }
  absl::StatusOr<Findings> Check(absl::Span<const OpRecord>, BlockingClient&) override {
    return Findings();
  }

 private:
  Cache cache_;
  const bool has_expired_;
};

TEST(StampedeExpiryTest, AComputationThatWasOvertakenDoesNotBringItsOlderValueBack) {
  for (const bool has_expired : {false, true}) {
    SCOPED_TRACE(has_expired);
    BenchmarkSpec spec("StampedeExpiry/locking/trial", Role::kSafe, {});
    spec.make = [has_expired](const RunPlan& plan) {
      return std::make_unique<Overtaken>(plan, has_expired);
    };
    TestBed bed(spec, {.workers = 1});
    ASSERT_EQ(bed.RunOnce(1), absl::OkStatus());
    ASSERT_EQ(bed.totals().tally.succeeded, 1) << bed.first_error();
    EXPECT_EQ(bed.history().front().value, has_expired ? 0 : 3);
  }
}

TEST(StampedeExpiryTest, AComputationMayBurnProcessorTime) {
  for (const BenchmarkSpec& spec :
       VariantsOf(StampedeExpiryFamily(), {"--compute=cpu", "--compute_ms=4"})) {
    if (!absl::StrContains(spec.name, "/locking/")) continue;
    SCOPED_TRACE(spec.name);
    TestBed bed(spec, {});
    ASSERT_EQ(bed.RunOnce(kEpochs), absl::OkStatus());
    EXPECT_EQ(CountersOf(bed.Check())["computations"], 1);
    EXPECT_GE(bed.session().slot(0).busy_ns, kEpochs * kComputeMs * 1'000'000);
  }
}

TEST(StampedeExpiryTest, JitteredLifetimesEndAtDifferentTimes) {
  const absl::StatusOr<Deployment*> server = TestBed::Server();
  ASSERT_TRUE(server.ok()) << server.status();
  absl::StatusOr<BlockingClient> redis = BlockingClient::Connect((*server)->endpoint(), 5000);
  ASSERT_TRUE(redis.ok()) << redis.status();
  RunPlan plan;
  plan.key_prefix = absl::StrCat((*server)->identity().key_prefix, "jitter:");
  const BenchmarkSpec spec = Spec("StampedeExpiry/lockfree/ttl_jitter", /*jitter_pct=*/50);
  ASSERT_EQ(spec.make(plan)->Prepare(*redis), absl::OkStatus());
  std::vector<int64_t> expiries_ns;
  for (size_t number = 0; number < 1000; ++number) {
    const absl::StatusOr<Reply> value = redis->Command({"GET", KeyOf(plan, number).name});
    ASSERT_TRUE(value.ok()) << value.status();
    if (value->is_nil()) break;
    expiries_ns.push_back(Entry::Parse(value->text()).expiry_ns);
  }
  ASSERT_GT(expiries_ns.size(), 10U);
  const auto [first, last] = std::minmax_element(expiries_ns.begin(), expiries_ns.end());
  constexpr int64_t kTtlNs = 20 * kComputeMs * 1'000'000;
  EXPECT_GE(*last - *first, kTtlNs * 3 / 4) << "half the lifetime more or less";
}

TEST(StampedeExpiryTest, AnEntrySurvivesItsText) {
  Entry entry;
  entry.generation = 7;
  entry.delta_ns = 5'000'000;
  entry.expiry_ns = INT64_MAX;
  const Entry parsed = Entry::Parse(entry.ToText());
  EXPECT_EQ(parsed.generation, entry.generation);
  EXPECT_EQ(parsed.delta_ns, entry.delta_ns);
  EXPECT_EQ(parsed.expiry_ns, entry.expiry_ns);
  for (const char* const text : {"", "7", "7 5", "7 5 x", "x 5 9", "7 5 9 1", "7  9"}) {
    EXPECT_EQ(Entry::Parse(text).generation, 0) << text;
  }
}

// How many readers compute in an epoch that ends with the first one's store: Poisson arrivals draw
// against an entry that takes `delta_ns` to compute. Time is simulated, by entries that expire as
// much later than now as the simulated reader comes before the expiry.
int64_t SimulatedEpoch(Worker& worker, const Cache& cache, double reads_per_delta) {
  constexpr double kDeltaNs = 10e9;  // so long that the time of a draw does not count
  const double gap_mean_ns = kDeltaNs / reads_per_delta;
  double before_expiry_ns = 15 * cache.settings().beta * kDeltaNs;  // nobody draws earlier
  double stored_before_expiry_ns = -INFINITY;
  int64_t computations = 0;
  while (before_expiry_ns > stored_before_expiry_ns) {
    Entry entry;
    entry.generation = 1;
    entry.delta_ns = static_cast<int64_t>(kDeltaNs);
    entry.expiry_ns = NowNs() + static_cast<int64_t>(before_expiry_ns);
    if (expiry::RefreshesEarly(worker, cache, entry)) {
      if (++computations == 1) stored_before_expiry_ns = before_expiry_ns - kDeltaNs;
    }
    before_expiry_ns -= absl::Exponential(*worker.random, 1 / gap_mean_ns);
  }
  return computations;
}

TEST(StampedeExpiryTest, XfetchComputesAsOftenAsItsTheoryPredicts) {
  constexpr int kSimulatedEpochs = 2000;
  for (const double beta : {0.5, 1.0, 1.5, 2.0}) {
    absl::InsecureBitGen random(std::seed_seq{1});
    Worker worker;
    worker.random = &random;
    Settings settings;
    settings.beta = beta;
    const Cache cache("", settings, /*workers=*/1);
    int64_t computations = 0;
    for (int epoch = 0; epoch < kSimulatedEpochs; ++epoch) {
      computations += SimulatedEpoch(worker, cache, /*reads_per_delta=*/100 / beta);
    }
    const double predicted = std::exp(1 / beta);
    EXPECT_NEAR(static_cast<double>(computations) / kSimulatedEpochs, predicted, 0.1 * predicted)
        << "beta " << beta;
  }
}

TEST(StampedeExpiryTest, XfetchPublishesThePrediction) {
  for (const int64_t beta_pct : {50, 100, 150, 200}) {
    TestBed bed(Spec("StampedeExpiry/lockfree/xfetch", beta_pct), {});
    ASSERT_EQ(bed.RunOnce(1), absl::OkStatus());
    EXPECT_DOUBLE_EQ(CountersOf(bed.Check())["predicted_computations"],
                     std::exp(100 / static_cast<double>(beta_pct)));
  }
}

}  // namespace
}  // namespace rcb
