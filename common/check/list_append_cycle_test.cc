#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <utility>

#include "common/check/list_append_check.h"
#include "common/check/list_append_test_history.h"

namespace rcb::list_append {
namespace {

using ::testing::EndsWith;

// ---- Cycles without real time.

TEST(ListAppendCycleTest, SeesInterleavedWrites) {
  const TestTransaction one = Ok({Append(kX, 1), Append(kY, 1)});
  const TestTransaction other = Ok({Append(kX, 2), Append(kY, 2)});
  ExpectOnly(ListAnomaly::kG0, {one, other, Ok({Read(kX, {1, 2}), Read(kY, {2, 1})})});
  ExpectNone({one, other, Ok({Read(kX, {1, 2}), Read(kY, {1, 2})})});
}

TEST(ListAppendCycleTest, SeesATransactionAppliedInParts) {
  ExpectOnly(ListAnomaly::kG0,
             {Ok({Append(kX, 1), Append(kX, 2)}), Ok({Append(kX, 3)}), Ok({Read(kX, {1, 3, 2})})});
  ExpectOnly(ListAnomaly::kG0,
             {Ok({Append(kX, 1), Append(kX, 2)}), Ok({Append(kX, 3)}), Ok({Read(kX, {1, 3})})});
}

TEST(ListAppendCycleTest, SeesInformationFlowInACircle) {
  const TestTransaction one = Ok({Append(kX, 1), Read(kY, {2})});
  ExpectOnly(ListAnomaly::kG1c, {one, Ok({Append(kY, 2), Read(kX, {1})})});
  ExpectNone({one, Ok({Append(kY, 2), Read(kX, {})})});
}

TEST(ListAppendCycleTest, SeesReadSkew) {
  const TestTransaction writer = Ok({Append(kX, 1), Append(kY, 1)});
  const TestTransaction all = Ok({Read(kX, {1}), Read(kY, {1})});
  ExpectOnly(ListAnomaly::kGSingle, {writer, Ok({Read(kX, {}), Read(kY, {1})})});
  ExpectOnly(ListAnomaly::kGSingle, {writer, Ok({Read(kX, {}), Read(kY, {1})}), all});
  ExpectNone({writer, Ok({Read(kX, {1}), Read(kY, {1})}), all});
  ExpectNone({writer, Ok({Read(kX, {}), Read(kY, {})}), all});
}

TEST(ListAppendCycleTest, SeesWriteSkew) {
  const TestTransaction one = Ok({Read(kX, {}), Append(kY, 1)});
  const TestTransaction other = Ok({Read(kY, {}), Append(kX, 1)});
  const TestTransaction all = Ok({Read(kX, {1}), Read(kY, {1})});
  ExpectOnly(ListAnomaly::kG2, {one, other});
  ExpectOnly(ListAnomaly::kG2, {one, other, all});
  ExpectNone({one, Ok({Read(kY, {1}), Append(kX, 1)}), all});
}

TEST(ListAppendCycleTest, SeesReadersDisagreeOnTheOrderOfTwoWrites) {
  const TestHistory writes = {Ok({Append(kX, 1)}), Ok({Append(kY, 1)}),
                              Ok({Read(kX, {1}), Read(kY, {})})};
  TestHistory history = writes;
  history.push_back(Ok({Read(kX, {}), Read(kY, {1})}));
  ExpectOnly(ListAnomaly::kG2, history);
  history.back() = Ok({Read(kX, {1}), Read(kY, {1})});
  ExpectNone(history);
}

TEST(ListAppendCycleTest, CountsEachSetOfTransactionsThatDependOnEachOther) {
  TestHistory history;
  for (int64_t key = 0; key < 60; key += 2) {
    history.push_back(Ok({Read(key, {}), Append(key + 1, 1)}));
    history.push_back(Ok({Read(key + 1, {}), Append(key, 1)}));
  }
  EXPECT_EQ(Check(history).count(ListAnomaly::kG2), 30);
  EXPECT_EQ(Check(history).violations.count, 30);
}

TEST(ListAppendCycleTest, NamesACycleAfterTheFirstKindThatFits) {
  // Write skew between the first two; dirty write between the last two; all in one component.
  ExpectOnly(ListAnomaly::kG0,
             {Ok({Read(kX, {}), Append(kY, 1), Append(5, 1)}),
              Ok({Read(kY, {}), Append(kX, 1), Append(5, 2), Append(6, 2)}),
              Ok({Append(5, 3), Append(6, 3)}), Ok({Read(5, {1, 2, 3}), Read(6, {3, 2})})});
}

// ---- Cycles that only real time closes.

TEST(ListAppendCycleTest, SeesWritesInTheOrderOppositeToRealTime) {
  const TestHistory writes = {{0, 1, {Append(kX, 1)}}, {2, 3, {Append(kX, 2)}}};
  TestHistory history = writes;
  history.push_back(Ok({Read(kX, {2, 1})}));
  ExpectOnly(ListAnomaly::kG0Realtime, history);
  history[1].invoke_ns = 1;  // shares a stamp: overlaps
  ExpectNone(history);
}

TEST(ListAppendCycleTest, SeesAReadFromTheFuture) {
  ExpectOnly(ListAnomaly::kG1cRealtime, {{0, 1, {Read(kX, {1})}}, {2, 3, {Append(kX, 1)}}});
  ExpectNone({{0, 2, {Read(kX, {1})}}, {2, 3, {Append(kX, 1)}}});
}

TEST(ListAppendCycleTest, SeesAReadOlderThanOneThatHadReturned) {
  TestHistory history = {{0, 9, {Append(kX, 1)}}, {1, 2, {Read(kX, {1})}}, {3, 4, {Read(kX, {})}}};
  ExpectOnly(ListAnomaly::kGSingleRealtime, history);
  std::swap(history[1].steps, history[2].steps);
  ExpectNone(history);
}

TEST(ListAppendCycleTest, SeesReadersDisagreeByWayOfRealTime) {
  TestHistory history = {{0, 99, {Append(kX, 1)}},
                         {1, 2, {Read(kX, {1})}},
                         {3, 99, {Read(kY, {})}},
                         {0, 99, {Append(kY, 1)}},
                         {0, 99, {Read(kY, {1}), Read(kX, {})}}};
  ExpectOnly(ListAnomaly::kG2Realtime, history);
  history[2].invoke_ns = 2;
  ExpectNone(history);
}

TEST(ListAppendCycleTest, FindsRealTimeOrderAcrossManyReturns) {
  TestHistory history = {{0, 1, {Append(kX, 1)}}};
  for (int64_t i = 0; i < 1'000; ++i) history.push_back({2 + i, 3 + i, {Append(100 + i, 1)}});
  history.push_back({5'000, 5'001, {Append(kX, 2)}});
  history.push_back({0, 9'000, {Read(kX, {2, 1})}});
  ExpectOnly(ListAnomaly::kG0Realtime, history);
}

// ---- Words and size.

TEST(ListAppendCycleTest, NamesTheStepsOfACycle) {
  EXPECT_EQ(Check({Ok({Append(kX, 1), Append(kY, 4)}), Ok({Read(kX, {}), Read(kY, {4})})})
                .violations.first,
            "G-single: T1 -rw-> T0 (value 1 of key 1), T0 -wr-> T1 (value 4 of key 2)");
  EXPECT_EQ(Check({{0, 1, {Read(kX, {1})}}, {2, 3, {Append(kX, 1)}}}).violations.first,
            "G1c-realtime: T0 -rt-> T1, T1 -wr-> T0 (value 1 of key 1)");
}

// One cycle of all transactions, which has to be followed without recursion.
TEST(ListAppendCycleTest, FindsACycleOfAHundredThousandTransactions) {
  constexpr int64_t kCount = 100'000;
  TestHistory history;
  for (int64_t i = 0; i < kCount; ++i) {
    history.push_back(Ok({Read(i, {}), Append((i + 1) % kCount, 1)}));
  }
  const ListVerdict verdict = Check(history);
  EXPECT_EQ(verdict.count(ListAnomaly::kG2), 1);
  EXPECT_THAT(verdict.violations.first, EndsWith(", 99992 more"));
  history.back().steps[0].values = {1};
  EXPECT_EQ(Check(history).violations.count, 0);
}

}  // namespace
}  // namespace rcb::list_append
