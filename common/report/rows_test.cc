#include "common/report/rows.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "common/report/ledger.h"
#include "common/report/test_rows.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::ElementsAre;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<std::string> FunctionsOf(const std::vector<Row>& rows) {
  std::vector<std::string> functions;
  for (const Row& row : rows) functions.push_back(row.run_name.function_name);
  return functions;
}

TEST(Rows, StayAsTheyAreWhereTheLedgerKnowsNothing) {
  Row row = MakeRow("F/lockfree/a");
  row.counters["p50_us"] = 12.5;
  const std::vector<Row> right = Sanitize(Ledger(), {row});
  ASSERT_EQ(right.size(), 1u);
  EXPECT_EQ(right[0].benchmark_name(), row.benchmark_name());
  EXPECT_EQ(right[0].real_accumulated_time, 0.02);
  EXPECT_EQ(CounterOf(right[0], "p50_us", -1), 12.5);
  EXPECT_EQ(ErrorOf(right[0]), "");
}

TEST(Rows, FindTheirEntryByFunctionArgumentsAndThreads) {
  Ledger ledger;
  const Row row = MakeRow("F/lockfree/a", "workers:10/beta_pct:50", 2);
  EXPECT_EQ(EntryOf(ledger, row), nullptr);
  LedgerEntry& entry = ledger["F/lockfree/a/workers:10/beta_pct:50/threads:2"];
  EXPECT_EQ(EntryOf(ledger, row), &entry);
  EXPECT_EQ(EntryOf(ledger, MakeRow("F/lockfree/a", "workers:10/beta_pct:50", 1)), nullptr);
  EXPECT_EQ(EntryOf(ledger, MakeRow("F/lockfree/a", "workers:10", 2)), nullptr);
}

TEST(Rows, LoseWhatJsonCannotSay) {
  Row row = MakeRow("F/lockfree/a");
  row.counters["a"] = kNan;
  row.counters["b"] = kInfinity;
  row.counters["c"] = -kInfinity;
  row.counters["d"] = 7;
  row.real_accumulated_time = kNan;
  row.cpu_accumulated_time = kInfinity;
  const std::vector<Row> right = Sanitize(Ledger(), {row});
  ASSERT_EQ(right.size(), 1u);
  EXPECT_EQ(CounterOf(right[0], "a", -1), 0);
  EXPECT_EQ(CounterOf(right[0], "b", -1), 0);
  EXPECT_EQ(CounterOf(right[0], "c", -1), 0);
  EXPECT_EQ(CounterOf(right[0], "d", -1), 7);
  EXPECT_EQ(right[0].real_accumulated_time, 0);
  EXPECT_EQ(right[0].cpu_accumulated_time, 0);
}

TEST(Rows, OfInterruptedBenchmarksAreLeftOutWhereverTheyStand) {
  const std::vector<Row> rows = {MakeRow("F/lockfree/a"), MakeRow("F/lockfree/b"),
                                 MakeRow("F/lockfree/c")};
  for (const std::string cut : {"F/lockfree/a", "F/lockfree/b", "F/lockfree/c"}) {
    Ledger ledger;
    for (const Row& row : rows) {
      EntryFor(ledger, row).interrupted = row.run_name.function_name == cut;
    }
    std::vector<std::string> expected = FunctionsOf(rows);
    std::erase(expected, cut);
    EXPECT_EQ(FunctionsOf(Sanitize(ledger, rows)), expected);
  }
}

TEST(Rows, OfBenchmarksThatBeganTooLateAreLeftOut) {
  const Row row = MakeRow("F/lockfree/a");
  Ledger ledger;
  EntryFor(ledger, row).is_late = true;
  EXPECT_TRUE(Sanitize(ledger, {row}).empty());
}

TEST(Rows, CarryTheErrorOfTheirOwnBenchmarkAlone) {
  const std::vector<Row> rows = {MakeRow("F/lockfree/a"), MakeRow("F/lockfree/b")};
  Ledger ledger;
  EntryFor(ledger, rows[0]);
  EntryFor(ledger, rows[1]).abort_reason = "the server is gone";
  const std::vector<Row> right = Sanitize(ledger, rows);
  ASSERT_EQ(right.size(), 2u);
  EXPECT_EQ(ErrorOf(right[0]), "");
  EXPECT_EQ(ErrorOf(right[1]), "the server is gone");
}

// Servers may put any byte into an error reply; JSON has no room for some, a table for others.
TEST(Rows, ErrorsAreOneLineOfPrintableAscii) {
  const Row row = MakeRow("F/lockfree/a");
  Ledger ledger;
  EntryFor(ledger, row).abort_reason =
      "bad\nreply:\t\x01\x1b[31m\xff\x80 'caf\xc3\xa9' \"q\" \\ \x7f.";
  const std::vector<Row> right = Sanitize(ledger, {row});
  ASSERT_EQ(right.size(), 1u);
  EXPECT_EQ(ErrorOf(right[0]), "bad reply:   [31m   'caf  ' \"q\" \\  .");
}

TEST(Rows, CountersThatARowLacksYieldTheOtherValue) {
  Row row = MakeRow("F/lockfree/a");
  row.counters["errors"] = 0;
  EXPECT_EQ(CounterOf(row, "errors", -1), 0);
  EXPECT_EQ(CounterOf(row, "timeouts", -1), -1);
}

}  // namespace
}  // namespace rcb
