// Files that are read, and files that are refused: by one line, with its number.

#include "common/history/history_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/history/form_reader.h"
#include "common/history/judge.h"
#include "common/history/test_file.h"

namespace rcb {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr char kCounter[] = "{\"history\":1,\"model\":\"counter\"}\n";

std::string Line(const std::string& fields) {
  return absl::StrCat("{\"process\":0,\"invoke_ns\":1,\"return_ns\":2,\"outcome\":\"ok\",", fields,
                      "}\n");
}

// Whether the history in `text` has an order.
bool Holds(const std::string& text, HistoryModel model) {
  const absl::StatusOr<ModelHistory> history = Read(text, model);
  EXPECT_TRUE(history.ok()) << history.status();
  return history.ok() && JudgeHistory(*history).answer == Answer::kLinearizable;
}

TEST(HistoryReaderTest, ReadsAnOperationWithAllOfIt) {
  const absl::StatusOr<ModelHistory> history = Read(
      "{\"history\":1,\"model\":\"cas_register\",\"row\":\"A/b\",\"initial\":7}\n"
      "{\"process\":3,\"f\":\"cas\",\"key\":5,\"args\":[7,8],\"result\":true,"
      "\"invoke_ns\":10,\"return_ns\":20,\"outcome\":\"ok\"}\n"
      "{\"process\":4,\"f\":\"write\",\"key\":5,\"args\":[9],\"result\":null,"
      "\"invoke_ns\":11,\"return_ns\":null,\"outcome\":\"unknown\"}\n");
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_EQ(history->model, HistoryModel::kCasRegister);
  EXPECT_EQ(history->row, "A/b");
  EXPECT_EQ(history->initial, 7);
  ASSERT_EQ(history->ops.size(), 2u);
  const HistoryOp& cas = history->ops[0];
  EXPECT_EQ(cas.process, 3);
  EXPECT_EQ(cas.function, HistoryFunction::kCas);
  EXPECT_EQ(cas.key, 5);
  EXPECT_EQ(cas.expected, 7);
  EXPECT_EQ(cas.value, 8);
  EXPECT_TRUE(cas.swapped);
  EXPECT_EQ(cas.invoke_ns, 10);
  EXPECT_EQ(cas.return_ns, 20);
  EXPECT_EQ(history->ops[1].outcome, Outcome::kUnknown);
  EXPECT_EQ(history->ops[1].value, 9);
}

TEST(HistoryReaderTest, ReadsKnossosRegistersInEdn) {
  const std::string good =
      "{:type :invoke, :f :write, :value 1, :process 0, :time 100, :index 0}\n"
      "{:type :info, :f :start, :process :nemesis, :time 110, :value [:isolated]}\n"
      "{:type :invoke, :f :cas, :value [1 2], :process 1, :time 120, :index 1}\n"
      "{:type :ok, :f :write, :value 1, :process 0, :time 130, :index 2}\n"
      "{:type :ok, :f :cas, :value [1 2], :process 1, :time 140, :index 3}\n"
      "{:type :invoke, :f :cas, :value [1 3], :process 0, :time 150}\n"
      "{:type :fail, :f :cas, :value [1 3], :process 0, :time 160}\n"
      "{:type :invoke, :f :read, :value nil, :process 1, :time 170}\n"
      "{:type :ok, :f :read, :value 2, :process 1, :time 180}\n";
  EXPECT_TRUE(Holds(good, HistoryModel::kCasRegister));
  EXPECT_TRUE(Holds("[" + good + "]", HistoryModel::kCasRegister));
  EXPECT_TRUE(Holds("(" + good + ") ; the end", HistoryModel::kCasRegister));
  EXPECT_FALSE(Holds(good + "{:type :invoke :f :read :process 7 :time 190}\n"
                            "{:type :ok :f :read :process 7 :value 1 :time 195}\n",
                     HistoryModel::kCasRegister));
}

TEST(HistoryReaderTest, ReadsWhatElleCliTakes) {
  const std::string events =
      R"({"type":"invoke","f":"txn","value":[["append","x",1],["r","y",null]],"process":0,"time":1},
         {"type":"ok","f":"txn","value":[["append","x",1],["r","y",null]],"process":0,"time":2},
         {"type":"invoke","f":"txn","value":[["r","x",null]],"process":1,"time":3},
         {"type":"ok","f":"txn","value":[["r","x",[1]]],"process":1,"time":4})";
  EXPECT_TRUE(Holds("[" + events + "]", HistoryModel::kListAppend));
  EXPECT_TRUE(Holds(events, HistoryModel::kListAppend));
  std::string stale = events;
  stale.replace(stale.find("[[\"r\",\"x\",[1]]]"), 15, "[[\"r\",\"x\",[ ]]]");
  EXPECT_FALSE(Holds(stale, HistoryModel::kListAppend));
  // Elle's own examples name neither function nor process.
  EXPECT_TRUE(
      Holds("{:index 2 :type :invoke, :value [[:append 255 8] [:r 253 nil]]}\n"
            "{:index 3 :type :ok,     :value [[:append 255 8] [:r 253 []]]}\n",
            HistoryModel::kListAppend));
}

TEST(HistoryReaderTest, ReadsJepsensCountersWhoseAddsReturnNothing) {
  std::string text;
  for (int i = 0; i < 3; ++i) {
    text +=
        "{:type :invoke, :f :add, :value 1, :process 0}\n{:type :ok, :f :add, :value 1, "
        ":process 0}\n";
  }
  const std::string read = "{:type :invoke, :f :read, :process 1}\n{:type :ok, :f :read, :value ";
  EXPECT_TRUE(Holds(text + read + "3 :process 1}", HistoryModel::kCounter));
  EXPECT_FALSE(Holds(text + read + "2 :process 1}", HistoryModel::kCounter));
  EXPECT_FALSE(Holds(text + read + "4 :process 1}", HistoryModel::kCounter));
  EXPECT_TRUE(
      Holds(text + "{:type :invoke, :f :add, :value 1, :process 0}" + read + "4 :process 1}",
            HistoryModel::kCounter));
}

TEST(HistoryReaderTest, ReadsMutexes) {
  const std::string acquire =
      "{:type :invoke :f :acquire :process 0} "
      "{:type :ok :f :acquire :process 0} ";
  const std::string release =
      "{:type :invoke :f :release :process 0} "
      "{:type :ok :f :release :process 0} ";
  EXPECT_TRUE(Holds(acquire + release + acquire, HistoryModel::kMutex));
  EXPECT_FALSE(Holds(acquire + acquire, HistoryModel::kMutex));
}

TEST(HistoryReaderTest, EventsAtOneTimeKeepTheirOrder) {
  const std::string text =
      "{:type :invoke :f :write :value 1 :process 0 :time 5} {:type :ok :f :write :process 0 "
      ":time 5}{:type :invoke :f :read :process 0 :time 5} {:type :ok :f :read :value nil "
      ":process 0 :time 5}";
  EXPECT_FALSE(Holds(text, HistoryModel::kRegister));
}

TEST(HistoryReaderTest, RegistersBeginAsNilUnlessTold) {
  const std::string text =
      "{:type :invoke :f :read :process 0}{:type :ok :f :read :value 5 "
      ":process 0}";
  EXPECT_FALSE(Holds(text, HistoryModel::kRegister));
  HistoryReaderOptions options;
  options.model = HistoryModel::kRegister;
  options.initial = "5";
  const absl::StatusOr<ModelHistory> history = Read(text, options);
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_EQ(JudgeHistory(*history).answer, Answer::kLinearizable);
  options.initial = "[";
  EXPECT_THAT(ErrorOf(text, options), HasSubstr("--history_initial=: a list is not closed"));
  options.model = HistoryModel::kMutex;
  options.initial = "1";
  EXPECT_THAT(ErrorOf("{:type :invoke :f :acquire :process 0}", options),
              HasSubstr("--history_initial=: a mutex has no initial value"));
}

TEST(HistoryReaderTest, ValuesAndKeysMayBeNames) {
  const std::string text =
      "{:type :invoke :f :write :value \"a\" :process 0}{:type :ok :f :write :process 0}"
      "{:type :invoke :f :read :process 0}{:type :ok :f :read :value \"b\" :process 0}";
  const absl::StatusOr<ModelHistory> history = Read(text, HistoryModel::kRegister);
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_THAT(JudgeHistory(*history).violations.first, HasSubstr("read -> \"b\""));
}

TEST(HistoryReaderTest, ReadsFilesThatAreCompressedAndSeesWhereTheyAreCutOff) {
  const TestFile file;
  gzFile out = gzopen(file.path().c_str(), "wb");
  std::string text = kCounter;
  for (int i = 0; i < 1000; ++i) text += Line(absl::StrCat("\"f\":\"read\",\"result\":", i / 999));
  ASSERT_GT(gzputs(out, text.c_str()), 0);
  ASSERT_EQ(gzclose(out), Z_OK);
  const absl::StatusOr<ModelHistory> history = ReadHistory(file.path(), {});
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_EQ(history->ops.size(), 1000u);

  std::filesystem::resize_file(file.path(), std::filesystem::file_size(file.path()) / 2);
  EXPECT_THAT(std::string(ReadHistory(file.path(), {}).status().message()),
              HasSubstr("damaged or cut off"));
}

TEST(HistoryReaderTest, RefusesWhatIsCutOff) {
  const std::string line = Line("\"f\":\"read\",\"result\":0");
  EXPECT_EQ(ErrorOf(kCounter + line.substr(0, 30)),
            "2: the file ends inside an operation: it is cut off");
  EXPECT_EQ(ErrorOf(kCounter + line + "\n\n{\"process"),
            "5: the file ends inside an operation: it is cut off");
  EXPECT_EQ(ErrorOf("[{:type :invoke :f :read :process 0}\n", HistoryModel::kRegister),
            "2: the file ends inside an operation: it is cut off");
  EXPECT_EQ(ErrorOf("{\"history\":1,\"model\":\"counter\",\"operations\":3}\n" + line),
            "3: the file ends after 1 of 3 operations: it is cut off");
  EXPECT_EQ(ErrorOf(""), "1: it has no operations");
  EXPECT_EQ(ErrorOf(" \n"), "2: it has no operations");
  EXPECT_EQ(ErrorOf("[]", HistoryModel::kRegister), "1: it has no operations");
  EXPECT_EQ(ErrorOf("{:type :info :process :nemesis}", HistoryModel::kRegister),
            "1: it has no operations");
}

TEST(HistoryReaderTest, RefusesAnotherModel) {
  EXPECT_EQ(ErrorOf(kCounter, HistoryModel::kRegister),
            "1: it is a history of a counter, not of a register");
  EXPECT_EQ(ErrorOf(kCounter + Line("\"f\":\"write\",\"args\":[1]")),
            "2: a counter has no operation 'write'");
  EXPECT_EQ(ErrorOf("{:type :invoke :f :txn :value [] :process 0}", HistoryModel::kRegister),
            "1: a register has no operation 'txn'");
  EXPECT_EQ(ErrorOf("{:type :invoke :f :read :process 0}", HistoryModel::kListAppend),
            "1: a list_append has no operation 'read'");
  EXPECT_EQ(ErrorOf("{\"history\":1,\"model\":\"queue\"}"), "1: there is no model 'queue'");
  EXPECT_THAT(ErrorOf("{\"history\":2,\"model\":\"counter\"}"), HasSubstr("version '2'"));
  EXPECT_THAT(ErrorOf("{:type :invoke :f :read :process 0}"),
              HasSubstr("--history_model= is missing"));
  EXPECT_THAT(ErrorOf("{\"a\":1}"), StartsWith("1: this is neither the header"));
}

TEST(HistoryReaderTest, RefusesWrongTypesAndMissingFields) {
  for (const char* fields :
       {"\"f\":\"read\",\"result\":\"x\"", "\"f\":\"read\"", "\"f\":\"add\",\"args\":[2]",
        "\"f\":\"add\",\"args\":5", "\"f\":\"add\",\"args\":[1,1]", "\"f\":5", "\"f\":null",
        "\"f\":\"read\",\"result\":[1]", "\"f\":\"read\",\"result\":99999999999999999999",
        "\"f\":\"read\",\"result\":-9223372036854775807", "\"f\":\"read\",\"result\":1e3",
        "\"f\":\"read\",\"result\":{}", "\"f\":\"read\",\"result\":1,\"key\":[1]",
        "\"f\":\"read\",\"result\":true"}) {
    EXPECT_THAT(ErrorOf(kCounter + Line(fields)), StartsWith("2: ")) << fields;
  }
  const auto error = [](const std::string& operation) { return ErrorOf(kCounter + operation); };
  EXPECT_THAT(error(R"({"f":"read"})"), HasSubstr("outcome has to be"));
  EXPECT_THAT(error(R"({"f":"read","outcome":"ok"})"), HasSubstr("no process"));
  EXPECT_THAT(error(R"({"f":"add","outcome":"ok","process":0})"), HasSubstr("no invoke_ns"));
  EXPECT_THAT(error(R"({"f":"add","outcome":"ok","process":0,"invoke_ns":1})"),
              HasSubstr("no return_ns"));
  EXPECT_THAT(error(R"({"f":"add","outcome":"ok","process":0,"invoke_ns":2,"return_ns":1})"),
              HasSubstr("it returned at 1 ns, and began at 2"));
  EXPECT_THAT(error(R"({"f":"add","outcome":"ok","process":0,"invoke_ns":-2,"return_ns":1})"),
              HasSubstr("invoke_ns has to be an integer from 0 on"));
  EXPECT_THAT(error(R"({"f":"add","outcome":"ok","process":-1,"invoke_ns":2,"return_ns":1})"),
              HasSubstr("process has to be"));
  EXPECT_THAT(error("[1,2]"), HasSubstr("an operation, which is a map, is missing before '['"));
}

TEST(HistoryReaderTest, RefusesListsThatNoCheckerTakes) {
  const std::string header = "{\"history\":1,\"model\":\"list_append\"}\n";
  for (const char* fields :
       {R"("f":"txn")", R"("f":"txn","args":[["append",1]],"result":[null])",
        R"("f":"txn","args":[["append",1,2]],"result":[])",
        R"("f":"txn","args":[["append",1,2]],"result":[null,null])",
        R"("f":"txn","args":[["r",1]],"result":[5])", R"("f":"txn","args":[["r",1]])",
        R"("f":"txn","args":[["r",null]],"result":[[]])",
        R"("f":"txn","args":[["r",1]],"result":[[[1]]])",
        R"("f":"txn","args":[["append",1,2],["append",1,2]],"result":[null,null])"}) {
    EXPECT_THAT(ErrorOf(header + Line(fields)), StartsWith("2: ")) << fields;
  }
  EXPECT_EQ(ErrorOf(header + Line(R"("f":"txn","args":[["append",1,2]],"result":[null])") +
                    Line(R"("f":"txn","args":[["append",1,2]],"result":[null])")),
            "3: the value 2 is appended to the list 1 a second time");
}

TEST(HistoryReaderTest, RefusesEventsThatDoNotPair) {
  const auto error = [](const std::string& text) {
    return ErrorOf("{:type :invoke :f :read :process 0 :time 1}\n" + text, HistoryModel::kRegister);
  };
  EXPECT_THAT(error("{:type :invoke :f :read :process 0 :time 2}"),
              StartsWith("2: process 0 invokes an operation before"));
  EXPECT_THAT(error("{:type :ok :f :read :process 1 :time 2}"),
              StartsWith("2: process 1 completes what it has not invoked"));
  EXPECT_THAT(error("{:type :ok :f :write :process 0 :time 2}"),
              StartsWith("2: it completes a read as a write"));
  EXPECT_THAT(error("{:type :done :f :read :process 0 :time 2}"),
              StartsWith("2: its type has to be"));
  EXPECT_THAT(error("{:type :ok :f :read :process 0}"), StartsWith("2: some events have a time"));
  EXPECT_THAT(error("{:type :ok :f :read :process \"0\" :time 2}"),
              StartsWith("2: its process has to be"));
  EXPECT_THAT(error("{:type :ok :f :read :process 0 :time 9223372036854775806}"),
              StartsWith("2: its time is too large"));
  EXPECT_THAT(error("{:type :ok :f :read :process 0 :value [0 1] :time 2}"),
              StartsWith("2: there is a list or a map where a value has to be"));
}

TEST(HistoryReaderTest, RefusesWhatWouldTakeTooMuch) {
  std::string deep = kCounter;
  for (int i = 0; i < 1'000'000; ++i) deep += "{\"f\":[";
  EXPECT_EQ(ErrorOf(deep), "2: it is nested over 32 deep");
  EXPECT_EQ(ErrorOf(kCounter + Line(absl::StrCat("\"f\":\"", std::string(100 << 20, 'x'), "\""))),
            "2: an operation is longer than 16 MiB");
  EXPECT_EQ(ErrorOf(kCounter + std::string("{\"f\":\0}", 7)), "2: there is a NUL byte");
  EXPECT_EQ(ErrorOf(kCounter + std::string("{\"f\":\"\0\"}", 9)), "2: there is a NUL byte");
  EXPECT_EQ(ErrorOf(std::string("\0", 1)),
            "1: an operation, which is a map, is missing before '\\000'");
  EXPECT_THAT(
      ErrorOf("{:type :invoke :f :write :process 0 :value \"" + std::string(300, 'x') + "\"}",
              HistoryModel::kRegister),
      HasSubstr("a name is longer than 256 bytes"));
}

TEST(HistoryReaderTest, NamesFilesThatCanNotBeRead) {
  EXPECT_THAT(std::string(ReadHistory("/no/such/file", {}).status().message()),
              HasSubstr("/no/such/file can't be read: No such file"));
  EXPECT_THAT(std::string(ReadHistory("/tmp", {}).status().message()),
              HasSubstr("/tmp is a directory"));
}

}  // namespace
}  // namespace rcb
