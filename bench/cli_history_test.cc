// The program that records histories, and that judges them.

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bench/cli_driver.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

class CliHistoryTest : public CliTest {
 protected:
  CliResult Judge(const std::string& text, std::vector<std::string> flags = {}) const {
    const std::string path = workspace_.Path("history");
    std::ofstream(path, std::ios::binary) << text;
    flags.push_back(absl::StrCat("--history_check=", path));
    return Run(flags);
  }

  // Expects one line that has all of `named`.
  void ExpectRefusal(const CliResult& result, const std::string& named) const {
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(Lines(result.err), SizeIs(1));
    EXPECT_THAT(result.err, HasSubstr(named));
  }

  std::vector<std::string> FilesIn(const std::string& directory) const {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      paths.push_back(entry.path().string());
    }
    return paths;
  }
};

constexpr char kWrites[] =
    "{:type :invoke, :f :write, :value 1, :process 0, :time 1000}\n"
    "{:type :ok, :f :write, :value 1, :process 0, :time 3000}\n"
    "{:type :invoke, :f :write, :value 2, :process 0, :time 4000}\n"
    "{:type :ok, :f :write, :value 2, :process 0, :time 5000}\n";
constexpr char kGoodRead[] =
    "{:type :invoke, :f :read, :process 1, :time 6000}\n"
    "{:type :ok, :f :read, :value 2, :process 1, :time 7000}\n";
constexpr char kStaleRead[] =
    "{:type :invoke, :f :read, :process 1, :time 8000}\n"
    "{:type :ok, :f :read, :value 1, :process 1, :time 9500}\n";

TEST_F(CliHistoryTest, JudgesAHistoryThatHolds) {
  const CliResult result =
      Judge(absl::StrCat(kWrites, kGoodRead), {"--history_model=cas-register"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out, AllOf(HasSubstr("cas_register, 3 operations of 2 processes\n"),
                                HasSubstr("verdict: linearizable\n")));
}

TEST_F(CliHistoryTest, ShowsTheFewOperationsThatContradictEachOther) {
  const CliResult result =
      Judge(absl::StrCat(kWrites, kGoodRead, kStaleRead), {"--history_model=register"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("verdict: not linearizable, 1 violation\n"),
                    HasSubstr("first: stale: read -> 1 [7.000, 8.500 us]"),
                    HasSubstr("These 2 contradict each other"),
                    HasSubstr("       5.000 ..        6.000  process 1    read -> 2\n"
                              "         7.000 ..        8.500  process 1    read -> 1\n")));
}

TEST_F(CliHistoryTest, AnswersMachinesInJson) {
  const CliResult result = Judge(absl::StrCat(kWrites, kGoodRead, kStaleRead),
                                 {"--history_model=register", "--history_format=json"});
  EXPECT_EQ(result.status, 1);
  const json document = ParseStrictly(result.out);
  EXPECT_EQ(document["verdict"], "violated");
  EXPECT_EQ(document["model"], "register");
  EXPECT_EQ(document["operations"], 4);
  EXPECT_EQ(document["violations"], 1);
  EXPECT_EQ(document["witness"]["size"], 2);
  const json& stale = document["witness"]["operations"][1];
  EXPECT_EQ(stale["f"], "read");
  EXPECT_EQ(stale["result"], 1);
  EXPECT_EQ(stale["invoke_ns"], 7000);
  const json good =
      ParseStrictly(Judge(kWrites, {"--history_model=register", "--history_format=json"}).out);
  EXPECT_EQ(good["verdict"], "holds");
  EXPECT_THAT(good["witness"]["operations"], IsEmpty());
}

TEST_F(CliHistoryTest, NamesAnomaliesAsElleDoes) {
  const CliResult result = Judge(
      "{:type :invoke :value [[:append 1 1]] :process 0}{:type :ok :value [[:append 1 1]] "
      ":process 0}{:type :invoke :value [[:r 1 nil]] :process 1}{:type :ok :value [[:r 1 "
      "[]]] :process 1}",
      {"--history_model=list-append"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("verdict: not strictly serializable, 1 violation: 1 lost-append "
                              "(G-single-realtime in Elle)"),
                    HasSubstr("T0: append 1 to 1\n"), HasSubstr("T1: read 1 -> []\n")));
}

TEST_F(CliHistoryTest, ReadsTheInitialValue) {
  const std::string text = absl::StrCat(kWrites, kStaleRead);
  EXPECT_EQ(Judge(kStaleRead, {"--history_model=register"}).status, 1);
  EXPECT_EQ(Judge(kStaleRead, {"--history_model=register", "--history_initial=1"}).status, 0);
}

TEST_F(CliHistoryTest, RefusesFilesInOneLine) {
  const std::string path = workspace_.Path("history");
  ExpectRefusal(Judge(kWrites), "--history_model= is missing");
  ExpectRefusal(
      Judge(kWrites, {"--history_model=mutex"}),
      absl::StrCat("bench: --history_check: ", path, ":1: a mutex has no operation 'write'"));
  ExpectRefusal(Judge(absl::StrCat(kWrites, "{:type :invoke, :f"), {"--history_model=register"}),
                absl::StrCat(path, ":5: the file ends inside an operation: it is cut off"));
  ExpectRefusal(Run({"--history_check=/no/such/file"}), "/no/such/file can't be read");
}

TEST_F(CliHistoryTest, RefusesFlagsInOneLine) {
  ExpectRefusal(Run({"--history_model=queue"}), "--history_model= takes counter, register,");
  ExpectRefusal(Run({"--history_format=xml"}), "--history_format= takes text or json");
  ExpectRefusal(Run({"--history_model=counter"}), "--history_model is of --history_check=");
  ExpectRefusal(Run({"--history_initial=1"}), "--history_initial is of --history_check=");
  ExpectRefusal(Judge(kWrites, {"--history_model=register", "--benchmark_filter=Counter"}),
                "--benchmark_filter=Counter means nothing to --history_check");
  ExpectRefusal(Run({"--history_out=/no/such/place"}), "--history_out=/no/such/place");
  ExpectRefusal(Run({"--history_out=/dev/null"}), "--history_out=/dev/null");
}

TEST_F(CliHistoryTest, RecordsRunsAndJudgesThemAgain) {
  const std::string directory = workspace_.Path("histories");
  const CliResult result =
      Run({"--benchmark_filter=^(Counter/(unsafe/get_set|lockfree/incr)|Stampede/locking/blpop)/",
           "--workers=10", "--benchmark_min_time=0.05", "--rounds=2",
           absl::StrCat("--history_out=", directory)});
  EXPECT_EQ(result.status, 0) << result.out << result.err;
  EXPECT_THAT(Lines(result.err),
              testing::ElementsAre(
                  AllOf(StartsWith(absl::StrCat("bench: --history_out=", directory, ": ")),
                        HasSubstr(" histories, ")),
                  HasSubstr("no history of these, which have no model: Stampede/locking/blpop")));
  bool is_control_violated = false;
  const std::vector<std::string> files = FilesIn(directory);
  EXPECT_THAT(files,
              Contains(HasSubstr("/Counter.lockfree.incr.workers_10.threads_1.run_1.jsonl.gz")));
  for (const std::string& file : files) {
    SCOPED_TRACE(file);
    const CliResult judged = Run({absl::StrCat("--history_check=", file)});
    EXPECT_EQ(judged.err, "");
    if (absl::StrContains(file, "unsafe")) {
      is_control_violated = is_control_violated || judged.status == 1;
    } else {
      EXPECT_EQ(judged.status, 0) << judged.out;
    }
  }
  EXPECT_TRUE(is_control_violated);
}

TEST_F(CliHistoryTest, SaysWhenHistoriesCouldNotBeKept) {
  const std::string directory = workspace_.Path("histories");
  std::filesystem::create_directory(directory);
  // A directory stands where each file belongs.
  for (int run = 1; run < 20; ++run) {
    std::filesystem::create_directory(absl::StrCat(
        directory, "/Counter.lockfree.incr.workers_5.threads_1.run_", run, ".jsonl.gz"));
  }
  const CliResult result =
      Run({"--benchmark_filter=Counter/lockfree/incr/", "--workers=5", "--benchmark_min_time=0.02",
           absl::StrCat("--history_out=", directory)});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("run_1.jsonl.gz can't be written: Is a directory"));
}

}  // namespace
}  // namespace rcb
