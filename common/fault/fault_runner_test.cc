// The runner on means that only write down what they are told.

#include "common/fault/fault_runner.h"

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/measure/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kNsPerMs = 1'000'000;

class Notebook : public FaultMeans {
 public:
  absl::Status Begin(const Fault& fault) override {
    std::this_thread::sleep_for(begin_takes_);
    return Note("begin", fault);
  }
  absl::Status End(const Fault& fault) override { return Note("end", fault); }

  // Whatever has this name from now on.
  void FailAt(const std::string& line) { fails_at_ = line; }
  // Until it is there, from now on.
  void TakeLong(std::chrono::milliseconds time) { begin_takes_ = time; }
  std::vector<std::string> lines() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return lines_;
  }
  void AwaitLines(size_t count) {
    while (lines().size() < count) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

 private:
  absl::Status Note(const char* what, const Fault& fault) {
    const std::lock_guard<std::mutex> lock(mutex_);
    lines_.push_back(absl::StrCat(what, " ", fault.kind));
    return lines_.back() == fails_at_ ? absl::UnavailableError("no means") : absl::OkStatus();
  }

  std::mutex mutex_;
  std::vector<std::string> lines_;
  std::string fails_at_;
  std::chrono::milliseconds begin_takes_{0};
};

TEST(FaultRunnerTest, BeginsAndEndsEachInItsTime) {
  Notebook notebook;
  const int64_t start_ns = NowNs();
  FaultRunner runner({{"a", "x", 10, 40}, {"b", "x", 20, 10}, {"c", "x", 30, 0}, {"d", "x", 60, 5}},
                     notebook);
  notebook.AwaitLines(7);
  runner.Stop();
  EXPECT_EQ(runner.status(), absl::OkStatus());
  ASSERT_EQ(runner.injected().size(), 4u);
  for (const InjectedFault& injected : runner.injected()) {
    EXPECT_GE(injected.begin_ns, start_ns + injected.fault.start_ms * kNsPerMs);
    EXPECT_GE(injected.begun_ns, injected.begin_ns);
    EXPECT_GE(injected.ended_ns, injected.begun_ns + injected.fault.length_ms * kNsPerMs);
  }
  EXPECT_EQ(runner.injected()[2].ended_ns, runner.injected()[2].begun_ns);
  std::map<std::string, int> lines;
  for (const std::string& line : notebook.lines()) ++lines[line];
  EXPECT_EQ(lines["begin a"] + lines["begin b"] + lines["begin c"] + lines["begin d"], 4);
  EXPECT_EQ(lines["end a"] + lines["end b"] + lines["end d"], 3);
}

TEST(FaultRunnerTest, OneThatEndsFirstIsUndoneFirst) {
  Notebook notebook;
  FaultRunner runner({{"long", "x", 0, 600'000}, {"short", "x", 5, 5}}, notebook);
  notebook.AwaitLines(3);
  runner.Stop();
  EXPECT_THAT(notebook.lines(), ElementsAre("begin long", "begin short", "end short", "end long"));
}

TEST(FaultRunnerTest, OneThatTakesLongToBeginMeetsNoneThatItIsNotMeantTo) {
  Notebook notebook;
  notebook.TakeLong(std::chrono::milliseconds(30));
  FaultRunner runner({{"a", "x", 0, 5}, {"b", "x", 4, 1000}, {"c", "x", 5, 0}}, notebook);
  notebook.AwaitLines(4);
  runner.Stop();
  EXPECT_THAT(notebook.lines(), ElementsAre("begin a", "begin b", "end a", "begin c", "end b"));
}

TEST(FaultRunnerTest, UndoesAtOnceWhatIsOnWhenItStops) {
  for (const bool is_destroyed : {false, true}) {
    Notebook notebook;
    const int64_t start_ns = NowNs();
    auto runner = std::make_unique<FaultRunner>(
        Schedule{{"a", "x", 0, 600'000}, {"b", "x", 1, 600'000}, {"c", "x", 600'000, 1}}, notebook);
    notebook.AwaitLines(2);
    if (is_destroyed) {
      runner.reset();
    } else {
      runner->Stop();
      EXPECT_EQ(runner->injected().size(), 2u);
      for (const InjectedFault& injected : runner->injected()) {
        EXPECT_GE(injected.ended_ns, injected.begun_ns);
        EXPECT_LT(injected.ended_ns, start_ns + 600'000 * kNsPerMs);
      }
      runner->Stop();  // once more does nothing
    }
    EXPECT_THAT(notebook.lines(), ElementsAre("begin a", "begin b", "end a", "end b"));
  }
}

TEST(FaultRunnerTest, HasNothingToDoWithoutFaults) {
  Notebook notebook;
  FaultRunner runner({}, notebook);
  runner.Stop();
  EXPECT_THAT(runner.injected(), IsEmpty());
}

TEST(FaultRunnerTest, TellsTheFirstFaultThatFailedAndGoesOn) {
  Notebook notebook;
  notebook.FailAt("begin a");
  FaultRunner runner({{"a", "x", 0, 1}, {"b", "y", 1, 2}}, notebook);
  notebook.AwaitLines(3);
  runner.Stop();
  EXPECT_THAT(notebook.lines(), ElementsAre("begin a", "begin b", "end b"));
  EXPECT_EQ(runner.status(), absl::UnavailableError("a@x:0+1: no means"));
  EXPECT_EQ(runner.injected().size(), 1u);

  Notebook other;
  other.FailAt("end b");
  FaultRunner fails_late({{"b", "y", 0, 2}}, other);
  other.AwaitLines(2);
  fails_late.Stop();
  EXPECT_THAT(std::string(fails_late.status().message()), HasSubstr("b@y:0+2: no means"));
  EXPECT_EQ(fails_late.injected().size(), 1u);
}

}  // namespace
}  // namespace rcb
