// Files that something has damaged: thousands of them, each of which is judged or refused.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "common/history/judge.h"
#include "common/history/test_file.h"
#include "common/history/witness.h"

namespace rcb {
namespace {

using Random = std::mt19937_64;

size_t Below(Random& random, size_t limit) {
  return std::uniform_int_distribution<size_t>(0, limit - 1)(random);
}

struct Seed {
  HistoryModel model;
  std::string text;
};

std::vector<Seed> Seeds() {
  return {
      {HistoryModel::kCounter,
       R"({"history":1,"model":"counter","row":"A/b","initial":0,"operations":4}
{"process":0,"f":"add","key":0,"args":[1],"result":1,"invoke_ns":0,"return_ns":5,"outcome":"ok"}
{"process":1,"f":"add","key":0,"args":[1],"result":null,"invoke_ns":1,"return_ns":6,"outcome":"ok"}
{"process":2,"f":"add","key":0,"args":[1],"result":null,"invoke_ns":2,"return_ns":null,"outcome":"unknown"}
{"process":1,"f":"read","key":0,"args":[],"result":1,"invoke_ns":7,"return_ns":8,"outcome":"ok"}
)"},
      {HistoryModel::kCasRegister,
       R"([{:type :invoke, :f :write, :value 1, :process 0, :time 10, :index 0}
{:type :invoke, :f :cas, :value [1 2], :process 1, :time 12, :index 1} ; a comment
{:type :ok, :f :write, :value 1, :process 0, :time 13}
{:type :info, :f :cas, :value [1 2], :process 1, :time 14, :error [:timeout "x\"y"]}
#jepsen.history.Op{:type :invoke, :f :read, :value nil, :process 0, :time 15}
{:type :ok, :f :read, :value 3, :process 0, :time 16}])"},
      {HistoryModel::kListAppend,
       R"([{"type":"invoke","f":"txn","value":[["append","x",1],["r","y",null]],"process":0,"time":1},
{"type":"invoke","f":"txn","value":[["append","y",2],["r","x",null]],"process":1,"time":2},
{"type":"ok","f":"txn","value":[["append","x",1],["r","y",[]]],"process":0,"time":3},
{"type":"ok","f":"txn","value":[["append","y",2],["r","x",[]]],"process":1,"time":4},
{"type":"invoke","f":"txn","value":[["r","x",null],["r","y",null]],"process":0,"time":5},
{"type":"ok","f":"txn","value":[["r","x",[1]],["r","y",[2]]],"process":0,"time":6}])"},
      {HistoryModel::kMutex,
       R"({:type :invoke :f :acquire :process 0}{:type :ok :f :acquire :process 0}
{:type :invoke :f :acquire :process 1}{:type :ok :f :acquire :process 1}
{:type :invoke :f :release :process 0}{:type :info :f :release :process 0})"},
      {HistoryModel::kRegister,
       R"({"history":1,"model":"register","initial":null}
{"process":0,"f":"write","args":[1],"invoke_ns":0,"return_ns":1,"outcome":"ok"}
{"process":0,"f":"write","args":["a"],"invoke_ns":2,"return_ns":3,"outcome":"ok"}
{"process":1,"f":"read","result":1,"invoke_ns":4,"return_ns":5,"outcome":"ok"}
)"},
  };
}

// What a place of a file is overwritten with.
const std::vector<std::string>& Pieces() {
  static const auto* const kPieces = new std::vector<std::string>{"{",
                                                                  "}",
                                                                  "[",
                                                                  "]",
                                                                  "(",
                                                                  ")",
                                                                  "\"",
                                                                  "\\",
                                                                  ":",
                                                                  ",",
                                                                  ";",
                                                                  "#",
                                                                  "#_",
                                                                  "\n",
                                                                  "-",
                                                                  "0",
                                                                  "1",
                                                                  "9",
                                                                  "null",
                                                                  "nil",
                                                                  "true",
                                                                  "99999999999999999999",
                                                                  "-9223372036854775808",
                                                                  "9223372036854775807",
                                                                  "1e9",
                                                                  "{}",
                                                                  "[]",
                                                                  "\"ok\"",
                                                                  ":invoke",
                                                                  "{:type :invoke}",
                                                                  "{\"f\":\"read\"}",
                                                                  "\xff",
                                                                  "\x01",
                                                                  std::string(1, '\0')};
  return *kPieces;
}

std::string Mutate(Random& random, std::string text) {
  for (size_t changes = 1 + Below(random, 4); changes > 0 && !text.empty(); --changes) {
    const size_t at = Below(random, text.size());
    const std::string& piece = Pieces()[Below(random, Pieces().size())];
    switch (Below(random, 6)) {
      case 0:
        text.resize(at);
        break;
      case 1:
        text.erase(at, 1 + Below(random, 20));
        break;
      case 2:
        text.insert(at, piece);
        break;
      case 3:
        text.replace(at, 1, piece);
        break;
      case 4:
        text[at] = static_cast<char>(Below(random, 256));
        break;
      default:
        text.insert(at, text.substr(Below(random, text.size()), Below(random, 80)));
    }
  }
  return text;
}

TEST(HistoryMutationTest, DamagedFilesAreJudgedOrRefusedInOneLine) {
  constexpr int kFiles = 1200;  // of each seed
  Random random(12);
  const TestFile file;
  int refused = 0;
  int judged = 0;
  for (const Seed& seed : Seeds()) {
    HistoryReaderOptions options;
    options.model = seed.model;
    ASSERT_TRUE(Read(seed.text, options).ok()) << Read(seed.text, options).status();
    for (int i = 0; i < kFiles; ++i) {
      file.Write(Mutate(random, seed.text));
      const absl::StatusOr<ModelHistory> history = ReadHistory(file.path(), options);
      if (!history.ok()) {
        ++refused;
        const std::string message(history.status().message());
        EXPECT_FALSE(absl::StrContains(message, "\n")) << message;
        EXPECT_TRUE(absl::StartsWith(message, file.path())) << message;
        continue;
      }
      ++judged;
      const HistoryVerdict verdict = JudgeHistory(*history);
      if (verdict.answer == Answer::kNotLinearizable) {
        FindWitness(*history, verdict.violations.first);
      }
    }
  }
  EXPECT_GT(refused, 1000);
  EXPECT_GT(judged, 100);
}

}  // namespace
}  // namespace rcb
