// The suite under Google Benchmark on a real server: what it keeps of runs that are discarded.

#include "common/harness/suite.h"

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

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

}  // namespace
}  // namespace rcb
