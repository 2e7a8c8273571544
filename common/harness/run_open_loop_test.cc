// Open loops: latency counts from the intended start, and what is too late is dropped.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/harness/counters.h"
#include "common/harness/run.h"
#include "common/harness/test_session.h"
#include "common/measure/clock.h"
#include "common/workload/arrivals.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using OperationResult = Operation;
using OpenLoop = SessionTest;

constexpr int64_t kMsNs = 1'000'000;
constexpr double kRate = 500;

// The intended starts of a run on one thread, from its beginning.
std::vector<int64_t> IntendedStarts(size_t count, uint64_t seed) {
  PoissonArrivals arrivals(kRate, seed);
  arrivals.Start(0);
  std::vector<int64_t> starts_ns;
  for (size_t i = 0; i < count; ++i) starts_ns.push_back(arrivals.Next());
  return starts_ns;
}

// How many samples are at least about `ns` long.
int64_t CountFrom(const Histogram& latency, int64_t ns) {
  int64_t count = 0;
  const auto size = static_cast<double>(latency.count());
  while (count < latency.count() &&
         latency.ValueAtQuantile((size - static_cast<double>(count)) / size) >= ns) {
    ++count;
  }
  return count;
}

// Does nothing, but for operation number `which`, which takes `stall_ns`.
FunctionScenario::OperateFunction StallingOnce(int64_t which, int64_t stall_ns) {
  auto done = std::make_shared<int64_t>(0);
  return [=](Worker& worker) -> OperationResult {
    const int64_t number = (*done)++;
    if (number == which) co_await worker.loop->Sleep(stall_ns);
    co_return number;
  };
}

RunOptions OpenOptions(int64_t op_timeout_ms) {
  RunOptions options;
  options.rate_per_second = kRate;
  options.op_timeout_ms = op_timeout_ms;
  return options;
}

TEST_F(OpenLoop, NoOperationBeginsBeforeItsTime) {
  constexpr int64_t kBudget = 100;
  std::unique_ptr<Session> session = MustOpen(OptionsFor(/*workers=*/1, /*threads=*/1));
  const int64_t start_ns = NowNs();
  DriveRun(*session, kBudget, OpenOptions(10'000),
           std::make_unique<FunctionScenario>(StallingOnce(-1, 0)));
  const std::vector<OpRecord> history = HistoryOf(*session);
  const std::vector<int64_t> intended_ns = IntendedStarts(kBudget, kSeed);
  ASSERT_EQ(history.size(), intended_ns.size());
  for (size_t i = 0; i < history.size(); ++i) {
    EXPECT_EQ(history[i].value, static_cast<int64_t>(i));
    EXPECT_GE(history[i].invoke_ns, start_ns + intended_ns[i]);
  }
}

// A run is as long as its last operation, which says nothing of those before it.
TEST_F(OpenLoop, ALongLastOperationIsNoOverload) {
  constexpr int64_t kBudget = 100;
  std::unique_ptr<Session> session = MustOpen(OptionsFor(/*workers=*/1, /*threads=*/1));
  const auto run =
      DriveRun(*session, kBudget, OpenOptions(10'000),
               std::make_unique<FunctionScenario>(StallingOnce(kBudget - 1, 400 * kMsNs)));
  EXPECT_EQ(DescribeOverload(*run), "");
}

// The coordinated omission that a closed loop commits: one long latency, and a rate that adapts.
TEST_F(OpenLoop, AStallIsChargedToEveryOperationThatItDelays) {
  constexpr int64_t kBudget = 200;
  constexpr int64_t kStalled = 20;
  constexpr int64_t kStallNs = 200 * kMsNs;
  constexpr int64_t kLongNs = 50 * kMsNs;
  std::unique_ptr<Session> session = MustOpen(OptionsFor(/*workers=*/1, /*threads=*/1));
  DriveRun(*session, kBudget, OpenOptions(10'000),
           std::make_unique<FunctionScenario>(StallingOnce(kStalled, kStallNs)));
  const std::vector<int64_t> intended_ns = IntendedStarts(kBudget, kSeed);
  int64_t delayed = 0;
  for (size_t i = kStalled; i < intended_ns.size(); ++i) {
    if (intended_ns[i] + kLongNs < intended_ns[kStalled] + kStallNs) ++delayed;
  }
  ASSERT_GT(delayed, 50);  // about 500/s in 150 ms
  const Histogram latency = LatencyOf(*session);
  EXPECT_EQ(latency.count(), kBudget);
  EXPECT_GE(CountFrom(latency, kLongNs), delayed);
  EXPECT_GE(latency.max(), kStallNs);
  // The record for the checker tells when each really began.
  int64_t long_in_history = 0;
  for (const OpRecord& record : HistoryOf(*session)) {
    if (record.return_ns - record.invoke_ns >= kLongNs) ++long_in_history;
  }
  EXPECT_GE(long_in_history, 1);
  EXPECT_LT(long_in_history, delayed);
}

TEST_F(OpenLoop, AnOperationIsToldHowLateItBegins) {
  constexpr int64_t kStallNs = 200 * kMsNs;
  std::unique_ptr<Session> session = MustOpen(OptionsFor(/*workers=*/1, /*threads=*/1));
  const auto operate = StallingOnce(20, kStallNs);
  std::vector<int64_t> late_ns;
  DriveRun(*session, /*budget=*/200, OpenOptions(10'000),
           std::make_unique<FunctionScenario>([&](Worker& worker) {
             late_ns.push_back(worker.late_ns);
             return operate(worker);
           }));
  EXPECT_LT(late_ns[0], kStallNs / 2);
  EXPECT_GT(late_ns[21], kStallNs / 2);
}

TEST_F(OpenLoop, WhatIsLaterThanTheDeadlineIsDroppedAndItsDelayKept) {
  constexpr int64_t kBudget = 200;
  constexpr int64_t kStalled = 20;
  constexpr int64_t kStallNs = 300 * kMsNs;
  constexpr int64_t kTimeoutNs = 100 * kMsNs;
  std::unique_ptr<Session> session = MustOpen(OptionsFor(/*workers=*/1, /*threads=*/1));
  DriveRun(*session, kBudget, OpenOptions(kTimeoutNs / kMsNs),
           std::make_unique<FunctionScenario>(StallingOnce(kStalled, kStallNs)));
  const std::vector<int64_t> intended_ns = IntendedStarts(kBudget, kSeed);
  int64_t late = 0;
  for (size_t i = kStalled + 1; i < intended_ns.size(); ++i) {
    if (intended_ns[i] + kTimeoutNs < intended_ns[kStalled] + kStallNs) ++late;
  }
  ASSERT_GT(late, 50);
  const Tally tally = TotalsOf(*session).tally;
  EXPECT_GE(tally.dropped, late);
  EXPECT_EQ(tally.started, kBudget);
  EXPECT_EQ(tally.succeeded, kBudget - tally.dropped);
  EXPECT_EQ(tally.errors + tally.timeouts, 0);
  EXPECT_EQ(HistoryOf(*session).size(), static_cast<size_t>(tally.succeeded));
  const Histogram latency = LatencyOf(*session);
  EXPECT_EQ(latency.count(), kBudget);
  EXPECT_GE(CountFrom(latency, kTimeoutNs), late);
}

// The workers are one queue: whoever is free takes the next arrival.
TEST_F(OpenLoop, OtherWorkersGoOnWhileOneStalls) {
  constexpr int64_t kBudget = 100;
  std::unique_ptr<Session> session = MustOpen(OptionsFor(/*workers=*/3, /*threads=*/1));
  DriveRun(*session, kBudget, OpenOptions(10'000),
           std::make_unique<FunctionScenario>(StallingOnce(0, 600 * kMsNs)));
  const std::vector<OpRecord> history = HistoryOf(*session);  // in the order of their ends
  ASSERT_EQ(history.size(), static_cast<size_t>(kBudget));
  const auto stalled =
      std::find_if(history.begin(), history.end(), [](const OpRecord& r) { return r.value == 0; });
  EXPECT_GT(stalled - history.begin(), 1) << "the others waited for the stalled one";
}

TEST_F(OpenLoop, ThreadsShareTheQuantityAndTheRate) {
  constexpr int64_t kBudget = 200;
  std::unique_ptr<Session> session = MustOpen(OptionsFor(/*workers=*/4, /*threads=*/2));
  const auto ping = [](Worker& worker) -> OperationResult {
    const Command command("PING");
    co_await worker.redis().Run(command);
    co_return 0;
  };
  DriveRun(*session, kBudget, OpenOptions(10'000), std::make_unique<FunctionScenario>(ping));
  EXPECT_EQ(HistoryOf(*session).size(), static_cast<size_t>(kBudget));
  EXPECT_EQ(LatencyOf(*session).count(), kBudget);
  EXPECT_EQ(TotalsOf(*session).round_trips, kBudget);
  // Each thread's arrivals are its own, and half as frequent as all together.
  for (int thread = 0; thread < 2; ++thread) {
    ThreadSlot& slot = session->slot(thread);
    EXPECT_FALSE(slot.history.empty()) << "thread " << thread << " had nothing to do";
    PoissonArrivals expected(kRate / 2, kSeed + static_cast<uint64_t>(thread));
    for (size_t i = 0; i < slot.history.size(); ++i) expected.Next();
    const int64_t expected_ns = expected.Next();
    const int64_t arrival_ns = slot.arrivals->Next();
    EXPECT_NEAR(static_cast<double>(slot.arrivals->Next() - arrival_ns),
                static_cast<double>(expected.Next() - expected_ns), 1);
  }
}

}  // namespace
}  // namespace rcb
