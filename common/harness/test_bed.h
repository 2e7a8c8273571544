// For the tests of patterns: runs a variant on a real server as Suite does, as often and as small
// as one likes, and shows what it recorded.

#ifndef RCB_COMMON_HARNESS_TEST_BED_H_
#define RCB_COMMON_HARNESS_TEST_BED_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/check/history.h"
#include "common/harness/metrics.h"
#include "common/harness/run.h"
#include "common/harness/scenario.h"
#include "common/harness/session.h"
#include "common/redis/blocking_client.h"
#include "common/redis/command.h"
#include "common/server/node_group.h"
#include "common/server/target.h"

namespace rcb {

struct TestBedOptions {
  int workers = 20;
  int threads = 1;
  uint64_t seed = 1;
  int64_t op_timeout_ms = 20'000;  // longer than any working operation takes, also under sanitizers
};

// One benchmark with a session that all its runs share. Main thread only.
class TestBed {
 public:
  // The private server of this test program: the first call starts it, the program's end stops it.
  static absl::StatusOr<Target*> Server();
  // The same for the nodes of variants that have some.
  static NodeGroup& Nodes();

  TestBed(const BenchmarkSpec& spec, const TestBedOptions& options)
      : spec_(spec), options_(options) {}

  // One run up to its last operation, each thread of it a thread. `quantity`: operations of all
  // threads together, rounds or epochs. Fails where Suite would call the benchmark aborted;
  // operations that fail are in the record.
  absl::Status RunOnce(int64_t quantity);

  // Of the last run, which must have succeeded:
  const RunPlan& plan() const { return run_->plan(); }
  Scenario& scenario() { return run_->scenario(); }
  Session& session() { return *session_; }
  std::vector<OpRecord> history() { return HistoryOf(*session_); }
  Totals totals() { return TotalsOf(*session_); }
  // The message of the first failed operation, or empty.
  std::string first_error();
  // What the variant's own checker says to `history`.
  Findings Check(absl::Span<const OpRecord> history) {
    return run_->scenario().Check(history, *redis_);
  }
  Findings Check() { return Check(history()); }

  // A connection of the harness, new after each run.
  BlockingClient& redis() { return *redis_; }

 private:
  absl::Status Connect(const Target& server);
  absl::Status OpenSession(const Target& server);
  void Drive();

  const BenchmarkSpec spec_;
  const TestBedOptions options_;
  std::optional<BlockingClient> redis_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Run> run_;
};

// `spec` with an accident: in each run, the worker that begins operation number `at` (from 0) first
// sends what `accident` makes.
BenchmarkSpec WithAccident(const BenchmarkSpec& spec, int64_t at,
                           std::function<Command(const RunPlan& plan)> accident);

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_TEST_BED_H_
