#include "common/workload/backoff.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "absl/status/status.h"
#include "common/measure/clock.h"
#include "common/runtime/loop.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

constexpr int64_t kMsNs = 1'000'000;
constexpr int64_t kForEverMs = 3'600'000;

// Waits `times` times; what each wait ended with.
Task<void> WaitTimes(Loop& loop, Backoff& backoff, absl::InsecureBitGen& random, int times,
                     std::vector<absl::Status>& ended) {
  for (int i = 0; i < times; ++i) ended.push_back(co_await Try(backoff.Wait(loop, random)));
}

struct Client {
  Loop loop;
  absl::InsecureBitGen random{std::seed_seq{7}};
  std::vector<absl::Status> ended;

  void Wait(Backoff& backoff, int times) {
    loop.RunUntilDone(WaitTimes(loop, backoff, random, times, ended));
  }
};

// The source of chance is shared with a copy that tells what the wait will draw.
TEST(Backoff, WaitsUniformlyWithinAWindowThatDoublesUpToTheMaximum) {
  Client client;
  absl::InsecureBitGen same(std::seed_seq{7});
  Backoff backoff(/*first_ms=*/1, /*max_ms=*/5, kForEverMs);
  for (const double window_ms : {1.0, 2.0, 4.0, 5.0, 5.0}) {
    const auto least_ns =
        static_cast<int64_t>(absl::Uniform(same, 0.0, window_ms * static_cast<double>(kMsNs)));
    const int64_t start_ns = NowNs();
    client.Wait(backoff, 1);
    EXPECT_GE(NowNs() - start_ns, least_ns);
    EXPECT_LT(least_ns, static_cast<int64_t>(window_ms * static_cast<double>(kMsNs)));
    EXPECT_EQ(client.ended.back(), absl::OkStatus());
  }
}

TEST(Backoff, TheMaximumBoundsEvenTheFirstWindow) {
  Client client;
  Backoff backoff(/*first_ms=*/3'600'000, /*max_ms=*/1, kForEverMs);
  client.Wait(backoff, 20);  // it would not end within any patience
  EXPECT_EQ(client.ended, std::vector<absl::Status>(20, absl::OkStatus()));
}

TEST(Backoff, MayWaitMuchLessThanItsWindow) {
  Client client;
  std::vector<int64_t> waited_ns;
  for (int i = 0; i < 20; ++i) {
    Backoff backoff(/*first_ms=*/4, /*max_ms=*/4, kForEverMs);
    const int64_t start_ns = NowNs();
    client.Wait(backoff, 1);
    waited_ns.push_back(NowNs() - start_ns);
  }
  // Waits may be late but never early: none would be so short without jitter.
  EXPECT_LT(*std::min_element(waited_ns.begin(), waited_ns.end()), 4 * kMsNs);
}

TEST(Backoff, GivesUpAfterItsTimeAndNotBefore) {
  Client client;
  const int64_t start_ns = NowNs();
  Backoff backoff(/*first_ms=*/0.5, /*max_ms=*/2, /*give_up_ms=*/20);
  while (client.ended.empty() || client.ended.back().ok()) {
    client.Wait(backoff, 1);
    ASSERT_LT(client.ended.size(), 10'000u);
  }
  EXPECT_EQ(client.ended.back().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(client.ended.back().message(), "gave up trying again");
  EXPECT_GE(NowNs() - start_ns, 20 * kMsNs);
  EXPECT_GT(client.ended.size(), 1u);
}

TEST(Backoff, GivesUpAtOnceWithoutAnyTime) {
  Client client;
  Backoff backoff(/*first_ms=*/1, /*max_ms=*/1, /*give_up_ms=*/0);
  client.Wait(backoff, 2);
  ASSERT_EQ(client.ended.size(), 2u);
  for (const absl::Status& status : client.ended) {
    EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  }
}

TEST(Backoff, EndsWithItsLoop) {
  Client client;
  Backoff backoff(kForEverMs, kForEverMs, kForEverMs);
  client.loop.Spawn(WaitTimes(client.loop, backoff, client.random, 1, client.ended));
  EXPECT_TRUE(client.ended.empty());
  client.loop.Cancel();
  client.loop.Run();
  ASSERT_EQ(client.ended.size(), 1u);
  EXPECT_EQ(client.ended[0].code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace rcb
