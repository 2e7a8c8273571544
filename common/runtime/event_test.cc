#include "common/runtime/event.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/measure/clock.h"
#include "common/runtime/loop.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

constexpr int64_t kMsNs = 1'000'000;

// Longer than any test takes: waits that end by it have failed.
int64_t FarNs() { return NowNs() + 30'000 * kMsNs; }

Task<void> LogWait(Event& event, int64_t deadline_ns, std::string name,
                   std::vector<std::string>& log) {
  const absl::Status status = co_await Try(event.Wait(deadline_ns));
  log.push_back(absl::StrCat(name, " ", absl::StatusCodeToString(status.code())));
}

TEST(Event, WakesAllWhoWaitInTheOrderOfTheirWaits) {
  Loop loop;
  Event event(loop);
  std::vector<std::string> log;
  for (const char* name : {"a", "b", "c"}) loop.Spawn(LogWait(event, FarNs(), name, log));
  EXPECT_TRUE(log.empty());
  EXPECT_FALSE(event.is_set());
  event.Set();
  EXPECT_TRUE(event.is_set());
  EXPECT_EQ(log, std::vector<std::string>({"a OK", "b OK", "c OK"}));
  loop.Run();
}

TEST(Event, LetsLaterWaitsPassAtOnceEvenAfterTheirDeadline) {
  Loop loop;
  Event event(loop);
  event.Set();
  std::vector<std::string> log;
  loop.Spawn(LogWait(event, FarNs(), "a", log));
  loop.Spawn(LogWait(event, NowNs() - kMsNs, "b", log));
  EXPECT_EQ(log, std::vector<std::string>({"a OK", "b OK"}));
}

TEST(Event, WaitEndsAtItsDeadlineAndNotBefore) {
  Loop loop;
  Event event(loop);
  const int64_t deadline_ns = NowNs() + 20 * kMsNs;
  const auto body = [&]() -> Task<void> {
    const absl::Status status = co_await Try(event.Wait(deadline_ns));
    EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
    EXPECT_GE(NowNs(), deadline_ns);
  };
  loop.RunUntilDone(body());
}

TEST(Event, WakesOnlyThoseWhoStillWait) {
  Loop loop;
  Event event(loop);
  std::vector<std::string> log;
  const auto sets = [&]() -> Task<void> {
    (co_await Try(loop.Sleep(20 * kMsNs))).IgnoreError();
    event.Set();
  };
  loop.Spawn(LogWait(event, FarNs(), "patient", log));
  loop.Spawn(LogWait(event, NowNs() + kMsNs, "hasty", log));
  loop.Spawn(sets());
  loop.Run();
  EXPECT_EQ(log, std::vector<std::string>({"hasty DEADLINE_EXCEEDED", "patient OK"}));
}

TEST(Event, MayBeDestroyedByAWaiterThatItWakes) {
  Loop loop;
  auto event = std::make_unique<Event>(loop);
  const auto body = [&]() -> Task<void> {
    EXPECT_EQ(co_await Try(event->Wait(FarNs())), absl::OkStatus());
    event.reset();
  };
  loop.Spawn(body());
  event->Set();
  EXPECT_EQ(event, nullptr);
}

TEST(Event, WaitEndsWhenTheLoopIsCancelledAndLaterOnesFailAtOnce) {
  Loop loop;
  Event event(loop);
  std::vector<std::string> log;
  loop.Spawn(LogWait(event, FarNs(), "a", log));
  loop.Cancel();
  loop.Spawn(LogWait(event, FarNs(), "b", log));
  EXPECT_EQ(log, std::vector<std::string>({"a CANCELLED", "b CANCELLED"}));
}

TEST(Event, EndsATaskThatDoesNotTry) {
  Loop loop;
  Event event(loop);
  const auto waits = [&]() -> Task<absl::Status> {
    co_await event.Wait(NowNs() + kMsNs);
    ADD_FAILURE() << "went on after a failure";
    co_return absl::OkStatus();
  };
  const auto body = [&]() -> Task<void> {
    EXPECT_EQ((co_await Try(waits())).code(), absl::StatusCode::kDeadlineExceeded);
  };
  loop.RunUntilDone(body());
}

Task<void> AwaitShared(SharedEvent& event, Loop& loop, int64_t deadline_ns, absl::Status& result) {
  result = co_await Try(event.Wait(loop, deadline_ns));
}

TEST(SharedEvent, WakesTasksOfSeveralLoopsAndShowsThemWhatCameBefore) {
  constexpr int kRounds = 200;
  constexpr int kThreads = 2;
  for (int round = 0; round < kRounds; ++round) {
    SharedEvent event;
    int written_before = 0;  // plain: the event alone makes reading it safe
    absl::Status results[kThreads];
    int seen[kThreads] = {};
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        Loop loop;
        loop.RunUntilDone(AwaitShared(event, loop, FarNs(), results[i]));
        seen[i] = written_before;
      });
    }
    written_before = round + 1;
    event.Set();
    for (std::thread& thread : threads) thread.join();
    for (int i = 0; i < kThreads; ++i) {
      EXPECT_EQ(results[i], absl::OkStatus());
      EXPECT_EQ(seen[i], round + 1);
    }
  }
}

TEST(SharedEvent, WakesEveryTaskOfEveryLoopThatSleeps) {
  constexpr int kThreads = 2;
  constexpr int kTasks = 2;  // of each thread
  SharedEvent event;
  std::atomic<int> waiting{0};
  std::vector<absl::Status> results(kThreads * kTasks, absl::UnknownError("never ended"));
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      Loop loop;
      for (size_t j = 0; j < kTasks; ++j) {
        loop.Spawn(AwaitShared(event, loop, FarNs(), results[kTasks * i + j]));
        ++waiting;
      }
      loop.Run();
    });
  }
  while (waiting < kThreads * kTasks) std::this_thread::yield();
  event.Set();
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& result : results) EXPECT_EQ(result, absl::OkStatus());
}

TEST(SharedEvent, LetsLaterWaitsPassAtOnce) {
  Loop loop;
  SharedEvent event;
  event.Set();
  absl::Status result = absl::UnknownError("never ended");
  loop.Spawn(AwaitShared(event, loop, NowNs() - kMsNs, result));
  EXPECT_EQ(result, absl::OkStatus());
}

TEST(SharedEvent, MayBeSetAfterTheLoopOfAWaiterThatTimedOutIsGone) {
  SharedEvent event;
  absl::Status hasty;
  {
    Loop loop;
    loop.RunUntilDone(AwaitShared(event, loop, NowNs() + kMsNs, hasty));
  }
  EXPECT_EQ(hasty.code(), absl::StatusCode::kDeadlineExceeded);
  event.Set();
}

TEST(SharedEvent, WakesAPatientWaiterAfterAHastyOneOfTheSameLoop) {
  SharedEvent event;
  absl::Status hasty;
  absl::Status patient = absl::UnknownError("never ended");
  std::atomic<bool> gave_up{false};
  std::thread waiter([&] {
    Loop loop;
    const auto first = [&]() -> Task<void> {
      co_await AwaitShared(event, loop, NowNs() + kMsNs, hasty);
      gave_up = true;
    };
    loop.Spawn(AwaitShared(event, loop, FarNs(), patient));
    loop.Spawn(first());
    loop.Run();
  });
  while (!gave_up) std::this_thread::yield();
  event.Set();
  waiter.join();
  EXPECT_EQ(hasty.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(patient, absl::OkStatus());
}

// Waiters whose deadline and whose event come at about the same time, loops that end right after.
TEST(SharedEvent, SurvivesSetsThatRaceWithDeadlines) {
  constexpr int kRounds = 200;
  for (int round = 0; round < kRounds; ++round) {
    SharedEvent event;
    absl::Status result = absl::UnknownError("never ended");
    std::thread waiter([&] {
      auto loop = std::make_unique<Loop>();
      loop->RunUntilDone(AwaitShared(event, *loop, NowNs() + kMsNs / 10, result));
    });
    const int64_t set_ns = NowNs() + round * kMsNs / 500;
    while (NowNs() < set_ns) std::this_thread::yield();
    event.Set();
    waiter.join();
    EXPECT_TRUE(result.ok() || absl::IsDeadlineExceeded(result)) << result;
  }
}

}  // namespace
}  // namespace rcb
