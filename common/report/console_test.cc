#include "common/report/console.h"

#include <limits>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/report/ledger.h"
#include "common/report/test_rows.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// Two families: G has no columns of its own.
Catalogue MakeCatalogue() {
  constexpr Direction kLower = Direction::kLowerIsBetter;
  Catalogue catalogue;
  const std::vector<Metric> metrics = {
      {"computations", "1", kLower, MetricClass::kNoisy, "how many"},
      {"predicted", "1", kLower, MetricClass::kInfo, "how many by theory"},
      {"at_once_max", "1", kLower, MetricClass::kNoisy, "how many at once"},
      {"misses", "1", kLower, MetricClass::kNoisy, "how many for nothing"},
      {"stale_ratio", "ratio", kLower, MetricClass::kNoisy, "how many are stale"},
  };
  const std::vector<Column> columns = {
      {"computations", "computations", {{"~", "predicted"}, {"peak ", "at_once_max"}}},
      {"misses", "misses"},
      {"stale", "stale_ratio"}};
  for (const char* const family : {"F", "StampedeExpiry", "Stampede"}) {
    catalogue.AddFamily(family, metrics, columns);
  }
  catalogue.AddFamily("G",
                      {{"pause_us", "us", kLower, MetricClass::kNoisy, "how long"},
                       {"gifts_per_second", "1/s", kLower, MetricClass::kNoisy, "how often"}},
                      {{"pause", "pause_us"}, {"gifts/s", "gifts_per_second"}});
  return catalogue;
}

// What the table says of 'batches', with the header.
std::string Table(const Ledger& ledger, const std::vector<std::vector<Row>>& batches,
                  bool is_open_loop = false) {
  StatusLine status_line;
  const Catalogue catalogue = MakeCatalogue();
  ConsoleReporter reporter(ledger, catalogue, status_line, "server and machine", is_open_loop);
  std::ostringstream out;
  reporter.SetOutputStream(&out);
  reporter.SetErrorStream(&out);
  benchmark::BenchmarkReporter::Context context;
  context.name_field_width = 0;
  EXPECT_TRUE(reporter.ReportContext(context));
  for (const std::vector<Row>& rows : batches) reporter.ReportRuns(rows);
  reporter.Finalize();
  return out.str();
}

// The cells of the only line that begins with 'name'.
std::vector<std::string> Cells(const std::string& table, const std::string& name) {
  std::vector<std::string> found;
  for (const absl::string_view line : absl::StrSplit(table, '\n')) {
    if (!absl::StartsWith(line, name)) continue;
    EXPECT_TRUE(found.empty()) << "two lines begin with " << name << "\n" << table;
    found = absl::StrSplit(line.substr(name.size()), ' ', absl::SkipEmpty());
  }
  return found;
}

std::string CellText(const std::string& table, const std::string& name) {
  return absl::StrJoin(Cells(table, name), " ");
}

size_t CountOf(const std::string& text, const std::string& word) {
  const std::vector<std::string> around = absl::StrSplit(text, word);
  return around.size() - 1;
}

Row MakeFullRow(const std::string& function, const std::string& args = "workers:10",
                int threads = 1) {
  Row row = MakeRow(function, args, threads);
  row.run_name.iterations = "iterations:50";
  row.counters["items_per_second"] = 123'456;
  row.counters["p50_us"] = 2.5;
  row.counters["p95_us"] = 2500;
  row.counters["p99_us"] = 2.5e6;
  row.counters["computations"] = 1;
  row.counters["violations"] = 0;
  row.counters["misses"] = 0.5;
  row.counters["stale_ratio"] = 0.125;
  return row;
}

TEST(FormatDuration, ChoosesAUnitThatPeopleRead) {
  const std::pair<double, const char*> cases[] = {
      {0, "0ns"},           {1, "1ns"},         {12.34, "12.3ns"},  {999, "999ns"},
      {1000, "1.0us"},      {12'340, "12.3us"}, {99'940, "99.9us"}, {123'400, "123us"},
      {999'000, "999us"},   {1e6, "1.00ms"},    {4.56e6, "4.56ms"}, {99.99e6, "99.99ms"},
      {123.4e6, "123ms"},   {999e6, "999ms"},   {1e9, "1.00s"},     {1.2e9, "1.20s"},
      {59.999e9, "60.00s"}, {3600e9, "3600s"},
  };
  for (const auto& [ns, text] : cases) EXPECT_EQ(FormatDuration(ns), text) << ns;
}

// What rounds up to the next unit is written in that unit.
TEST(FormatDuration, NeverRoundsToAThousandOfAUnit) {
  EXPECT_EQ(FormatDuration(999.4), "999ns");
  EXPECT_EQ(FormatDuration(999.6), "1.0us");
  EXPECT_EQ(FormatDuration(99'960), "100us");
  EXPECT_EQ(FormatDuration(999'400), "999us");
  EXPECT_EQ(FormatDuration(999'950), "1.00ms");
  EXPECT_EQ(FormatDuration(99.996e6), "100ms");
  EXPECT_EQ(FormatDuration(999.4e6), "999ms");
  EXPECT_EQ(FormatDuration(999.95e6), "1.00s");
  EXPECT_EQ(FormatDuration(99.996e9), "100s");
}

TEST(FormatRate, ChoosesAUnitThatPeopleRead) {
  const std::pair<double, const char*> cases[] = {
      {0, "0.0"},
      {0.14, "0.1"},
      {99.94, "99.9"},
      {99.96, "100"},
      {123.4, "123"},
      {9999, "9999"},
      {10'000, "10.0k"},
      {123'456, "123.5k"},
      {999'949, "999.9k"},
      {999'960, "1.00M"},
      {1e6, "1.00M"},
      {1'234'567, "1.23M"},
      {123'456'789, "123.46M"},
  };
  for (const auto& [rate, text] : cases) EXPECT_EQ(FormatRate(rate), text) << rate;
}

TEST(ShortName, DropsOnlyWhatAllRowsShare) {
  const std::pair<const char*, const char*> cases[] = {
      {"Counter/lockfree/incr/workers:50/real_time/threads:1", "Counter/lockfree/incr/workers:50"},
      {"Counter/lockfree/incr/workers:50/real_time/threads:2",
       "Counter/lockfree/incr/workers:50/threads:2"},
      {"Counter/lockfree/incr/workers:50/real_time/threads:16",
       "Counter/lockfree/incr/workers:50/threads:16"},
      {"Stampede/locking/lease/workers:10/compute_ms:10/iterations:50/real_time/threads:1",
       "Stampede/locking/lease/workers:10/compute_ms:10"},
      {"Harness/cost/record/real_time/threads:1", "Harness/cost/record"},
      {"", ""},
  };
  for (const auto& [name, shorter] : cases) EXPECT_EQ(ShortName(name), shorter);
}

TEST(ConsoleReporter, BeginsWithServerAndMachine) {
  EXPECT_TRUE(absl::StartsWith(Table(Ledger(), {}), "server and machine"));
}

TEST(ConsoleReporter, GivesEachFamilyAHeadingWithItsOwnColumns) {
  const std::string table = Table(Ledger(), {{MakeFullRow("H/lockfree/a")},
                                             {MakeFullRow("I/lockfree/a")},
                                             {MakeFullRow("F/lockfree/a")},
                                             {MakeFullRow("F/lockfree/b")},
                                             {MakeFullRow("G/lockfree/a")}});
  std::vector<std::string> headings;
  for (const absl::string_view line : absl::StrSplit(table, '\n')) {
    if (!absl::StartsWith(line, "benchmark")) continue;
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    headings.push_back(absl::StrJoin(words, " "));
  }
  EXPECT_THAT(headings,
              testing::ElementsAre("benchmark ops/s p50 p95 p99 violations",
                                   "benchmark ops/s p50 p95 p99 violations computations misses "
                                   "stale",
                                   "benchmark ops/s p50 p95 p99 violations pause gifts/s"))
      << "H and I have the same columns, and need one heading";
}

TEST(ConsoleReporter, WritesAFamilysCountersInTheirUnits) {
  Row row = MakeFullRow("G/lockfree/a");
  row.counters["pause_us"] = 12.34;
  row.counters["gifts_per_second"] = 12'345;
  EXPECT_EQ(CellText(Table(Ledger(), {{row}}), "G/lockfree/a/workers:10"),
            "123.5k 2.5us 2.50ms 2.50s 0 12.3us 12.3k");
}

TEST(ConsoleReporter, WritesOneLinePerRowInSensibleUnits) {
  const std::string table = Table(Ledger(), {{MakeFullRow("F/lockfree/a")}});
  EXPECT_EQ(CellText(table, "F/lockfree/a/workers:10"), "123.5k 2.5us 2.50ms 2.50s 0 1 0.5 12.5%");
}

TEST(ConsoleReporter, WritesDashesForWhatARowLacks) {
  Row row = MakeRow("F/lockfree/a");
  row.counters["p50_us"] = 1;
  EXPECT_EQ(CellText(Table(Ledger(), {{row}}), "F/lockfree/a/workers:10"),
            "- 1.0us 0ns 0ns - - - -");
}

TEST(ConsoleReporter, ShowsWhatTheoryPredictsOrHowManyComputedAtOnce) {
  Row predicted = MakeFullRow("F/lockfree/a");
  predicted.counters["computations"] = 2.345;
  predicted.counters["predicted"] = 2.71828;
  Row peak = MakeFullRow("F/lockfree/b");
  peak.counters["computations"] = 0.987;
  peak.counters["at_once_max"] = 100;
  const std::string table = Table(Ledger(), {{predicted, peak}});
  EXPECT_THAT(CellText(table, "F/lockfree/a/workers:10"), HasSubstr(" 2.50s 0 2.35 (~2.72) 0.5 "));
  EXPECT_THAT(CellText(table, "F/lockfree/b/workers:10"),
              HasSubstr(" 2.50s 0 0.99 (peak 100) 0.5 "));
}

TEST(ConsoleReporter, WritesSmallAndFullSharesInFewDigits) {
  Row row = MakeFullRow("F/lockfree/a");
  const std::pair<double, const char*> shares[] = {
      {0, "0%"},    {1.0 / 3000, "0.03%"}, {1e-7, "0%"},     {0.0999, "9.99%"},
      {0.1, "10%"}, {0.9994, "99.9%"},     {0.9999, "100%"}, {1, "100%"}};
  for (const auto& [share, text] : shares) {
    row.counters["stale_ratio"] = share;
    EXPECT_EQ(Cells(Table(Ledger(), {{row}}), "F/lockfree/a/workers:10").back(), text) << share;
  }
  const std::pair<double, const char*> misses[] = {
      {0, "0"}, {1.0 / 150, "0.007"}, {12.345, "12.35"}, {99.996, "100"}, {1234.5, "1234"}};
  for (const auto& [count, text] : misses) {
    row.counters["misses"] = count;
    EXPECT_EQ(Cells(Table(Ledger(), {{row}}), "F/lockfree/a/workers:10")[6], text) << count;
  }
}

TEST(ConsoleReporter, WritesTheSpreadOverRepetitionsAsPercentages) {
  Row cv = MakeAggregate("F/lockfree/a", "cv", benchmark::kPercentage);
  cv.counters["items_per_second"] = 0.025;
  cv.counters["p50_us"] = 0.125;
  cv.counters["p95_us"] = 0;
  cv.counters["p99_us"] = std::numeric_limits<double>::quiet_NaN();
  cv.counters["computations"] = 0.5;
  cv.counters["violations"] = std::numeric_limits<double>::quiet_NaN();
  Row mean = MakeAggregate("F/lockfree/a", "mean", benchmark::kTime);
  mean.counters["p50_us"] = 3;
  const std::string table = Table(Ledger(), {{mean, cv}});
  EXPECT_EQ(CellText(table, "F/lockfree/a/workers:10 cv"), "2.5% 12.5% 0.0% 0.0% - - - -");
  EXPECT_EQ(Cells(table, "F/lockfree/a/workers:10 mean")[1], "3.0us");
}

// Such as the cost of a histogram record.
TEST(ConsoleReporter, WritesTheTimePerIterationOfARowWithoutLatencies) {
  Row row = MakeRow("Harness/cost/record", "");
  row.real_accumulated_time = 123.4e-9;
  row.counters["items_per_second"] = 81e6;
  Row in_ms = MakeRow("Harness/cost/merge", "");
  in_ms.time_unit = benchmark::kMillisecond;
  Row cv = MakeAggregate("Harness/cost/spread", "cv", benchmark::kPercentage);
  cv.real_accumulated_time = 0.125;
  cv.counters["items_per_second"] = 0.25;
  const std::string table = Table(Ledger(), {{row}, {in_ms}, {cv}});
  EXPECT_EQ(CellText(table, "Harness/cost/record"), "81.00M 12.3ns each");
  EXPECT_EQ(CellText(table, "Harness/cost/merge"), "- 2.00ms each");
  EXPECT_EQ(CellText(table, "Harness/cost/spread/workers:10 cv"), "25.0% 12.5% each");
}

TEST(ConsoleReporter, SeparatesFamiliesByAnEmptyLine) {
  const std::string table = Table(Ledger(), {{MakeFullRow("H/lockfree/a")},
                                             {MakeFullRow("H/lockfree/b")},
                                             {MakeFullRow("I/lockfree/a")}});
  EXPECT_THAT(table, AllOf(HasSubstr("\n\nI/lockfree/a"), Not(HasSubstr("\n\nH/lockfree/b"))));
}

TEST(ConsoleReporter, SaysUnderARowWhatIsWrongWithIt) {
  const Row broken = MakeFullRow("F/lockfree/broken");
  const Row silent = MakeFullRow("F/unsafe/silent");
  const Row failed = MakeFullRow("F/lockfree/failed");
  const Row caught = MakeFullRow("F/unsafe/caught");
  const Row aborted = MakeRow("F/lockfree/aborted");
  Ledger ledger;
  for (const Row& row : {broken, failed}) EntryFor(ledger, row).role = Role::kSafe;
  for (const Row& row : {silent, caught}) EntryFor(ledger, row).role = Role::kControl;
  EntryFor(ledger, broken).violations.Add(3, "value 7 was returned twice");
  EntryFor(ledger, broken).check_again = "bench --history_check='x'";
  EntryFor(ledger, failed).timeouts = 2;
  EntryFor(ledger, failed).first_error = "no reply before the deadline";
  EntryFor(ledger, caught).violations.Add(5, "as it must");
  for (const Row& row : {broken, silent, failed, caught}) {
    EntryFor(ledger, row).finished = true;
    EntryFor(ledger, row).overlapping = 1000;
  }
  EntryFor(ledger, aborted).abort_reason = "the server is gone";
  const std::string table = Table(ledger, {{broken, silent, failed, caught, aborted}});
  EXPECT_THAT(table, HasSubstr("12.5%\n  BROKEN: value 7 was returned twice\n"
                               "  AGAIN: bench --history_check='x'\nF/unsafe/silent"));
  EXPECT_THAT(table, HasSubstr("12.5%\n  NOT CAUGHT: this control must violate its contract"));
  EXPECT_THAT(table, HasSubstr("12.5%\n  ERROR: 0 errors, 2 timeouts; first: no reply before"));
  EXPECT_EQ(CountOf(table, "BROKEN"), 1u);
  EXPECT_EQ(CountOf(table, "NOT CAUGHT"), 1u);
  EXPECT_EQ(CountOf(table, "ERROR"), 2u);
  EXPECT_EQ(CellText(table, "F/unsafe/caught/workers:10"),
            "123.5k 2.5us 2.50ms 2.50s 0 1 0.5 12.5%");
  EXPECT_THAT(table, HasSubstr("12.5%\nF/lockfree/aborted/workers:10\n  ERROR: the server is"));
}

TEST(ConsoleReporter, ShowsWhatAnOpenLoopOfferedAndDroppedAndWhoCouldNotKeepUp) {
  Row row = MakeFullRow("H/lockfree/a");
  row.counters["offered_per_second"] = 1e6;
  row.counters["dropped"] = 4321;
  Ledger ledger;
  EntryFor(ledger, row).overload = "1000000 operations per second were offered, 9 done";
  const std::string table = Table(ledger, {{row}}, /*is_open_loop=*/true);
  EXPECT_EQ(CellText(table, "benchmark"), "ops/s p50 p95 p99 violations offered dropped");
  EXPECT_EQ(CellText(table, "H/lockfree/a/workers:10"), "123.5k 2.5us 2.50ms 2.50s 0 1.00M 4321");
  EXPECT_THAT(table, HasSubstr("\n  OVERLOADED: 1000000 operations per second were offered"));
}

TEST(ConsoleReporter, LeavesInterruptedRowsOut) {
  const Row cut = MakeFullRow("F/lockfree/cut");
  Ledger ledger;
  EntryFor(ledger, cut).interrupted = true;
  EXPECT_THAT(Table(ledger, {{cut}, {MakeFullRow("F/lockfree/a")}}),
              AllOf(HasSubstr("F/lockfree/a"), Not(HasSubstr("cut"))));
}

// With the longest names of the suite, and as wide values as a run may yield.
TEST(ConsoleReporter, KeepsTo130ColumnsWithASpaceBetweenCells) {
  const std::string longest = "StampedeExpiry/locking/stale_while_revalidate";
  std::vector<Row> rows = {
      MakeFullRow(longest, "workers:100"), MakeFullRow(longest, "workers:50000", 256),
      MakeFullRow("StampedeExpiry/lockfree/ttl_jitter", "workers:100/jitter_pct:50", 2),
      MakeFullRow("Stampede/locking/single_flight", "workers:500/compute_cpu_ms:10000", 2)};
  rows.push_back(MakeFullRow(longest, "workers:50000", 256));
  rows.back().run_type = Row::RT_Aggregate;
  rows.back().aggregate_name = "median";
  for (Row& row : rows) {
    row.counters["items_per_second"] = 123'456'789;
    row.counters["p50_us"] = 99'996;
    row.counters["p95_us"] = 3.6e9;
    row.counters["p99_us"] = 999.97;
    row.counters["computations"] = 0.987;
    row.counters["at_once_max"] = 500;
    row.counters["violations"] = 123'456'789;
    row.counters["misses"] = 1.0 / 150;
    row.counters["stale_ratio"] = 0.9994;
  }
  const std::string table = Table(Ledger(), {rows});
  int lines = 0;
  for (const absl::string_view line : absl::StrSplit(table, '\n')) {
    EXPECT_LE(line.size(), 130u) << line;
    if (!absl::StrContains(line, "3600s")) continue;  // a name without its cells
    ++lines;
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    EXPECT_THAT(absl::StrJoin(words, " "),
                HasSubstr("123.46M 100ms 3600s 1.00ms 123456789 0.99 (peak 500) 0.007 99.9%"));
  }
  EXPECT_EQ(lines, static_cast<int>(rows.size()));
}

}  // namespace
}  // namespace rcb
