// Histories of the families that have a model: what a run recorded of itself is judged as the run
// was. And the examples of common/README.md: each is what it is said to be.

#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bench/cli_driver.h"
#include "bench/families.h"
#include "bench/test_family.h"
#include "common/check/list_append_check.h"
#include "common/harness/test_bed.h"
#include "common/history/history_reader.h"
#include "common/history/history_writer.h"
#include "common/history/judge.h"
#include "common/history/test_file.h"
#include "common/history/witness.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::Not;
using testing::SizeIs;

// Runs each variant of the family which `is_wanted`, and judges its history from a file.
template <typename IsWanted>
void ExpectSameVerdicts(const Family& family, HistoryModel model, size_t variants,
                        IsWanted is_wanted) {
  size_t seen = 0;
  for (const BenchmarkSpec& spec : VariantsOf(family)) {
    if (!is_wanted(spec)) continue;
    SCOPED_TRACE(spec.name);
    ++seen;
    TestBed bed(spec, {.threads = 2});
    ASSERT_EQ(bed.RunOnce(/*budget=*/2000), absl::OkStatus());
    const Findings findings = bed.Check();
    ASSERT_TRUE(findings.history.has_value());
    EXPECT_EQ(findings.history->model, model);
    const bool is_control = spec.role == Role::kControl;
    EXPECT_EQ(findings.is_history_violated, is_control);
    EXPECT_EQ(findings.violations.none(), !is_control);

    const TestFile file;
    ASSERT_TRUE(WriteHistory(*findings.history, file.path()).ok());
    const absl::StatusOr<ModelHistory> again = ReadHistory(file.path(), {});
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->ops.size(), findings.history->ops.size());
    const HistoryVerdict verdict = JudgeHistory(*again);
    EXPECT_EQ(verdict.violations.none(), !is_control) << verdict.violations.first;
    EXPECT_EQ(verdict.violations.count, findings.violations.count);
    if (!is_control) continue;
    const Witness witness = FindWitness(*again, verdict.violations.first);
    EXPECT_THAT(witness.ops, Not(testing::IsEmpty()));
    EXPECT_LE(witness.ops.size(), 10u);
  }
  EXPECT_EQ(seen, variants);
}

TEST(HistoryTest, CountersAreJudgedAsTheirRunWas) {
  ExpectSameVerdicts(CounterFamily(), HistoryModel::kCounter, 7,
                     [](const BenchmarkSpec&) { return true; });
}

// Other variants of Lock are judged by more than their counter.
TEST(HistoryTest, CountersInLocksAreJudgedAsTheirRunWas) {
  ExpectSameVerdicts(LockFamily(), HistoryModel::kCounter, 4, [](const BenchmarkSpec& spec) {
    return absl::EndsWith(spec.name, "/fair_queue") || absl::EndsWith(spec.name, "/read_write") ||
           absl::StartsWith(spec.name, "Lock/lockfree/");
  });
}

TEST(HistoryTest, TheControlsOfLocksLoseUpdatesOfTheirCounter) {
  for (const BenchmarkSpec& spec : VariantsOf(LockFamily())) {
    if (spec.role != Role::kControl || absl::StrContains(spec.name, "barging")) continue;
    SCOPED_TRACE(spec.name);
    TestBed bed(spec, {.threads = 2});
    bool is_violated = false;
    for (int run = 0; run < 5 && !is_violated; ++run) {
      ASSERT_EQ(bed.RunOnce(/*budget=*/2000), absl::OkStatus());
      const Findings findings = bed.Check();
      EXPECT_FALSE(findings.violations.none());
      is_violated = findings.is_history_violated;
      EXPECT_EQ(JudgeHistory(*findings.history).violations.none(), !is_violated);
    }
    EXPECT_TRUE(is_violated);
  }
}

TEST(HistoryTest, PairsAreJudgedAsTheirRunWas) {
  ExpectSameVerdicts(TransactionFamily(), HistoryModel::kRegister, 2, [](const BenchmarkSpec& s) {
    return absl::EndsWith(s.name, "/read_skew") || absl::EndsWith(s.name, "/mset_mget");
  });
}

TEST(HistoryTest, ListsAreJudgedAsTheirRunWas) {
  ExpectSameVerdicts(
      TransactionFamily(), HistoryModel::kListAppend, 2,
      [](const BenchmarkSpec& spec) { return absl::StrContains(spec.name, "/list_"); });
}

TEST(HistoryTest, WhatHasNoModelHasNoHistory) {
  for (const char* name : {"Transaction/lockfree/lua", "Transaction/unsafe/separate"}) {
    TestBed bed(SpecOf(TransactionFamily(), name), {});
    ASSERT_EQ(bed.RunOnce(/*budget=*/200), absl::OkStatus());
    EXPECT_FALSE(bed.Check().history.has_value()) << name;
  }
}

// ---- common/README.md

struct Example {
  std::string title;  // the line above
  std::string text;
};

// The code blocks of `file` between the marks of its histories.
std::vector<Example> Examples(const std::string& file) {
  std::vector<Example> examples;
  const std::string all = ReadFile(file);
  const size_t begin = all.find("<!-- histories -->");
  const size_t end = all.find("<!-- /histories -->");
  EXPECT_NE(end, std::string::npos);
  std::string title;
  bool is_inside = false;
  const std::vector<std::string> lines = absl::StrSplit(all.substr(begin, end - begin), '\n');
  for (const std::string& line : lines) {
    if (absl::StartsWith(line, "```")) {
      is_inside = !is_inside;
      if (is_inside) examples.push_back({title, ""});
    } else if (is_inside) {
      absl::StrAppend(&examples.back().text, line, "\n");
    } else if (!line.empty()) {
      title = line;
    }
  }
  return examples;
}

TEST(HistoryReadmeTest, EachExampleIsWhatItIsSaidToBe) {
  const std::vector<Example> examples = Examples(RCB_SOURCE_DIR "/common/README.md");
  std::set<HistoryModel> models;
  int violated = 0;
  for (const Example& example : examples) {
    SCOPED_TRACE(example.title);
    HistoryReaderOptions options;
    const std::string flag = "--history_model=";
    const size_t at = example.title.find(flag);
    if (at != std::string::npos) {
      const size_t name = at + flag.size();
      options.model =
          ParseHistoryModel(example.title.substr(name, example.title.find('`', name) - name));
    }
    const absl::StatusOr<ModelHistory> history = Read(example.text, options);
    ASSERT_TRUE(history.ok()) << history.status();
    if (!options.model) models.insert(history->model);
    const bool is_good = !absl::StrContains(example.title, " not ");
    violated += is_good ? 0 : 1;
    EXPECT_TRUE(absl::StrContains(example.title, "linearizable") ||
                absl::StrContains(example.title, "strictly serializable"));
    EXPECT_EQ(JudgeHistory(*history).answer == Answer::kLinearizable, is_good);
  }
  EXPECT_THAT(models, SizeIs(5));
  EXPECT_GT(violated, 0);
}

TEST(HistoryReadmeTest, TheTableOfAnomaliesIsComplete) {
  const std::string readme = ReadFile(RCB_SOURCE_DIR "/common/README.md");
  for (size_t i = 0; i < kListAnomalies; ++i) {
    const auto anomaly = static_cast<ListAnomaly>(i);
    const std::string name = ListAnomalyName(anomaly);
    const std::string elle = ElleAnomalyName(anomaly);
    const std::string row =
        absl::StrCat("| `", name, "` | ", elle.empty() ? "-" : absl::StrCat("`", elle, "`"), " |");
    EXPECT_EQ(absl::StrContains(readme, row), name != elle) << row;
  }
}

}  // namespace
}  // namespace rcb
