#include "common/workload/origin.h"

#include <vector>

#include "common/measure/clock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

constexpr OriginDelays kDelays = {
    .read_min_us = 2000, .read_max_us = 3000, .write_min_us = 4000, .write_max_us = 5000};

class OriginTest : public testing::Test {
 protected:
  Task<void> Read(int64_t* version) {
    *version = *co_await Try(origin_.Read(loop_, 1, origin_.DrawReadNs(random_)));
    read_ns_ = NowNs();
  }
  Task<void> Write(int64_t* version) {
    int64_t written = 0;
    *version = *co_await Try(origin_.Write(loop_, 1, origin_.DrawWriteNs(random_), &written));
    EXPECT_EQ(written, *version);
  }
  Task<void> Store(std::vector<std::pair<size_t, int64_t>> changes) {
    EXPECT_EQ(co_await Try(origin_.Store(loop_, changes, origin_.DrawWriteNs(random_))),
              absl::OkStatus());
  }

  Loop loop_;
  absl::InsecureBitGen random_;
  Origin origin_{2, kDelays};
  int64_t read_ns_ = 0;
};

TEST_F(OriginTest, EachWriteIsTheNextVersionOfItsKey) {
  for (const int64_t expected : {2, 3}) {
    int64_t version = 0;
    loop_.RunUntilDone(Write(&version));
    EXPECT_EQ(version, expected);
  }
  EXPECT_EQ(origin_.newest(1), 3);
  EXPECT_EQ(origin_.newest(0), Origin::kFirstVersion);
}

// A write that is done while the answer to a read is on its way does not change that answer.
TEST_F(OriginTest, AnAnswerIsAsOldAsTheQuestion) {
  int64_t read = 0;
  int64_t written = 0;
  const int64_t start_ns = NowNs();
  loop_.Spawn(Write(&written));
  loop_.Spawn(Read(&read));
  loop_.Run();
  EXPECT_EQ(read, Origin::kFirstVersion);
  EXPECT_EQ(written, 2);
  EXPECT_GE(read_ns_ - start_ns, kDelays.read_min_us * 1000);
  EXPECT_GE(NowNs() - start_ns, kDelays.write_min_us * 1000);
}

TEST_F(OriginTest, StoresWhatOthersHaveNumberedInTheOrderGiven) {
  loop_.RunUntilDone(Store({{0, 5}, {1, 9}, {1, 8}}));
  EXPECT_EQ(origin_.newest(0), 5);
  EXPECT_EQ(origin_.newest(1), 8);
}

TEST_F(OriginTest, EndsWhenTheLoopIsCancelled) {
  loop_.Cancel();
  int64_t version = 0;
  const auto read = [&]() -> Task<void> {
    const absl::StatusOr<int64_t> got = co_await Try(origin_.Read(loop_, 0, 1000));
    version = got.ok() ? *got : -1;
  };
  loop_.RunUntilDone(read());
  EXPECT_EQ(version, -1);
}

}  // namespace
}  // namespace rcb
