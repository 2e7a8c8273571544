// The program when its server fails during a run: it ends in time or recovers, counts what
// happened, says so in its exit status and in whole JSON, and leaves nothing behind.

#include <signal.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/cli_driver.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr int64_t kDeadlineMs = 500;
constexpr int64_t kMaxMsPerBenchmark = kDeadlineMs + 10'000;
constexpr double kMinTimeS = 0.3;
// How many commands it takes until a run of rounds is under way, and the longest run of a counter.
constexpr int64_t kTraffic = 200;
constexpr int64_t kMuchTraffic = 3000;

// Of a finished run.
struct FaultyRun {
  CliResult result;
  json document;

  bool HasError(const std::string& prefix) const { return !ErrorOf(prefix).empty(); }
  // What is wrong with the only row whose name begins like this; empty where nothing is.
  std::string ErrorOf(const std::string& prefix) const {
    const std::vector<json> rows = RowsOf(document, prefix);
    EXPECT_THAT(rows, SizeIs(1)) << prefix;
    if (rows.empty() || !rows[0].value("error_occurred", false)) return "";
    return rows[0].value("error_message", "an error without a message");
  }
};

class CliFaultTest : public CliTest {
 protected:
  // Without trials, so that a fault at a known time befalls a timed run.
  std::unique_ptr<Bench> Start(const std::string& filter,
                               std::vector<std::string> more = {}) const {
    more.insert(more.end(), {absl::StrCat("--benchmark_filter=", filter), "--workers=5",
                             "--trial=off", absl::StrCat("--op_timeout=", kDeadlineMs, "ms"),
                             absl::StrCat("--benchmark_min_time=", kMinTimeS),
                             absl::StrCat("--benchmark_out=", workspace_.Path("out.json"))});
    return std::make_unique<Bench>(workspace_, WithRounds(std::move(more), 20));
  }

  // Its end, which must come in time and as a failure.
  FaultyRun Finish(Bench& bench, int64_t benchmarks) const {
    FaultyRun run;
    run.result = bench.Wait(benchmarks * kMaxMsPerBenchmark);
    run.document = ParseStrictly(ReadFile(workspace_.Path("out.json")));
    EXPECT_EQ(run.result.status, 1) << run.result.out << run.result.err;
    return run;
  }
};

void SleepMs(int64_t ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

// The program may end, and take its server along, before the server has said OK.
void KillConnections(const Endpoint& server) {
  absl::StatusOr<BlockingClient> client = BlockingClient::Connect(server, /*timeout_ms=*/5000);
  ASSERT_TRUE(client.ok()) << client.status();
  for (const char* type : {"pubsub", "normal"}) {
    client->Command({"CLIENT", "KILL", "TYPE", type}).status().IgnoreError();
  }
}

TEST_F(CliFaultTest, MarksTheBenchmarkWhoseServerIsKilledAndStartsAnotherForTheRest) {
  const std::unique_ptr<Bench> bench = Start("Counter/lockfree/(incr|lua)");
  ASSERT_TRUE(bench->AwaitTraffic(kMuchTraffic));
  kill(bench->server_pid(), SIGKILL);
  const FaultyRun run = Finish(*bench, 2);
  EXPECT_THAT(run.ErrorOf("Counter/lockfree/incr"), HasSubstr("no operation succeeded for 5 s"));
  EXPECT_EQ(run.ErrorOf("Counter/lockfree/lua"), "");
  EXPECT_THAT(run.result.out, AllOf(HasSubstr("\n  ERROR: "),
                                    HasSubstr("; errors in Counter/lockfree/incr/workers:5")));
}

class CliKilledServerTest : public CliFaultTest, public testing::WithParamInterface<const char*> {};

TEST_P(CliKilledServerTest, EndsInTimeAndIsMarked) {
  const std::unique_ptr<Bench> bench = Start(GetParam());
  ASSERT_TRUE(bench->AwaitTraffic(kTraffic));
  kill(bench->server_pid(), SIGKILL);
  EXPECT_TRUE(Finish(*bench, 1).HasError(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Of, CliKilledServerTest,
                         testing::Values("Transaction/locking/ordered_locks",
                                         "Transaction/lockfree/mset_mget",
                                         "Transaction/lockfree/list_append",
                                         "Lock/locking/setnx_spin", "Lock/locking/pubsub",
                                         "Lock/locking/blpop_queue", "Lock/locking/redlock",
                                         "Pool/locking/fifo", "Pool/lockfree/multiplexed",
                                         "Pool/lockfree/connect_each"));

TEST_F(CliFaultTest, GoesOnWithoutOneOfRedlocksNodesAndCountsIt) {
  const std::unique_ptr<Bench> bench = Start("Lock/locking/redlock");
  ASSERT_TRUE(Await([&bench] { return bench->ServerPids().size() == 4; }));
  ASSERT_TRUE(bench->AwaitTraffic(kTraffic));
  kill(bench->ServerPids().back(), SIGKILL);
  const FaultyRun run = Finish(*bench, 1);
  EXPECT_TRUE(run.HasError("Lock/locking/redlock"));
  const std::vector<json> rows = RowsOf(run.document, "Lock/locking/redlock");
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_GT(rows[0].value("errors", 0.0), 0);
  EXPECT_GT(rows[0].value("success_rate", 0.0), 0.5) << "two nodes are a majority";
}

TEST_F(CliFaultTest, EndsWhenAUsersServerIsKilled) {
  std::unique_ptr<PrivateServer> server = StartServer();
  ASSERT_NE(server, nullptr);
  const std::string uri = server->tcp_endpoint().ToString();
  const std::unique_ptr<Bench> bench =
      Start("Counter/lockfree/(incr|lua)", {absl::StrCat("--redis=", uri)});
  ASSERT_TRUE(AwaitCommands(server->unix_endpoint(), kMuchTraffic));
  server.reset();
  const FaultyRun run = Finish(*bench, 2);
  EXPECT_TRUE(run.HasError("Counter/lockfree/incr"));
  EXPECT_THAT(run.ErrorOf("Counter/lockfree/lua"), HasSubstr(uri));
  // It can't know whether somebody brings the server back with its data.
  EXPECT_THAT(run.result.err, AllOf(HasSubstr(uri), HasSubstr("what may be left: keys rcb:")));
}

// Lost data is blamed on nobody but the server.
TEST_F(CliFaultTest, ARowInWhichTheServerWasFlushedOrEvictedKeysIsVoid) {
  const std::unique_ptr<PrivateServer> server = StartServer();
  ASSERT_NE(server, nullptr);
  const std::pair<std::vector<std::vector<std::string>>, const char*> accidents[] = {
      {{{"FLUSHALL"}}, "void: the server was flushed"},
      {{{"CONFIG", "SET", "maxmemory-policy", "allkeys-random"},
        {"CONFIG", "SET", "maxmemory", "1"}},
       "void: the server evicted "}};
  for (const auto& [commands, reason] : accidents) {
    const std::unique_ptr<Bench> bench = Start(
        "Counter/lockfree/incr", {absl::StrCat("--redis=", server->tcp_endpoint().ToString())});
    ASSERT_TRUE(AwaitCommands(server->unix_endpoint(), kMuchTraffic));
    for (const std::vector<std::string>& command : commands) Ask(server->unix_endpoint(), command);
    const FaultyRun run = Finish(*bench, 1);
    EXPECT_THAT(run.ErrorOf("Counter/lockfree/incr"), HasSubstr(reason));
    EXPECT_EQ(RowsOf(run.document, "Counter/lockfree/incr")[0]["verdict"], "void");
    EXPECT_THAT(run.result.out, testing::Not(HasSubstr("BROKEN")));
    EXPECT_THAT(run.result.out, HasSubstr("0 violations; 0 unsafe controls; void: Counter/"));
  }
}

// A server that refuses writes makes errors, of which no variant is guilty.
TEST_F(CliFaultTest, RefusalsAreErrorsAndNoViolations) {
  for (const char* const filter :
       {"Stampede/locking/(token_lock|pubsub|blpop|lease)", "StampedeExpiry/locking/xfetch_lock",
        "Counter/lockfree/lua", "Transaction/lockfree/watch"}) {
    SCOPED_TRACE(filter);
    const std::unique_ptr<Bench> bench = Start(filter);
    ASSERT_TRUE(bench->AwaitTraffic(kTraffic));
    Ask(bench->server_endpoint(), {"CONFIG", "SET", "min-replicas-to-write", "1"});
    const FaultyRun run = Finish(*bench, 4);
    EXPECT_THAT(run.result.out, HasSubstr("NOREPLICAS"));
    EXPECT_THAT(run.result.out, testing::Not(HasSubstr("BROKEN")));
    EXPECT_THAT(run.result.out, HasSubstr(" 0 violations; "));
  }
}

TEST_F(CliFaultTest, RecoversFromAPauseLongerThanTheDeadlineAndCountsIt) {
  const std::unique_ptr<Bench> bench = Start("Counter/lockfree/(incr|lua)", {"--threads=2"});
  ASSERT_TRUE(bench->AwaitTraffic(kMuchTraffic));
  kill(bench->server_pid(), SIGSTOP);
  SleepMs(3 * kDeadlineMs);
  kill(bench->server_pid(), SIGCONT);
  const FaultyRun run = Finish(*bench, 2);
  EXPECT_THAT(run.ErrorOf("Counter/lockfree/incr"), HasSubstr(" timeouts; first: no reply"));
  EXPECT_EQ(run.ErrorOf("Counter/lockfree/lua"), "");
}

TEST_F(CliFaultTest, ReplacesAServerThatStaysSilent) {
  const std::unique_ptr<Bench> bench = Start("Stampede/locking/(blpop|lease)", {"--threads=2"});
  ASSERT_TRUE(bench->AwaitTraffic(kTraffic));
  kill(bench->server_pid(), SIGSTOP);
  const FaultyRun run = Finish(*bench, 2);
  EXPECT_THAT(run.ErrorOf("Stampede/locking/blpop"), HasSubstr("no operation succeeded for 5 s"));
  EXPECT_EQ(run.ErrorOf("Stampede/locking/lease"), "");
}

TEST_F(CliFaultTest, MarksAllRepetitionsInStrictJson) {
  const std::unique_ptr<Bench> bench =
      Start("Counter/lockfree/(incr|lua)", {"--benchmark_repetitions=3"});
  ASSERT_TRUE(bench->AwaitTraffic(kMuchTraffic));
  KillConnections(bench->server_endpoint());
  const FaultyRun run = Finish(*bench, 2);
  const std::vector<json> hurt = RowsOf(run.document, "Counter/lockfree/incr");
  const std::vector<json> unharmed = RowsOf(run.document, "Counter/lockfree/lua");
  EXPECT_THAT(hurt, Not(IsEmpty()));
  for (const json& row : hurt) EXPECT_TRUE(row.value("error_occurred", false)) << row;
  EXPECT_THAT(unharmed, SizeIs(3 + 4));
  for (const json& row : unharmed) EXPECT_EQ(row.count("error_occurred"), 0u) << row;
}

TEST_F(CliFaultTest, EndsRepetitionsWhoseServerIsKilled) {
  const std::unique_ptr<Bench> bench =
      Start("Stampede/locking/single_flight", {"--benchmark_repetitions=3", "--threads=2"});
  ASSERT_TRUE(bench->AwaitTraffic(kTraffic));
  kill(bench->server_pid(), SIGKILL);
  const FaultyRun run = Finish(*bench, 1);
  EXPECT_THAT(RowsOf(run.document, "Stampede"), Not(IsEmpty()));
}

TEST_F(CliFaultTest, NoticesAServerThatIsKilledWhileNothingUsesIt) {
  const std::unique_ptr<Bench> bench =
      Start("Harness/cost/(coroutine_switch|record)|Counter/lockfree/(incr|lua)");
  ASSERT_TRUE(bench->AwaitTraffic(0));
  ASSERT_TRUE(bench->AwaitOutput("coroutine_switch"));
  kill(bench->server_pid(), SIGKILL);  // while the cost of a record is measured
  const FaultyRun run = Finish(*bench, 3);
  EXPECT_EQ(run.ErrorOf("Harness/cost/record"), "");
  EXPECT_THAT(run.ErrorOf("Counter/lockfree/incr"), HasSubstr("the server was gone"));
  EXPECT_EQ(run.ErrorOf("Counter/lockfree/lua"), "");
}

// CLIENT KILL of every connection, the harness's own included, while a variant is at work.
struct AtWork {
  const char* benchmark;
  int64_t traffic;
};
class CliLostConnectionsTest : public CliFaultTest, public testing::WithParamInterface<AtWork> {};

TEST_P(CliLostConnectionsTest, AreCountedAndReplaced) {
  const std::string name = GetParam().benchmark;
  const std::unique_ptr<Bench> bench = Start(name);
  ASSERT_TRUE(bench->AwaitTraffic(GetParam().traffic));
  KillConnections(bench->server_endpoint());
  const FaultyRun run = Finish(*bench, 1);
  EXPECT_THAT(run.ErrorOf(name), HasSubstr(" 0 timeouts; first: "));
  const std::vector<json> rows = RowsOf(run.document, name);
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_GT(rows[0].value("errors", 0.0), 0);
  EXPECT_GT(rows[0].value("success_rate", 0.0), 0.5) << "it did not recover";
  EXPECT_THAT(run.result.out, Not(HasSubstr("BROKEN"))) << "nobody broke a promise";
}

INSTANTIATE_TEST_SUITE_P(
    Of, CliLostConnectionsTest,
    testing::Values(AtWork{"Harness/engine/get", kMuchTraffic},
                    AtWork{"Counter/lockfree/sharded", kMuchTraffic},
                    AtWork{"Stampede/locking/setnx_poll", kTraffic},
                    AtWork{"Stampede/locking/single_flight", kTraffic},
                    AtWork{"StampedeExpiry/locking/stale_while_revalidate", kTraffic},
                    AtWork{"Transaction/lockfree/watch", kMuchTraffic},
                    AtWork{"Transaction/lockfree/list_append", kMuchTraffic},
                    AtWork{"Lock/lockfree/lua", kMuchTraffic},
                    AtWork{"Pool/locking/fifo", kMuchTraffic},
                    AtWork{"Pool/lockfree/multiplexed", kMuchTraffic},
                    AtWork{"StampedeExpiry/lockfree/xfetch/workers:5/beta_pct:100", kTraffic}));

// Where the one who holds the lock is cut off, the others wait for the end of its lease.
class CliLostHolderTest : public CliFaultTest, public testing::WithParamInterface<AtWork> {};

TEST_P(CliLostHolderTest, EndsInTimeAndIsMarked) {
  const std::unique_ptr<Bench> bench = Start(GetParam().benchmark);
  ASSERT_TRUE(bench->AwaitTraffic(GetParam().traffic));
  KillConnections(bench->server_endpoint());
  EXPECT_TRUE(Finish(*bench, 1).HasError(GetParam().benchmark));
}

INSTANTIATE_TEST_SUITE_P(Of, CliLostHolderTest,
                         testing::Values(AtWork{"Harness/limit/epoll", kMuchTraffic},
                                         AtWork{"Counter/locking/token_lock", kTraffic},
                                         AtWork{"Stampede/locking/pubsub", kTraffic},
                                         AtWork{"StampedeExpiry/locking/token_lock", kTraffic}));

}  // namespace
}  // namespace rcb
