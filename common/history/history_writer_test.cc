#include "common/history/history_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "common/history/history_reader.h"
#include "common/history/judge.h"
#include "common/history/operation_text.h"
#include "common/history/test_file.h"

namespace rcb {
namespace {

using testing::HasSubstr;

// What a file holds, each line as it is written.
std::vector<std::string> LinesOf(const ModelHistory& history) {
  const OperationText text(history);
  std::vector<std::string> lines = {text.Header()};
  for (size_t i = 0; i < history.ops.size(); ++i) lines.push_back(text.Json(i));
  return lines;
}

TEST(HistoryWriterTest, WhatIsWrittenIsReadAgain) {
  const char* const texts[] = {
      R"({"history":1,"model":"counter","row":"A/b/workers:2","initial":5,"operations":5}
{"process":0,"f":"add","key":0,"args":[1],"result":6,"invoke_ns":0,"return_ns":5,"outcome":"ok"}
{"process":1,"f":"add","key":1,"args":[1],"result":null,"invoke_ns":1,"return_ns":5,"outcome":"ok"}
{"process":2,"f":"add","key":0,"args":[1],"result":null,"invoke_ns":1,"return_ns":5,"outcome":"fail"}
{"process":3,"f":"add","key":0,"args":[1],"result":null,"invoke_ns":1,"return_ns":null,"outcome":"unknown"}
{"process":1,"f":"read","key":0,"args":[],"result":7,"invoke_ns":7,"return_ns":8,"outcome":"ok"})",
      R"({"history":1,"model":"cas_register","row":"","initial":null,"operations":3}
{"process":0,"f":"write","key":"k","args":["a\"\\b"],"result":null,"invoke_ns":0,"return_ns":5,"outcome":"ok"}
{"process":0,"f":"cas","key":0,"args":[null,2],"result":false,"invoke_ns":6,"return_ns":7,"outcome":"ok"}
{"process":0,"f":"read","key":0,"args":[],"result":null,"invoke_ns":8,"return_ns":9,"outcome":"ok"})",
      R"({"history":1,"model":"mutex","row":"","initial":null,"operations":2}
{"process":0,"f":"acquire","key":0,"args":[],"result":null,"invoke_ns":0,"return_ns":5,"outcome":"ok"}
{"process":0,"f":"release","key":0,"args":[],"result":null,"invoke_ns":6,"return_ns":7,"outcome":"ok"})",
      R"({"history":1,"model":"list_append","row":"","initial":null,"operations":2}
{"process":0,"f":"txn","key":null,"args":[["append","x",1],["r",2],["append",2,7]],"result":[null,[],null],"invoke_ns":0,"return_ns":5,"outcome":"ok"}
{"process":0,"f":"txn","key":null,"args":[["r",2]],"result":[[7]],"invoke_ns":6,"return_ns":7,"outcome":"ok"})"};
  for (const char* text : texts) {
    const absl::StatusOr<ModelHistory> history = Read(text);
    ASSERT_TRUE(history.ok()) << history.status();
    const TestFile file;
    const absl::StatusOr<int64_t> bytes = WriteHistory(*history, file.path());
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    EXPECT_EQ(static_cast<uintmax_t>(*bytes), std::filesystem::file_size(file.path()));
    EXPECT_LE(*bytes, EstimateHistoryBytes(*history));
    const absl::StatusOr<ModelHistory> again = ReadHistory(file.path(), {});
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(LinesOf(*again), LinesOf(*history));
  }
}

TEST(HistoryWriterTest, TimesCountFromTheFirstInvocation) {
  ModelHistory history;
  HistoryOp op;
  op.invoke_ns = 1'000'000'000'005;
  op.return_ns = 1'000'000'000'007;
  history.ops = {op};
  EXPECT_THAT(OperationText(history).Json(0), HasSubstr("\"invoke_ns\":0,\"return_ns\":2,"));
}

TEST(HistoryWriterTest, AFullDiskIsNoticedBefore) {
  ModelHistory history;
  history.ops.resize(3);
  EXPECT_THAT(std::string(WriteHistory(history, "/proc/history.gz").status().message()),
              HasSubstr("/proc/history.gz is not written: it would take about 0.0 MB, and its "
                        "disk has 0.0 MB left"));
  EXPECT_THAT(std::string(WriteHistory(history, "/no/such/directory/x").status().message()),
              HasSubstr("can't be written: No such file or directory"));
}

TEST(HistoryWriterTest, FilesAreCalledAfterTheRow) {
  EXPECT_EQ(HistoryPath("out", "Counter/lockfree/incr/workers:10/threads:1", 3),
            "out/Counter.lockfree.incr.workers_10.threads_1.run_3.jsonl.gz");
}

}  // namespace
}  // namespace rcb
