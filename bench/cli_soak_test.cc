// The program where it runs for long and others look on: --duration, --log and --metrics_port.

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/cli_driver.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Gt;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr char kSecret[] = "s3cret";

class CliSoakTest : public CliTest {
 protected:
  std::string LogFlag() const { return "--log=" + workspace_.Path("log"); }

  // The lines of the log about this event.
  std::vector<json> Logged(const std::string& event) const {
    std::vector<json> found;
    for (const std::string& line : Lines(ReadFile(workspace_.Path("log")))) {
      const json entry = ParseStrictly(line);
      if (entry["event"] == event) found.push_back(entry);
    }
    return found;
  }
};

TEST_F(CliSoakTest, RepeatsEachRowUntilTheTimeIsOverInOneReport) {
  const std::string path = workspace_.Path("out.json");
  const CliResult result =
      Run({"--duration=2s", "--benchmark_filter=(Counter/unsafe|Stampede/locking/(blpop|lease))/",
           "--workers=5", "--rounds=3", "--compute_ms=1", "--benchmark_min_time=0.05",
           "--benchmark_out=" + path, "--histograms=" + workspace_.Path("histograms")});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_GE(result.elapsed_ms, 2000);
  EXPECT_THAT(result.out, HasSubstr("verdict: 2 safe variants, 0 violations; 1 unsafe control"));
  std::map<std::string, std::vector<double>> violations;
  const json document = ParseStrictly(ReadFile(path));
  for (const json& row : document["benchmarks"]) {
    violations[row["name"]].push_back(row["violations"]);
  }
  ASSERT_EQ(violations.size(), 3);
  for (const auto& [name, of_passes] : violations) {
    EXPECT_GE(of_passes.size(), 3) << name;
    EXPECT_TRUE(std::is_sorted(of_passes.begin(), of_passes.end())) << name;  // they add up
    const size_t shown =
        static_cast<size_t>(std::count(result.out.begin(), result.out.end(), '\n'));
    EXPECT_GT(shown, of_passes.size());
  }
  // Rounds, of all passes together.
  const std::string row =
      "Stampede/locking/blpop/workers:5/compute_ms:1/iterations:3/real_time/threads:1";
  EXPECT_THAT(
      ReadFile(workspace_.Path("histograms") +
               "/Stampede.locking.blpop.workers_5.compute_ms_1.iterations_3.real_time.threads_1"
               ".hgrm"),
      HasSubstr(absl::StrCat("Total count    = ",
                             absl::StrFormat("%12d]", 3 * 5 * violations[row].size()))));
}

TEST_F(CliSoakTest, RunsEachRowOnceAlsoWhereTheTimeIsTooShort) {
  const CliResult result =
      Run({"--duration=10ms", "--benchmark_filter=Counter/lockfree/(incr|lua)", "--workers=5",
           "--benchmark_min_time=0.05", "--benchmark_format=json"});
  EXPECT_EQ(result.status, 0) << result.err;
  const json rows = ParseStrictly(result.out)["benchmarks"];
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_NE(rows[0]["name"], rows[1]["name"]);
}

TEST_F(CliSoakTest, ItsMemoryStaysFlat) {
  CliOptions options;
  options.environment = {"ASAN_OPTIONS=quarantine_size_mb=1"};  // freed memory counts as memory
  const CliResult result =
      Run({"--duration=2s", "--benchmark_filter=Counter/lockfree/incr", "--workers=5",
           "--benchmark_min_time=0.05", "--benchmark_format=json", LogFlag(),
           "--series=" + workspace_.Path("series")},
          options);
  EXPECT_EQ(result.status, 0) << result.err;
  const json rows = ParseStrictly(result.out)["benchmarks"];
  ASSERT_GT(rows.size(), 6);
  // What a pass takes at most, the first ones have shown: the number of operations varies.
  const double first_mib = rows[4]["rss_mib"];
  EXPECT_LT(rows.back()["rss_mib"].get<double>(), first_mib + 6);
}

TEST_F(CliSoakTest, TellsOfErrorsWhenTheyHappenAndGoesOn) {
  Bench bench(workspace_,
              {"--duration=2s", "--benchmark_filter=Counter/lockfree/incr", "--workers=5",
               "--benchmark_min_time=0.2", "--benchmark_format=json", LogFlag()});
  ASSERT_TRUE(bench.AwaitTraffic(3000));
  Ask(bench.server_endpoint(), {"CLIENT", "KILL", "TYPE", "normal"});
  const CliResult result = bench.Wait();
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err,
              HasSubstr("bench: Counter/lockfree/incr/workers:5/real_time/threads:1: 5 operations "
                        "failed until "));
  // It went on.
  const std::vector<json> runs = Logged("run");
  ASSERT_THAT(runs, SizeIs(Gt(3)));
  EXPECT_EQ(runs.back()["errors"], 0);
  const std::vector<json> losses = Logged("connection_lost");
  ASSERT_THAT(losses, SizeIs(5));
  EXPECT_EQ(losses[0]["row"], "Counter/lockfree/incr/workers:5/real_time/threads:1");
  EXPECT_THAT(Logged("end"), ElementsAre(testing::_));
}

TEST_F(CliSoakTest, CtrlCEndsItWithAVerdict) {
  Bench bench(workspace_, {"--duration=1h", "--benchmark_filter=Counter/lockfree/incr",
                           "--workers=5", "--benchmark_min_time=0.1"});
  ASSERT_TRUE(bench.AwaitTraffic(20'000));
  bench.Signal(SIGINT);
  const CliResult result = bench.Wait();
  EXPECT_EQ(result.status, 130);
  EXPECT_THAT(result.out, HasSubstr("(interrupted)"));
}

TEST_F(CliSoakTest, TheLogTellsWhoRanWhatOnWhichServer) {
  const std::unique_ptr<PrivateServer> server = StartServer();
  ASSERT_NE(server, nullptr);
  Ask(server->tcp_endpoint(), {"CONFIG", "SET", "requirepass", kSecret});
  const std::string address = absl::StrCat("127.0.0.1:", server->tcp_endpoint().port);
  for (int i = 0; i < 2; ++i) {
    CliOptions options;
    options.environment = {"BENCHMARK_MIN_TIME=0.05", absl::StrCat("RCB_REDIS_PASSWORD=", kSecret)};
    const CliResult result =
        Run({absl::StrCat("--redis=redis://:", kSecret, "@", address), "--workers=5",
             "--benchmark_filter=Counter/(lockfree/incr|unsafe)", LogFlag()},
            options);
    EXPECT_EQ(result.status, 0) << result.err;
  }
  EXPECT_THAT(ReadFile(workspace_.Path("log")), Not(HasSubstr(kSecret)));
  const std::vector<json> starts = Logged("start");
  ASSERT_THAT(starts, SizeIs(2));  // it adds to the file
  EXPECT_THAT(starts[0]["arguments"], Contains("--workers=5"));
  EXPECT_THAT(starts[0]["arguments"], Contains("--redis=redis://" + address));
  EXPECT_THAT(starts[0]["environment"], Contains("BENCHMARK_MIN_TIME=0.05"));
  EXPECT_THAT(starts[0]["environment"], Contains("RCB_REDIS_PASSWORD=***"));
  EXPECT_EQ(starts[0]["address"], "redis://" + address);
  EXPECT_THAT(std::string(starts[0]["server"]), HasSubstr("redis "));
  EXPECT_FALSE(std::string(starts[0]["user"]).empty());
  EXPECT_THAT(Logged("cleanup"), SizeIs(2));
  EXPECT_EQ(Logged("end").at(1)["status"], 0);
  EXPECT_THAT(Logged("violation"), IsEmpty());  // only controls had some
  EXPECT_EQ(Logged("run").back()["violations"], 0);
}

TEST_F(CliSoakTest, TheLogTellsOfRefusalsAndFaults) {
  const CliResult crash = Run({"--benchmark_filter=Crash/locking/lock_token_backoff/", LogFlag(),
                               "--rounds=2", "--workers=6"});
  EXPECT_EQ(crash.status, 0) << crash.err;
  const std::vector<json> faults = Logged("fault");
  ASSERT_THAT(faults, SizeIs(testing::Ge(2)));
  EXPECT_EQ(faults[0]["text"], "the holder of round 1 dies");
  Bench bench(workspace_, {"--benchmark_filter=Counter/lockfree/incr", "--workers=5",
                           "--benchmark_min_time=1", LogFlag()});
  ASSERT_TRUE(bench.AwaitTraffic(3000));
  Ask(bench.server_endpoint(), {"CONFIG", "SET", "min-replicas-to-write", "1"});
  Ask(bench.server_endpoint(), {"CONFIG", "SET", "min-replicas-to-write", "0"});
  EXPECT_EQ(bench.Wait().status, 1);
  const std::vector<json> errors = Logged("error");
  ASSERT_THAT(errors, Not(IsEmpty()));
  EXPECT_THAT(std::string(errors[0]["text"]), HasSubstr("NOREPLICAS"));
  EXPECT_GT(errors[0]["count"], 0);
}

TEST_F(CliSoakTest, BadInputIsRefusedInOneLine) {
  for (const std::string flag : {"--log=/nowhere/log", "--duration=1", "--duration=0s",
                                 "--metrics_port=70000", "--metrics_address="}) {
    const CliResult result = Run({flag, "--benchmark_filter=Counter/lockfree/incr"});
    EXPECT_EQ(result.status, 2) << flag;
    EXPECT_THAT(Lines(result.err), SizeIs(1)) << flag;
    EXPECT_THAT(result.err, HasSubstr(flag.substr(0, flag.find('=')))) << flag;
  }
  const CliResult nothing = Run({LogFlag(), "--benchmark_filter=nothing"});
  EXPECT_EQ(nothing.status, 2);
  EXPECT_FALSE(std::filesystem::exists(workspace_.Path("log")));
}

TEST_F(CliSoakTest, APortInUseIsRefusedBeforeAnythingRuns) {
  const std::unique_ptr<PrivateServer> other = StartServer();
  ASSERT_NE(other, nullptr);
  const std::string port = absl::StrCat(other->tcp_endpoint().port);
  const CliResult result = Run({"--metrics_port=" + port, "--benchmark_filter=Counter", LogFlag()});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "bench: --metrics_port=" + port + ": nothing can listen on 127.0.0.1:" +
                            port + ": Address already in use\n");
  EXPECT_FALSE(std::filesystem::exists(workspace_.Path("log")));
}

}  // namespace
}  // namespace rcb
