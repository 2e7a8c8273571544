// What the tests of sessions and runs share: a session with a real server, and a scenario that is
// a function.

#ifndef RCB_COMMON_HARNESS_TEST_SESSION_H_
#define RCB_COMMON_HARNESS_TEST_SESSION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/harness/run.h"
#include "common/harness/scenario.h"
#include "common/harness/session.h"
#include "common/redis/address.h"
#include "common/server/private_server.h"
#include "gtest/gtest.h"

namespace rcb {

// A server for each test.
class SessionTest : public testing::Test {
 protected:
  static constexpr uint64_t kSeed = 1;

  void SetUp() override {
    auto server = PrivateServer::Start(PrivateServerOptions());
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  SessionOptions OptionsFor(int workers, int threads, int64_t op_timeout_ms = 10'000) {
    SessionOptions options;
    options.workers = workers;
    options.threads = threads;
    options.seed = kSeed;
    options.connection.address = *Resolve(server_->tcp_endpoint());
    options.connection.op_timeout_ms = op_timeout_ms;
    return options;
  }

  // A session ready for a run.
  std::unique_ptr<Session> MustOpen(const SessionOptions& options) {
    absl::StatusOr<std::unique_ptr<Session>> session = Session::Open(options);
    EXPECT_TRUE(session.ok()) << session.status();
    (*session)->StartRecord(0);
    return *std::move(session);
  }

  std::unique_ptr<PrivateServer> server_;
};

// Calls `operate` for each operation, of the loops' threads.
class FunctionScenario : public Scenario {
 public:
  using OperateFunction = std::function<Task<absl::StatusOr<int64_t>>(Worker& worker)>;

  explicit FunctionScenario(OperateFunction operate) : operate_(std::move(operate)) {}

  absl::Status Prepare(BlockingClient&) override { return absl::OkStatus(); }
  void StartRound(int64_t round) override {
    if (on_round) on_round(round);
  }
  bool IsOver() override { return is_over && is_over(); }
  Task<absl::StatusOr<int64_t>> Operate(Worker& worker) override { return operate_(worker); }
  Findings Check(absl::Span<const OpRecord>, BlockingClient&) override { return Findings(); }

  std::function<void(int64_t round)> on_round;
  std::function<bool()> is_over;

 private:
  OperateFunction operate_;
};

// Makes a run of `quantity` operations, rounds or epochs, and drives it as the suite does: thread 0
// is this one.
inline std::unique_ptr<Run> DriveRun(Session& session, int64_t quantity, const RunOptions& options,
                                     std::unique_ptr<Scenario> scenario,
                                     std::function<void(const Run&)> on_sweep = nullptr) {
  RunPlan plan;
  plan.workers = session.options().workers;
  plan.threads = session.options().threads;
  plan.quantity = quantity;
  plan.seed = session.options().seed;
  auto run = std::make_unique<Run>(plan, options, session, std::move(scenario), on_sweep);
  const auto drive = [&run](int thread) {
    ThreadSlot& slot = run->session().slot(thread);
    if (run->options().shape == Shape::kRounds) run->WarmUp(slot);
    run->Drive(slot);
  };
  std::vector<std::thread> others;
  for (int thread = 1; thread < plan.threads; ++thread) others.emplace_back(drive, thread);
  drive(0);
  for (std::thread& other : others) other.join();
  return run;
}

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_TEST_SESSION_H_
