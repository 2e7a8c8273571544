// Where the runs of a row take place: the harness's own connection, the workers' session, the run.

#ifndef RCB_COMMON_HARNESS_STAGE_H_
#define RCB_COMMON_HARNESS_STAGE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/fault/proxy.h"
#include "common/harness/run.h"
#include "common/harness/session.h"
#include "common/harness/spec.h"
#include "common/harness/trial_course.h"
#include "common/redis/blocking_client.h"
#include "common/redis/connection_options.h"
#include "common/server/data_loss.h"
#include "common/server/deployment/deployment.h"

namespace rcb {

// One row of the table: a spec with the arguments of its name.
struct Instance {
  BenchmarkSpec spec;
  std::string name;  // as the ledger knows it
  int workers = 1;
  int threads = 1;
  std::string printed_name = {};  // as Google Benchmark prints it
};

struct RunLength {
  int64_t budget = 1;  // operations, rounds or epochs
  int64_t min_ns = 0;  // see RunOptions
};

struct StageOptions {
  double rate_per_second = 0;  // of operations that arrive by themselves; 0: the spec's own
  int64_t op_timeout_ms = 5000;
  uint64_t seed = 1;
  int64_t history_limit = 4'000'000;  // operations that a run may record
  IntervalFeed* feed = nullptr;       // which is handed what happens during runs; null: nobody
  bool keeps_incidents = false;       // see ThreadSlot
  std::function<bool()> is_cancelled = nullptr;
};

// Main thread only. It keeps the session over the runs of a row, and opens another for another row,
// or after a server was replaced.
class Stage {
 public:
  explicit Stage(const StageOptions& options) : options_(options) {}

  // Makes sure that the servers live, and does `work` on the harness's connection to the one under
  // test, which is not timed.
  absl::Status Prepare(Deployment& deployment,
                       const std::function<absl::Status(BlockingClient& redis)>& work);

  // Makes a run of that length ready to be driven. `on_sweep`: see Run.
  absl::Status Begin(const Instance& instance, Deployment& deployment, const RunLength& length,
                     std::function<void(const Run&)> on_sweep);
  // Null unless Begin succeeded last.
  Run* run() const { return run_.get(); }
  // The session and the harness's connection stand once Begin has succeeded.
  Session& session() { return *session_; }
  BlockingClient& redis() { return *redis_; }

  // Makes sure of the harness's connection, which may have been lost together with the workers'.
  absl::Status Connect(Deployment& deployment);
  std::string MakeTrialPrefix(const Instance& instance, Deployment& deployment) const;
  // The failover of the user's Sentinels since the run, or the try to begin it, began, in one line;
  // empty where there was none, or the servers are ours.
  std::string FailoverDuringRun(Deployment& deployment);
  // What the server lost, or may have lost, since the run began, in one line; empty where it tells
  // of nothing. Call it before Judge.
  std::string LossDuringRun(const Instance& instance, Deployment& deployment);
  // Judges the run, which has ended, by its record and by the bounds of its contract, and deletes
  // its keys. An error says why it could not be judged.
  absl::StatusOr<Findings> Judge(const Instance& instance, Deployment& deployment);

  // Tries what misbehaving clients can do to the row, after Judge.
  TrialOutcome Try(const Instance& instance, Deployment& deployment);

  // Tells that the server may be gone or about to go, so that a replacement before the next run is
  // no news.
  void SuspectServer() { server_suspect_ = true; }
  // Leaves no run.
  void DropRun() { run_.reset(); }
  // Closes the workers' connections.
  void Close();

 private:
  absl::StatusOr<ConnectionOptions> Reach(const Requirements& needs, Deployment& deployment);
  absl::Status OpenSession(const Instance& instance, Deployment& deployment);
  RunOptions MakeRunOptions(const Instance& instance, const Deployment& deployment,
                            int64_t min_ns) const;

  const StageOptions options_;
  std::optional<BlockingClient> redis_;
  std::string redis_server_;      // the server and generation that redis_ is connected to
  std::string session_name_;      // the row and generation that session_ was opened for
  std::unique_ptr<Proxy> proxy_;  // of the session, where the row needs one
  std::unique_ptr<Session> session_;
  std::unique_ptr<Run> run_;  // after the session, which it uses
  LossFacts loss_before_;     // the run
  int failovers_before_ = 0;  // the run, or the try to begin it
  bool server_suspect_ = false;
};

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_STAGE_H_
