// The suite under Google Benchmark on a real server: what it keeps of runs that are discarded.

#include "common/harness/suite.h"

#include <benchmark/benchmark.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/harness/test_bed.h"
#include "common/harness/test_session.h"
#include "common/measure/clock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

// Reports to nobody.
class Silent : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override { rows += runs.size(); }
  size_t rows = 0;
};

TEST(Suite, ViolationsOfRunsThatAreDiscardedStay) {
  absl::StatusOr<Deployment*> server = TestBed::Server();
  ASSERT_TRUE(server.ok()) << server.status();
  Options options;
  Suite suite(
      options, **server, [](const std::string&) { return true; }, nullptr);
  int runs = 0;
  BenchmarkSpec spec("Limiter/policy/late", Role::kSafe, {.promise = "it holds"});
  spec.workers = {2};
  spec.make = [&runs](const RunPlan&) {
    auto scenario = std::make_unique<FunctionScenario>([](Worker& worker) -> Operation {
      co_await worker.redis().Run(Command("PING"));
      co_return 1;
    });
    // Google Benchmark tries one iteration first, and reports a longer run.
    if (++runs == 1) scenario->findings.Detect("by_test", {3, "only the first time"});
    return scenario;
  };
  suite.Register(spec);
  Silent silent;
  EXPECT_EQ(benchmark::RunSpecifiedBenchmarks(&silent, "Limiter"), 1u);
  EXPECT_GT(runs, 1);
  EXPECT_EQ(silent.rows, 1u);
  const LedgerEntry* entry = suite.ledger().Find("Limiter/policy/late/workers:2/threads:1");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->violations.count, 3);
  EXPECT_EQ(entry->violations.first, "only the first time");
  EXPECT_EQ(entry->detections.at("by_test"), 3);
  EXPECT_EQ(entry->verdict(), RowVerdict::kBroken);
}

// In a pass, what has not begun by then does not run, and what has begun runs to its end.
TEST(Suite, APassLeavesOutWhatWouldBeginTooLate) {
  absl::StatusOr<Deployment*> server = TestBed::Server();
  ASSERT_TRUE(server.ok()) << server.status();
  Options options;
  Suite suite(
      options, **server, [](const std::string&) { return true; }, nullptr);
  int runs = 0;
  BenchmarkSpec spec("Passes/policy/again", Role::kSafe, {.promise = "it holds"});
  spec.workers = {2};
  spec.make = [&runs](const RunPlan&) {
    ++runs;
    return std::make_unique<FunctionScenario>([](Worker& worker) -> Operation {
      co_await worker.redis().Run(Command("PING"));
      co_return 1;
    });
  };
  suite.Register(spec);
  Silent silent;
  LedgerEntry& entry = suite.ledger()["Passes/policy/again/workers:2/threads:1"];
  benchmark::RunSpecifiedBenchmarks(&silent, "Passes");
  EXPECT_FALSE(entry.is_late);
  EXPECT_GT(runs, 1);

  entry.abort_reason = "the server is gone";
  runs = 0;
  EXPECT_EQ(suite.BeginPass(NowNs() - 1), 1);
  benchmark::RunSpecifiedBenchmarks(&silent, "Passes");
  EXPECT_TRUE(entry.is_late);
  EXPECT_EQ(runs, 0);

  EXPECT_EQ(suite.BeginPass(NowNs() + 50'000'000), 0);
  benchmark::RunSpecifiedBenchmarks(&silent, "Passes");  // longer than that
  EXPECT_FALSE(entry.is_late);
  EXPECT_GT(runs, 1);
  EXPECT_EQ(entry.errors, 1);  // of the first pass
}

// The test program's server as if it were a user's, whose Sentinels fail over when the test says.
class FailingOver : public Deployment {
 public:
  explicit FailingOver(Deployment& server) : server_(server) {}

  const Identity& identity() const override { return server_.identity(); }
  const Endpoint& endpoint() const override { return server_.endpoint(); }
  bool is_ours() const override { return server_.is_ours(); }
  Permissions permissions() const override { return server_.permissions(); }
  PrivateServer* private_server() override { return server_.private_server(); }
  int generation() const override { return failovers_.count; }
  const ServerFacts& facts() const override { return server_.facts(); }
  absl::StatusOr<ServerFacts> FetchFacts() const override { return server_.FetchFacts(); }
  absl::Status EnsureAlive() override {
    LookForFailover();
    return server_.EnsureAlive();
  }
  const Failovers& failovers() const override { return failovers_; }
  void LookForFailover() override {
    if (!comes.exchange(false)) return;
    is_announced = false;
    ++failovers_.count;
    failovers_.last = "from here to there";
  }
  bool HasFailedOver() const override { return is_announced; }
  absl::Status CheckRoom(int64_t connections) const override {
    return server_.CheckRoom(connections);
  }
  absl::Status CleanUp() override { return absl::OkStatus(); }

  std::atomic<bool> comes{false};         // for who looks for it
  std::atomic<bool> is_announced{false};  // the Sentinels tell of it on their own

 private:
  Deployment& server_;
  Failovers failovers_;
};

// Says what a demoted server would have it say: that something was lost.
class LosingScenario : public FunctionScenario {
 public:
  LosingScenario(OperateFunction operate, std::function<void()> on_check)
      : FunctionScenario(std::move(operate)), on_check_(std::move(on_check)) {}
  absl::StatusOr<Findings> Check(absl::Span<const OpRecord>, BlockingClient&) override {
    on_check_();
    Findings lost;
    lost.Detect("by_test", {1, "an update was lost"});
    return lost;
  }

 private:
  const std::function<void()> on_check_;
};

enum class When { kNever, kBefore, kMeanwhile, kAnnounced, kAtTheCheck };

// The row whose servers fail over then.
LedgerEntry RowWithFailover(When when) {
  absl::StatusOr<Deployment*> server = TestBed::Server();
  EXPECT_TRUE(server.ok()) << server.status();
  FailingOver deployment(**server);
  deployment.comes = when == When::kBefore;
  Options options;
  Suite suite(
      options, deployment, [](const std::string&) { return true; }, nullptr);
  BenchmarkSpec spec(absl::StrCat("Follow/policy/f", static_cast<int>(when)), Role::kSafe,
                     {.promise = "it holds"});
  spec.workers = {2};
  spec.make = [&deployment, when](const RunPlan&) {
    const auto operate = [&deployment, when](Worker& worker) -> Operation {
      if (when == When::kMeanwhile || when == When::kAnnounced) deployment.comes = true;
      if (when == When::kAnnounced) {
        deployment.is_announced = true;
        co_await worker.loop->Sleep(/*duration_ns=*/3'000'000'000);
      }
      co_await worker.redis().Run(Command("PING"));
      co_return 1;
    };
    return std::make_unique<LosingScenario>(
        operate, [&deployment, when] { deployment.comes = when == When::kAtTheCheck; });
  };
  suite.Register(spec);
  Silent silent;
  benchmark::RunSpecifiedBenchmarks(&silent, spec.name);
  const LedgerEntry* entry = suite.ledger().Find(spec.name + "/workers:2/threads:1");
  EXPECT_NE(entry, nullptr);
  return entry == nullptr ? LedgerEntry() : *entry;
}

TEST(Suite, ARowWhoseServersFailOverIsVoidAndItsViolationsAreNobodys) {
  EXPECT_EQ(RowWithFailover(When::kNever).verdict(), RowVerdict::kBroken);
  for (const When when : {When::kBefore, When::kMeanwhile, When::kAnnounced, When::kAtTheCheck}) {
    SCOPED_TRACE(static_cast<int>(when));
    const LedgerEntry entry = RowWithFailover(when);
    EXPECT_EQ(entry.verdict(), RowVerdict::kVoid);
    EXPECT_EQ(entry.void_reason, "from here to there");
    EXPECT_TRUE(entry.violations.none());
    EXPECT_TRUE(entry.detections.empty());
    const std::string ends_early = "the primary is another one by now";
    EXPECT_EQ(entry.abort_reason == ends_early, when == When::kAnnounced) << entry.abort_reason;
  }
}

}  // namespace
}  // namespace rcb
