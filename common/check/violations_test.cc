#include "common/check/violations.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace rcb {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

TEST(ViolationsTest, ThereAreNoneAtFirst) {
  const Violations violations;
  EXPECT_TRUE(violations.none());
  EXPECT_EQ(violations.count, 0);
  EXPECT_EQ(violations.first, "");
}

TEST(ViolationsTest, AddingCountsAllAndKeepsTheWordsOfTheFirst) {
  Violations violations;
  violations.Add(2, "one");
  violations.Add(3, "other");
  EXPECT_FALSE(violations.none());
  EXPECT_EQ(violations.count, 5);
  EXPECT_EQ(violations.first, "one");
}

TEST(ViolationsTest, AddingNoneLeavesNoWords) {
  Violations violations;
  violations.Add(0, "one");
  EXPECT_TRUE(violations.none());
  EXPECT_EQ(violations.first, "");
}

TEST(ViolationsTest, MergingPutsTheOthersBehindThoseThatAreHere) {
  Violations all;
  all.Merge({});
  EXPECT_TRUE(all.none());
  all.Merge({2, "one"});
  all.Merge({3, "other"});
  EXPECT_EQ(all.count, 5);
  EXPECT_EQ(all.first, "one");
}

TEST(ViolationsTest, TheCountStopsAtTheHighestNumber) {
  Violations violations;
  violations.Add(kMax - 1, "one");
  violations.Add(1, "other");
  EXPECT_EQ(violations.count, kMax);
  violations.Merge({kMax, "another"});
  EXPECT_EQ(violations.count, kMax);
}

TEST(EarliestFindingTest, KeepsTheEarliestInWhateverOrderTheyAreNoted) {
  EarliestFinding<std::string> first;
  EXPECT_FALSE(first.finding());
  first.Note(kMax, "at the end of time");
  EXPECT_EQ(first.finding(), "at the end of time");
  first.Note(20, "early");
  first.Note(30, "late");
  first.Note(20, "at the same time");
  EXPECT_EQ(first.finding(), "early");
  first.Note(0, "at the start");
  EXPECT_EQ(first.finding(), "at the start");
}

}  // namespace
}  // namespace rcb
