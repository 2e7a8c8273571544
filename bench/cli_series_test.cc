// The program where it is asked for more than rows: series over time, and histograms.

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
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
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Not;

class CliSeriesTest : public CliTest {
 protected:
  std::vector<json> ReadSeries() const {
    std::vector<json> lines;
    for (const std::string& line : Lines(ReadFile(workspace_.Path("series")))) {
      lines.push_back(ParseStrictly(line));
    }
    return lines;
  }

  // The rows of a run that also writes a series.
  json RunForRows(std::vector<std::string> flags) const {
    flags.push_back("--series=" + workspace_.Path("series"));
    flags.push_back("--benchmark_format=json");
    flags.push_back("--benchmark_min_time=0.3");
    const CliResult result = Run(flags);
    EXPECT_EQ(result.status, 0) << result.out << result.err;
    return ParseStrictly(result.out)["benchmarks"];
  }
};

// What the lines of a row say since the last run of it began.
struct LastRun {
  int64_t operations = 0;
  int64_t computations = 0;
  int64_t lines = 0;
  std::map<std::string, int64_t> marks;
};

std::map<std::string, LastRun> LastRuns(const std::vector<json>& lines) {
  std::map<std::string, LastRun> runs;
  for (const json& line : lines) {
    LastRun& run = runs[line["row"]];
    if (line.value("mark", "") == "run") run = LastRun();
    if (line.contains("mark")) {
      ++run.marks[line["mark"]];
      continue;
    }
    run.operations += line["ops"].get<int64_t>();
    run.computations += line["computations"].get<int64_t>();
    ++run.lines;
  }
  return runs;
}

TEST_F(CliSeriesTest, TheIntervalsOfARowAddUpToIt) {
  const json rows = RunForRows({"--benchmark_filter=Counter/(lockfree/incr|unsafe)", "--workers=5",
                                "--threads=1,2", "--series_interval=50ms"});
  const std::vector<json> lines = ReadSeries();
  const std::map<std::string, LastRun> runs = LastRuns(lines);
  ASSERT_EQ(runs.size(), rows.size());
  for (const json& row : rows) {
    ASSERT_THAT(runs, Contains(Key(row["name"])));
    const LastRun& run = runs.at(row["name"]);
    EXPECT_EQ(run.operations, row["iterations"].get<int64_t>()) << row["name"];
    EXPECT_GT(run.lines, 4) << row["name"];
    EXPECT_EQ(run.marks.at("judged"), 1);
  }
  std::map<std::string, double> ends_ms;
  std::map<std::string, int64_t> violations;
  for (const json& line : lines) {
    EXPECT_GE(line["t_ms"].get<double>(), ends_ms[line["row"]]) << line;
    ends_ms[line["row"]] = line["t_ms"];
    if (line.contains("ops") && line["ops"] > 0) {
      EXPECT_LE(line["p50_us"], line["p95_us"]);
      EXPECT_LE(line["p99_us"], line["max_us"]);
      EXPECT_GT(line["p50_us"], 0);
    }
    if (line.value("mark", "") == "judged") violations[line["row"]] = line["violations"];
  }
  for (const json& row : rows) EXPECT_EQ(violations[row["name"]], row["violations"]);
}

TEST_F(CliSeriesTest, TellsOfRoundsExpiriesAndComputations) {
  const json rows = RunForRows({"--benchmark_filter=^Stampede(Expiry)?/unsafe/none", "--workers=10",
                                "--rounds=4", "--compute_ms=5"});
  const std::map<std::string, LastRun> runs = LastRuns(ReadSeries());
  ASSERT_EQ(rows.size(), 2);
  for (const json& row : rows) {
    const LastRun& run = runs.at(row["name"]);
    const bool is_rounds = absl::StartsWith(std::string(row["name"]), "Stampede/");
    if (is_rounds) {
      EXPECT_EQ(run.marks.at("round"), 5);  // and the warm-up
      EXPECT_EQ(run.computations, 4 * 10);
    } else {
      EXPECT_GE(run.marks.at("expiry"), 4);
      EXPECT_GE(run.computations, 4);
    }
  }
}

TEST_F(CliSeriesTest, TheHistogramOfARowHasItsOperationsAndQuantiles) {
  const std::string directory = workspace_.Path("histograms");
  const CliResult result =
      Run({"--benchmark_filter=Counter/lockfree/incr", "--workers=5", "--threads=1,2",
           "--benchmark_min_time=0.1", "--benchmark_format=json", "--histograms=" + directory,
           "--series=" + workspace_.Path("series"), "--series_interval=20ms"});
  ASSERT_EQ(result.status, 0) << result.err;
  const json document = ParseStrictly(result.out);
  for (const json& row : document["benchmarks"]) {
    const std::string threads = absl::StrCat(row["threads"].get<int>());
    const std::vector<std::string> lines = Lines(ReadFile(absl::StrCat(
        directory, "/Counter.lockfree.incr.workers_5.real_time.threads_", threads, ".hgrm")));
    EXPECT_THAT(
        lines,
        Contains(HasSubstr(absl::StrCat(
            "Total count    = ", absl::StrFormat("%12d", row["iterations"].get<int64_t>())))));
    EXPECT_THAT(
        lines,
        Contains(HasSubstr(absl::StrFormat("%12.3f 0.500000000000", row["p50_us"].get<double>()))));
  }
}

TEST_F(CliSeriesTest, RepetitionsShareOneHistogram) {
  const std::string directory = workspace_.Path("histograms");
  const CliResult result =
      Run({"--benchmark_filter=Stampede/locking/blpop", "--workers=5", "--rounds=3",
           "--compute_ms=1", "--benchmark_repetitions=2", "--histograms=" + directory});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(ReadFile(directory + "/Stampede.locking.blpop.workers_5.compute_ms_1.iterations_3"
                                   ".real_time.threads_1.hgrm"),
              HasSubstr("Total count    =           30]"));
}

TEST_F(CliSeriesTest, OutputThatCannotBeWrittenIsRefusedBeforeAnythingRuns) {
  for (const std::string flag : {"--series", "--histograms"}) {
    const CliResult result = Run({flag + "=/nowhere/at/all", "--benchmark_filter=incr"});
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(Lines(result.err), testing::SizeIs(1));
    EXPECT_THAT(result.err, HasSubstr(flag + "=/nowhere/at/all"));
  }
}

TEST_F(CliSeriesTest, WhatIsRefusedForAnotherReasonLeavesNoFile) {
  const CliResult result = Run({"--series=" + workspace_.Path("series"), "--workers=none"});
  EXPECT_EQ(result.status, 2);
  EXPECT_FALSE(std::filesystem::exists(workspace_.Path("series")));
  const CliResult nothing =
      Run({"--series=" + workspace_.Path("series"), "--benchmark_filter=nothing"});
  EXPECT_EQ(nothing.status, 2);
  EXPECT_FALSE(std::filesystem::exists(workspace_.Path("series")));
}

TEST_F(CliSeriesTest, ASeriesThatIsNotWholeIsAFailure) {
  const CliResult result = Run({"--series=/dev/full", "--benchmark_filter=Counter/lockfree/incr",
                                "--workers=5", "--benchmark_min_time=0.1"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("--series=/dev/full: not all of it could be written"));
}

TEST_F(CliSeriesTest, WithoutTheFlagsNothingIsWritten) {
  const CliResult result =
      Run({"--benchmark_filter=Counter/lockfree/incr", "--workers=5", "--benchmark_min_time=0.1"});
  EXPECT_EQ(result.status, 0);
  for (const auto& entry : std::filesystem::directory_iterator(workspace_.directory())) {
    EXPECT_THAT(std::string(entry.path()), Not(EndsWith("series")));
  }
}

}  // namespace
}  // namespace rcb
