// The store that gets slower where it is asked for too much.

#include "common/workload/limited_origin.h"

#include "gtest/gtest.h"

namespace rcb {
namespace {

TEST(LimitedOriginTest, TakesItsTimeUpToItsCapacityAndLongerBeyond) {
  LimitedOrigin origin(/*capacity=*/2, /*service_ns=*/100);
  EXPECT_EQ(origin.Ask(0), 100);
  EXPECT_EQ(origin.Ask(0), 100);
  EXPECT_EQ(origin.beyond(), 0);
  EXPECT_EQ(origin.Ask(0), 225);
  EXPECT_EQ(origin.Ask(0), 400);
  EXPECT_EQ(origin.beyond(), 2);
  EXPECT_EQ(origin.peak(), 4);
  EXPECT_EQ(origin.asked(), 4);
}

TEST(LimitedOriginTest, HasRoomAgainOnceRequestsAreDone) {
  LimitedOrigin origin(/*capacity=*/1, /*service_ns=*/100);
  EXPECT_EQ(origin.Ask(0), 100);
  EXPECT_EQ(origin.Ask(99), 400) << "the first one is still worked on";
  EXPECT_EQ(origin.Ask(498), 400) << "the second one is, too";
  EXPECT_EQ(origin.Ask(898), 100);
  EXPECT_EQ(origin.peak(), 2);
}

TEST(LimitedOriginTest, IsNeverSlowerThanItsLimit) {
  LimitedOrigin origin(/*capacity=*/1, /*service_ns=*/100);
  int64_t took_ns = 0;
  for (int i = 0; i < 50; ++i) took_ns = origin.Ask(0);
  EXPECT_EQ(took_ns, 100 * LimitedOrigin::kMaxSlowdown);
}

}  // namespace
}  // namespace rcb
