// Reads what the reporters write: JSON with a strict parser, CSV by RFC 4180.

#include "common/report/file_reporters.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "common/report/ledger.h"
#include "common/report/test_rows.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::Contains;
using testing::ElementsAre;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// What `reporter` writes of `batches`, one ReportRuns each.
std::string Written(benchmark::BenchmarkReporter& reporter,
                    const std::vector<std::vector<Row>>& batches) {
  std::ostringstream out;
  reporter.SetOutputStream(&out);
  benchmark::BenchmarkReporter::Context context;
  context.name_field_width = 0;
  EXPECT_TRUE(reporter.ReportContext(context));
  for (const std::vector<Row>& rows : batches) reporter.ReportRuns(rows);
  reporter.Finalize();
  return out.str();
}

// The "benchmarks" of strict JSON.
nlohmann::json RowsInJson(const Ledger& ledger, const std::vector<std::vector<Row>>& batches) {
  JsonReporter reporter(ledger);
  const std::string text = Written(reporter, batches);
  nlohmann::json whole = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  EXPECT_FALSE(whole.is_discarded()) << text;
  if (whole.is_discarded()) return nlohmann::json::array();
  EXPECT_TRUE(whole["context"].is_object());
  EXPECT_TRUE(whole["benchmarks"].is_array());
  return whole["benchmarks"];
}

std::vector<std::string> NamesIn(const nlohmann::json& rows) {
  std::vector<std::string> names;
  for (const nlohmann::json& row : rows) names.push_back(row["name"]);
  return names;
}

using CsvTable = std::vector<std::vector<std::string>>;

CsvTable ParseCsv(const std::string& text) {
  CsvTable table;
  std::vector<std::string> fields = {""};
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"' && quoted && i + 1 < text.size() && text[i + 1] == '"') {
      fields.back() += text[++i];
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == ',' && !quoted) {
      fields.emplace_back();
    } else if (text[i] == '\n' && !quoted) {
      table.push_back(fields);
      fields = {""};
    } else {
      fields.back() += text[i];
    }
  }
  EXPECT_FALSE(quoted) << text;
  EXPECT_THAT(fields, ElementsAre("")) << "the last line is cut short: " << text;
  return table;
}

CsvTable RowsInCsv(const Ledger& ledger, const std::vector<std::vector<Row>>& batches) {
  CsvReporter reporter(ledger, Catalogue());
  return ParseCsv(Written(reporter, batches));
}

// The field of line `line` under the heading `name`.
std::string Field(const CsvTable& table, size_t line, const std::string& name) {
  const auto column = std::find(table[0].begin(), table[0].end(), name);
  if (column == table[0].end()) return "no such column";
  return table[line][static_cast<size_t>(column - table[0].begin())];
}

TEST(JsonReporter, WritesNumbersThatJsonKnowsWhateverTheyWere) {
  Row row = MakeRow("F/lockfree/a");
  row.counters["nan"] = kNan;
  row.counters["infinity"] = kInfinity;
  row.counters["minus_infinity"] = -kInfinity;
  row.counters["p50_us"] = 123.456;
  row.counters["tiny"] = 5e-324;
  row.counters["huge"] = std::numeric_limits<double>::max();
  row.real_accumulated_time = kNan;
  row.cpu_accumulated_time = kInfinity;
  Row cv = MakeAggregate("F/lockfree/a", "cv", benchmark::kPercentage);
  cv.counters["errors"] = kNan;  // as 1.7.1 computes it of zeros
  cv.real_accumulated_time = kNan;
  const nlohmann::json rows = RowsInJson(Ledger(), {{row, cv}});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["nan"], 0.0);
  EXPECT_EQ(rows[0]["infinity"], 0.0);
  EXPECT_EQ(rows[0]["minus_infinity"], 0.0);
  EXPECT_EQ(rows[0]["p50_us"], 123.456);
  EXPECT_EQ(rows[0]["huge"], std::numeric_limits<double>::max());
  EXPECT_EQ(rows[0]["real_time"], 0.0);
  EXPECT_EQ(rows[1]["errors"], 0.0);
  EXPECT_EQ(rows[1]["real_time"], 0.0);
}

TEST(JsonReporter, MarksErrorsAndKeepsTheirRows) {
  const Row good = MakeRow("F/lockfree/a");
  Row bad = MakeRow("F/lockfree/b");
  bad.counters["errors"] = 2;
  Ledger ledger;
  EntryFor(ledger, good);
  LedgerEntry& entry = EntryFor(ledger, bad);
  entry.errors = 2;
  entry.first_error = "ERR \"no\\such\ncommand\" \x01\xff";
  const nlohmann::json rows = RowsInJson(ledger, {{good}, {bad}});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_FALSE(rows[0].contains("error_message"));
  EXPECT_FALSE(rows[0].contains("error_occurred"));
  EXPECT_EQ(rows[1]["error_occurred"], true);
  EXPECT_EQ(rows[1]["error_message"], "2 errors, 0 timeouts; first: ERR \"no\\such command\"   ");
  EXPECT_EQ(rows[1]["errors"], 2.0);
}

TEST(JsonReporter, SaysOfEachRowWhatItIsForAndWhatItPromises) {
  const Row safe = MakeRow("F/policy/safe");
  const Row control = MakeRow("F/policy/control");
  const Row measurement = MakeRow("F/cost/measurement");
  const Row unknown = MakeRow("F/cost/unknown");
  const Row mean = MakeAggregate("F/policy/safe", "mean", benchmark::kTime);
  Ledger ledger;
  LedgerEntry& entry = EntryFor(ledger, safe);
  entry.role = Role::kSafe;
  entry.contract.promise = "at most five wait";
  entry.contract.bounds = {{"queue_max", Bound::Relation::kAtMost, 5},
                           {"served", Bound::Relation::kEqual, 1},
                           {"rate", Bound::Relation::kAtLeast, 0.5}};
  entry.contract.evidence = Evidence::kRecordAndMemory;
  EntryFor(ledger, control).role = Role::kControl;
  EntryFor(ledger, control).finished = true;
  EntryFor(ledger, measurement).void_reason = "the server was flushed";
  const nlohmann::json rows =
      RowsInJson(ledger, {{safe, mean}, {control}, {measurement}, {unknown}});
  ASSERT_EQ(rows.size(), 5u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(rows[i]["role"], "safe");
    EXPECT_EQ(rows[i]["bounds"],
              nlohmann::json::array({"queue_max <= 5", "served == 1", "rate >= 0.5"}));
    EXPECT_EQ(rows[i]["evidence"], "record and memory");
  }
  EXPECT_EQ(rows[0]["verdict"], "ok");
  EXPECT_EQ(rows[2]["role"], "control");
  EXPECT_EQ(rows[2]["bounds"], nlohmann::json::array());
  EXPECT_EQ(rows[2]["evidence"], "record");
  EXPECT_EQ(rows[2]["verdict"], "not provable here");
  EXPECT_EQ(rows[3]["role"], "measurement");
  EXPECT_EQ(rows[3]["verdict"], "void");
  EXPECT_EQ(rows[3]["error_message"], "void: the server was flushed");
  EXPECT_FALSE(rows[3].contains("bounds"));
  EXPECT_FALSE(rows[4].contains("role")) << "the ledger does not know it";
}

TEST(JsonReporter, IsWholeWhicheverRowsWereInterrupted) {
  const std::vector<std::vector<Row>> batches = {
      {MakeRow("F/lockfree/a")}, {MakeRow("F/lockfree/b")}, {MakeRow("F/lockfree/c")}};
  for (unsigned cut = 0; cut < 8; ++cut) {
    Ledger ledger;
    std::vector<std::string> expected;
    for (size_t i = 0; i < batches.size(); ++i) {
      const bool interrupted = (cut >> i & 1) != 0;
      EntryFor(ledger, batches[i][0]).interrupted = interrupted;
      if (!interrupted) expected.push_back(batches[i][0].benchmark_name());
    }
    EXPECT_EQ(NamesIn(RowsInJson(ledger, batches)), expected) << cut;
  }
}

TEST(JsonReporter, IsWholeWithoutAnyRow) { EXPECT_EQ(RowsInJson(Ledger(), {}).size(), 0u); }

TEST(CsvReporter, GivesEveryLineAFieldForEveryColumn) {
  Row with = MakeRow("F/lockfree/a");
  const std::vector<std::string> names = Catalogue().CounterNames();
  for (const std::string& name : names) with.counters[name] = 1.5;
  Row without = MakeRow("G/unsafe/b");
  without.report_label = "a \"quoted\" label, with a comma\nand a second line";
  Ledger ledger;
  EntryFor(ledger, without).abort_reason = "it said \"no, never\"\r\n and left";
  const CsvTable table = RowsInCsv(ledger, {{with}, {without, with}});
  ASSERT_EQ(table.size(), 4u);
  for (const auto& line : table) EXPECT_EQ(line.size(), 7 + names.size());
  for (const std::string& name : names) {
    EXPECT_THAT(table[0], Contains(name));
    EXPECT_EQ(Field(table, 1, name), "1.5");
    EXPECT_EQ(Field(table, 2, name), "");
  }
  EXPECT_EQ(Field(table, 1, "name"), "F/lockfree/a/workers:10/real_time/threads:1");
  EXPECT_EQ(Field(table, 2, "label"), "a \"quoted\" label, with a comma and a second line");
  EXPECT_EQ(Field(table, 2, "error_message"), "it said \"no, never\"   and left");
  EXPECT_EQ(Field(table, 3, "error_message"), "");
}

TEST(CsvReporter, GivesTimesPerIterationInTheUnitOfTheRow) {
  Row row = MakeRow("F/lockfree/a");
  row.time_unit = benchmark::kMillisecond;
  const CsvTable table = RowsInCsv(Ledger(), {{row}});
  ASSERT_EQ(table.size(), 2u);
  EXPECT_EQ(Field(table, 1, "iterations"), "10");
  EXPECT_EQ(Field(table, 1, "real_time"), "2");
  EXPECT_EQ(Field(table, 1, "cpu_time"), "1");
  EXPECT_EQ(Field(table, 1, "time_unit"), "ms");
}

TEST(CsvReporter, AgreesWithJsonOnAggregates) {
  Row mean = MakeAggregate("F/lockfree/a", "mean", benchmark::kTime);
  Row cv = MakeAggregate("F/lockfree/a", "cv", benchmark::kPercentage);
  mean.real_accumulated_time = 3e-6;
  cv.real_accumulated_time = 0.125;
  cv.cpu_accumulated_time = 0.25;
  const nlohmann::json json = RowsInJson(Ledger(), {{mean, cv}});
  const CsvTable csv = RowsInCsv(Ledger(), {{mean, cv}});
  ASSERT_EQ(json.size(), 2u);
  ASSERT_EQ(csv.size(), 3u);
  EXPECT_EQ(json[0]["real_time"], 1000.0);
  EXPECT_EQ(Field(csv, 1, "real_time"), "1000");
  EXPECT_EQ(Field(csv, 1, "name"), "F/lockfree/a/workers:10/real_time/threads:1_mean");
  EXPECT_EQ(json[1]["real_time"], 0.125);
  EXPECT_EQ(Field(csv, 2, "real_time"), "0.125");
  EXPECT_EQ(Field(csv, 2, "cpu_time"), "0.25");
}

TEST(CsvReporter, WritesNoNanAndNoInterruptedRow) {
  Row odd = MakeRow("F/lockfree/a");
  odd.counters["p50_us"] = kNan;
  odd.counters["p95_us"] = kInfinity;
  odd.real_accumulated_time = kNan;
  const Row cut = MakeRow("F/lockfree/b");
  Ledger ledger;
  EntryFor(ledger, cut).interrupted = true;
  const CsvTable table = RowsInCsv(ledger, {{cut}, {odd}, {cut}});
  ASSERT_EQ(table.size(), 2u);
  EXPECT_EQ(Field(table, 1, "p50_us"), "0");
  EXPECT_EQ(Field(table, 1, "p95_us"), "0");
  EXPECT_EQ(Field(table, 1, "real_time"), "0");
}

}  // namespace
}  // namespace rcb
