// The program when it is told to stop: Ctrl-C, SIGTERM and the like, SIGKILL, and a reader of its
// output that goes away.

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bench/cli_driver.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int64_t kMaxMs = 2000;
constexpr int64_t kTraffic = 150;

void SleepMs(int64_t ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

class CliInterruptTest : public CliTest {
 protected:
  // Flags of a run that lasts, and writes JSON.
  std::vector<std::string> Flags(const std::string& filter, double min_time_s = 30) const {
    return WithRounds({absl::StrCat("--benchmark_filter=", filter),
                       absl::StrCat("--benchmark_min_time=", min_time_s), "--workers=5",
                       absl::StrCat("--benchmark_out=", workspace_.Path("out.json"))},
                      10'000);
  }

  std::vector<json> Rows() const {
    return RowsOf(ParseStrictly(ReadFile(workspace_.Path("out.json"))), "");
  }
};

TEST_F(CliInterruptTest, KeepsTableAndJsonOfWhatHasFinished) {
  Bench bench(workspace_, Flags("Counter/lockfree/(incr|lua)", 0.5));
  ASSERT_TRUE(bench.AwaitOutput("lockfree/incr"));
  bench.Signal(SIGINT);
  const CliResult result = bench.Wait(kMaxMs);
  EXPECT_EQ(result.status, 130);
  EXPECT_THAT(result.out, HasSubstr("\nCounter/lockfree/incr/workers:5 "));
  EXPECT_TRUE(absl::EndsWith(
      result.out, "\nverdict: 1 safe variant, 0 violations; 0 unsafe controls (interrupted)\n"))
      << result.out;
  ASSERT_THAT(Rows(), SizeIs(1));
  EXPECT_EQ(Rows()[0].count("error_occurred"), 0u);
}

// An interrupt is no error of what it interrupts.
class CliInterruptedTest : public CliInterruptTest,
                           public testing::WithParamInterface<const char*> {};

TEST_P(CliInterruptedTest, EndsInTimeAndBlamesNobody) {
  Bench bench(workspace_, Flags(GetParam()));
  ASSERT_TRUE(bench.AwaitTraffic(kTraffic));
  bench.Signal(SIGINT);
  const CliResult result = bench.Wait(kMaxMs);
  EXPECT_EQ(result.status, 130);
  EXPECT_THAT(Rows(), IsEmpty());
  EXPECT_EQ(Lines(result.out).back(),
            "verdict: 0 safe variants, 0 violations; 0 unsafe controls (interrupted)");
  EXPECT_EQ(result.err, "");
}

INSTANTIATE_TEST_SUITE_P(Of, CliInterruptedTest,
                         testing::Values("Harness/limit/epoll", "Harness/engine/get",
                                         "Harness/peer", "Counter/locking", "Counter/lockfree",
                                         "Stampede/locking/pubsub", "Stampede/locking/blpop",
                                         "StampedeExpiry/locking"));

TEST_F(CliInterruptTest, EndsInTimeWhileItsServerIsSilent) {
  // Early, it connects, measures the round trip and checks short runs again and again.
  for (const int64_t traffic : {10, 50, 150, 400, 2000}) {
    Bench bench(workspace_, Flags("Counter/locking"));
    ASSERT_TRUE(bench.AwaitTraffic(traffic));
    kill(bench.server_pid(), SIGSTOP);
    SleepMs(50);
    bench.Signal(SIGINT);
    EXPECT_EQ(bench.Wait(kMaxMs).status, 130) << traffic;
  }
}

TEST_F(CliInterruptTest, LeavesNothingWhereverTheStartWasInterrupted) {
  for (const int64_t delay_ms : {0, 1, 2, 4, 8, 16, 32}) {
    Bench bench(workspace_, Flags("Counter"));
    SleepMs(delay_ms);
    bench.Signal(SIGINT);
    EXPECT_EQ(bench.Wait(kMaxMs).status, 130) << delay_ms;
    EXPECT_THAT(workspace_.Leftovers(), IsEmpty()) << delay_ms;
  }
}

TEST_F(CliInterruptTest, EndsWith143WhenTerminated) {
  Bench bench(workspace_, Flags("Stampede/locking/lease"));
  ASSERT_TRUE(bench.AwaitTraffic(kTraffic));
  bench.Signal(SIGTERM);
  EXPECT_EQ(bench.Wait(kMaxMs).status, 143);
  EXPECT_THAT(Rows(), IsEmpty());
}

TEST_F(CliInterruptTest, TakesEverySignalThatEndsAProgramAsItTakesSigterm) {
  for (const int signal : {SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU}) {
    Bench bench(workspace_, Flags("Stampede/locking/lease"));
    ASSERT_TRUE(bench.AwaitTraffic(kTraffic));
    bench.Signal(signal);
    const CliResult result = bench.Wait(kMaxMs);
    EXPECT_EQ(result.status, 128 + signal);
    EXPECT_THAT(result.out, HasSubstr("(interrupted)")) << signal;
    EXPECT_THAT(workspace_.Leftovers(), IsEmpty()) << signal;
  }
}

TEST_F(CliInterruptTest, LetsASignalBeThatWasIgnoredBefore) {
  CliOptions nohup;
  nohup.ignored_signal = SIGHUP;
  Bench bench(workspace_, Flags("Counter/lockfree/incr", 0.5), nohup);
  ASSERT_TRUE(bench.AwaitTraffic(kTraffic));
  bench.Signal(SIGHUP);
  const CliResult result = bench.Wait();
  EXPECT_EQ(result.status, 0) << result.out << result.err;
}

TEST_F(CliInterruptTest, EndsAtOnceWhenTheReaderOfItsOutputIsGone) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  CliOptions options;
  options.pipe = ends[1];
  Bench bench(workspace_, Flags("Counter/lockfree/(incr|lua)"), options);
  close(ends[1]);
  ASSERT_TRUE(bench.AwaitTraffic(kTraffic));
  close(ends[0]);
  const CliResult result = bench.Wait(kMaxMs);
  EXPECT_EQ(result.status, 128 + SIGPIPE);
  EXPECT_EQ(result.err, "bench: nobody reads standard output any more\n");
  EXPECT_THAT(Rows(), IsEmpty());
}

TEST_F(CliInterruptTest, TakesItsServerAlongWhenKilled) {
  Bench bench(workspace_, Flags("Counter/lockfree/incr"));
  ASSERT_TRUE(bench.AwaitTraffic(kTraffic));
  const pid_t server = bench.server_pid();
  bench.Signal(SIGKILL);
  EXPECT_EQ(bench.Wait().status, 137);
  EXPECT_TRUE(Await([server] { return kill(server, 0) != 0; })) << "the server still runs";
  // Nobody was left to remove the directory: the next run does.
  EXPECT_THAT(workspace_.Leftovers(), SizeIs(1));
  EXPECT_EQ(Run({"--benchmark_list_tests"}).status, 0);
}

}  // namespace
}  // namespace rcb
