// The program while servers of its own fail over: what it leaves behind when it is told to stop, is
// killed, or cannot start all of them.

#include <signal.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bench/cli_driver.h"
#include "common/server/private_server.h"
#include "common/server/test_network.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

constexpr size_t kProcesses = 7;  // the server under test, three servers and three Sentinels

// Where networks can be laid, the servers are in one.
class CliFailoverTest : public CliTest {
 protected:
  static void SetUpTestSuite() { why_no_network_ = EnterOwnNetwork(); }
  void TearDown() override {
    EXPECT_TRUE(Await([] { return NetworkLeftovers().empty(); }))
        << absl::StrJoin(NetworkLeftovers(), "\n");
    CliTest::TearDown();
  }

  // A run that has started all of them.
  std::unique_ptr<Bench> Start() const {
    auto bench = std::make_unique<Bench>(
        workspace_,
        std::vector<std::string>{"--benchmark_filter=Failover/unsafe/async.*cut_off:1"});
    EXPECT_TRUE(Await([this] { return workspace_.Leftovers().size() > 2 * kProcesses; }));
    return bench;
  }
  // Waits until the primary is cut off.
  static void AwaitCut(const Bench& bench) {
    if (!why_no_network_.empty()) return std::this_thread::sleep_for(std::chrono::seconds(1));
    EXPECT_TRUE(Await([&bench] { return absl::c_any_of(bench.ServerPids(), IsCutOff); }));
  }

  static std::string why_no_network_;

 private:
  // Whether it is on an island without a cable: the routes go with the device.
  static bool IsCutOff(pid_t server) {
    const std::string routes = ReadFile(absl::StrCat("/proc/", server, "/net/route"));
    return absl::StrContains(routes, "shore") && !absl::StrContains(routes, "cable");
  }
};

std::string CliFailoverTest::why_no_network_;

TEST_F(CliFailoverTest, LeavesNothingWhenItIsInterrupted) {
  const auto bench = Start();
  AwaitCut(*bench);
  bench->Signal(SIGINT);
  EXPECT_EQ(bench->Wait(/*limit_ms=*/5000).status, 130);
  EXPECT_THAT(NetworkLeftovers(), IsEmpty()) << "right away";
}

TEST_F(CliFailoverTest, TakesAllServersAndSentinelsAlongWhenItIsKilled) {
  const auto bench = Start();
  AwaitCut(*bench);
  bench->Signal(SIGKILL);
  EXPECT_EQ(bench->Wait().status, 137);
  // Nobody was left to remove the directories: the next run does.
  EXPECT_TRUE(Await([this] {
    return absl::c_none_of(workspace_.Leftovers(), [](const std::string& left) {
      return absl::StartsWith(left, "process ");
    });
  }));
  EXPECT_EQ(Run({"--benchmark_list_tests"}).status, 0);
}

TEST_F(CliFailoverTest, RefusesNamespacesThatItMayNotMake) {
  CliOptions options;
  options.is_administrator = false;
  const CliResult result = Run({"--partitions=namespaces", "--benchmark_filter=Failover"}, options);
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, StartsWith("bench: --partitions=namespaces: "));
  EXPECT_THAT(Lines(result.err), SizeIs(1));
  EXPECT_EQ(result.out, "");
}

TEST_F(CliFailoverTest, ARowTellsWhatHasPartedItsNetwork) {
  const auto parted_by = [this](const std::vector<std::string>& more, bool is_administrator) {
    CliOptions options;
    options.is_administrator = is_administrator;
    std::vector<std::string> flags = {"--benchmark_filter=Failover/lockfree/wait.*cut_off:0",
                                      "--benchmark_out=out.json"};
    flags.insert(flags.end(), more.begin(), more.end());
    const CliResult result = Run(flags, options);
    EXPECT_EQ(result.status, 0) << result.out << result.err;
    EXPECT_EQ(absl::StrContains(result.out, "a proxy cut the links"), !is_administrator);
    const std::vector<nlohmann::json> rows =
        RowsOf(ParseStrictly(ReadFile(workspace_.Path("out.json"))), "Failover");
    EXPECT_THAT(rows, SizeIs(1));
    return rows.empty() ? -1 : rows[0].value("real_partition", -1.0);
  };
  EXPECT_EQ(parted_by({}, /*is_administrator=*/false), 0);
  if (!why_no_network_.empty()) GTEST_SKIP() << why_no_network_;
  EXPECT_EQ(parted_by({"--partitions=namespaces"}, /*is_administrator=*/true), 1);
}

TEST_F(CliFailoverTest, LeavesNothingWhereASentinelDoesNotStart) {
  const std::string script = workspace_.Path("server");
  const std::string binary = FindServerBinary("").value();
  std::ofstream(script) << "#!/bin/bash\n[[ \" $* \" == *\" --sentinel \"* ]] && exit 3\n"
                        << "exec -a redis-server " << binary << " \"$@\"\n";
  ASSERT_EQ(chmod(script.c_str(), 0700), 0);
  const CliResult result = Run({absl::StrCat("--redis_server=", script),
                                "--benchmark_filter=Failover/unsafe/planned_async"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.out, HasSubstr("as a Sentinel: exited with status 3"));
}

}  // namespace
}  // namespace rcb
