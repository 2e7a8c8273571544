#include "common/server/redis_benchmark.h"

#include <signal.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/redis/blocking_client.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::HasSubstr;

bool Never() { return false; }

// As redis-benchmark 7.0 writes it.
constexpr absl::string_view kCsv =
    "\"test\",\"rps\",\"avg_latency_ms\",\"min_latency_ms\",\"p50_latency_ms\","
    "\"p95_latency_ms\",\"p99_latency_ms\",\"max_latency_ms\"\n"
    "\"GET\",\"145137.88\",\"0.231\",\"0.064\",\"0.215\",\"0.327\",\"0.479\",\"2.375\"\n";

TEST(RedisBenchmarkCsv, GivesRateAndLatenciesInMicroseconds) {
  const absl::StatusOr<PeerFigures> figures = ParseRedisBenchmarkCsv(kCsv);
  ASSERT_TRUE(figures.ok()) << figures.status();
  EXPECT_DOUBLE_EQ(figures->operations_per_second, 145'137.88);
  EXPECT_DOUBLE_EQ(figures->p50_us, 215);
  EXPECT_DOUBLE_EQ(figures->p95_us, 327);
  EXPECT_DOUBLE_EQ(figures->p99_us, 479);
}

TEST(RedisBenchmarkCsv, FindsColumnsByNameAndTheLineOfGetAmongOthers) {
  const absl::StatusOr<PeerFigures> figures = ParseRedisBenchmarkCsv(
      "WARNING: Could not fetch server CONFIG\r\n"
      "\"test\",\"p99_latency_ms\",\"rps\",\"p50_latency_ms\"\r\n"
      "\"SET\",\"9\",\"1\",\"8\"\r\n"
      "\"GET\",\"3\",\"2000\",\"1.5\"\r\n"
      "\"GET\",\"4\",\"4000\",\"2.5\"\r\n");
  ASSERT_TRUE(figures.ok()) << figures.status();
  EXPECT_DOUBLE_EQ(figures->operations_per_second, 2000);
  EXPECT_DOUBLE_EQ(figures->p50_us, 1500);
  EXPECT_DOUBLE_EQ(figures->p95_us, 0);
  EXPECT_DOUBLE_EQ(figures->p99_us, 3000);
}

TEST(RedisBenchmarkCsv, QuotesTheFirstLineWhereThereAreNoFigures) {
  const char* useless[] = {
      "Could not connect to Redis at 127.0.0.1:1: Connection refused\nand more",
      "Could not connect to Redis at 127.0.0.1:1: Connection refused",
  };
  for (const char* csv : useless) {
    const absl::Status status = ParseRedisBenchmarkCsv(csv).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
    EXPECT_EQ(std::string(status.message()),
              "redis-benchmark gave no figures for GET: Could not connect to Redis at "
              "127.0.0.1:1: Connection refused");
  }
}

TEST(RedisBenchmarkCsv, RefusesWhatIsCutShortOrNoNumber) {
  const absl::string_view header = "\"test\",\"rps\",\"p50_latency_ms\"\n";
  for (const char* line : {"", "\"GET\"", "\"GET\",\"1000\"", "\"GET\",\"1000\",\"1\",\"1\"",
                           "\"GET\",\"0.00\",\"1\"", "\"GET\",\"many\",\"1\""}) {
    EXPECT_FALSE(ParseRedisBenchmarkCsv(absl::StrCat(header, line)).ok()) << line;
  }
  EXPECT_FALSE(ParseRedisBenchmarkCsv("").ok());
  EXPECT_FALSE(ParseRedisBenchmarkCsv("\"GET\",\"1000\",\"1\"\n").ok()) << "without a header";
}

class RedisBenchmarkRun : public testing::Test {
 protected:
  void SetUp() override {
    path_ = FindRedisBenchmark();
    if (path_.empty()) GTEST_SKIP() << "no redis-benchmark on PATH";
    auto server = PrivateServer::Start(PrivateServerOptions());
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  // How many GETs the server has served, as it says.
  std::string GetCalls() {
    auto client = BlockingClient::Connect(server_->tcp_endpoint(), /*timeout_ms=*/5000);
    if (!client.ok()) return std::string(client.status().message());
    const absl::StatusOr<Reply> stats = client->Command({"INFO", "commandstats"});
    return stats.ok() ? std::string(stats->text()) : std::string(stats.status().message());
  }

  std::string path_;
  std::unique_ptr<PrivateServer> server_;
};

TEST_F(RedisBenchmarkRun, YieldsFiguresOfTheRequestsAskedForEachTime) {
  for (const int64_t requests : {2000, 4000}) {
    const absl::StatusOr<PeerFigures> figures =
        RunRedisBenchmark(path_, *server_, /*connections=*/5, requests, Never);
    ASSERT_TRUE(figures.ok()) << figures.status();
    EXPECT_GT(figures->operations_per_second, 0);
    EXPECT_GT(figures->p50_us, 0);
    EXPECT_GE(figures->p95_us, figures->p50_us);
    EXPECT_GE(figures->p99_us, figures->p95_us);
  }
  EXPECT_THAT(GetCalls(), HasSubstr("cmdstat_get:calls=6000,"));
  EXPECT_FALSE(std::filesystem::exists(server_->directory() + "/redis-benchmark.csv"));
}

// It serves 4000 requests in a second, so that the 200'000 of a fast server would take 50 s.
TEST_F(RedisBenchmarkRun, AsksASlowServerForFewerRequests) {
  const std::string slow = server_->directory() + "/slow-benchmark";
  std::ofstream(slow) << "#!/bin/sh\n"
                         "while [ \"$1\" != -n ]; do shift; done\n"
                         "sleep $(($2 / 4000)).$(($2 % 4000 / 400))\n"
                         "echo '\"test\",\"rps\",\"p50_latency_ms\"'\n"
                         "echo \"\\\"GET\\\",\\\"4000\\\",\\\"$2\\\"\"\n";
  std::filesystem::permissions(slow, std::filesystem::perms::owner_all);
  const absl::StatusOr<PeerFigures> figures =
      RunRedisBenchmarkBriefly(slow, *server_, /*connections=*/5, Never);
  ASSERT_TRUE(figures.ok()) << figures.status();
  EXPECT_DOUBLE_EQ(figures->p50_us, 8000 * 1e3) << "requests, as the script tells them";
}

TEST_F(RedisBenchmarkRun, EndsWhenItIsCancelled) {
  const auto figures = RunRedisBenchmark(path_, *server_, /*connections=*/1,
                                         /*requests=*/1'000'000'000, [] { return true; });
  EXPECT_EQ(figures.status().code(), absl::StatusCode::kCancelled);
}

// Which redis-benchmark 7.0 would wait for without end.
TEST_F(RedisBenchmarkRun, EndsWithItsServer) {
  ASSERT_EQ(kill(server_->pid(), SIGKILL), 0);
  const auto figures = RunRedisBenchmark(path_, *server_, /*connections=*/1,
                                         /*requests=*/1'000'000'000, Never);
  EXPECT_FALSE(figures.ok());
  EXPECT_NE(figures.status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(RedisBenchmarkRun, IsAnErrorWithoutTheProgram) {
  EXPECT_FALSE(RunRedisBenchmark("/nowhere/redis-benchmark", *server_, 1, 1, Never).ok());
}

}  // namespace
}  // namespace rcb
