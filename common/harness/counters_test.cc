#include "common/harness/counters.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/harness/test_session.h"
#include "common/report/catalogue.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::Contains;
using testing::DoubleEq;
using testing::Key;
using testing::Not;
using testing::Pair;

TEST(JainIndex, IsOneWhereAllSharesAreEqual) {
  EXPECT_DOUBLE_EQ(JainIndex({7}), 1);
  EXPECT_DOUBLE_EQ(JainIndex({5, 5, 5, 5}), 1);
  EXPECT_NEAR(JainIndex(std::vector<int64_t>(500, 123'456'789)), 1, 1e-9);
}

TEST(JainIndex, IsOneOfNWhereOneHasEverything) {
  EXPECT_DOUBLE_EQ(JainIndex({0, 0, 9, 0}), 0.25);
  EXPECT_DOUBLE_EQ(JainIndex({3, 0}), 0.5);
}

TEST(JainIndex, AgreesWithHandValues) {
  EXPECT_DOUBLE_EQ(JainIndex({1, 2, 3}), 36.0 / 42);
  EXPECT_DOUBLE_EQ(JainIndex({4, 1}), 25.0 / 34);
  EXPECT_DOUBLE_EQ(JainIndex({400, 100}), 25.0 / 34);
}

// Nobody is treated worse than others, and 0/0 is no number.
TEST(JainIndex, IsOneWhereNobodyHasAnything) {
  EXPECT_EQ(JainIndex({0, 0, 0}), 1);
  EXPECT_EQ(JainIndex({}), 1);
}

using Metrics = SessionTest;

std::map<std::string, double> AsMap(const Counters& counters) {
  const std::map<std::string, double> map(counters.begin(), counters.end());
  EXPECT_EQ(map.size(), counters.size()) << "a counter comes twice";
  return map;
}

TEST_F(Metrics, TotalsSumOverTheWorkersOfAllThreads) {
  std::unique_ptr<Session> session = MustOpen(OptionsFor(/*workers=*/3, /*threads=*/2));
  int64_t factor = 1;
  for (auto& slot : session->slots()) {
    for (auto& state : slot->workers) {
      state->tally = {10 * factor, 4 * factor, 3 * factor, 2 * factor, 1 * factor,
                      5 * factor,  8 * factor, 6 * factor, 7 * factor};
      factor *= 10;  // 1, 10, 100
    }
  }
  ASSERT_GT(session->MeasureRoundTripNs(5), 0);
  const Totals totals = TotalsOf(*session);
  EXPECT_EQ(totals.tally.started, 1110);
  EXPECT_EQ(totals.tally.succeeded, 444);
  EXPECT_EQ(totals.tally.errors, 333);
  EXPECT_EQ(totals.tally.timeouts, 222);
  EXPECT_EQ(totals.tally.dropped, 111);
  EXPECT_EQ(totals.tally.retries, 555);
  EXPECT_EQ(totals.tally.computations, 888);
  EXPECT_EQ(totals.tally.lookups, 666);
  EXPECT_EQ(totals.tally.hits, 777);
  EXPECT_EQ(totals.round_trips, 5);
  EXPECT_DOUBLE_EQ(totals.fairness, 111.0 * 111 / (3 * (1 + 100 + 10'000)));
}

TEST_F(Metrics, LatencyAndHistoryAreThoseOfAllThreads) {
  std::unique_ptr<Session> session = MustOpen(OptionsFor(/*workers=*/2, /*threads=*/2));
  for (int64_t thread = 0; thread < 2; ++thread) {
    ThreadSlot& slot = session->slot(static_cast<int>(thread));
    for (int64_t i = 1; i <= 3; ++i) {
      slot.latency.Record(100 * thread + i);
      slot.history.emplace_back().value = 100 * thread + i;
    }
  }
  EXPECT_EQ(LatencyOf(*session).count(), 6);
  EXPECT_EQ(LatencyOf(*session).min(), 1);
  EXPECT_EQ(LatencyOf(*session).max(), 103);
  std::vector<int64_t> values;
  for (const OpRecord& record : HistoryOf(*session)) values.push_back(record.value);
  EXPECT_THAT(values, testing::UnorderedElementsAre(1, 2, 3, 101, 102, 103));
}

TEST_F(Metrics, CountersAreWhatWasRecorded) {
  std::unique_ptr<Session> session = MustOpen(OptionsFor(/*workers=*/2, /*threads=*/2));
  for (int64_t ns = 1; ns <= 1000; ++ns) {
    session->slot(static_cast<int>(ns % 2)).latency.Record(ns);
  }
  session->slot(0).busy_ns = 30;
  session->slot(0).wall_ns = session->slot(1).wall_ns = 100;
  session->slot(1).busy_ns = 60;
  Tally& tally = session->slot(1).workers[0]->tally;
  tally.started = 8;
  tally.succeeded = 6;
  tally.retries = 4;
  tally.lookups = 5;
  tally.hits = 4;
  LedgerEntry entry;  // of several runs
  entry.violations.count = 11;
  entry.errors = 12;
  entry.timeouts = 13;
  ASSERT_GT(session->MeasureRoundTripNs(16), 0);
  const auto counters =
      AsMap(CommonCounters(*session, entry, /*round_trip_ns=*/2500, /*floor_ns=*/125));
  const std::pair<const char*, double> expected[] = {
      {"p50_us", 0.5},
      {"p95_us", 0.95},
      {"p99_us", 0.99},
      {"p999_us", 0.999},
      {"max_us", 1},
      {"rtt_us", 2.5},
      {"x_floor", 4},
      {"violations", 11},
      {"errors", 12},
      {"timeouts", 13},
      {"success_rate", 0.75},
      {"hit_ratio", 0.8},
      {"retries_per_op", 4.0 / 6},
      {"round_trips_per_op", 16.0 / 6},
      {"fairness", 0.5},
      {"client_cpu", 0.45},
  };
  for (const auto& [name, value] : expected) {
    EXPECT_THAT(counters, Contains(Pair(name, DoubleEq(value))));
  }
  EXPECT_GT(counters.at("rss_mib"), 1);
}

TEST_F(Metrics, CountersOfARunWithoutOperationsAreFiniteAndKnown) {
  std::unique_ptr<Session> session = MustOpen(OptionsFor(/*workers=*/1, /*threads=*/1));
  const auto counters =
      AsMap(CommonCounters(*session, LedgerEntry(), /*round_trip_ns=*/0, /*floor_ns=*/0));
  EXPECT_THAT(counters, Not(Contains(Key("x_floor"))));
  EXPECT_THAT(counters, Not(Contains(Key("hit_ratio"))));
  const std::vector<std::string> known = Catalogue().CounterNames();
  for (const auto& [name, value] : counters) {
    EXPECT_TRUE(std::isfinite(value)) << name;
    EXPECT_THAT(known, Contains(name));
  }
}

}  // namespace
}  // namespace rcb
