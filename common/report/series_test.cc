#include "common/report/series.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/report/test_json_lines.h"
#include "common/server/scratch_directory.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using nlohmann::json;
using testing::SizeIs;

class SeriesTest : public testing::Test {
 protected:
  std::vector<json> Read() const { return ReadJsonLines(path_); }

  ScratchDirectory directory_ = ScratchDirectory::Make().value();
  std::string path_ = directory_.path() + "/series.jsonl";
};

TEST_F(SeriesTest, WritesALineForEachIntervalAndMark) {
  SeriesFile series(path_);
  EXPECT_FALSE(std::filesystem::exists(path_));
  Interval interval;
  interval.row = "Lock/safe/a \"quoted\" <name>";
  interval.end_ns = 100'060'000;
  interval.counts = {/*operations=*/3, /*errors=*/2, /*computations=*/1};
  for (const int64_t ns : {1000, 2000, 3000, 4000, 500'000}) interval.latency.Record(ns);
  series.OnInterval(interval);
  interval.violations = 4;
  interval.latency.Clear();
  series.OnInterval(interval);
  series.OnMark({"row", 1'200'000, "round", "12", 4});
  series.OnMark({"row", 2'000'000, "judged", "a\nb", 4});
  series.OnRunEnd();  // from here on, others can read it
  const std::vector<json> lines = Read();
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_EQ(lines[0], json::parse(R"({"row": "Lock/safe/a \"quoted\" <name>", "t_ms": 100.1,
      "ops": 3, "errors": 2, "computations": 1, "violations": null, "p50_us": 3.0,
      "p95_us": 500.0, "p99_us": 500.0, "max_us": 500.0})"));
  EXPECT_EQ(lines[1]["violations"], 4);
  EXPECT_EQ(lines[1]["p50_us"], nullptr);
  EXPECT_EQ(lines[2], json::parse(R"({"row": "row", "t_ms": 1.2, "mark": "round", "text": "12"})"));
  EXPECT_EQ(lines[3], json::parse(R"({"row": "row", "t_ms": 2.0, "mark": "judged",
                                      "text": "a\nb", "violations": 4})"));
  EXPECT_TRUE(series.Close());
}

TEST_F(SeriesTest, SaysWhereNotAllCouldBeWritten) {
  SeriesFile series("/dev/full");
  series.OnMark({"row", 0, "run", "", {}});
  testing::internal::CaptureStderr();
  EXPECT_FALSE(series.Close());
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "bench: --series=/dev/full: not all of it could be written: No space left on device\n");
}

}  // namespace
}  // namespace rcb
