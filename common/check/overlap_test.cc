#include "common/check/overlap.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace rcb {
namespace {

OpRecord Op(int64_t invoke_ns, int64_t return_ns) {
  OpRecord op;
  op.invoke_ns = invoke_ns;
  op.return_ns = return_ns;
  return op;
}

TEST(CountOverlapping, IsZeroWhereOneFollowsTheOther) {
  EXPECT_EQ(CountOverlapping({}), 0);
  EXPECT_EQ(CountOverlapping({Op(5, 9)}), 0);
  EXPECT_EQ(CountOverlapping({Op(9, 12), Op(5, 9), Op(13, 20)}), 0) << "in any order";
}

TEST(CountOverlapping, CountsEachOperationThatBeganWhileAnotherRan) {
  EXPECT_EQ(CountOverlapping({Op(5, 9), Op(8, 12)}), 1);
  EXPECT_EQ(CountOverlapping({Op(0, 100), Op(10, 20), Op(30, 40), Op(100, 110)}), 2);
}

}  // namespace
}  // namespace rcb
