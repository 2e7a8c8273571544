#include "common/report/interval_feed.h"

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kIntervalNs = 1'000'000;

// Keeps what it hears, in words.
class Listener : public IntervalListener {
 public:
  void OnInterval(const Interval& interval) override {
    heard.push_back(absl::StrCat(interval.row, " ops ", interval.counts.operations, " errors ",
                                 interval.counts.errors, " of ", interval.latency.count(), " max ",
                                 interval.latency.max()));
    intervals.push_back({interval.start_ns, interval.end_ns});
    violations = interval.violations;
  }
  void OnMark(const Mark& mark) override {
    heard.push_back(absl::StrCat(mark.row, " ", mark.kind, " ", mark.text));
    violations = mark.violations;
  }
  void OnRunEnd() override { heard.push_back("end"); }

  std::vector<std::string> Take() { return std::exchange(heard, {}); }

  std::vector<std::string> heard;
  std::vector<std::pair<int64_t, int64_t>> intervals;
  std::optional<int64_t> violations;
};

class IntervalFeedTest : public testing::Test {
 protected:
  IntervalFeedTest() { feed_.AddListener(&listener_); }

  // `sample_ns` is of the one operation whose latency is told.
  void HandOver(int thread, double interval, int64_t operations, int64_t sample_ns,
                bool is_last = false) {
    Histogram latency;
    latency.Record(sample_ns);
    const IntervalCounts counts = {operations, /*errors=*/1, /*computations=*/0};
    const int64_t now_ns = feed_.origin_ns() + static_cast<int64_t>(interval * kIntervalNs);
    if (is_last) {
      feed_.EndThread(thread, now_ns, counts, latency);
    } else {
      feed_.HandOver(thread, now_ns, counts, latency);
    }
  }

  Listener listener_;
  IntervalFeed feed_{kIntervalNs};
};

TEST_F(IntervalFeedTest, AnIntervalIsToldOnceAllThreadsHaveLeftIt) {
  feed_.BeginRun("row", /*threads=*/2);
  EXPECT_THAT(listener_.Take(), ElementsAre("row run "));
  HandOver(0, 1.001, 10, 500);
  HandOver(0, 2.001, 20, 600);
  EXPECT_THAT(listener_.Take(), IsEmpty());
  HandOver(1, 1.1, 3, 700);
  EXPECT_THAT(listener_.Take(), ElementsAre("row ops 13 errors 2 of 2 max 700"));
  HandOver(1, 2.0, 4, 100, /*is_last=*/true);
  EXPECT_THAT(listener_.Take(), IsEmpty());
  HandOver(0, 2.5, 5, 200, /*is_last=*/true);
  feed_.EndRun();
  EXPECT_THAT(listener_.Take(), ElementsAre("row ops 20 errors 1 of 1 max 600",
                                            "row ops 9 errors 2 of 2 max 200", "end"));
}

TEST_F(IntervalFeedTest, IntervalsFollowOneAnotherAlsoWhereAThreadWasBusyForSome) {
  feed_.BeginRun("row", /*threads=*/1);
  HandOver(0, 1.01, 1, 100);
  HandOver(0, 5.5, 1, 100);
  HandOver(0, 6.001, 1, 100);
  HandOver(0, 6.2, 1, 100, /*is_last=*/true);
  feed_.EndRun();
  EXPECT_THAT(listener_.intervals,
              ElementsAre(std::pair(0, 1'010'000), std::pair(1'010'000, 5'500'000),
                          std::pair(5'500'000, 6'001'000), std::pair(6'001'000, 6'200'000)));
}

TEST_F(IntervalFeedTest, ThreadsHandOverAtOnceAndNothingIsLost) {
  constexpr int kThreads = 4;
  constexpr int64_t kHandOvers = 200;
  class Sum : public IntervalListener {
   public:
    void OnInterval(const Interval& interval) override {
      operations += interval.counts.operations;
      samples += interval.latency.count();
    }
    int64_t operations = 0;
    int64_t samples = 0;
  } sum;
  feed_.AddListener(&sum);
  feed_.BeginRun("row", kThreads);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread] {
      for (int64_t i = 1; i <= kHandOvers; ++i) {
        HandOver(thread, static_cast<double>(i) + 0.01, i, 100, /*is_last=*/i == kHandOvers);
        feed_.AddMark("round", "");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  feed_.EndRun();
  EXPECT_EQ(sum.operations, kThreads * kHandOvers * (kHandOvers + 1) / 2);
  EXPECT_EQ(sum.samples, kThreads * kHandOvers);
}

TEST_F(IntervalFeedTest, TimeAndViolationsOfARowGoOnOverItsRuns) {
  feed_.BeginRun("row", 1);
  EXPECT_EQ(listener_.violations, std::nullopt);
  HandOver(0, 0.5, 1, 100, /*is_last=*/true);
  feed_.EndRun();
  EXPECT_EQ(listener_.violations, std::nullopt);
  feed_.NoteJudged(7, "lost");
  EXPECT_EQ(listener_.violations, 7);

  feed_.BeginRun("other", 1);
  EXPECT_EQ(listener_.violations, std::nullopt);
  HandOver(0, 0.5, 1, 100, /*is_last=*/true);
  feed_.EndRun();

  listener_.Take();
  feed_.BeginRun("row", 1);
  feed_.AddMark("round", "3");
  HandOver(0, 0.5, 1, 100, /*is_last=*/true);
  feed_.EndRun();
  EXPECT_EQ(listener_.violations, 7);
  EXPECT_THAT(listener_.Take(),
              ElementsAre("row run ", "row round 3", "row ops 1 errors 1 of 1 max 100", "end"));
  // The second run begins where it is, not at 0.
  ASSERT_EQ(listener_.intervals.size(), 3);
  EXPECT_EQ(listener_.intervals[0].first, 0);
  EXPECT_GT(listener_.intervals[2].first, 0);
}

}  // namespace
}  // namespace rcb
