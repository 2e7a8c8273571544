// The program at its work: what it prints and writes, and its exit status. RCB_SOURCE_DIR is the
// root of the source tree.

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bench/cli_driver.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;
using testing::SizeIs;
using testing::UnorderedElementsAre;

constexpr size_t kWidestLine = 130;

class CliOutputTest : public CliTest {
 protected:
  // Of a run that must succeed: short, but not too short for its controls to be caught.
  CliResult RunWell(std::vector<std::string> flags) const {
    flags.push_back("--benchmark_min_time=0.1");
    const CliResult result = Run(WithRounds(std::move(flags), 3));
    EXPECT_EQ(result.status, 0) << result.out << result.err;
    return result;
  }

  // The same, of its JSON.
  json RunForJson(std::vector<std::string> flags) const {
    flags.push_back("--benchmark_format=json");
    return ParseStrictly(RunWell(flags).out);
  }
};

// The names of what is measured in a row: its numbers but those that place it in the run.
std::set<std::string> MetricsOf(const json& row) {
  static const std::set<std::string> places = {"family_index", "per_family_instance_index",
                                               "repetitions", "repetition_index", "threads"};
  std::set<std::string> names;
  for (const auto& [name, value] : row.items()) {
    if (value.is_number() && places.count(name) == 0) names.insert(name);
  }
  return names;
}

// The first column of scripts/metrics.tsv.
std::set<std::string> DescribedMetrics() {
  std::set<std::string> names;
  for (const std::string& line : Lines(ReadFile(RCB_SOURCE_DIR "/scripts/metrics.tsv"))) {
    names.insert(line.substr(0, line.find('\t')));
  }
  names.erase("name");
  return names;
}

// The fields of a line of CSV, RFC 4180.
std::vector<std::string> CsvFields(const std::string& line) {
  std::vector<std::string> fields = {""};
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back().push_back(c);
    }
  }
  EXPECT_FALSE(quoted) << line;
  return fields;
}

// What breaks clients or servers takes long, and has tests of its own.
TEST_F(CliOutputTest, RunsEverythingAndEndsWithTheVerdict) {
  const std::string path = workspace_.Path("out.json");
  const CliResult result = RunWell(
      {"--workers=5", absl::StrCat("--benchmark_out=", path),
       "--benchmark_filter=-redis_benchmark|Durability|Failover|Crash|Stall|Outage|Cold|Chaos"});
  // Few servers know this option yet.
  const std::string left_out = "Invalidation/lockfree/set_if_equal";
  if (!result.err.empty()) {
    EXPECT_EQ(result.err, absl::StrCat("bench: ", left_out,
                                       " is left out: SET.IFEQ fails: ERR syntax error\n"));
  }
  EXPECT_TRUE(std::regex_search(
      result.out, std::regex("\nverdict: [0-9]+ safe variants, 0 violations; [0-9]+ unsafe "
                             "controls, all caught(; overloaded: [^;\n]*)?(; 1 left out: " +
                             left_out + ")?\n$")))
      << result.out;
  for (const std::string& line : Lines(result.out)) {
    if (absl::StartsWith(line, "verdict: ")) continue;  // a busy machine makes it longer
    EXPECT_LE(line.size(), kWidestLine) << line;
  }
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("ops/s"), HasSubstr("\nHarness/cost/record"),
                    HasSubstr("\nCounter/unsafe/get_set/workers:5 "),
                    HasSubstr("\nStampede/locking/pubsub/workers:5/compute_ms:10 "),
                    HasSubstr("\nStampedeExpiry/lockfree/xfetch/workers:5/beta_pct:100 ")));

  const json document = ParseStrictly(ReadFile(path));
  for (const json& row : document["benchmarks"]) {
    EXPECT_FALSE(row.value("error_occurred", false)) << row;
    EXPECT_THAT(DescribedMetrics(), IsSupersetOf(MetricsOf(row)));
    if (row.count("violations") == 0) continue;
    const std::string role = row.value("role", "");
    EXPECT_EQ(row.value("violations", -1.0) > 0, role == "control") << row;
    EXPECT_EQ(row.contains("bounds"), role != "measurement") << row;
  }
  for (const char* family : {"Harness/", "Counter/", "Stampede/", "StampedeExpiry/", "Eviction/",
                             "Transaction/", "Lock/"}) {
    EXPECT_THAT(RowsOf(document, family), Not(IsEmpty())) << family;
  }
}

TEST_F(CliOutputTest, TheTableOfTheScriptsIsTheOneThatTheProgramLists) {
  const CliResult result = Run({"--list_metrics"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, ReadFile(RCB_SOURCE_DIR "/scripts/metrics.tsv"))
      << "type: build/release/bench --list_metrics > scripts/metrics.tsv";
}

TEST_F(CliOutputTest, PlacesResultsInTheirContext) {
  const json document = RunForJson({"--benchmark_filter=Counter/lockfree/incr", "--workers=3,7",
                                    "--seed=42", "--op_timeout=2s"});
  const json& context = document["context"];
  const std::map<std::string, std::string> wanted = {{"server_name", "redis"},
                                                     {"server_mode", "standalone"},
                                                     {"server_is_private", "true"},
                                                     {"transport", "tcp"},
                                                     {"seed", "42"},
                                                     {"op_timeout_ms", "2000"},
                                                     {"workers", "3,7"},
                                                     {"threads", "1"},
                                                     {"server_maxmemory_policy", "noeviction"}};
  for (const auto& [key, value] : wanted) EXPECT_EQ(context.value(key, "(none)"), value) << key;
  for (const char* key : {"server_version", "commit", "compiler", "build_type", "cpu_model",
                          "memory_gib", "kernel", "google_benchmark_version", "hiredis_version",
                          "libuv_version", "server_io_threads", "library_build_type", "date"}) {
    EXPECT_NE(context.value(key, ""), "") << key;
  }
  EXPECT_THAT(RowsOf(document, "Counter/lockfree/incr/workers:3/"), SizeIs(1));
  EXPECT_THAT(RowsOf(document, "Counter/lockfree/incr/workers:7/"), SizeIs(1));
}

TEST_F(CliOutputTest, WritesTheSameNumberOfCsvFieldsInEachLine) {
  const CliResult result =
      RunWell({"--benchmark_filter=cost/record|Counter/lockfree/incr|Stampede.*/unsafe/none",
               "--workers=5", "--benchmark_format=csv"});
  const std::vector<std::string> lines = Lines(result.out);
  ASSERT_THAT(lines, SizeIs(5)) << result.out;
  const std::vector<std::string> header = CsvFields(lines[0]);
  EXPECT_THAT(header, IsSupersetOf({"name", "real_time", "p99_us", "violations"}));
  for (const std::string& line : lines) EXPECT_THAT(CsvFields(line), SizeIs(header.size())) << line;
  // The verdict is no part of the table.
  EXPECT_THAT(Lines(result.err), Contains(HasSubstr("verdict: ")));
}

TEST_F(CliOutputTest, RepeatsAndSumsUpInStrictJson) {
  const std::string filter =
      "--benchmark_filter=cost/record|Counter/lockfree/incr|Stampede/unsafe/none";
  const json all = RunForJson({filter, "--workers=5", "--benchmark_repetitions=3"});
  const json sums = RunForJson({filter, "--workers=5", "--benchmark_repetitions=3",
                                "--benchmark_report_aggregates_only=true"});
  for (const char* name : {"Harness/cost", "Counter", "Stampede"}) {
    EXPECT_THAT(RowsOf(all, name), SizeIs(7)) << name;
    std::set<std::string> aggregates;
    for (const json& row : RowsOf(sums, name)) aggregates.insert(row.value("aggregate_name", ""));
    EXPECT_THAT(aggregates, UnorderedElementsAre("mean", "median", "stddev", "cv")) << name;
  }
}

TEST_F(CliOutputTest, MixesRepetitionsOfDifferentBenchmarks) {
  const json document =
      RunForJson({"--benchmark_filter=Counter/lockfree/(incr|lua)|Stampede/locking/lease",
                  "--workers=4", "--threads=1,2", "--benchmark_repetitions=2",
                  "--benchmark_enable_random_interleaving=true"});
  EXPECT_THAT(RowsOf(document, ""), SizeIs(3 * 2 * 6));
}

TEST_F(CliOutputTest, KeepsItsTableNarrowWithLongNames) {
  const CliResult result =
      RunWell({"--benchmark_filter=StampedeExpiry/.*(revalidate|jitter)", "--threads=2",
               "--workers=10", "--rounds=5", "--benchmark_repetitions=2"});
  for (const std::string& line : Lines(result.out)) EXPECT_LE(line.size(), kWidestLine) << line;
}

TEST_F(CliOutputTest, ListsTheNamesOfWhatItWouldRun) {
  const CliResult all = Run({"--benchmark_list_tests"});
  EXPECT_EQ(all.status, 0);
  const std::vector<std::string> names = Lines(all.out);
  EXPECT_THAT(names, SizeIs(std::set<std::string>(names.begin(), names.end()).size()));
  const std::regex pattern(
      "(Harness/[a-z]+|Eviction/(policy|shift)|[A-Z][A-Za-z]+/(unsafe|locking|lockfree))"
      "/[a-z_]+(/[a-z_]+:[0-9]+)*"
      "/real_time/threads:1");
  for (const std::string& name : names) EXPECT_TRUE(std::regex_match(name, pattern)) << name;

  const CliResult some = Run({"--benchmark_list_tests=true", "--benchmark_filter=/lockfree/",
                              "--workers=9", "--threads=2"});
  EXPECT_THAT(Lines(some.out), Each(AllOf(HasSubstr("/lockfree/"), HasSubstr("/workers:9/"),
                                          HasSubstr("/threads:2"))));
  EXPECT_THAT(Lines(some.out), Not(IsEmpty()));
}

TEST_F(CliOutputTest, HelpsWithBothSetsOfFlags) {
  const CliResult result = Run({"--help"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("--redis="), HasSubstr("--workers="), HasSubstr("--rate="),
                    HasSubstr("RCB_REDIS_PASSWORD"), HasSubstr("--benchmark_filter="),
                    HasSubstr("--benchmark_repetitions=")));
  // What scripts/bench prints before anything is built. After a change of the flags:
  // build/release/bench --help >scripts/lib/bench_help.txt
  EXPECT_EQ(result.out, ReadFile(RCB_SOURCE_DIR "/scripts/lib/bench_help.txt"));
}

TEST_F(CliOutputTest, TellsItsVersion) {
  const CliResult result = Run({"--version"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_TRUE(std::regex_match(
      result.out, std::regex("redis-contention-bench [0-9]+\\.[0-9]+\\.[0-9]+, commit [^,]+, "
                             "Google Benchmark v?[0-9.]+.*\n")))
      << result.out;
}

TEST_F(CliOutputTest, ReachesThePrivateServerByUnixSocketToo) {
  const json document =
      RunForJson({"--transport=unix", "--workers=5",
                  "--benchmark_filter=Harness/limit|Counter/lockfree/lua|Stampede/.*/pubsub"});
  EXPECT_EQ(document["context"]["transport"], "unix");
  EXPECT_THAT(RowsOf(document, ""), SizeIs(3));
}

TEST_F(CliOutputTest, SharesWorkersAmongThreads) {
  const json document = RunForJson(
      {"--threads=1,2,8", "--workers=5", "--benchmark_filter=Counter/lockfree|Stampede/"});
  for (const json& row : RowsOf(document, "")) {
    EXPECT_TRUE(row["threads"] == 1 || row["threads"] == 2)
        << row;  // 8 would outnumber the workers
    EXPECT_DOUBLE_EQ(row.value("success_rate", 0.0), 1) << row;
  }
}

// However the library counts the time of threads: some versions add it up.
TEST_F(CliOutputTest, MeasuresForTheTimeThatWasAskedFor) {
  for (const char* min_time : {"0.3", "0.3s"}) {
    const CliResult result =
        Run({"--threads=1,2,4", "--workers=8",
             "--benchmark_filter=Counter/(lockfree/(incr|watch)|locking)/",
             "--benchmark_format=json", absl::StrCat("--benchmark_min_time=", min_time)});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(Lines(result.err), SizeIs(1)) << result.err;  // the verdict
    const std::vector<json> rows = RowsOf(ParseStrictly(result.out), "");
    EXPECT_THAT(rows, SizeIs(3 * 3));
    for (const json& row : rows) {
      const double seconds =
          row["iterations"].get<double>() / row["items_per_second"].get<double>();
      EXPECT_GE(seconds, 0.299) << row;
    }
  }
}

TEST_F(CliOutputTest, MeasuresAsManyIterationsAsWereAskedFor) {
  const CliResult result = Run({"--threads=1,2", "--workers=8", "--benchmark_min_time=50x",
                                "--benchmark_filter=Counter/lockfree/|Harness/(cost|limit)/",
                                "--benchmark_format=json"});
  EXPECT_EQ(result.status, 0) << result.err;
  for (const json& row : RowsOf(ParseStrictly(result.out), "")) {
    EXPECT_EQ(row["iterations"], 50 * row["threads"].get<int>()) << row;
  }
}

TEST_F(CliOutputTest, TakesTheLeastTimeFromTheEnvironment) {
  for (const char* min_time : {"0.7", "0.7s", "40x"}) {
    CliOptions options;
    options.environment = {absl::StrCat("BENCHMARK_MIN_TIME=", min_time)};
    const CliResult result =
        Run({"--workers=5", "--benchmark_filter=Counter/lockfree/incr", "--benchmark_format=json"},
            options);
    EXPECT_EQ(result.status, 0) << result.err;
    const json row = ParseStrictly(result.out)["benchmarks"][0];
    const double seconds = row["iterations"].get<double>() / row["items_per_second"].get<double>();
    if (absl::EndsWith(min_time, "x")) {
      EXPECT_EQ(row["iterations"], 40);
    } else {
      EXPECT_GE(seconds, 0.699) << row;  // more than the default
    }
  }
}

TEST_F(CliOutputTest, ReportsTheOpenLoop) {
  const json document = RunForJson(
      {"--rate=2000", "--workers=5", "--benchmark_filter=Counter/lockfree/(incr|lua)|xfetch_lock"});
  EXPECT_EQ(document["context"]["rate"], "2000");
  EXPECT_THAT(RowsOf(document, ""), SizeIs(3));
  for (const json& row : RowsOf(document, "")) {
    EXPECT_DOUBLE_EQ(row.value("offered_per_second", 0.0), 2000);
    EXPECT_GT(row.value("achieved_per_second", 0.0), 0);
    EXPECT_DOUBLE_EQ(row.value("dropped", -1.0), 0);
  }
}

// What was never done is no throughput.
TEST_F(CliOutputTest, MarksARowThatCouldNotKeepUpAndCountsOnlyWhatWasDone) {
  const json document = RunForJson({"--rate=1000000", "--workers=5", "--op_timeout=50ms",
                                    "--benchmark_filter=Lock/locking/token_backoff"});
  const std::vector<json> rows = RowsOf(document, "Lock/");
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0]["verdict"], "overloaded");
  EXPECT_GT(rows[0].value("dropped", 0.0), 0);
  EXPECT_LT(rows[0].value("items_per_second", 1e9), 200'000);
  EXPECT_NEAR(rows[0].value("items_per_second", 0.0), rows[0].value("achieved_per_second", 1.0),
              0.1 * rows[0].value("achieved_per_second", 1.0));
}

// One client alone loses no update: nothing shows that the checker would notice.
TEST_F(CliOutputTest, ListsAControlThatCannotFireAndFailsNothing) {
  const std::string path = workspace_.Path("out.json");
  const CliResult result =
      Run({"--workers=1", "--benchmark_filter=Counter/(unsafe|lockfree/incr)",
           "--benchmark_min_time=0.02", absl::StrCat("--benchmark_out=", path)});
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.out, AllOf(HasSubstr("NOT PROVABLE HERE: a single worker"),
                                HasSubstr("; not provable here: Counter/unsafe/get_set\n")));
  const json document = ParseStrictly(ReadFile(path));
  EXPECT_THAT(document["benchmarks"], SizeIs(2));
  EXPECT_EQ(RowsOf(document, "Counter/unsafe/")[0]["verdict"], "not provable here");
}

TEST_F(CliOutputTest, SaysWhenNotAllCouldBeWritten) {
  const CliResult result = Run(
      {"--benchmark_filter=cost/record", "--benchmark_min_time=0.01", "--benchmark_out=/dev/full"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(Lines(result.err), ElementsAre(HasSubstr("--benchmark_out=/dev/full")));
}

TEST_F(CliOutputTest, ShowsALiveLineOnATerminal) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_TRUE(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
  const int other_end = open(ptsname(terminal), O_RDWR | O_NOCTTY);
  CliOptions options;
  options.terminal = other_end;
  const CliResult result =
      Run({"--benchmark_filter=Counter/lockfree/incr", "--workers=5", "--benchmark_min_time=0.6"},
          options);
  EXPECT_EQ(result.status, 0);
  char shown[4096] = {};
  EXPECT_GT(read(terminal, shown, sizeof(shown) - 1), 0);
  EXPECT_TRUE(std::regex_search(shown, std::regex("Counter/lockfree/incr/workers:5  [0-9.]+ s  "
                                                  "[0-9.]+[kM]? ops/s")))
      << shown;
  EXPECT_TRUE(absl::EndsWith(shown, "\r\033[K")) << shown;  // and takes it away
  close(other_end);
  close(terminal);
}

TEST_F(CliOutputTest, RefusesARunThatWouldNotFitTheRecord) {
  const CliResult result =
      Run({"--benchmark_filter=Counter/lockfree/incr", "--workers=5", "--history_limit=100"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.out, HasSubstr("--history_limit=100"));
}

TEST_F(CliOutputTest, RunsBesideAnotherOne) {
  const Workspace other_workspace;
  const std::vector<std::string> flags = {"--benchmark_filter=Counter/lockfree/incr",
                                          "--benchmark_min_time=0.1", "--workers=5"};
  Bench one(workspace_, flags);
  Bench other(other_workspace, flags);
  EXPECT_EQ(one.Wait().status, 0);
  EXPECT_EQ(other.Wait().status, 0);
  EXPECT_THAT(other_workspace.Leftovers(), IsEmpty());
}

}  // namespace
}  // namespace rcb
