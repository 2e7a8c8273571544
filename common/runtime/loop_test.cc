#include "common/runtime/loop.h"

#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/measure/clock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

constexpr int64_t kMsNs = 1'000'000;
constexpr int64_t kFarNs = 30'000 * kMsNs;  // longer than any test takes

Task<void> LogSleep(Loop& loop, int64_t when_ns, std::string name, std::vector<std::string>& log) {
  const absl::Status status = co_await Try(loop.SleepUntil(when_ns));
  EXPECT_TRUE(!status.ok() || NowNs() >= when_ns) << name << " woke early";
  log.push_back(absl::StrCat(name, " ", absl::StatusCodeToString(status.code())));
}

TEST(Loop, EndsSleepsInTheOrderOfTheirTimesAndNotEarly) {
  Loop loop;
  std::vector<std::string> log;
  const int64_t now_ns = NowNs();
  loop.Spawn(LogSleep(loop, now_ns + 30 * kMsNs, "late", log));
  loop.Spawn(LogSleep(loop, now_ns + 10 * kMsNs, "early", log));
  loop.Spawn(LogSleep(loop, now_ns + 20 * kMsNs, "first of two", log));
  loop.Spawn(LogSleep(loop, now_ns + 20 * kMsNs, "second of two", log));
  loop.Spawn(LogSleep(loop, now_ns - 10 * kMsNs, "past", log));
  loop.Run();
  EXPECT_EQ(log, std::vector<std::string>(
                     {"past OK", "early OK", "first of two OK", "second of two OK", "late OK"}));
}

TEST(Loop, SleepsForADuration) {
  Loop loop;
  const auto body = [&]() -> Task<void> {
    const int64_t start_ns = NowNs();
    EXPECT_EQ(co_await Try(loop.Sleep(5 * kMsNs)), absl::OkStatus());
    EXPECT_GE(NowNs() - start_ns, 5 * kMsNs);
    EXPECT_EQ(co_await Try(loop.Sleep(-1)), absl::OkStatus());
    EXPECT_EQ(co_await Try(loop.SleepUntil(INT64_MIN)), absl::OkStatus());
  };
  loop.RunUntilDone(body());
}

TEST(Loop, RunsTenThousandSleepsAtOnce) {
  constexpr int kSleeps = 10'000;
  Loop loop;
  std::mt19937 random(/*seed=*/1);
  std::uniform_int_distribution<int64_t> spread_ns(0, 50 * kMsNs);
  std::vector<int64_t> woken;
  const auto sleeps = [&](int64_t when_ns) -> Task<void> {
    EXPECT_EQ(co_await Try(loop.SleepUntil(when_ns)), absl::OkStatus());
    EXPECT_GE(NowNs(), when_ns);
    woken.push_back(when_ns);
  };
  const int64_t first_ns = NowNs();
  for (int i = 0; i < kSleeps; ++i) loop.Spawn(sleeps(first_ns + spread_ns(random)));
  loop.Run();
  EXPECT_EQ(woken.size(), size_t{kSleeps});
  EXPECT_TRUE(std::is_sorted(woken.begin(), woken.end()));
}

TEST(Loop, SpawnRunsATaskUpToItsFirstWaitAndRunToItsEnd) {
  Loop loop;
  loop.Run();  // nothing to do: returns
  std::string log;
  const auto body = [&]() -> Task<void> {
    log += "begun ";
    (co_await Try(loop.Sleep(kMsNs))).IgnoreError();
    log += "ended";
  };
  loop.Spawn(body());
  EXPECT_EQ(log, "begun ");
  loop.Run();
  EXPECT_EQ(log, "begun ended");
}

TEST(Loop, RunLastsUntilTasksThatTasksSpawnHaveEnded) {
  Loop loop;
  bool ended = false;
  const auto child = [&]() -> Task<void> {
    (co_await Try(loop.Sleep(5 * kMsNs))).IgnoreError();
    ended = true;
  };
  const auto parent = [&]() -> Task<void> {
    (co_await Try(loop.Sleep(kMsNs))).IgnoreError();
    loop.Spawn(child());
  };
  loop.RunUntilDone(parent());
  EXPECT_TRUE(ended);
}

TEST(Loop, PostRunsOnTheThreadOfTheLoopInOrder) {
  constexpr int kPosts = 1000;
  Loop loop;
  std::vector<int> ran;
  const std::thread::id loop_thread = std::this_thread::get_id();
  const auto waits = [&]() -> Task<void> {
    const int64_t give_up_ns = NowNs() + kFarNs;
    while (ran.size() < kPosts && NowNs() < give_up_ns)
      (co_await Try(loop.Sleep(kMsNs))).IgnoreError();
  };
  std::thread poster([&] {
    for (int i = 0; i < kPosts; ++i) {
      loop.Post([&, i] {
        EXPECT_EQ(std::this_thread::get_id(), loop_thread);
        ran.push_back(i);
      });
    }
  });
  loop.RunUntilDone(waits());
  poster.join();
  ASSERT_EQ(ran.size(), size_t{kPosts});
  for (int i = 0; i < kPosts; ++i) EXPECT_EQ(ran[static_cast<size_t>(i)], i);
}

TEST(Loop, PostWakesALoopThatSleeps) {
  Loop loop;
  absl::Status slept;
  const auto sleeps = [&]() -> Task<void> { slept = co_await Try(loop.Sleep(kFarNs)); };
  loop.Spawn(sleeps());
  std::thread poster([&] { loop.Post([&] { loop.Cancel(); }); });
  loop.Run();
  poster.join();
  EXPECT_EQ(slept.code(), absl::StatusCode::kCancelled);
}

TEST(Loop, PostMayPostAgain) {
  Loop loop;
  bool second = false;
  const auto waits = [&]() -> Task<void> {
    loop.Post([&] { loop.Post([&] { second = true; }); });
    const int64_t give_up_ns = NowNs() + kFarNs;
    while (!second && NowNs() < give_up_ns) (co_await Try(loop.Sleep(kMsNs))).IgnoreError();
  };
  loop.RunUntilDone(waits());
  EXPECT_TRUE(second);
}

TEST(Loop, ReadsWhatHasComeBeforeTimersFire) {
  std::vector<std::string> log;
  uv_poll_t arrival;  // outlives the loop, which closes it
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  Loop loop;
  arrival.data = &log;
  uv_poll_init(loop.uv(), &arrival, ends[0]);
  uv_poll_start(&arrival, UV_READABLE, [](uv_poll_t* handle, int, int) {
    static_cast<std::vector<std::string>*>(handle->data)->emplace_back("read");
    uv_close(reinterpret_cast<uv_handle_t*>(handle), nullptr);
  });
  const int64_t due_ns = NowNs() + kMsNs;
  loop.Spawn(LogSleep(loop, due_ns, "timer", log));
  loop.Post([&] {
    while (NowNs() <= due_ns) {  // so that the timer is due first
    }
    EXPECT_EQ(write(ends[1], "x", 1), 1);
  });
  loop.Run();
  EXPECT_EQ(log, std::vector<std::string>({"read", "timer OK"}));
  close(ends[0]);
  close(ends[1]);
}

TEST(Loop, CancelEndsEverySleepAndThoseToComeUntilReset) {
  Loop loop;
  std::vector<std::string> log;
  loop.Spawn(LogSleep(loop, NowNs() + kFarNs, "a", log));
  loop.Spawn(LogSleep(loop, NowNs() + kFarNs, "b", log));
  EXPECT_FALSE(loop.cancelled());
  loop.Cancel();
  EXPECT_TRUE(loop.cancelled());
  loop.Spawn(LogSleep(loop, NowNs() + kFarNs, "c", log));
  EXPECT_EQ(log, std::vector<std::string>({"a CANCELLED", "b CANCELLED", "c CANCELLED"}));
  loop.Reset();
  EXPECT_FALSE(loop.cancelled());
  loop.RunUntilDone(LogSleep(loop, NowNs() + kMsNs, "d", log));
  EXPECT_EQ(log.back(), "d OK");
}

TEST(Loop, CancelEndsATaskThatDoesNotTry) {
  Loop loop;
  const auto sleeps = [&]() -> Task<absl::Status> {
    co_await loop.Sleep(kFarNs);
    ADD_FAILURE() << "went on after a failure";
    co_return absl::OkStatus();
  };
  absl::Status status;
  const auto body = [&]() -> Task<void> { status = co_await Try(sleeps()); };
  loop.Spawn(body());
  loop.Cancel();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
}

TEST(Loop, SweepsAgainAndAgainWhileItRunsAndMayBeCancelledThere) {
  Loop loop;
  int sweeps = 0;
  loop.set_on_sweep([&] {
    if (++sweeps == 3) loop.Cancel();
  });
  std::vector<std::string> log;
  loop.RunUntilDone(LogSleep(loop, NowNs() + kFarNs, "a", log));
  EXPECT_EQ(log, std::vector<std::string>({"a CANCELLED"}));
  EXPECT_EQ(sweeps, 3);
  loop.Reset();
  loop.set_on_sweep(nullptr);
  loop.RunUntilDone(LogSleep(loop, NowNs() + 2 * Loop::kSweepNs, "b", log));
  EXPECT_EQ(log.back(), "b OK");
}

}  // namespace
}  // namespace rcb
