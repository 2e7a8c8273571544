// For the tests of patterns: runs a variant on a real server as Suite does, as often and as small
// as one likes, and shows what it recorded.

#ifndef RCB_COMMON_HARNESS_TEST_BED_H_
#define RCB_COMMON_HARNESS_TEST_BED_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/check/history.h"
#include "common/harness/counters.h"
#include "common/harness/run.h"
#include "common/harness/scenario.h"
#include "common/harness/session.h"
#include "common/harness/spec.h"
#include "common/harness/stage.h"
#include "common/redis/blocking_client.h"
#include "common/redis/command.h"
#include "common/server/deployment/deployment.h"
#include "common/server/deployment/quorum.h"

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
  static absl::StatusOr<Deployment*> Server();
  // The same with three nodes besides, for variants that need some. Server() must have succeeded.
  static QuorumDeployment& Quorum();

  TestBed(const BenchmarkSpec& spec, const TestBedOptions& options);

  // One run up to its last operation, each thread of it a thread. `budget`: operations of all
  // threads together, rounds or epochs. Fails where Suite would call the benchmark aborted;
  // operations that fail are in the record.
  absl::Status RunOnce(int64_t budget);

  // Of the last run, which must have succeeded:
  const RunPlan& plan() const { return stage_.run()->plan(); }
  Scenario& scenario() { return stage_.run()->scenario(); }
  Session& session() { return stage_.session(); }
  std::vector<OpRecord> history() { return HistoryOf(stage_.session()); }
  Totals totals() { return TotalsOf(stage_.session()); }
  // The message of the first failed operation, or empty.
  std::string first_error();
  // What the variant's own checker says to `history`; it must be able to judge.
  Findings Check(absl::Span<const OpRecord> history) {
    return stage_.run()->scenario().Check(history, stage_.redis()).value();
  }
  Findings Check() { return Check(history()); }

  // What the stage says of the last run: by the checker, and by the bounds of the contract.
  absl::StatusOr<Findings> Judge();

  // The harness's connection, which stands after each run.
  BlockingClient& redis() { return stage_.redis(); }

 private:
  absl::StatusOr<Deployment*> DeploymentOfSpec();

  const Instance instance_;
  std::unique_ptr<Deployment> primary_;       // for a spec that needs servers of its own,
  std::unique_ptr<QuorumDeployment> quorum_;  // and with nodes; they outlive the stage
  Stage stage_;
};

// Drives the run to its end as the suite does, one thread for each slot.
void DriveAllThreads(Run& run);

// `spec` with an accident: in each run, the worker that begins operation number `at` (from 0) first
// sends what `accident` makes.
BenchmarkSpec WithAccident(const BenchmarkSpec& spec, int64_t at,
                           std::function<Command(const RunPlan& plan)> accident);

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_TEST_BED_H_
