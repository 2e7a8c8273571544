// The circuit breaker, and the check of what it let through.

#include "bench/outage/breaker.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace rcb::outage {
namespace {

constexpr int64_t kMs = 1'000'000;

Call Failed(int64_t begin_ms, int64_t end_ms) { return {begin_ms * kMs, end_ms * kMs, false}; }
Call Answered(int64_t begin_ms, int64_t end_ms) { return {begin_ms * kMs, end_ms * kMs, true}; }

// Five calls that fail, the last one at 14 ms.
std::vector<Call> FiveFailed() {
  std::vector<Call> calls;
  for (int i = 0; i < kFailuresToOpen; ++i) calls.push_back(Failed(i + 1, i + 10));
  return calls;
}

void FailFiveTimes(Breaker& breaker) {
  for (int i = 0; i < kFailuresToOpen; ++i) {
    const std::optional<size_t> call = breaker.Begin();
    ASSERT_TRUE(call.has_value());
    breaker.End(*call, /*was_answered=*/false);
  }
}

void AwaitTheEndOfThePause() { std::this_thread::sleep_for(std::chrono::nanoseconds(kOpenNs)); }

TEST(BreakerTest, LetsNothingPassAfterFiveFailuresInARowAndThenOne) {
  Breaker breaker(/*probes=*/true);
  FailFiveTimes(breaker);
  EXPECT_FALSE(breaker.Begin().has_value());
  AwaitTheEndOfThePause();
  const std::optional<size_t> probe = breaker.Begin();
  ASSERT_TRUE(probe.has_value());
  EXPECT_FALSE(breaker.Begin().has_value()) << "one is enough to see";
  breaker.End(*probe, /*was_answered=*/false);
  EXPECT_FALSE(breaker.Begin().has_value()) << "it is still as bad";
  AwaitTheEndOfThePause();
  const std::optional<size_t> better = breaker.Begin();
  ASSERT_TRUE(better.has_value());
  breaker.End(*better, /*was_answered=*/true);
  EXPECT_TRUE(breaker.Begin().has_value());
  EXPECT_TRUE(breaker.Begin().has_value());
  EXPECT_TRUE(CheckBreaker(breaker.calls()).none());
}

TEST(BreakerTest, StaysClosedAsLongAsSomeCallIsAnsweredAmongFive) {
  Breaker breaker(/*probes=*/true);
  for (int i = 0; i < 40; ++i) {
    const std::optional<size_t> call = breaker.Begin();
    ASSERT_TRUE(call.has_value()) << i;
    breaker.End(*call, i % kFailuresToOpen == 0);
  }
}

TEST(BreakerTest, LearnsNothingFromCallsThatBeganBeforeItOpened) {
  Breaker breaker(/*probes=*/true);
  const std::optional<size_t> old = breaker.Begin();
  FailFiveTimes(breaker);
  breaker.End(*old, /*was_answered=*/true);
  EXPECT_FALSE(breaker.Begin().has_value());
}

TEST(BreakerTest, WithoutAProbeAllPassAndThatIsCaught) {
  Breaker breaker(/*probes=*/false);
  FailFiveTimes(breaker);
  EXPECT_FALSE(breaker.Begin().has_value());
  AwaitTheEndOfThePause();
  EXPECT_TRUE(breaker.Begin().has_value());
  EXPECT_TRUE(breaker.Begin().has_value());
  EXPECT_TRUE(breaker.Begin().has_value());
  EXPECT_EQ(CheckBreaker(breaker.calls()).count, 2);
}

TEST(BreakerCheckTest, CatchesCallsThatComeTooEarlyOrTogether) {
  std::vector<Call> calls = FiveFailed();
  calls.push_back(Answered(44, 50));
  calls.push_back(Answered(51, 60));
  calls.push_back(Answered(51, 60));
  EXPECT_TRUE(CheckBreaker(calls).none());

  std::vector<Call> early = FiveFailed();
  early.push_back(Answered(43, 50));
  EXPECT_EQ(CheckBreaker(early).count, 1);

  std::vector<Call> together = FiveFailed();
  together.push_back(Failed(44, 50));
  together.push_back(Failed(45, 51));
  EXPECT_EQ(CheckBreaker(together).count, 1);

  std::vector<Call> refused = FiveFailed();
  refused.push_back({.begin_ns = 20 * kMs, .end_ns = 20 * kMs, .has_passed = false});
  EXPECT_TRUE(CheckBreaker(refused).none());
  refused.push_back({.begin_ns = 44 * kMs, .end_ns = 44 * kMs, .has_passed = false});
  EXPECT_EQ(CheckBreaker(refused).count, 1) << "one might pass by then";

  std::vector<Call> soon_again = FiveFailed();
  soon_again.push_back(Failed(44, 50));
  soon_again.push_back(Failed(79, 90));
  EXPECT_EQ(CheckBreaker(soon_again).count, 1);
}

// A breaker that lets pass what random clients ask of it is never blamed; one more call at any time
// while it is open always is.
TEST(BreakerCheckTest, BlamesNoRandomCourseOfAGoodBreakerAndEachCallTooMany) {
  std::mt19937 random(1);
  int64_t opened = 0;
  for (int course = 0; course < 300; ++course) {
    // The rule, with a clock of its own: `open_until` and whether a probe is out.
    std::vector<Call> calls;
    std::vector<size_t> running;
    int failures = 0;
    bool is_open = false;
    bool is_probing = false;
    int64_t opened_ns = 0;
    size_t first = 0;
    for (int64_t now_ns = kMs; now_ns < 400 * kMs; now_ns += kMs) {
      const bool is_bad = now_ns / (100 * kMs) % 2 == 1;
      if (random() % 2 == 0) {
        const bool passes = !is_open || (!is_probing && now_ns >= opened_ns + kOpenNs);
        if (!passes) {
          calls.push_back({.begin_ns = now_ns, .end_ns = now_ns, .has_passed = false});
        } else {
          is_probing = is_open;
          running.push_back(calls.size());
          calls.push_back({.begin_ns = now_ns});
        }
      }
      if (running.empty() || random() % 3 == 0) continue;
      const size_t place = random() % running.size();
      const size_t number = running[place];
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(place));
      const bool was_answered = !is_bad && random() % 4 != 0;
      calls[number].end_ns = now_ns + kMs / 2;
      calls[number].was_answered = was_answered;
      if (number < first) continue;
      failures = was_answered ? 0 : failures + 1;
      if (is_probing || failures >= kFailuresToOpen) {
        is_open = !was_answered;
        opened_ns = calls[number].end_ns;
        first = calls.size();
        failures = 0;
        is_probing = false;
      }
    }
    const Violations none = CheckBreaker(calls);
    EXPECT_TRUE(none.none()) << "course " << course << ": " << none.first;
    if (!is_open) continue;
    ++opened;
    calls.push_back({.begin_ns = opened_ns + kOpenNs / 2});
    std::stable_sort(calls.begin(), calls.end(),
                     [](const Call& a, const Call& b) { return a.begin_ns < b.begin_ns; });
    EXPECT_FALSE(CheckBreaker(calls).none()) << "course " << course;
  }
  EXPECT_GT(opened, 30);
}

}  // namespace
}  // namespace rcb::outage
