#include "common/report/audit_log.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/measure/clock.h"
#include "common/report/test_json_lines.h"
#include "common/server/scratch_directory.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::SizeIs;

class AuditLogTest : public testing::Test {
 protected:
  std::vector<json> Read() const { return ReadJsonLines(path_); }

  ScratchDirectory directory_ = ScratchDirectory::Make().value();
  std::string path_ = directory_.path() + "/log.jsonl";
};

absl::Time TimeOf(const json& line) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, line.value("time", ""), &time, &error)) << error;
  return time;
}

TEST_F(AuditLogTest, AddsToWhatIsThere) {
  for (int i = 0; i < 2; ++i) {
    AuditLog log(path_);
    log.Write(LogEntry("start")
                  .Add("user", "a \"b\"\n")
                  .Add("pid", 7)
                  .Add("arguments", std::vector<std::string>{"bench", "--seed=1"}));
    EXPECT_TRUE(log.Close());
  }
  const std::vector<json> lines = Read();
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[0]["event"], "start");
  EXPECT_EQ(lines[0]["user"], "a \"b\"\n");
  EXPECT_EQ(lines[0]["pid"], 7);
  EXPECT_EQ(lines[0]["arguments"], json({"bench", "--seed=1"}));
  EXPECT_LT(absl::AbsDuration(absl::Now() - TimeOf(lines[1])), absl::Minutes(1));
}

TEST_F(AuditLogTest, WhatHappenedBeforeHasItsOwnTime) {
  AuditLog log(path_);
  log.Write(LogEntry("connection_lost", NowNs() - 3'600'000'000'000));
  log.Write(LogEntry("end"));
  const std::vector<json> lines = Read();
  const absl::Duration between = TimeOf(lines[1]) - TimeOf(lines[0]);
  EXPECT_LT(absl::AbsDuration(between - absl::Hours(1)), absl::Seconds(1));
}

TEST_F(AuditLogTest, OfAFeedItKeepsTheFaults) {
  AuditLog log(path_);
  log.OnMark({"row", 0, "round", "1", {}});
  log.OnMark({"row", 0, "fault", "the server was killed", {}});
  const std::vector<json> lines = Read();
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0]["event"], "fault");
  EXPECT_EQ(lines[0]["row"], "row");
  EXPECT_EQ(lines[0]["text"], "the server was killed");
}

TEST_F(AuditLogTest, SaysWhereALineCouldNotBeWritten) {
  AuditLog log("/dev/full");
  log.Write(LogEntry("start"));
  testing::internal::CaptureStderr();
  EXPECT_FALSE(log.Close());
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "bench: --log=/dev/full: not all of it could be written: No space left on device\n");
}

TEST(WithoutSecretsTest, HidesWhatMayBeAPassword) {
  EXPECT_THAT(
      WithoutSecrets({"bench", "--redis=redis://me:pass%40word@host:1234/2",
                      "--redis=redis://:s@e@cret@host", "--redis=redis://host",
                      "--redis=redis+sentinel://me:hush@a,b:1/main/2",
                      "--redis=redis+sentinel://me:hush@a/", "--redis=redis://:cut off",
                      "--server_option=masterauth hush", "--server_option=user me on >hush ~*",
                      "--server_option=io-threads 4",
                      "--benchmark_context=a=b,token=hush,url=http://u:hush@host/", "--seed=7",
                      "RCB_REDIS_PASSWORD=hush", "BENCHMARK_FILTER=Counter"}),
      ElementsAre("bench", "--redis=redis://host:1234/2", "--redis=redis://host:6379",
                  "--redis=redis://host:6379", "--redis=redis+sentinel://a:26379,b:1/main/2",
                  "--redis=***", "--redis=***", "--server_option=masterauth ***",
                  "--server_option=user ***", "--server_option=io-threads 4",
                  "--benchmark_context=a=b,token=***,url=http://***@host/", "--seed=7",
                  "RCB_REDIS_PASSWORD=***", "BENCHMARK_FILTER=Counter"));
}

}  // namespace
}  // namespace rcb
