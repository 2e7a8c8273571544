#include "common/check/list_append_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

#include "common/check/list_append_test_history.h"

namespace rcb::list_append {
namespace {

using ::testing::HasSubstr;

// ---- What lists show by themselves, and the same history repaired.

TEST(ListAppendCheckTest, SeesAValueThatNobodyAppended) {
  ExpectOnly(ListAnomaly::kGarbage, {Ok({Append(kX, 1)}), Ok({Read(kX, {1, 7})})});
  ExpectOnly(ListAnomaly::kGarbage, {Ok({Append(kX, 1)}), Ok({Read(kY, {1})})});
  ExpectNone({Ok({Append(kX, 1)}), Ok({Read(kX, {1})})});
}

TEST(ListAppendCheckTest, CountsAValueThatNobodyAppendedOnce) {
  ExpectOnly(ListAnomaly::kGarbage, {Ok({Read(kX, {7})}), Ok({Read(kX, {7})})});
}

TEST(ListAppendCheckTest, SeesAnAppendAppliedTwice) {
  ExpectOnly(ListAnomaly::kDuplicate,
             {Ok({Append(kX, 1)}), Ok({Append(kX, 2)}), Ok({Read(kX, {1, 2, 1})})});
  ExpectNone({Ok({Append(kX, 1)}), Ok({Append(kX, 2)}), Ok({Read(kX, {1, 2})})});
}

TEST(ListAppendCheckTest, SeesReadsThatNoOneListHasHeld) {
  const TestHistory writes = {Ok({Append(kX, 1)}), Ok({Append(kX, 2)}), Ok({Read(kX, {1, 2})})};
  for (const std::vector<int64_t>& values : {std::vector<int64_t>{2}, {2, 1}}) {
    TestHistory history = writes;
    history.push_back(Ok({Read(kX, values)}));
    ExpectOnly(ListAnomaly::kIncompatibleOrder, history);
  }
  for (const std::vector<int64_t>& values : {std::vector<int64_t>{}, {1}, {1, 2}}) {
    TestHistory history = writes;
    history.push_back(Ok({Read(kX, values)}));
    ExpectNone(history);
  }
}

TEST(ListAppendCheckTest, ChecksTheValuesOfIncompatibleReadsToo) {
  const ListVerdict verdict = Check(
      {Ok({Append(kX, 1)}), Ok({Append(kX, 2)}), Ok({Read(kX, {1, 2})}), Ok({Read(kX, {7, 7})})});
  EXPECT_EQ(verdict.count(ListAnomaly::kIncompatibleOrder), 1);
  EXPECT_EQ(verdict.count(ListAnomaly::kGarbage), 1);
  EXPECT_EQ(verdict.count(ListAnomaly::kDuplicate), 1);
}

TEST(ListAppendCheckTest, SeesATransactionThatContradictsItself) {
  ExpectOnly(ListAnomaly::kInternal, {Ok({Append(kX, 1), Read(kX, {})})});
  ExpectOnly(ListAnomaly::kInternal, {Ok({Append(kX, 1), Append(kX, 2), Read(kX, {1})})});
  ExpectOnly(ListAnomaly::kInternal, {Ok({Read(kX, {1}), Append(kX, 1)})});
  ExpectOnly(ListAnomaly::kInternal, {Ok({Append(kX, 1)}), Ok({Append(kX, 2), Read(kX, {2, 1})})});
  ExpectOnly(ListAnomaly::kInternal, {Ok({Append(kX, 1)}), Ok({Read(kX, {}), Read(kX, {1})})});
}

TEST(ListAppendCheckTest, SeesATransactionBreakInBetweenTheStepsOfAnother) {
  const ListVerdict verdict =
      Check({Ok({Append(kX, 1)}), Ok({Read(kX, {}), Append(kX, 2), Read(kX, {1, 2})})});
  EXPECT_EQ(verdict.count(ListAnomaly::kInternal), 1);
  EXPECT_EQ(verdict.count(ListAnomaly::kGSingle), 1);
  EXPECT_EQ(verdict.violations.count, 2);
}

TEST(ListAppendCheckTest, SeesAppendsOfATransactionOutOfOrder) {
  const TestTransaction writer = Ok({Append(kX, 1), Append(kX, 2)});
  ExpectOnly(ListAnomaly::kInternal, {writer, Ok({Read(kX, {2, 1})})});
  EXPECT_EQ(Check({writer, Ok({Read(kX, {2})})}).count(ListAnomaly::kInternal), 1);
  ExpectNone({writer, Ok({Read(kX, {1, 2})})});
}

TEST(ListAppendCheckTest, AcceptsATransactionThatSeesItsOwnAppends) {
  ExpectNone({Ok({Append(kX, 1)}), Ok({Read(kX, {1}), Append(kX, 2), Read(kX, {1, 2}),
                                       Append(kX, 3), Read(kX, {1, 2, 3}), Append(kX, 4)})});
}

TEST(ListAppendCheckTest, SeesWhatAFailedTransactionAppended) {
  ExpectOnly(ListAnomaly::kG1a, {Failed({Append(kX, 1)}), Ok({Read(kX, {1})})});
  ExpectNone({Failed({Append(kX, 1)}), Ok({Read(kX, {})})});
  ExpectNone({Ok({Append(kX, 1)}), Ok({Read(kX, {1})})});
}

TEST(ListAppendCheckTest, SeesAReadBetweenTwoAppendsOfATransaction) {
  const TestTransaction writer = Ok({Append(kX, 1), Append(kX, 2)});
  ExpectOnly(ListAnomaly::kG1b, {writer, Ok({Read(kX, {1})}), Ok({Read(kX, {1, 2})})});
  ExpectOnly(ListAnomaly::kG1b, {writer, Ok({Read(kX, {1})})});
  EXPECT_EQ(Check({writer, Ok({Append(kX, 3), Read(kX, {1, 3})})}).count(ListAnomaly::kG1b), 1);
  ExpectNone({writer, Ok({Read(kX, {})}), Ok({Read(kX, {1, 2})})});
}

TEST(ListAppendCheckTest, SeesAnAcknowledgedAppendVanish) {
  const TestTransaction writer = {0, 4, {Append(kX, 1)}};
  ExpectOnly(ListAnomaly::kLostAppend, {writer, {5, 6, {Read(kX, {})}}});
  ExpectOnly(ListAnomaly::kLostAppend, {writer, {1, 2, {Read(kX, {1})}}, {5, 6, {Read(kX, {})}}});
  ExpectNone({writer, {5, 6, {Read(kX, {1})}}});
  ExpectNone({writer, {4, 6, {Read(kX, {})}}});
}

TEST(ListAppendCheckTest, CountsEachLostAppendOnceHoweverManyReadsLackIt) {
  TestHistory history = {{0, 4, {Append(kX, 1)}}, {0, 4, {Append(kX, 2)}}};
  for (int64_t i = 5; i < 25; ++i) history.push_back({i, i, {Read(kX, {})}});
  EXPECT_EQ(Check(history).count(ListAnomaly::kLostAppend), 2);
  EXPECT_EQ(Check(history).violations.count, 2);
}

TEST(ListAppendCheckTest, SeesTwoUpdatesOfTheSameState) {
  const TestTransaction one = Ok({Read(kX, {}), Append(kX, 1)});
  const TestTransaction other = Ok({Read(kX, {}), Append(kX, 2)});
  ExpectOnly(ListAnomaly::kLostUpdate, {one, other});
  ExpectOnly(ListAnomaly::kLostUpdate, {one, other, Ok({Read(kX, {1, 2})})});
  ExpectNone({one, Ok({Read(kX, {1}), Append(kX, 2)}), Ok({Read(kX, {1, 2})})});
  ExpectNone({one, Ok({Read(kX, {}), Append(kY, 2)})});
}

TEST(ListAppendCheckTest, CountsAllButOneOfTheUpdatesOfTheSameState) {
  TestHistory history;
  for (int64_t i = 0; i < 20; ++i) history.push_back(Ok({Read(kX, {}), Append(kX, i)}));
  EXPECT_EQ(Check(history).count(ListAnomaly::kLostUpdate), 19);
  EXPECT_EQ(Check(history).violations.count, 19);
}

// ---- Edges.

TEST(ListAppendCheckTest, AcceptsAnEmptyHistory) {
  ExpectNone({});
  EXPECT_EQ(Check({}).transactions, 0);
  EXPECT_EQ(Check({}).edges, 0);
}

TEST(ListAppendCheckTest, AcceptsOneTransaction) {
  ExpectNone({Ok({})});
  ExpectNone({Ok({Append(kX, 1)})});
  ExpectNone({Ok({Read(kX, {})})});
  ExpectOnly(ListAnomaly::kGarbage, {Ok({Read(kX, {1})})});
}

TEST(ListAppendCheckTest, AcceptsOnlyUnknownOrFailedTransactions) {
  const TestHistory history = {Unknown(1, {Append(kX, 1), Read(kX, {7, 7})}),
                               Unknown(1, {Append(kX, 2)}), Failed({Read(kX, {9})})};
  ExpectNone(history);
  EXPECT_EQ(Check(history).transactions, 0);
}

TEST(ListAppendCheckTest, UnknownTransactionsMayOrMayNotHaveHappened) {
  const TestHistory unknown = {Unknown(5, {Append(kX, 1)}), Unknown(5, {Append(kX, 2)})};
  for (const std::vector<int64_t>& values : {std::vector<int64_t>{}, {1}, {2}, {2, 1}}) {
    TestHistory history = unknown;
    history.push_back({9, 9, {Read(kX, values)}});
    ExpectNone(history);
    EXPECT_EQ(Check(history).transactions, 1 + std::ssize(values));
  }
}

TEST(ListAppendCheckTest, AnUnknownTransactionHappensWholeOrNotAtAll) {
  const TestTransaction unknown = Unknown(0, {Append(kX, 1), Append(kY, 1)});
  ExpectOnly(ListAnomaly::kGSingle, {unknown, Ok({Read(kX, {1}), Read(kY, {})})});
  ExpectNone({unknown, Ok({Read(kX, {1}), Read(kY, {1})})});
  ExpectNone({unknown, Ok({Read(kX, {}), Read(kY, {})})});
}

TEST(ListAppendCheckTest, AnUnknownTransactionMayHappenLateButNotBeforeItsStart) {
  ExpectNone({Unknown(0, {Append(kX, 1)}), {50, 51, {Read(kX, {})}}, {60, 61, {Read(kX, {1})}}});
  ExpectOnly(ListAnomaly::kG1cRealtime, {Unknown(7, {Append(kX, 1)}), {5, 6, {Read(kX, {1})}}});
}

TEST(ListAppendCheckTest, SaysWhatItChecked) {
  const ListVerdict verdict = Check({{0, 1, {Append(kX, 1)}},
                                     {2, 3, {Read(kX, {1})}},
                                     Unknown(0, {Append(kX, 2)}),
                                     Failed({Append(kX, 3)})});
  EXPECT_EQ(verdict.transactions, 2);
  EXPECT_EQ(verdict.edges, 5);  // one wr; each return, the way between them and to the second
}

TEST(ListAppendCheckTest, NamesWhoReadWhat) {
  EXPECT_EQ(Check({Ok({Append(kX, 1)}), Ok({Read(kX, {1, 7})})}).violations.first,
            "garbage: T1 read key 1 with value 7, which nobody appended");
  EXPECT_EQ(Check({Ok({Append(kX, 1)}), Ok({Read(kX, {1, 1})})}).violations.first,
            "duplicate: T1 read key 1 with value 1, more than once");
  EXPECT_EQ(
      Check({Ok({Append(kX, 1)}), Ok({Append(kX, 2)}), Ok({Read(kX, {1, 2})}), Ok({Read(kX, {2})})})
          .violations.first,
      "incompatible-order: T3 read key 1 with value 2 at index 0, where T2 read 1");
  EXPECT_EQ(Check({Failed({Append(kX, 1)}), Ok({Read(kX, {1})})}).violations.first,
            "G1a: T1 read key 1 with value 1, which T0 appended, but failed");
  EXPECT_EQ(Check({Ok({Append(kX, 1), Append(kX, 2)}), Ok({Read(kX, {1})})}).violations.first,
            "G1b: T1 read key 1 up to value 1, after which T0 appended more");
  EXPECT_EQ(Check({{0, 4, {Append(kX, 1)}}, {2'004, 3'000, {Read(kX, {})}}}).violations.first,
            "lost-append: T1 read key 1 without value 1; T0 had appended that and returned 2.000 "
            "us before");
  EXPECT_EQ(Check({Ok({Read(kX, {}), Append(kX, 1)}), Ok({Read(kX, {}), Append(kX, 2)})})
                .violations.first,
            "lost-update: T0 read key 1 with 0 values and appended 1, T1 read the same and "
            "appended 2");
}

TEST(ListAppendCheckTest, NamesHowATransactionContradictsItself) {
  EXPECT_EQ(Check({Ok({Append(kX, 1), Read(kX, {})})}).violations.first,
            "internal: T0 read key 1 without value 1 at its end, which it had appended itself");
  EXPECT_EQ(Check({Ok({Read(kX, {1}), Append(kX, 1)})}).violations.first,
            "internal: T0 read key 1 with value 1, before it appended that");
  EXPECT_EQ(Check({Ok({Append(kX, 1)}), Ok({Read(kX, {}), Read(kX, {1})})}).violations.first,
            "internal: T1 read key 1 with 0 values of others, and then with 1");
  EXPECT_EQ(
      Check({Ok({Append(kX, 1), Append(kX, 2)}), Ok({Read(kX, {2})})}).violations.first,
      "internal: T1 read key 1 with value 2 and not 1 before it, which T0 had appended first");
}

TEST(ListAppendCheckTest, NamesTheViolationThatCameToLightFirst) {
  EXPECT_THAT(Check({{5, 6, {Read(kX, {7})}}, {1, 2, {Read(kY, {8})}}}).violations.first,
              HasSubstr("T1"));
  EXPECT_THAT(Check({{1, 2, {Read(kX, {7})}}, {5, 6, {Read(kY, {8})}}}).violations.first,
              HasSubstr("T0"));
}

TEST(ListAppendCheckTest, HoldsOneListThatAllReadAsEmpty) {
  TestHistory history;
  for (int64_t i = 0; i < 20'000; ++i) {
    history.push_back(Ok({Append(kX, i)}));
    history.push_back(Ok({Read(kX, {})}));
  }
  ExpectNone(history);
}

// Looking at all steps of the transaction for each of them would take long.
TEST(ListAppendCheckTest, HoldsOneTransactionOfManySteps) {
  constexpr int64_t kSteps = 100'000;
  TestTransaction transaction = Ok({});
  for (int64_t i = 0; i < kSteps; ++i) transaction.steps.push_back(Read(kX, {}));
  for (int64_t i = 0; i < kSteps; ++i) transaction.steps.push_back(Append(kX, i));
  ExpectNone({transaction});
  ExpectNone({transaction, Ok({Read(kX, {})})});
  // Each read shows the last append, which came after it.
  for (int64_t i = 0; i < kSteps; ++i)
    transaction.steps[static_cast<size_t>(i)].values = {kSteps - 1};
  EXPECT_EQ(Check({transaction}).count(ListAnomaly::kInternal), kSteps + 1);
}

TEST(ListAppendCheckDeathTest, StampsThatRunBackwardsAbort) {
  EXPECT_DEATH(Check({{5, 4, {Append(kX, 1)}}}), "runs from 5 to 4 ns");
  EXPECT_DEATH(Check({{-1, 4, {Append(kX, 1)}}}), "runs from -1 to 4 ns");
  EXPECT_DEATH(Check({{5, std::numeric_limits<int64_t>::max(), {}}}), "runs from 5 to");
}

TEST(ListAppendCheckDeathTest, AValueAppendedTwiceToAListAborts) {
  EXPECT_DEATH(Check({Ok({Append(kX, 3)}), Ok({Append(kX, 3)})}),
               "value 3 is appended to key 1 twice");
  ExpectNone({Ok({Append(kX, 3)}), Ok({Append(kY, 3)})});
}

}  // namespace
}  // namespace rcb::list_append
