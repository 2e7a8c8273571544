#include "common/check/list_append_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rcb {
namespace {

using ::testing::ElementsAre;

TEST(ListHistoryTest, JoinsTheTransactionsOfTwoWorkers) {
  ListHistory one;
  one.Append(1, 10);
  one.End(0, 1, Outcome::kOk);
  one.Read(1, {10, 20});
  one.End(10, 11, Outcome::kFailed);
  ListHistory other;
  other.Append(2, 20);
  other.Read(1, {30, 40, 50});
  other.End(2, 3, Outcome::kUnknown);

  one.Add(other);
  ASSERT_EQ(one.transactions().size(), 3u);
  EXPECT_EQ(one.transactions()[1].outcome, Outcome::kFailed);
  EXPECT_THAT(one.ValuesOf(one.ops()[one.transactions()[1].ops_begin]), ElementsAre(10, 20));
  const ListTransaction& last = one.transactions()[2];
  EXPECT_EQ(last.invoke_ns, 2);
  EXPECT_EQ(last.return_ns, 3);
  EXPECT_EQ(last.outcome, Outcome::kUnknown);
  ASSERT_EQ(last.ops_end - last.ops_begin, 2u);
  EXPECT_FALSE(one.ops()[last.ops_begin].is_read);
  EXPECT_EQ(one.ops()[last.ops_begin].key, 2);
  EXPECT_EQ(one.ops()[last.ops_begin].value, 20);
  EXPECT_TRUE(one.ops()[last.ops_begin + 1].is_read);
  EXPECT_THAT(one.ValuesOf(one.ops()[last.ops_begin + 1]), ElementsAre(30, 40, 50));
}

TEST(ListHistoryTest, ATransactionMayHaveNoSteps) {
  ListHistory history;
  history.End(0, 1, Outcome::kOk);
  history.Read(1, {});
  history.End(2, 3, Outcome::kOk);
  history.Add(ListHistory());
  ASSERT_EQ(history.transactions().size(), 2u);
  EXPECT_EQ(history.transactions()[0].ops_end, 0u);
  EXPECT_EQ(history.transactions()[1].ops_end, 1u);
  EXPECT_THAT(history.ValuesOf(history.ops()[0]), ElementsAre());
}

}  // namespace
}  // namespace rcb
