// A known load must yield known records: closed loops, rounds and epochs on a real server. What
// goes wrong is tested in run_fault_test.cc, the open loop in run_open_loop_test.cc.

#include "common/harness/run.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/harness/counters.h"
#include "common/harness/test_session.h"
#include "common/redis/blocking_client.h"
#include "common/redis/command.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using OperationResult = Operation;

OperationResult Increment(Worker& worker) {
  const Command incr("INCR", "counter");
  const Reply value = co_await worker.redis().Run(incr);
  co_return value.integer();
}

// With one thread and with two.
class RunOnThreads : public SessionTest, public testing::WithParamInterface<int> {
 protected:
  int64_t ServersCounter() {
    auto client = BlockingClient::Connect(server_->tcp_endpoint(), /*timeout_ms=*/5000);
    if (!client.ok()) return -1;
    const absl::StatusOr<Reply> value = client->Command({"INCRBY", "counter", "0"});
    return value.ok() ? value->integer() : -1;
  }

  std::unique_ptr<Session> MustOpenWith(int workers) {
    return MustOpen(OptionsFor(workers, GetParam()));
  }
};

using RunOnTwoThreads = SessionTest;

INSTANTIATE_TEST_SUITE_P(, RunOnThreads, testing::Values(1, 2),
                         [](const auto& threads) -> std::string {
                           return threads.param == 1 ? "OneThread" : "TwoThreads";
                         });

std::vector<int64_t> SortedValues(const std::vector<OpRecord>& history) {
  std::vector<int64_t> values;
  for (const OpRecord& record : history) values.push_back(record.value);
  std::sort(values.begin(), values.end());
  return values;
}

std::vector<int64_t> FromTo(int64_t first, int64_t last) {
  std::vector<int64_t> values;
  for (int64_t value = first; value <= last; ++value) values.push_back(value);
  return values;
}

// Each worker does one thing at a time, and each record ends when or after it began.
void ExpectSoundIntervals(const std::vector<OpRecord>& history) {
  std::map<int, std::vector<std::pair<int64_t, int64_t>>> intervals;
  for (const OpRecord& record : history) {
    EXPECT_LE(record.invoke_ns, record.return_ns);
    intervals[record.worker].emplace_back(record.invoke_ns, record.return_ns);
  }
  for (auto& [worker, list] : intervals) {
    std::sort(list.begin(), list.end());
    for (size_t i = 1; i < list.size(); ++i) {
      EXPECT_GE(list[i].first, list[i - 1].second) << "worker " << worker;
    }
  }
}

int64_t LongestOf(const std::vector<OpRecord>& history) {
  int64_t longest_ns = 0;
  for (const OpRecord& record : history) {
    longest_ns = std::max(longest_ns, record.return_ns - record.invoke_ns);
  }
  return longest_ns;
}

// Each worker's operations are numbered from 0 in the order of time.
void ExpectNumberedByWorker(std::vector<OpRecord> history) {
  std::sort(history.begin(), history.end(),
            [](const OpRecord& a, const OpRecord& b) { return a.invoke_ns < b.invoke_ns; });
  std::map<int, int32_t> next;
  for (const OpRecord& record : history) EXPECT_EQ(record.operation, next[record.worker]++);
}

TEST_P(RunOnThreads, ClosedLoopDrawsEachOperationOnceAndRecordsItOnce) {
  constexpr int64_t kBudget = 3000;
  std::unique_ptr<Session> session = MustOpenWith(/*workers=*/7);
  const auto run =
      DriveRun(*session, kBudget, RunOptions(), std::make_unique<FunctionScenario>(Increment));

  EXPECT_EQ(ServersCounter(), kBudget);
  const std::vector<OpRecord> history = HistoryOf(*session);
  EXPECT_EQ(SortedValues(history), FromTo(1, kBudget));
  ExpectSoundIntervals(history);
  for (const OpRecord& record : history) {
    EXPECT_EQ(record.outcome, Outcome::kOk);
    EXPECT_LT(record.worker, 7);
  }
  ExpectNumberedByWorker(history);
  const Histogram latency = LatencyOf(*session);
  EXPECT_EQ(latency.count(), kBudget);
  EXPECT_EQ(latency.max(), LongestOf(history));
  const Totals totals = TotalsOf(*session);
  EXPECT_EQ(totals.tally.started, kBudget);
  EXPECT_EQ(totals.tally.succeeded, kBudget);
  EXPECT_EQ(totals.tally.errors + totals.tally.timeouts + totals.tally.dropped, 0);
  EXPECT_EQ(totals.round_trips, kBudget);
  EXPECT_FALSE(run->stopped());
  EXPECT_EQ(run->abort_reason(), "");
  EXPECT_GE(run->progress(), kBudget);
  for (auto& slot : session->slots()) {
    EXPECT_GT(slot->wall_ns, 0);
    EXPECT_GT(slot->busy_ns, 0);
    EXPECT_EQ(slot->first_error, "");
  }
}

TEST_P(RunOnThreads, ClosedLoopDoesNoMoreThanPlannedThoughMoreWorkersWait) {
  std::unique_ptr<Session> session = MustOpenWith(/*workers=*/20);
  for (const int64_t budget : {1, 3, 0}) {
    const int64_t before = ServersCounter();
    session->StartRecord(budget);
    DriveRun(*session, budget, RunOptions(), std::make_unique<FunctionScenario>(Increment));
    EXPECT_EQ(ServersCounter() - before, budget);
    EXPECT_EQ(HistoryOf(*session).size(), static_cast<size_t>(budget));
    EXPECT_EQ(TotalsOf(*session).tally.started, budget);
  }
}

// Each thread has a worker; that of thread 1 takes its time.
TEST_F(RunOnTwoThreads, WhatASlowThreadDoesNotGetToIsDoneByTheOther) {
  constexpr int64_t kBudget = 400;
  std::unique_ptr<Session> session = MustOpen(OptionsFor(/*workers=*/2, /*threads=*/2));
  std::atomic<int64_t> done{0};
  const auto work = [&done](Worker& worker) -> OperationResult {
    // The slow one is done with its first operation once the other has done all others.
    while (worker.index == 1 && done < kBudget - 1) co_await worker.loop->Sleep(1'000'000);
    co_await worker.redis().Run(Command("PING"));
    co_return ++done;
  };
  DriveRun(*session, kBudget, RunOptions(), std::make_unique<FunctionScenario>(work));
  EXPECT_EQ(done, kBudget);
  EXPECT_GE(session->slot(0).completed, kBudget - 1);
}

// A budget that took about the least time, over all threads, may be the last one that is asked for:
// each thread then works for all of that time. A small one only finds the next budget.
TEST_P(RunOnThreads, GoesOnUntilTheLeastTimeIsOver) {
  const auto sleep_and_increment = [](Worker& worker) -> OperationResult {
    co_await worker.loop->Sleep(20'000'000);
    const Command incr("INCR", "counter");
    co_return (co_await worker.redis().Run(incr)).integer();
  };
  std::unique_ptr<Session> session = MustOpenWith(/*workers=*/2);
  for (const bool may_be_last : {true, false}) {
    const int64_t before = ServersCounter();
    const int64_t budget = 12 / GetParam();  // 120 ms with one thread, 60 with each of two
    RunOptions options;
    options.min_ns = may_be_last ? 200'000'000 : 3600'000'000'000;
    session->StartRecord(1000);
    DriveRun(*session, budget, options, std::make_unique<FunctionScenario>(sleep_and_increment));
    int64_t extra = 0;
    for (auto& slot : session->slots()) {
      extra += slot->extra_operations;
      EXPECT_EQ(slot->wall_ns >= options.min_ns, may_be_last);
    }
    EXPECT_EQ(extra > 0, may_be_last);
    EXPECT_EQ(ServersCounter() - before, budget + extra);
    EXPECT_EQ(HistoryOf(*session).size(), static_cast<size_t>(budget + extra));
  }
}

TEST_P(RunOnThreads, KeepsNoHistoryWhereNoneIsWanted) {
  std::unique_ptr<Session> session = MustOpenWith(/*workers=*/4);
  RunOptions options;
  options.keeps_history = false;
  DriveRun(*session, 100, options, std::make_unique<FunctionScenario>(Increment));
  EXPECT_TRUE(HistoryOf(*session).empty());
  EXPECT_EQ(LatencyOf(*session).count(), 100);
  EXPECT_EQ(TotalsOf(*session).tally.succeeded, 100);
}

TEST_P(RunOnThreads, RoundsGiveEveryWorkerOneOperationEachWarmUpIncluded) {
  constexpr int kWorkers = 5;
  constexpr int64_t kRounds = 6;
  std::unique_ptr<Session> session = MustOpenWith(kWorkers);
  auto scenario = std::make_unique<FunctionScenario>(Increment);
  std::vector<std::pair<int64_t, int64_t>> starts;  // round, increments before it
  scenario->on_round = [&](int64_t round) { starts.emplace_back(round, ServersCounter()); };
  RunOptions options;
  options.shape = Shape::kRounds;
  DriveRun(*session, kRounds, options, std::move(scenario));

  ASSERT_EQ(starts.size(), static_cast<size_t>(kRounds + 1));
  for (int64_t round = 0; round <= kRounds; ++round) {
    EXPECT_EQ(starts[static_cast<size_t>(round)], std::make_pair(round, round * kWorkers));
  }
  const std::vector<OpRecord> history = HistoryOf(*session);
  EXPECT_EQ(history.size(), static_cast<size_t>(kWorkers * (kRounds + 1)));
  std::set<std::pair<int, int>> seen;
  for (const OpRecord& record : history) {
    seen.emplace(record.operation, record.worker);
    EXPECT_GE(record.operation, 0);
    EXPECT_LE(record.operation, kRounds);
    EXPECT_LT(record.worker, kWorkers);
    // The rounds are apart: each value shows its round.
    EXPECT_EQ((record.value - 1) / kWorkers, record.operation);
  }
  EXPECT_EQ(seen.size(), history.size());
  ExpectSoundIntervals(history);
  EXPECT_EQ(LatencyOf(*session).count(), kWorkers * kRounds);
}

// Each operation ends only when all workers of all threads have begun theirs.
TEST_P(RunOnThreads, RoundsReleaseAllWorkersAtOnce) {
  constexpr int kWorkers = 6;
  constexpr int64_t kRounds = 20;
  std::atomic<int> begun{0};
  std::atomic<int> to_begin{0};
  auto scenario = std::make_unique<FunctionScenario>([&](Worker& worker) -> OperationResult {
    ++begun;
    for (int ms = 0; begun < to_begin && ms < 10'000; ++ms) co_await worker.loop->Sleep(1'000'000);
    if (begun < to_begin) co_return absl::InternalError("the others did not come");
    co_return 0;
  });
  scenario->on_round = [&](int64_t) {
    EXPECT_EQ(begun, to_begin);
    to_begin += kWorkers;
  };
  std::unique_ptr<Session> session = MustOpenWith(kWorkers);
  RunOptions options;
  options.shape = Shape::kRounds;
  options.op_timeout_ms = 10'000;
  DriveRun(*session, kRounds, options, std::move(scenario));
  EXPECT_EQ(begun, kWorkers * (kRounds + 1));
  EXPECT_EQ(TotalsOf(*session).tally.succeeded, kWorkers * (kRounds + 1));
}

TEST_P(RunOnThreads, EpochsGoOnUntilTheScenarioIsOver) {
  constexpr int64_t kEnough = 200;
  std::unique_ptr<Session> session = MustOpenWith(/*workers=*/4);
  std::atomic<int64_t> done{0};
  auto scenario = std::make_unique<FunctionScenario>([&done](Worker& worker) -> OperationResult {
    const int64_t value = co_await Increment(worker);
    ++done;
    co_return value;
  });
  scenario->is_over = [&done] { return done >= kEnough; };
  RunOptions options;
  options.shape = Shape::kEpochs;
  options.rate_per_second = 4000;
  const auto run = DriveRun(*session, /*epochs=*/3, options, std::move(scenario));
  const auto size = static_cast<int64_t>(HistoryOf(*session).size());
  EXPECT_EQ(size, ServersCounter());
  EXPECT_GE(size, kEnough);
  EXPECT_LT(size, kEnough + 4) << "an operation began after the end";
  EXPECT_EQ(SortedValues(HistoryOf(*session)), FromTo(1, size));
  EXPECT_FALSE(run->stopped());
}

TEST_P(RunOnThreads, EpochsThatDoNotEndAreStoppedAfterSoManyOperations) {
  std::unique_ptr<Session> session = MustOpenWith(/*workers=*/4);
  RunOptions options;
  options.shape = Shape::kEpochs;
  options.rate_per_second = 10'000;
  options.max_operations = 100;
  const auto run =
      DriveRun(*session, /*epochs=*/3, options, std::make_unique<FunctionScenario>(Increment));
  EXPECT_TRUE(run->stopped());
  EXPECT_EQ(run->abort_reason(), "the epochs did not end");
  EXPECT_LE(ServersCounter(), 100);
}

TEST_P(RunOnThreads, ARunAfterAnotherStartsFromNothing) {
  std::unique_ptr<Session> session = MustOpenWith(/*workers=*/3);
  for (int i = 0; i < 3; ++i) {
    session->StartRecord(50);
    DriveRun(*session, 50, RunOptions(), std::make_unique<FunctionScenario>(Increment));
    EXPECT_EQ(SortedValues(HistoryOf(*session)), FromTo(50 * i + 1, 50 * i + 50));
    EXPECT_EQ(LatencyOf(*session).count(), 50);
    EXPECT_EQ(TotalsOf(*session).round_trips, 50);
  }
}

// Rows of a live line come from the loop's regular sweep.
TEST_P(RunOnThreads, ShowsItsProgressOnThreadZeroWhileItDrives) {
  std::unique_ptr<Session> session = MustOpenWith(/*workers=*/2);
  std::vector<int64_t> shown;
  const auto slow = [](Worker& worker) -> OperationResult {
    co_await worker.loop->Sleep(10'000'000);
    co_return 0;
  };
  DriveRun(*session, 40, RunOptions(), std::make_unique<FunctionScenario>(slow),
           [&shown](const rcb::Run& r) { shown.push_back(r.progress()); });
  ASSERT_GT(shown.size(), 1u);
  EXPECT_TRUE(std::is_sorted(shown.begin(), shown.end()));
  EXPECT_GT(shown.back(), shown.front());
}

}  // namespace
}  // namespace rcb
