#include "common/workload/computation.h"

#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "common/measure/clock.h"
#include "common/runtime/loop.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

constexpr int64_t kMsNs = 1'000'000;

Task<void> RunAndLog(const Computation& computation, Loop& loop, std::string name,
                     std::vector<std::string>& log) {
  log.push_back(name + " began");
  const absl::Status status = co_await Try(computation.Run(loop));
  log.push_back(name + (status.ok() ? " ended" : " failed"));
}

TEST(Computation, WaitTakesItsTimeWhileOthersGoOn) {
  Loop loop;
  const Computation longer{Computation::Kind::kWait, 40};
  const Computation shorter{Computation::Kind::kWait, 20};
  std::vector<std::string> log;
  const int64_t start_ns = NowNs();
  loop.Spawn(RunAndLog(longer, loop, "longer", log));
  loop.Spawn(RunAndLog(shorter, loop, "shorter", log));
  loop.Run();
  EXPECT_GE(NowNs() - start_ns, 40 * kMsNs);
  EXPECT_EQ(log, std::vector<std::string>(
                     {"longer began", "shorter began", "shorter ended", "longer ended"}));
}

TEST(Computation, BurnTakesProcessorTimeAndTheLoopForItself) {
  Loop loop;
  const Computation burn{Computation::Kind::kBurnCpu, 20};
  std::vector<std::string> log;
  const int64_t start_ns = ThreadCpuNs();
  loop.Spawn(RunAndLog(burn, loop, "first", log));
  EXPECT_GE(ThreadCpuNs() - start_ns, 20 * kMsNs);
  loop.Spawn(RunAndLog(burn, loop, "second", log));
  EXPECT_GE(ThreadCpuNs() - start_ns, 40 * kMsNs);
  EXPECT_EQ(log, std::vector<std::string>(
                     {"first began", "first ended", "second began", "second ended"}));
}

TEST(Computation, WaitTakesHardlyAnyProcessorTime) {
  Loop loop;
  const Computation wait{Computation::Kind::kWait, 200};
  std::vector<std::string> log;
  const int64_t start_ns = ThreadCpuNs();
  loop.RunUntilDone(RunAndLog(wait, loop, "wait", log));
  EXPECT_LT(ThreadCpuNs() - start_ns, 100 * kMsNs);
}

TEST(Computation, FailsWhenItsLoopIsCancelled) {
  Loop loop;
  const Computation endless{Computation::Kind::kWait, 3'600'000};
  std::vector<std::string> log;
  loop.Spawn(RunAndLog(endless, loop, "endless", log));
  loop.Cancel();
  loop.Run();
  EXPECT_EQ(log, std::vector<std::string>({"endless began", "endless failed"}));
}

TEST(RunningGauge, KeepsTheMaximumThatEverRanAtOnce) {
  RunningGauge gauge;
  EXPECT_EQ(gauge.max(), 0);
  gauge.Enter();
  gauge.Enter();
  gauge.Leave();
  gauge.Enter();
  EXPECT_EQ(gauge.max(), 2);
  gauge.Leave();
  gauge.Leave();
  gauge.Enter();
  EXPECT_EQ(gauge.max(), 2);
}

// Each thread is in once at a time, and all are in together once.
TEST(RunningGauge, LosesNoEntryAmongThreads) {
  constexpr int kThreads = 4;
  constexpr int kTimes = 10'000;
  RunningGauge gauge;
  std::atomic<int> inside{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&gauge, &inside] {
      gauge.Enter();
      ++inside;
      while (inside < kThreads) std::this_thread::yield();
      gauge.Leave();
      for (int time = 0; time < kTimes; ++time) {
        gauge.Enter();
        gauge.Leave();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(gauge.max(), kThreads);
  for (int i = 0; i < kThreads; ++i) gauge.Enter();
  EXPECT_EQ(gauge.max(), kThreads) << "a thread has left less or more often than it entered";
  gauge.Enter();
  EXPECT_EQ(gauge.max(), kThreads + 1);
}

}  // namespace
}  // namespace rcb
