#include "common/report/live_window.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace rcb {
namespace {

constexpr int64_t kMs = 1'000'000;

class LiveWindowTest : public testing::Test {
 protected:
  // The next interval, of 100 ms.
  void Pass(int64_t operations, int64_t latency_ns) {
    Interval interval;
    interval.row = "row";
    interval.start_ns = now_ns_;
    now_ns_ += 100 * kMs;
    interval.end_ns = now_ns_;
    interval.counts.operations = operations;
    for (int64_t i = 0; i < operations; ++i) interval.latency.Record(latency_ns);
    window_.OnInterval(interval);
  }

  LiveWindow window_;
  int64_t now_ns_ = 0;
};

TEST_F(LiveWindowTest, ShowsTheLastWholeSecond) {
  EXPECT_FALSE(window_.figures());
  window_.OnMark({"row", 0, "run", "", {}});
  EXPECT_FALSE(window_.figures());
  Pass(5, 100);
  ASSERT_TRUE(window_.figures());
  EXPECT_DOUBLE_EQ(window_.figures()->operations_per_second, 50);
  EXPECT_EQ(window_.figures()->p95_ns, 100);
  for (int i = 1; i < 10; ++i) Pass(5, 100);
  for (int i = 0; i < 9; ++i) Pass(7, 200);
  EXPECT_DOUBLE_EQ(window_.figures()->operations_per_second, 50);
  Pass(7, 200);
  EXPECT_DOUBLE_EQ(window_.figures()->operations_per_second, 70);
  EXPECT_EQ(window_.figures()->p95_ns, 200);
}

TEST_F(LiveWindowTest, AnotherRowBeginsAnewAndAnotherRunDoesNot) {
  window_.OnMark({"row", 0, "run", "", {}});
  Pass(5, 100);
  window_.OnMark({"row", 0, "run", "", 3});
  ASSERT_TRUE(window_.figures());
  EXPECT_EQ(window_.figures()->violations, 3);
  window_.OnMark({"other", 0, "run", "", {}});
  EXPECT_FALSE(window_.figures());
}

}  // namespace
}  // namespace rcb
