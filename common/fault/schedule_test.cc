// Schedules: that a seed gives the same one everywhere, and that texts are read as they are
// written.

#include "common/fault/schedule.h"

#include <map>
#include <random>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::HasSubstr;
using testing::Not;

const ScheduleRange kRange = {
    .kinds = {{"stall", "server", 100, 300}, {"cut", "clients", 0, 0}, {"slow", "links", 50, 50}},
    .min_gap_ms = 10,
    .max_gap_ms = 200,
    .duration_ms = 3000,
};

// Whoever changes how schedules are drawn makes the seeds of old results worthless.
TEST(ScheduleTest, ASeedGivesTheSameScheduleInEveryProcess) {
  ScheduleRange range = kRange;
  range.duration_ms = 900;
  EXPECT_EQ(ToText(DrawSchedule(1, range)),
            "slow@links:126+50,stall@server:193+214,cut@clients:481+0,slow@links:662+50");
  EXPECT_EQ(ToText(DrawSchedule(UINT64_MAX, range)),
            "slow@links:93+50,stall@server:257+184,cut@clients:633+0,cut@clients:668+0,"
            "slow@links:768+50");
}

TEST(ScheduleTest, FaultsFollowEachOtherAndEndInTime) {
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    const Schedule schedule = DrawSchedule(seed, kRange);
    ASSERT_GE(schedule.size(), 5u) << seed;
    int64_t free_ms = 0;
    for (const Fault& fault : schedule) {
      const int64_t gap_ms = fault.start_ms - free_ms;
      ASSERT_GE(gap_ms, kRange.min_gap_ms) << seed;
      ASSERT_LE(gap_ms, kRange.max_gap_ms + 1) << seed;
      for (const FaultKind& kind : kRange.kinds) {
        if (kind.kind != fault.kind) continue;
        ASSERT_EQ(kind.target, fault.target);
        ASSERT_GE(fault.length_ms, kind.min_length_ms);
        ASSERT_LE(fault.length_ms, kind.max_length_ms);
      }
      free_ms = fault.start_ms + fault.length_ms;
    }
    ASSERT_LE(free_ms, kRange.duration_ms);
    std::set<std::string> kinds;
    for (size_t i = 0; i < 3; ++i) kinds.insert(schedule[i].kind);
    ASSERT_EQ(kinds.size(), 3u) << "each comes once before any comes again";
  }
}

TEST(ScheduleTest, LeavesTimeForWhatAFaultTakesBesides) {
  const ScheduleRange range = {
      .kinds = {{"failover", "server", 10, 10, /*extra_ms=*/30}},
      .min_gap_ms = 5,
      .max_gap_ms = 5,
      .duration_ms = 100,
  };
  EXPECT_EQ(ToText(DrawSchedule(1, range)), "failover@server:5+10,failover@server:50+10");
}

TEST(ScheduleTest, LengthsAreUniformAndEachOrderIsAsLikely) {
  std::map<int64_t, int> lengths;
  std::map<std::string, int> orders;
  constexpr int kSeeds = 6000;
  ScheduleRange range = kRange;
  range.kinds[0].max_length_ms = 102;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Schedule schedule = DrawSchedule(seed, range);
    ++orders[absl::StrCat(schedule[0].kind, schedule[1].kind)];
    for (size_t i = 0; i < 3; ++i) {
      if (schedule[i].kind == "stall") ++lengths[schedule[i].length_ms];
    }
  }
  // Five standard deviations of a binomial.
  EXPECT_EQ(lengths.size(), 3u);
  for (const auto& [length, count] : lengths) EXPECT_NEAR(count, kSeeds / 3, 183) << length;
  EXPECT_EQ(orders.size(), 6u);
  for (const auto& [order, count] : orders) EXPECT_NEAR(count, kSeeds / 6, 145) << order;
}

TEST(ScheduleTest, EndsWhereNothingTakesAnyTime) {
  const ScheduleRange range = {.kinds = {{"cut", "clients", 0, 0}}, .duration_ms = 5};
  EXPECT_EQ(DrawSchedule(1, range).size(), 6u);
  EXPECT_EQ(DrawSchedule(1, {.kinds = {}, .duration_ms = 5}).size(), 0u);
}

TEST(ScheduleTest, IsReadAsItIsWritten) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const Schedule schedule = DrawSchedule(seed, kRange);
    const auto read = ParseSchedule(ToText(schedule), kRange.kinds);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, schedule);
  }
  EXPECT_EQ(ParseSchedule("", kRange.kinds)->size(), 0u);
  const auto unsorted = ParseSchedule("cut@clients:900+0,stall@server:500+200", kRange.kinds);
  EXPECT_EQ(ToText(*unsorted), "stall@server:500+200,cut@clients:900+0");
}

TEST(ScheduleTest, WhatCannotBeReadIsNamedInOneLine) {
  for (const char* const text :
       {"stall", "stall@server", "stall@server:5", "stall@server:5+", "stall@server:-5+1",
        "stall@server:5+1,", ",", "stall@server:5+1 ", "stall@server:1e3+1", "stall@server:+5+1",
        "stall@server:5+99999999999999999999", "stall@server:86400001+1", "@:1+1"}) {
    const auto read = ParseSchedule(text, kRange.kinds);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_THAT(std::string(read.status().message()), Not(HasSubstr("\n")));
  }
  const auto message = [](const char* text) {
    return std::string(ParseSchedule(text, kRange.kinds).status().message());
  };
  EXPECT_EQ(
      message("cut@clients:1+0,stall@moon:1+1"),
      "\"stall@moon:1+1\": there is no stall@moon, but stall@server, cut@clients, slow@links");
  EXPECT_EQ(message("cut@clients:1+5"),
            "\"cut@clients:1+5\": cut@clients happens at once, so that its length is 0");
  EXPECT_EQ(message("slow@links:1+0"), "\"slow@links:1+0\": slow@links has to last for a while");
  EXPECT_EQ(message("when the moon is full"),
            "\"when the moon is full\" is no fault: write kind@target:start+length, in "
            "milliseconds");
}

TEST(ScheduleTest, NoTextMakesItCrash) {
  std::mt19937_64 random(1);
  const std::string alphabet = "stall@server:5+1,cut";
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (uint64_t size = random() % 30; size > 0; --size) {
      text += alphabet[random() % alphabet.size()];
    }
    const auto read = ParseSchedule(text, kRange.kinds);
    if (!read.ok()) continue;
    ASSERT_EQ(ParseSchedule(ToText(*read), kRange.kinds).value(), *read) << text;
  }
}

}  // namespace
}  // namespace rcb
