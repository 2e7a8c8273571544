#include "common/report/error_bell.h"

#include <cstdint>
#include <string>

#include "gtest/gtest.h"

namespace rcb {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

class ErrorBellTest : public testing::Test {
 protected:
  std::string After(const std::string& row, int64_t errors, int64_t end_ns, bool is_end = false) {
    Interval interval;
    interval.row = row;
    interval.end_ns = end_ns;
    interval.counts.errors = errors;
    testing::internal::CaptureStderr();
    bell_.OnInterval(interval);
    if (is_end) bell_.OnRunEnd();
    return testing::internal::GetCapturedStderr();
  }

  ErrorBell bell_;
};

TEST_F(ErrorBellTest, TellsAtOnceAndThenNowAndThen) {
  EXPECT_EQ(After("row", 0, kSecond), "");
  EXPECT_EQ(After("row", 3, 2 * kSecond), "bench: row: 3 operations failed until 2.0 s\n");
  EXPECT_EQ(After("row", 1, 3 * kSecond), "");
  EXPECT_EQ(After("row", 1, 4 * kSecond), "");
  EXPECT_EQ(After("row", 0, 12 * kSecond), "bench: row: 2 operations failed until 4.0 s\n");
  EXPECT_EQ(After("row", 0, 30 * kSecond, /*is_end=*/true), "");
}

TEST_F(ErrorBellTest, NothingIsLeftUntoldWhenARunEnds) {
  After("row", 1, kSecond);
  EXPECT_EQ(After("row", 4, 2 * kSecond, /*is_end=*/true),
            "bench: row: 4 operations failed until 2.0 s\n");
  EXPECT_EQ(After("other", 1, kSecond), "bench: other: 1 operations failed until 1.0 s\n");
}

}  // namespace
}  // namespace rcb
