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

#include "absl/strings/str_cat.h"
#include "bench/cli_driver.h"
#include "common/server/private_server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::HasSubstr;

constexpr size_t kProcesses = 7;  // the server under test, three servers and three Sentinels

class CliFailoverTest : public CliTest {
 protected:
  // A run that has started all of them, and is about to break them, or has.
  std::unique_ptr<Bench> Start() const {
    auto bench = std::make_unique<Bench>(
        workspace_, std::vector<std::string>{"--benchmark_filter=Failover/unsafe/async"});
    EXPECT_TRUE(Await([this] { return workspace_.Leftovers().size() > 2 * kProcesses; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(1000));
    return bench;
  }
};

TEST_F(CliFailoverTest, LeavesNothingWhenItIsInterrupted) {
  const auto bench = Start();
  bench->Signal(SIGINT);
  EXPECT_EQ(bench->Wait(/*limit_ms=*/5000).status, 130);
}

TEST_F(CliFailoverTest, TakesAllServersAndSentinelsAlongWhenItIsKilled) {
  const auto bench = Start();
  bench->Signal(SIGKILL);
  EXPECT_EQ(bench->Wait().status, 137);
  // Nobody was left to remove the directories: the next run does.
  EXPECT_TRUE(Await([this] { return workspace_.Leftovers().size() == kProcesses; }));
  EXPECT_EQ(Run({"--benchmark_list_tests"}).status, 0);
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
