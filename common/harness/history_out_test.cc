#include "common/harness/history_out.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/history/history_reader.h"

namespace rcb {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

TEST(HistoryOutTest, NumbersTheRunsOfARow) {
  const std::string directory = absl::StrCat(testing::TempDir(), "rcb-history-out");
  std::filesystem::remove_all(directory);
  ASSERT_EQ(HistoryOut::Prepare(directory), absl::OkStatus());
  HistoryOut out(directory);
  Findings findings;
  EXPECT_EQ(out.Keep("A/b/c", "A/b/c/workers:1", findings), "");
  findings.history.emplace();
  EXPECT_THAT(out.Keep("A/b/c", "A/b/c/workers:1", findings),
              EndsWith("/A.b.c.workers_1.run_1.jsonl.gz"));
  const std::string path = out.Keep("A/b/c", "A/b/c/workers:1", findings);
  EXPECT_THAT(path, EndsWith("run_2.jsonl.gz"));
  EXPECT_THAT(out.Keep("A/b/c", "A/b/c/workers:2", findings), EndsWith("run_1.jsonl.gz"));
  EXPECT_FALSE(out.failed());
  const absl::StatusOr<ModelHistory> history = ReadHistory(path, {});
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_EQ(history->row, "A/b/c/workers:1");
  std::filesystem::remove_all(directory);
  EXPECT_EQ(out.Keep("A/b/c", "A/b/c/workers:2", findings), "");
  EXPECT_TRUE(out.failed());
}

TEST(HistoryOutTest, KeepsNothingUnlessAsked) {
  HistoryOut out("");
  Findings findings;
  findings.history.emplace();
  EXPECT_EQ(out.Keep("A/b/c", "A/b/c/workers:1", findings), "");
  EXPECT_FALSE(out.failed());
}

TEST(HistoryOutTest, TheCommandCanBeTyped) {
  EXPECT_THAT(CheckAgainCommand("a/b.gz"), EndsWith("_test --history_check='a/b.gz'"));
  EXPECT_THAT(CheckAgainCommand("it's"), HasSubstr("--history_check='it'\\''s'"));
}

}  // namespace
}  // namespace rcb
