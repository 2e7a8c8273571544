// The program given bad input: status 2, one line on standard error that names what is wrong,
// nothing on standard output, nothing left behind.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bench/cli_driver.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class CliInputTest : public CliTest {
 protected:
  // Expects a refusal that contains `named`; its line.
  std::string ExpectRefusal(const std::vector<std::string>& flags, const std::string& named,
                            const CliOptions& options = {}) const {
    SCOPED_TRACE(testing::PrintToString(flags));
    const CliResult result = Run(flags, options);
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(Lines(result.err).size(), 1u) << result.err;
    EXPECT_TRUE(absl::EndsWith(result.err, "\n")) << result.err;
    EXPECT_THAT(result.err, HasSubstr(named));
    EXPECT_THAT(workspace_.Leftovers(), IsEmpty());
    return result.err;
  }

  std::string RefusalOf(const PrivateServer& server, const std::string& secret = "") const {
    const std::string user_info = secret.empty() ? "" : absl::StrCat(":", secret, "@");
    return ExpectRefusal(
        {absl::StrCat("--redis=redis://", user_info, "127.0.0.1:", server.tcp_endpoint().port)},
        "--redis=redis://127.0.0.1:");
  }

  std::string WriteScript(const std::string& name, const std::string& body) const {
    const std::string path = workspace_.Path(name);
    std::ofstream(path) << "#!/bin/sh\n" << body << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }
};

// A port of the loopback interface that is taken, and answers nobody.
class SilentPort {
 public:
  SilentPort() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    auto* const generic = reinterpret_cast<sockaddr*>(&address_);
    EXPECT_EQ(bind(fd_, generic, size), 0);
    EXPECT_EQ(getsockname(fd_, generic, &size), 0);
  }
  ~SilentPort() { close(fd_); }

  void Listen() const { EXPECT_EQ(listen(fd_, 5), 0); }
  int number() const { return ntohs(address_.sin_port); }
  std::string Uri() const { return absl::StrCat("redis://127.0.0.1:", number()); }

 private:
  int fd_;
  sockaddr_in address_ = {};
};

TEST_F(CliInputTest, RefusesBadValuesOfItsFlags) {
  for (const char* flag : {"--transport=udp",   "--transport",      "--workers=0",
                           "--workers=",        "--workers=ten",    "--workers=10,",
                           "--workers=50001",   "--threads=0",      "--threads=257",
                           "--rate=0",          "--rate=nan",       "--rate=-5",
                           "--rate=inf",        "--rounds=0",       "--rounds=1.5",
                           "--compute=sleep",   "--compute_ms=0",   "--compute_ms=x",
                           "--op_timeout=5",    "--op_timeout=1ms", "--op_timeout=-1s",
                           "--op_timeout=inf",  "--seed=-1",        "--seed=x",
                           "--history_limit=0", "--redis_server=",  "--history_limit=1e6",
                           "--pool=0",          "--pool=201",       "--pool=5,5",
                           "--pool=",           "--pool=5,",        "--pool=ten"}) {
    const std::string text = flag;
    ExpectRefusal({text}, text.substr(0, text.find('=')));
  }
}

TEST_F(CliInputTest, RefusesAFlagThatNoSelectedFamilyUnderstandsAndSaysWhichWould) {
  const CliResult result = Run({"--rounds=5", "--benchmark_filter=^(Counter|Lock)/"});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err,
            "bench: --rounds: no selected benchmark understands it; Stampede, StampedeExpiry, "
            "Eviction, Crash, Stall, Outage, Cold and Chaos do\n");
}

TEST_F(CliInputTest, RefusesBadValuesOfGoogleBenchmarksFlags) {
  for (const char* flag : {"benchmark_format=xml",
                           "benchmark_out_format=xml",
                           "benchmark_repetitions=x",
                           "benchmark_repetitions=0",
                           "benchmark_repetitions=-1",
                           "benchmark_min_time=x",
                           "benchmark_min_time=-1",
                           "benchmark_min_time=nan",
                           "benchmark_min_time=inf",
                           "benchmark_min_time=",
                           "benchmark_min_time=s",
                           "benchmark_min_time=x",
                           "benchmark_min_time=0x",
                           "benchmark_min_time=1.5x",
                           "benchmark_min_time=-1x",
                           "benchmark_min_time=1sx",
                           "benchmark_min_time=1m",
                           "benchmark_min_time",
                           "benchmark_min_warmup_time=-1",
                           "benchmark_time_unit=h",
                           "benchmark_list_tests=maybe",
                           "benchmark_color=blue",
                           "benchmark_report_aggregates_only=2",
                           "benchmark_filter=(",
                           "benchmark_filter=a{2",
                           "benchmark_context=x",
                           "v=x"}) {
    const std::string text = absl::StrCat("--", flag);
    ExpectRefusal({text}, text.substr(0, text.find('=')));
  }
  CliOptions options;
  options.environment = {"BENCHMARK_FORMAT=xml"};
  ExpectRefusal({}, "--benchmark_format", options);
}

TEST_F(CliInputTest, SaysWhatABadFlagTakes) {
  EXPECT_EQ(ExpectRefusal({"--benchmark_min_time=-1"}, ""),
            "bench: --benchmark_min_time= takes seconds from 0 to 86400, such as 0.5 or 0.5s, or "
            "iterations: 10x, not '-1'\n");
  EXPECT_EQ(ExpectRefusal({"--benchmark_min_time=10x", "--benchmark_min_warmup_time=1"}, ""),
            "bench: --benchmark_min_warmup_time=1 takes a --benchmark_min_time in seconds\n");
  EXPECT_EQ(ExpectRefusal({"--transport=udp"}, ""),
            "bench: --transport= takes tcp or unix, not 'udp'\n");
}

TEST_F(CliInputTest, RefusesFlagsAndWordsThatItDoesNotKnow) {
  for (const char* flag : {"--wrokers=5", "--benchmark_fliter=x", "-v", "Stampede", "--"}) {
    ExpectRefusal({flag}, flag);
  }
}

TEST_F(CliInputTest, RefusesUrisThatAreNone) {
  for (const char* uri :
       {"", "localhost", "http://localhost", "rediss://localhost", "redis://", "redis://:6379",
        "redis://localhost:0", "redis://localhost:65536", "redis://localhost:x",
        "redis://localhost/x", "redis://localhost/-1", "redis://localhost?db=1", "redis://::1",
        "redis://[::1", "redis://user@localhost", "redis://local host", "unix://relative",
        "unix:///", "unix:///socket?database=1"}) {
    ExpectRefusal({absl::StrCat("--redis=", uri)}, "--redis");
  }
}

TEST_F(CliInputTest, NeverPrintsAPassword) {
  const SilentPort refusing;
  for (const std::string& uri :
       {std::string("rediss://me:s3cret@localhost"), std::string("redis://me:s3cret@localhost:x"),
        std::string("redis://me:s3cret@local host"), std::string("s3cret"),
        absl::StrCat("redis://me:s3cret@127.0.0.1:", refusing.number())}) {
    EXPECT_THAT(ExpectRefusal({absl::StrCat("--redis=", uri)}, "--redis"),
                Not(HasSubstr("s3cret")));
  }
}

TEST_F(CliInputTest, RefusesAServerBinaryThatIsMissingOrExitsAtOnce) {
  for (const std::string& binary : {std::string("/no/such/server"), std::string("no-such-server"),
                                    std::string("/etc/passwd"), std::string("/bin/true")}) {
    ExpectRefusal({absl::StrCat("--redis_server=", binary)},
                  absl::StrCat("--redis_server=", binary));
  }
  const std::string failing = WriteScript("failing-server", "echo out of order >&2; exit 3");
  EXPECT_THAT(ExpectRefusal({absl::StrCat("--redis_server=", failing)}, failing),
              HasSubstr("exited with status 3 before it took connections; its log: out of order"));
}

TEST_F(CliInputTest, NamesAServerThatCanNotBeReached) {
  SilentPort port;
  EXPECT_THAT(ExpectRefusal({absl::StrCat("--redis=", port.Uri())}, port.Uri()),
              HasSubstr("Connection refused"));
  port.Listen();
  EXPECT_THAT(ExpectRefusal({absl::StrCat("--redis=", port.Uri())}, port.Uri()),
              HasSubstr("no answer"));
  ExpectRefusal({"--redis=redis://no-such-host.invalid"}, "redis://no-such-host.invalid:6379");
  ExpectRefusal({"--redis=unix:///no/such.sock"}, "--redis=unix:///no/such.sock");
}

TEST_F(CliInputTest, RefusesAWrongOrMissingPassword) {
  const std::unique_ptr<PrivateServer> server = StartServer();
  ASSERT_NE(server, nullptr);
  Ask(server->tcp_endpoint(), {"CONFIG", "SET", "requirepass", "right"});
  EXPECT_THAT(RefusalOf(*server, "wr0ng"), Not(HasSubstr("wr0ng")));
  EXPECT_THAT(RefusalOf(*server), HasSubstr("RCB_REDIS_PASSWORD"));
  CliOptions wrong;
  wrong.environment = {"RCB_REDIS_PASSWORD=wr0ng"};
  const std::string uri = server->tcp_endpoint().ToString();
  EXPECT_THAT(ExpectRefusal({absl::StrCat("--redis=", uri)}, "password", wrong),
              Not(HasSubstr("wr0ng")));
}

TEST_F(CliInputTest, RefusesACluster) {
  // By default the bus takes the port plus 10000, which may not exist.
  const std::string bus_port = absl::StrCat(SilentPort().number());
  const std::unique_ptr<PrivateServer> server =
      StartServer({"--cluster-enabled", "yes", "--cluster-port", bus_port});
  ASSERT_NE(server, nullptr);
  EXPECT_THAT(RefusalOf(*server), HasSubstr("cluster mode"));
}

TEST_F(CliInputTest, RefusesAReadOnlyReplica) {
  const std::unique_ptr<PrivateServer> primary = StartServer();
  ASSERT_NE(primary, nullptr);
  const std::unique_ptr<PrivateServer> replica =
      StartServer({"--replicaof", absl::StrCat("127.0.0.1 ", primary->tcp_endpoint().port)});
  ASSERT_NE(replica, nullptr);
  EXPECT_THAT(RefusalOf(*replica), HasSubstr("read-only replica"));
}

TEST_F(CliInputTest, RefusesAServerWithoutRoom) {
  const std::unique_ptr<PrivateServer> server = StartServer();
  ASSERT_NE(server, nullptr);
  absl::StatusOr<BlockingClient> only_guest =
      BlockingClient::Connect(server->tcp_endpoint(), /*timeout_ms=*/5000);
  ASSERT_TRUE(only_guest.ok()) << only_guest.status();
  EXPECT_TRUE(only_guest->Command({"CONFIG", "SET", "maxclients", "1"}).ok());
  EXPECT_THAT(RefusalOf(*server), HasSubstr("the server is full (maxclients)"));
  EXPECT_TRUE(only_guest->Command({"CONFIG", "SET", "maxclients", "20"}).ok());
  EXPECT_THAT(RefusalOf(*server), HasSubstr("the server takes 20 clients"));
  EXPECT_EQ(Run({absl::StrCat("--redis=", server->tcp_endpoint().ToString()), "--workers=5",
                 "--benchmark_filter=Counter/lockfree/incr", "--benchmark_min_time=0.01"})
                .status,
            0);
}

TEST_F(CliInputTest, RefusesAnOutputFileThatCanNotBeWritten) {
  for (const std::string& path :
       {workspace_.Path("no/such/directory/out.json"), workspace_.directory(),
        std::string("/proc/out.json")}) {  // where root can't write either
    ExpectRefusal({absl::StrCat("--benchmark_out=", path)}, path);
  }
}

TEST_F(CliInputTest, LeavesOutputFilesAloneWhenItRefusesSomethingElse) {
  const std::string path = workspace_.Path("out.json");
  const std::vector<std::string> flags = {absl::StrCat("--benchmark_out=", path),
                                          "--redis_server=/no/such/server"};
  ExpectRefusal(flags, "--redis_server");
  EXPECT_FALSE(std::filesystem::exists(path));
  std::ofstream(path) << "results of last week";
  ExpectRefusal(flags, "--redis_server");
  EXPECT_EQ(ReadFile(path), "results of last week");
}

TEST_F(CliInputTest, SaysHowManyFilesItNeedsOpen) {
  CliOptions few;
  few.open_files = 256;
  EXPECT_EQ(ExpectRefusal({"--benchmark_filter=Counter"}, "--workers", few),
            "bench: --workers: 500 connections need 628 open files, and the hard limit (ulimit "
            "-Hn) is 256: raise it, or use fewer workers\n");
  EXPECT_EQ(
      Run({"--benchmark_filter=Counter/lockfree/incr/workers:10/", "--benchmark_min_time=0.01"},
          few)
          .status,
      0);
  few.open_files = 20;
  ExpectRefusal({"--workers=1"}, "ulimit -Hn", few);
}

TEST_F(CliInputTest, RefusesARateForRoundsAndCosts) {
  EXPECT_THAT(ExpectRefusal({"--rate=100", "--benchmark_filter=Stampede"}, "--rate"),
              HasSubstr("Stampede/unsafe/none"));
  ExpectRefusal({"--rate=100", "--benchmark_filter=Harness/cost"}, "--rate");
}

TEST_F(CliInputTest, RefusesAFilterThatMatchesNothing) {
  for (const char* flag : {"--benchmark_filter=Stampeed", "--benchmark_filter=-."}) {
    ExpectRefusal({flag}, flag);
  }
}

TEST_F(CliInputTest, WritesWholeDocumentsEvenWhereNothingMatches) {
  const std::string path = workspace_.Path("out.json");
  for (const char* format : {"json", "csv"}) {
    const CliResult result =
        Run({"--benchmark_filter=Stampeed", absl::StrCat("--benchmark_format=", format),
             absl::StrCat("--benchmark_out=", path)});
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(Lines(result.err), testing::ElementsAre(HasSubstr("--benchmark_filter=Stampeed")));
    std::vector<std::string> documents = {ReadFile(path)};
    if (absl::string_view(format) == "json") {
      documents.push_back(result.out);
    } else {
      EXPECT_EQ(Lines(result.out).size(), 1u);  // the header
    }
    for (const std::string& text : documents) {
      const nlohmann::json document = ParseStrictly(text);
      EXPECT_EQ(document["benchmarks"], nlohmann::json::array());
      EXPECT_EQ(document["context"]["server_is_private"], "true");
    }
  }
}

}  // namespace
}  // namespace rcb
