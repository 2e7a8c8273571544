// What goes wrong in a run is counted, kept in the record, and ends it when it does not pass.

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "common/harness/counters.h"
#include "common/harness/interrupt.h"
#include "common/harness/run.h"
#include "common/harness/test_session.h"
#include "common/redis/blocking_client.h"
#include "common/redis/command.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::HasSubstr;
using OperationResult = Operation;
using OperateFunction = FunctionScenario::OperateFunction;
using RunFaults = SessionTest;
using InterruptDeathTest = SessionTest;

constexpr int64_t kMsNs = 1'000'000;

OperationResult Ping(Worker& worker) {
  const Command ping("PING");
  co_await worker.redis().Run(ping);
  co_return 0;
}

// The first operation of each worker is `fault`, the others PING.
std::unique_ptr<Scenario> FirstOfEachWorker(OperateFunction fault) {
  return std::make_unique<FunctionScenario>([fault](Worker& worker) {
    return worker.tally->started == 0 ? fault(worker) : Ping(worker);
  });
}

int64_t CountOf(const std::vector<OpRecord>& history, Outcome outcome) {
  return std::count_if(history.begin(), history.end(),
                       [outcome](const OpRecord& record) { return record.outcome == outcome; });
}

RunOptions RoundOptions(int64_t op_timeout_ms) {
  RunOptions options;
  options.shape = Shape::kRounds;
  options.op_timeout_ms = op_timeout_ms;
  return options;
}

// An error reply: the command was certainly not applied.
TEST_F(RunFaults, ErrorRepliesAreErrorsWithFailedOutcomesAndALatency) {
  std::unique_ptr<Session> session = MustOpen(OptionsFor(/*workers=*/4, /*threads=*/2));
  const auto wrong = [](Worker& worker) -> OperationResult {
    const Command command("INCR", "key", "too many words");
    co_await worker.redis().Run(command);
    co_return 7;
  };
  const auto run = DriveRun(*session, 100, RunOptions(), FirstOfEachWorker(wrong));
  const Tally tally = TotalsOf(*session).tally;
  const std::vector<OpRecord> history = HistoryOf(*session);
  EXPECT_EQ(tally.started, 100);
  // A worker that came too late has had no first operation.
  EXPECT_GT(tally.errors, 0);
  EXPECT_LE(tally.errors, 4);
  EXPECT_EQ(tally.succeeded, 100 - tally.errors);
  EXPECT_EQ(tally.timeouts, 0);
  EXPECT_EQ(history.size(), 100u);
  EXPECT_EQ(CountOf(history, Outcome::kFailed), tally.errors);
  EXPECT_EQ(CountOf(history, Outcome::kOk), tally.succeeded);
  for (const OpRecord& record : history) EXPECT_EQ(record.value, 0);
  EXPECT_EQ(LatencyOf(*session).count(), 100);
  EXPECT_EQ(TotalsOf(*session).round_trips, 100) << "an error reply costs no connection";
  const std::string first = session->slot(0).first_error + session->slot(1).first_error;
  EXPECT_THAT(first, HasSubstr("wrong number of arguments"));
  EXPECT_FALSE(run->stopped());
}

// No reply in time: the deadline stays in the latencies, and the next operation connects anew.
TEST_F(RunFaults, TimeoutsAreCountedWithUnknownOutcomesAndTheirWait) {
  constexpr int64_t kTimeoutMs = 100;
  constexpr int64_t kWorkers = 3;
  std::unique_ptr<Session> session = MustOpen(OptionsFor(kWorkers, /*threads=*/1, kTimeoutMs));
  const auto hangs = [](Worker& worker) -> OperationResult {
    const Command command("BLPOP", "nothing", 0);
    co_await worker.redis().Run(command);
    co_return 7;
  };
  DriveRun(*session, 4, RoundOptions(kTimeoutMs), FirstOfEachWorker(hangs));
  const Tally tally = TotalsOf(*session).tally;
  const std::vector<OpRecord> history = HistoryOf(*session);
  EXPECT_EQ(tally.started, 5 * kWorkers);
  EXPECT_EQ(tally.timeouts, kWorkers);
  EXPECT_EQ(tally.errors, 0);
  EXPECT_EQ(tally.succeeded, 4 * kWorkers);
  EXPECT_EQ(CountOf(history, Outcome::kUnknown), kWorkers);
  for (const OpRecord& record : history) {
    if (record.outcome != Outcome::kUnknown) continue;
    EXPECT_EQ(record.operation, 0);
    EXPECT_GE(record.return_ns - record.invoke_ns, kTimeoutMs * kMsNs);
  }
  EXPECT_THAT(session->slot(0).first_error, HasSubstr("no reply before the deadline"));
}

TEST_F(RunFaults, TheWaitOfATimeoutIsALatency) {
  constexpr int64_t kTimeoutMs = 100;
  std::unique_ptr<Session> session = MustOpen(OptionsFor(/*workers=*/1, /*threads=*/1, kTimeoutMs));
  const auto hangs = [](Worker& worker) -> OperationResult {
    const Command command("BLPOP", "nothing", 0);
    co_await worker.redis().Run(command);
    co_return 7;
  };
  DriveRun(*session, 10, RunOptions(), FirstOfEachWorker(hangs));
  EXPECT_EQ(LatencyOf(*session).count(), 10);
  EXPECT_GE(LatencyOf(*session).max(), kTimeoutMs * kMsNs);
}

TEST_F(RunFaults, LostConnectionsAreErrorsAndTheNextOperationConnectsAnew) {
  std::unique_ptr<Session> session = MustOpen(OptionsFor(/*workers=*/3, /*threads=*/1));
  const auto quits = [](Worker& worker) -> OperationResult {
    const Command quit("QUIT");
    co_await worker.redis().Run(quit);
    co_return co_await Ping(worker);
  };
  DriveRun(*session, 4, RoundOptions(10'000), FirstOfEachWorker(quits));
  const Tally tally = TotalsOf(*session).tally;
  EXPECT_EQ(tally.errors, 3);
  EXPECT_EQ(tally.timeouts, 0);
  EXPECT_EQ(tally.succeeded, 12);
  EXPECT_EQ(CountOf(HistoryOf(*session), Outcome::kUnknown), 3);
  for (auto& state : session->slot(0).workers) EXPECT_TRUE(state->connection.connected());
}

// Whether the next operation stumbles over it, or finds out before.
TEST_F(RunFaults, AConnectionLostBetweenOperationsIsOneError) {
  constexpr int kWorkers = 5;
  std::unique_ptr<Session> session = MustOpen(OptionsFor(kWorkers, /*threads=*/2));
  auto client = BlockingClient::Connect(server_->tcp_endpoint(), /*timeout_ms=*/5000);
  ASSERT_TRUE(client.ok()) << client.status();
  auto scenario = std::make_unique<FunctionScenario>(Ping);
  scenario->on_round = [&](int64_t round) {
    if (round != 2) return;
    EXPECT_EQ(client->Command({"CLIENT", "KILL", "TYPE", "normal"})->integer(), kWorkers);
  };
  DriveRun(*session, 5, RoundOptions(10'000), std::move(scenario));
  const Tally tally = TotalsOf(*session).tally;
  EXPECT_EQ(tally.started, 6 * kWorkers);
  EXPECT_EQ(tally.errors, kWorkers);
  EXPECT_GE(tally.succeeded, 5 * kWorkers);
  EXPECT_EQ(LatencyOf(*session).count(), 5 * kWorkers);
  for (auto& slot : session->slots()) {
    EXPECT_NE(slot->first_error, "");
    for (auto& state : slot->workers) EXPECT_TRUE(state->connection.connected());
  }
}

TEST_F(RunFaults, AnErrorOfTheLastRunIsNotOneOfTheNext) {
  std::unique_ptr<Session> session = MustOpen(OptionsFor(/*workers=*/1, /*threads=*/1));
  const auto fails = [](Worker&) -> OperationResult { co_return absl::InternalError("broken"); };
  DriveRun(*session, 5, RunOptions(), FirstOfEachWorker(fails));
  EXPECT_EQ(TotalsOf(*session).tally.errors, 1);
  EXPECT_EQ(session->slot(0).first_error, "broken");
  session->StartRecord(5);
  DriveRun(*session, 5, RunOptions(), std::make_unique<FunctionScenario>(Ping));
  EXPECT_EQ(TotalsOf(*session).tally.errors, 0);
  EXPECT_EQ(session->slot(0).first_error, "");
}

// Operations that the end of the run cut off say nothing about the variant.
TEST_F(RunFaults, CancelledOperationsAreInTheHistoryButInNoCount) {
  constexpr int kWorkers = 4;
  std::unique_ptr<Session> session = MustOpen(OptionsFor(kWorkers, /*threads=*/1));
  std::atomic<int64_t> begun{0};
  const auto hangs_later = [&begun](Worker& worker) -> OperationResult {
    const Command hangs("BLPOP", "nothing", 0);
    if (++begun > 20) co_await worker.redis().Run(hangs);
    co_return co_await Ping(worker);
  };
  RunOptions options;
  options.shape = Shape::kEpochs;
  options.max_operations = 20 + kWorkers - 1;  // the last worker finds none left: that ends it
  const auto run = DriveRun(*session, 1, options, std::make_unique<FunctionScenario>(hangs_later));
  EXPECT_TRUE(run->stopped());
  const Tally tally = TotalsOf(*session).tally;
  EXPECT_EQ(tally.started, 20);
  EXPECT_EQ(tally.succeeded, 20);
  EXPECT_EQ(tally.errors + tally.timeouts, 0);
  EXPECT_EQ(LatencyOf(*session).count(), 20);
  EXPECT_EQ(CountOf(HistoryOf(*session), Outcome::kOk), 20);
  EXPECT_EQ(CountOf(HistoryOf(*session), Outcome::kUnknown), kWorkers - 1);
}

// Both threads must notice: each has a loop of its own.
TEST_F(RunFaults, AKilledServerEndsTheRunAndIsToBlame) {
  constexpr int64_t kTimeoutMs = 100;
  std::unique_ptr<Session> session = MustOpen(OptionsFor(/*workers=*/4, /*threads=*/2, kTimeoutMs));
  std::atomic<int64_t> done{0};
  const pid_t server = server_->pid();
  const auto kills = [&done, server](Worker& worker) -> OperationResult {
    if (++done == 100) kill(server, SIGKILL);
    return Ping(worker);
  };
  RunOptions options;
  options.op_timeout_ms = kTimeoutMs;
  const auto run =
      DriveRun(*session, 1'000'000'000, options, std::make_unique<FunctionScenario>(kills));
  EXPECT_TRUE(run->stopped());
  EXPECT_TRUE(
      absl::StartsWith(run->abort_reason(), "no operation succeeded for 5 s; first error: "))
      << run->abort_reason();
  const Tally tally = TotalsOf(*session).tally;
  EXPECT_GT(tally.succeeded, 50);
  EXPECT_GE(tally.errors + tally.timeouts, 4);
  EXPECT_EQ(tally.started, tally.succeeded + tally.errors + tally.timeouts);
  EXPECT_EQ(LatencyOf(*session).count(), tally.started);
  EXPECT_EQ(CountOf(HistoryOf(*session), Outcome::kOk), tally.succeeded);
}

// In a child of its own, which ends with the signal's number where all was well.
void ExpectInterrupted(const std::function<std::unique_ptr<Run>(Session&)>& drive,
                       std::unique_ptr<Session> session) {
  CatchInterrupts();
  const std::unique_ptr<Run> run = drive(*session);
  const Tally tally = TotalsOf(*session).tally;
  const bool sound = run->stopped() && run->abort_reason().empty() && tally.errors == 0 &&
                     tally.timeouts == 0 && tally.started == tally.succeeded;
  std::_Exit(sound ? InterruptSignal() : 99);
}

// Hangs from operation `from` on, and raises `signal` in the first one that does.
std::unique_ptr<Scenario> HangingAfter(int64_t from, int signal) {
  auto begun = std::make_shared<std::atomic<int64_t>>(0);
  return std::make_unique<FunctionScenario>([=](Worker& worker) -> OperationResult {
    const int64_t number = (*begun)++;
    if (number < from) co_return co_await Ping(worker);
    if (number == from) std::raise(signal);
    const Command hangs("BLPOP", "nothing", 0);
    co_await worker.redis().Run(hangs);
    co_return 0;
  });
}

TEST_F(InterruptDeathTest, EndsAClosedLoopAndCountsNothingAgainstIt) {
  for (const int threads : {1, 2}) {
    const auto drive = [](Session& session) {
      return DriveRun(session, 1'000'000'000, RunOptions(), HangingAfter(100, SIGINT));
    };
    EXPECT_EXIT(ExpectInterrupted(drive, MustOpen(OptionsFor(/*workers=*/4, threads))),
                testing::ExitedWithCode(SIGINT), "");
  }
}

TEST_F(InterruptDeathTest, EndsAnOpenLoopThatWaitsForItsNextArrival) {
  const auto drive = [](Session& session) {
    RunOptions options;
    options.rate_per_second = 100;
    return DriveRun(session, 1'000'000'000, options, HangingAfter(10, SIGTERM));
  };
  EXPECT_EXIT(ExpectInterrupted(drive, MustOpen(OptionsFor(/*workers=*/4, /*threads=*/1))),
              testing::ExitedWithCode(SIGTERM), "");
}

TEST_F(InterruptDeathTest, EndsRoundsOfAllThreads) {
  for (const int64_t from : {3, 50}) {  // in the warm-up, and later
    const auto drive = [from](Session& session) {
      return DriveRun(session, 1'000'000, RoundOptions(10'000), HangingAfter(from, SIGINT));
    };
    EXPECT_EXIT(ExpectInterrupted(drive, MustOpen(OptionsFor(/*workers=*/6, /*threads=*/2))),
                testing::ExitedWithCode(SIGINT), "");
  }
}

TEST_F(InterruptDeathTest, TheSecondSignalEndsTheProgramAtOnce) {
  const auto twice = [] {
    CatchInterrupts();
    std::raise(SIGINT);
    if (InterruptSignal() != SIGINT) std::_Exit(99);
    std::raise(SIGINT);
    std::_Exit(98);
  };
  EXPECT_EXIT(twice(), testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace rcb
