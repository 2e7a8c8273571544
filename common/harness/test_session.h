// What the tests of sessions and runs share: a session with a real server, and a scenario that is
// a function.

#ifndef RCB_COMMON_HARNESS_TEST_SESSION_H_
#define RCB_COMMON_HARNESS_TEST_SESSION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/harness/run.h"
#include "common/harness/scenario.h"
#include "common/harness/session.h"
#include "common/harness/test_bed.h"
#include "common/redis/connection_options.h"
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
    options.connection = *MakeConnectionOptions(server_->tcp_endpoint(), op_timeout_ms);
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
  using OperateFunction = std::function<Operation(Worker& worker)>;

  explicit FunctionScenario(OperateFunction operate) : operate_(std::move(operate)) {}

  absl::Status Prepare(BlockingClient&) override { return absl::OkStatus(); }
  void StartRound(int64_t round) override {
    if (on_round) on_round(round);
  }
  bool IsOver() override { return is_over && is_over(); }
  Operation Operate(Worker& worker) override { return operate_(worker); }
  absl::StatusOr<Findings> Check(absl::Span<const OpRecord>, BlockingClient&) override {
    return findings;
  }

  Findings findings;  // what Check is to find
  std::function<void(int64_t round)> on_round;
  std::function<bool()> is_over;

 private:
  OperateFunction operate_;
};

// Makes a run of `budget` operations, rounds or epochs, and drives it as the suite does.
inline std::unique_ptr<Run> DriveRun(Session& session, int64_t budget, const RunOptions& options,
                                     std::unique_ptr<Scenario> scenario,
                                     std::function<void(const Run&)> on_sweep = nullptr) {
  RunPlan plan;
  plan.workers = session.options().workers;
  plan.threads = session.options().threads;
  plan.budget = budget;
  plan.seed = session.options().seed;
  auto run = std::make_unique<Run>(plan, options, session, std::move(scenario), on_sweep);
  DriveAllThreads(*run);
  return run;
}

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_TEST_SESSION_H_
