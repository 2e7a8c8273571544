#include "common/runtime/single_flight.h"

#include <atomic>
#include <cstdint>
#include <latch>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/measure/clock.h"
#include "common/runtime/event.h"
#include "common/runtime/loop.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::ElementsAre;

constexpr int64_t kMsNs = 1'000'000;

// Longer than any test takes: waits that end by it have failed.
int64_t FarNs() { return NowNs() + 30'000 * kMsNs; }

using Result = absl::StatusOr<int64_t>;

// Counts the calls that really run; each ends when the test says so.
struct Source {
  explicit Source(Loop& on) : may_end(on) {}

  Task<Result> Call(Result result) {
    ++calls;
    co_await may_end.Wait(FarNs());
    co_return result;
  }

  Event may_end;
  int calls = 0;
};

// One caller; what it got is appended to `log`.
Task<void> Caller(SingleFlight& flights, std::string key, Loop& loop, int64_t deadline_ns,
                  Task<Result> call, std::vector<std::string>& log) {
  const Result result = co_await Try(flights.Do(key, loop, deadline_ns, std::move(call)));
  log.push_back(result.ok() ? absl::StrCat(*result) : std::string(result.status().message()));
}

TEST(SingleFlight, RunsOneCallAndGivesItsResultToAllWhoCameMeanwhile) {
  Loop loop;
  SingleFlight flights;
  Source source(loop);
  std::vector<std::string> log;
  for (int64_t i = 0; i < 50; ++i) {
    loop.Spawn(Caller(flights, "key", loop, FarNs(), source.Call(i), log));
  }
  EXPECT_EQ(source.calls, 1);
  EXPECT_THAT(log, ElementsAre());
  source.may_end.Set();
  loop.Run();
  EXPECT_EQ(source.calls, 1);
  EXPECT_EQ(log, std::vector<std::string>(50, "0"));
}

TEST(SingleFlight, RunsACallForEachKey) {
  Loop loop;
  SingleFlight flights;
  Source source(loop);
  std::vector<std::string> log;
  loop.Spawn(Caller(flights, "a", loop, FarNs(), source.Call(1), log));
  loop.Spawn(Caller(flights, "b", loop, FarNs(), source.Call(2), log));
  loop.Spawn(Caller(flights, "a", loop, FarNs(), source.Call(3), log));
  EXPECT_EQ(source.calls, 2);
  source.may_end.Set();
  loop.Run();
  EXPECT_THAT(log, testing::UnorderedElementsAre("1", "1", "2"));
}

TEST(SingleFlight, ALateCallerStartsACallOfItsOwn) {
  Loop loop;
  SingleFlight flights;
  Source source(loop);
  source.may_end.Set();
  std::vector<std::string> log;
  for (int64_t i = 1; i <= 3; ++i) {
    loop.RunUntilDone(Caller(flights, "key", loop, FarNs(), source.Call(i), log));
  }
  EXPECT_EQ(source.calls, 3);
  EXPECT_THAT(log, ElementsAre("1", "2", "3"));
}

TEST(SingleFlight, SharesAnErrorWithThoseOnBoardAndForgetsIt) {
  Loop loop;
  SingleFlight flights;
  Source source(loop);
  std::vector<std::string> log;
  loop.Spawn(
      Caller(flights, "key", loop, FarNs(), source.Call(absl::InternalError("broken")), log));
  loop.Spawn(Caller(flights, "key", loop, FarNs(), source.Call(1), log));
  loop.Spawn(Caller(flights, "key", loop, FarNs(), source.Call(2), log));
  source.may_end.Set();
  loop.Run();
  EXPECT_THAT(log, ElementsAre("broken", "broken", "broken"));
  loop.RunUntilDone(Caller(flights, "key", loop, FarNs(), source.Call(3), log));
  EXPECT_EQ(log.back(), "3");
  EXPECT_EQ(source.calls, 2);
}

TEST(SingleFlight, AFollowerGivesUpAtItsDeadlineAndTheOthersDoNot) {
  Loop loop;
  SingleFlight flights;
  Source source(loop);
  std::vector<std::string> log;
  const int64_t deadline_ns = NowNs() + 20 * kMsNs;
  const auto ends_later = [&]() -> Task<void> {
    static_cast<void>(co_await Try(loop.Sleep(60 * kMsNs)));
    source.may_end.Set();
  };
  // The deadline is the follower's: whoever runs the call sees it through.
  loop.Spawn(Caller(flights, "key", loop, deadline_ns, source.Call(1), log));
  loop.Spawn(Caller(flights, "key", loop, deadline_ns, source.Call(2), log));
  loop.Spawn(Caller(flights, "key", loop, FarNs(), source.Call(3), log));
  loop.Spawn(ends_later());
  loop.Run();
  EXPECT_THAT(log, ElementsAre("the event did not come", "1", "1"));
  EXPECT_EQ(source.calls, 1);
}

TEST(SingleFlight, ACallerWhoGaveUpMayComeAgainForTheSameCall) {
  Loop loop;
  SingleFlight flights;
  Source source(loop);
  std::vector<std::string> log;
  loop.Spawn(Caller(flights, "key", loop, FarNs(), source.Call(1), log));
  const auto hasty = [&]() -> Task<void> {
    co_await Caller(flights, "key", loop, NowNs() - kMsNs, source.Call(2), log);
    loop.Spawn(Caller(flights, "key", loop, FarNs(), source.Call(3), log));
    source.may_end.Set();
  };
  loop.Spawn(hasty());
  loop.Run();
  EXPECT_THAT(log, ElementsAre("the event did not come", "1", "1"));
  EXPECT_EQ(source.calls, 1);
}

TEST(SingleFlight, CancellingTheLoopEndsCallAndFollowersAndForgetsTheKey) {
  Loop loop;
  SingleFlight flights;
  Source source(loop);
  std::vector<std::string> log;
  for (int64_t i = 0; i < 3; ++i) {
    loop.Spawn(Caller(flights, "key", loop, FarNs(), source.Call(i), log));
  }
  loop.Cancel();
  loop.Run();
  EXPECT_EQ(log, std::vector<std::string>(3, "cancelled"));
  loop.Reset();
  source.may_end.Set();
  loop.RunUntilDone(Caller(flights, "key", loop, FarNs(), source.Call(7), log));
  EXPECT_EQ(log.back(), "7");
}

// The call of one thread waits until the follower of the other is on board.
TEST(SingleFlight, SharesAcrossLoopsAndThreads) {
  constexpr int kRounds = 200;
  SingleFlight flights;
  for (int round = 0; round < kRounds; ++round) {
    const bool fails = round % 2 == 1;
    SharedEvent boarded;
    std::atomic<int> calls{0};
    std::vector<std::string> logs[2];
    std::latch called(1);
    const auto leader_call = [&](Loop& loop) -> Task<Result> {
      ++calls;
      called.count_down();
      co_await boarded.Wait(loop, FarNs());
      co_await loop.Sleep(round % 4 * kMsNs / 10);  // lands before, while and after others wait
      if (fails) co_return absl::InternalError("broken");
      co_return round;
    };
    const auto other_call = [&calls]() -> Task<Result> {
      ++calls;
      co_return -1;
    };
    std::thread leader([&] {
      Loop loop;
      loop.RunUntilDone(Caller(flights, "key", loop, FarNs(), leader_call(loop), logs[0]));
    });
    std::thread follower([&] {
      Loop loop;
      called.wait();
      for (int i = 0; i < 3; ++i) {
        loop.Spawn(Caller(flights, "key", loop, FarNs(), other_call(), logs[1]));
      }
      boarded.Set();
      loop.Run();
    });
    leader.join();
    follower.join();
    const std::string expected = fails ? "broken" : absl::StrCat(round);
    EXPECT_EQ(calls, 1);
    EXPECT_THAT(logs[0], ElementsAre(expected));
    EXPECT_THAT(logs[1], ElementsAre(expected, expected, expected));
  }
}

// Two loops call as fast as they can: never two calls at once, and nobody gets less than the newest
// value there was when it came.
TEST(SingleFlight, NeverRunsTwoCallsOfAKeyAtOnce) {
  constexpr int kTimes = 300;
  SingleFlight flights;
  std::atomic<int> running{0};
  std::atomic<int64_t> made{0};
  std::atomic<int> overlaps{0};
  std::atomic<int> stale{0};
  const auto call = [&](Loop& loop) -> Task<Result> {
    if (++running > 1) ++overlaps;
    co_await loop.Sleep(0);
    --running;
    co_return ++made;
  };
  const auto caller = [&](Loop& loop) -> Task<void> {
    for (int i = 0; i < kTimes; ++i) {
      const int64_t made_before = made;
      const Result result = co_await Try(flights.Do("key", loop, FarNs(), call(loop)));
      if (!result.ok() || *result < made_before) ++stale;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&caller] {
      Loop loop;
      for (int worker = 0; worker < 5; ++worker) loop.Spawn(caller(loop));
      loop.Run();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(overlaps, 0);
  EXPECT_EQ(stale, 0);
  EXPECT_GE(made, kTimes);
  EXPECT_LT(made, 10 * kTimes) << "nothing was shared";
}

}  // namespace
}  // namespace rcb
