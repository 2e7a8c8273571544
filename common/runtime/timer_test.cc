// Timers, deadlines that are only looked at now and then, and those that look.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "common/measure/clock.h"
#include "common/runtime/loop.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

constexpr int64_t kMsNs = 1'000'000;
constexpr int64_t kFarNs = 30'000 * kMsNs;  // longer than any test takes

Task<void> SleepUntil(Loop& loop, int64_t when_ns) {
  const absl::Status status = co_await Try(loop.SleepUntil(when_ns));
  EXPECT_TRUE(!status.ok() || NowNs() >= when_ns) << "woke early";
}

// What timers and deadlines in these tests write when they end.
struct Log {
  std::vector<std::string> lines;
  std::function<void()> Line(std::string line) {
    return [this, line] { lines.push_back(line); };
  }
};

TEST(Timer, CallsBackOnceAtItsLastTime) {
  Loop loop;
  Log log;
  Timer postponed(loop, log.Line("postponed"));
  Timer advanced(loop, log.Line("advanced"));
  const int64_t now_ns = NowNs();
  postponed.Start(now_ns + kMsNs);
  postponed.Start(now_ns + 20 * kMsNs);
  advanced.Start(now_ns + kFarNs);
  advanced.Start(now_ns + 10 * kMsNs);
  loop.RunUntilDone(SleepUntil(loop, now_ns + 30 * kMsNs));
  EXPECT_EQ(log.lines, std::vector<std::string>({"advanced", "postponed"}));
}

TEST(Timer, DoesNotCallBackOnceStoppedOrDestroyed) {
  Loop loop;
  Log log;
  Timer stopped(loop, log.Line("stopped"));
  auto destroyed = std::make_unique<Timer>(loop, log.Line("destroyed"));
  const int64_t now_ns = NowNs();
  stopped.Start(now_ns + kMsNs);
  destroyed->Start(now_ns + kMsNs);
  stopped.Stop();
  stopped.Stop();
  destroyed.reset();
  loop.RunUntilDone(SleepUntil(loop, now_ns + 5 * kMsNs));
  EXPECT_TRUE(log.lines.empty());
  stopped.Start(NowNs());
  loop.RunUntilDone(SleepUntil(loop, NowNs() + kMsNs));
  EXPECT_EQ(log.lines, std::vector<std::string>({"stopped"}));
}

TEST(Timer, MayStopAnotherThatIsDueAndStartItselfAnew) {
  Loop loop;
  Log log;
  Timer victim(loop, log.Line("victim"));
  int calls = 0;
  std::unique_ptr<Timer> repeating;
  repeating = std::make_unique<Timer>(loop, [&] {
    victim.Stop();
    if (++calls < 3) repeating->Start(NowNs() + kMsNs);
  });
  const int64_t due_ns = NowNs() - kMsNs;
  repeating->Start(due_ns);
  victim.Start(due_ns);
  const auto waits = [&]() -> Task<void> {
    const int64_t give_up_ns = NowNs() + kFarNs;
    while (calls < 3 && NowNs() < give_up_ns) (co_await Try(loop.Sleep(kMsNs))).IgnoreError();
  };
  loop.RunUntilDone(waits());
  EXPECT_EQ(calls, 3);
  EXPECT_TRUE(log.lines.empty());
}

TEST(Timer, IsCalledEarlyByCancel) {
  Loop loop;
  bool saw_cancelled = false;
  Timer timer(loop, [&] { saw_cancelled = loop.cancelled(); });
  timer.Start(NowNs() + kFarNs);
  loop.Cancel();
  EXPECT_TRUE(saw_cancelled);
}

// Reports to `on_expired` once its timeout has expired or the loop is cancelled, and then has no
// timeout any more.
class Watch : public SweepListener {
 public:
  Watch(Loop& loop, std::function<void(absl::Status)> on_expired)
      : SweepListener(loop), on_expired_(std::move(on_expired)) {}
  void StartTimeout(int64_t timeout_ns) { timeout_.Start(timeout_ns); }
  void StopTimeout() { timeout_ = LazyTimeout(); }

 private:
  void OnSweep(int64_t now_ns) override {
    if (loop().cancelled()) return on_expired_(absl::CancelledError("cancelled"));
    if (!timeout_.HasExpired(now_ns)) return;
    StopTimeout();
    on_expired_(absl::DeadlineExceededError("expired"));
  }
  LazyTimeout timeout_;
  std::function<void(absl::Status)> on_expired_;
};

// Runs `loop` until `done`, and for `more_sweeps` after that.
void RunUntil(Loop& loop, const std::function<bool()>& done, int more_sweeps) {
  int sweeps = 0;
  loop.set_on_sweep([&] { sweeps += done() ? 1 : 0; });
  const auto waits = [&]() -> Task<void> {
    const int64_t give_up_ns = NowNs() + kFarNs;
    while (sweeps <= more_sweeps && NowNs() < give_up_ns) {
      (co_await Try(loop.Sleep(kMsNs))).IgnoreError();
    }
  };
  loop.RunUntilDone(waits());
  loop.set_on_sweep(nullptr);
}

TEST(LazyTimeout, ExpiresOnceAfterItsTimeoutAndOnlyThen) {
  Loop loop;
  std::vector<std::string> log;
  const auto logs = [&](std::string name) {
    return [&log, name](absl::Status why) {
      log.push_back(absl::StrCat(name, " ", absl::StatusCodeToString(why.code())));
    };
  };
  constexpr int64_t kTimeoutNs = 30 * kMsNs;  // more than a sweep: one that forgets shows
  const int64_t due_ns = NowNs() + kTimeoutNs;
  Watch expires(loop, [&, log_expiry = logs("expires")](absl::Status why) {
    EXPECT_GE(NowNs(), due_ns);
    log_expiry(std::move(why));
  });
  Watch stopped(loop, logs("stopped"));
  Watch far(loop, logs("far"));
  const Watch never(loop, logs("never"));
  expires.StartTimeout(kTimeoutNs);
  stopped.StartTimeout(0);
  stopped.StopTimeout();
  far.StartTimeout(kFarNs);
  RunUntil(
      loop, [&] { return !log.empty(); }, /*more_sweeps=*/3);
  EXPECT_EQ(log, std::vector<std::string>({"expires DEADLINE_EXCEEDED"}));
}

TEST(LazyTimeout, CountsATimeoutThatIsStartedAnewFromThen) {
  Loop loop;
  std::vector<int64_t> log;
  Watch watch(loop, [&](absl::Status) { log.push_back(NowNs()); });
  int64_t last_start_ns = 0;
  const auto restarts = [&]() -> Task<void> {
    for (int i = 0; i < 4; ++i) {
      last_start_ns = NowNs();
      watch.StartTimeout(3 * Loop::kSweepNs);
      (co_await Try(loop.Sleep(Loop::kSweepNs))).IgnoreError();
    }
  };
  loop.Spawn(restarts());
  RunUntil(
      loop, [&] { return !log.empty(); }, /*more_sweeps=*/0);
  ASSERT_EQ(log.size(), 1u);
  EXPECT_GE(log[0], last_start_ns + 3 * Loop::kSweepNs);
}

TEST(SweepListener, AllAreCalledWhenTheLoopIsCancelledWithOrWithoutATimeout) {
  Loop loop;
  std::vector<absl::Status> ends;
  const auto ends_with = [&](absl::Status why) { ends.push_back(std::move(why)); };
  Watch waits(loop, ends_with);
  const Watch idle(loop, ends_with);
  waits.StartTimeout(kFarNs);
  loop.set_on_sweep([&] { loop.Cancel(); });
  const auto sleeps = [&]() -> Task<void> { (co_await Try(loop.Sleep(kFarNs))).IgnoreError(); };
  loop.RunUntilDone(sleeps());
  ASSERT_EQ(ends.size(), 2u);
  EXPECT_EQ(ends[0].code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(ends[1].code(), absl::StatusCode::kCancelled);
}

// Every subset of four, all of them due, is destroyed by the first that is told.
TEST(SweepListener, MayDestroyOthersAndMakeNewOnes) {
  constexpr size_t kWatches = 4;
  for (unsigned victims = 0; victims < (1u << kWatches); ++victims) {
    Loop loop;
    std::vector<std::unique_ptr<Watch>> watches(kWatches);
    std::vector<std::unique_ptr<Watch>> made;
    std::vector<size_t> expired;
    for (size_t i = 0; i < kWatches; ++i) {
      watches[i] = std::make_unique<Watch>(loop, [&, i](absl::Status) {
        expired.push_back(i);
        if (expired.size() > 1) return;
        for (size_t j = 0; j < kWatches; ++j) {
          if (j != i && (victims >> j & 1) != 0) watches[j].reset();
        }
        made.push_back(std::make_unique<Watch>(loop, [](absl::Status) {}));
      });
      watches[i]->StartTimeout(0);
    }
    RunUntil(
        loop, [&] { return !expired.empty(); }, /*more_sweeps=*/1);
    size_t survivors = 0;
    for (const std::unique_ptr<Watch>& watch : watches) survivors += watch != nullptr ? 1 : 0;
    EXPECT_EQ(expired.size(), survivors) << "victims " << victims;
  }
}

}  // namespace
}  // namespace rcb
