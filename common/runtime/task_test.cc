#include "common/runtime/task.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/runtime/loop.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

// Writes to `log` when it goes.
class Guard {
 public:
  Guard(std::vector<std::string>& log, std::string name) : log_(log), name_(std::move(name)) {}
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard() { log_.push_back(name_); }

 private:
  std::vector<std::string>& log_;
  std::string name_;
};

// A value that can be moved but not copied, as std::unique_ptr, and knows how often it was moved.
struct Moved {
  Moved() = default;
  Moved(Moved&& other) noexcept : moves(other.moves + 1) {}
  Moved& operator=(Moved&&) = delete;
  int moves = 0;
};

void Drive(Task<void> task) {
  Loop loop;
  loop.RunUntilDone(std::move(task));
}

Task<int> Double(int value) { co_return 2 * value; }

Task<int> Sum(int depth) {
  if (depth == 0) co_return 0;
  co_return depth + co_await Sum(depth - 1);
}

Task<absl::StatusOr<int>> Parsed(int value) {
  if (value < 0) co_return absl::OutOfRangeError(absl::StrCat("negative: ", value));
  co_return value;
}

Task<absl::Status> Check(int value) {
  co_await Parsed(value);
  co_return absl::OkStatus();
}

Task<absl::StatusOr<std::string>> Spell(int value) {
  co_await Check(value);
  co_return absl::StrCat(co_await Parsed(value));
}

TEST(Task, YieldsItsValueToTheCoroutineThatAwaitsIt) {
  int doubled = 0;
  const auto body = [&]() -> Task<void> { doubled = co_await Double(21); };
  Drive(body());
  EXPECT_EQ(doubled, 42);
}

TEST(Task, NestsDeeply) {
  constexpr int kDepth = 1000;
  int sum = 0;
  const auto body = [&]() -> Task<void> { sum = co_await Sum(kDepth); };
  Drive(body());
  EXPECT_EQ(sum, kDepth * (kDepth + 1) / 2);
}

TEST(Task, RunsOnlyWhenAwaited) {
  bool ran = false;
  const auto sets = [&]() -> Task<void> {
    ran = true;
    co_return;
  };
  const auto body = [&]() -> Task<void> {
    Task<void> task = sets();
    EXPECT_FALSE(ran);
    co_await std::move(task);
    EXPECT_TRUE(ran);
  };
  Drive(body());
  EXPECT_TRUE(ran);
}

TEST(Task, FreesItsArgumentsWhenDroppedUnstarted) {
  const auto held = std::make_shared<int>(0);
  const auto takes = [](std::shared_ptr<int>) -> Task<void> { co_return; };
  {
    const Task<void> task = takes(held);
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Task, FreesItsLocalsWhenItEndsAndItsFrameWithItsOwner) {
  std::vector<std::string> log;
  const auto inner = [&](Guard&&) -> Task<void> {
    const Guard local(log, "local");
    co_return;
  };
  const auto body = [&]() -> Task<void> {
    co_await inner(Guard(log, "argument"));
    log.push_back("after");
  };
  Drive(body());
  EXPECT_EQ(log, std::vector<std::string>({"local", "argument", "after"}));
}

TEST(Task, MovesItsValueAndNeverCopiesIt) {
  const auto plain = []() -> Task<Moved> { co_return Moved(); };
  const auto fallible = []() -> Task<absl::StatusOr<std::unique_ptr<int>>> {
    co_return std::make_unique<int>(7);
  };
  int moves = 0;
  const auto body = [&]() -> Task<absl::Status> {
    const Moved value = co_await plain();
    moves = value.moves;
    const std::unique_ptr<int> owner = co_await fallible();
    EXPECT_EQ(*owner, 7);
    absl::StatusOr<std::unique_ptr<int>> tried = co_await Try(fallible());
    EXPECT_EQ(**tried, 7);
    co_return absl::OkStatus();
  };
  const auto outer = [&]() -> Task<void> { EXPECT_EQ(co_await Try(body()), absl::OkStatus()); };
  Drive(outer());
  EXPECT_EQ(moves, 2);  // into the promise, and out of it
}

TEST(Task, GoesOnWithTheValueOfATaskThatSucceeds) {
  absl::StatusOr<std::string> spelled;
  const auto body = [&]() -> Task<void> { spelled = co_await Try(Spell(12)); };
  Drive(body());
  EXPECT_EQ(spelled.value(), "12");
}

TEST(Task, EndsWithTheStatusOfATaskThatFailsThroughEveryLevel) {
  absl::StatusOr<std::string> spelled;
  const auto body = [&]() -> Task<void> { spelled = co_await Try(Spell(-3)); };
  Drive(body());
  EXPECT_EQ(spelled.status(), absl::OutOfRangeError("negative: -3"));
}

TEST(Task, SkipsTheRestAfterAFailureAndDestroysItsLocalsOnce) {
  std::vector<std::string> log;
  const auto fails = [&]() -> Task<absl::Status> {
    const Guard outer(log, "outer");
    const Guard inner(log, "inner");
    co_await Parsed(-1);
    log.push_back("not reached");
    co_return absl::OkStatus();
  };
  const auto body = [&]() -> Task<void> {
    EXPECT_EQ((co_await Try(fails())).code(), absl::StatusCode::kOutOfRange);
    log.push_back("after");
  };
  Drive(body());
  EXPECT_EQ(log, std::vector<std::string>({"inner", "outer", "after"}));
}

TEST(Task, TryLooksAtAFailureAndGoesOn) {
  int reached = 0;
  const auto body = [&]() -> Task<absl::Status> {
    const absl::StatusOr<int> failed = co_await Try(Parsed(-1));
    EXPECT_EQ(failed.status(), absl::OutOfRangeError("negative: -1"));
    ++reached;
    const absl::Status status = co_await Try(Check(-2));
    EXPECT_EQ(status, absl::OutOfRangeError("negative: -2"));
    ++reached;
    const absl::StatusOr<int> fine = co_await Try(Parsed(5));
    EXPECT_EQ(fine.value(), 5);
    co_return absl::OkStatus();
  };
  const auto outer = [&]() -> Task<void> { EXPECT_EQ(co_await Try(body()), absl::OkStatus()); };
  Drive(outer());
  EXPECT_EQ(reached, 2);
}

TEST(Task, MayFailAgainAndAgain) {
  constexpr int kTimes = 1000;
  int failures = 0;
  const auto body = [&]() -> Task<void> {
    for (int i = 0; i < kTimes; ++i) {
      const absl::Status status = co_await Try(Check(i % 2 == 0 ? -1 : 1));
      failures += status.ok() ? 0 : 1;
    }
  };
  Drive(body());
  EXPECT_EQ(failures, kTimes / 2);
}

}  // namespace
}  // namespace rcb
