// The threads' loops and the workers' connections of one benchmark, kept over its runs.

#ifndef RCB_COMMON_HARNESS_SESSION_H_
#define RCB_COMMON_HARNESS_SESSION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/statusor.h"
#include "common/check/history.h"
#include "common/harness/worker.h"
#include "common/measure/histogram.h"
#include "common/redis/connection.h"
#include "common/redis/subscriber.h"
#include "common/runtime/loop.h"
#include "common/workload/arrivals.h"

namespace rcb {

struct SessionOptions {
  int workers = 1;
  int threads = 1;
  bool needs_subscriber = false;
  bool heals_own = true;  // see Requirements::own_connections
  int shared_connections = 0;
  bool opens_shared = true;
  uint64_t seed = 0;
  size_t op_classes = 0;       // see BenchmarkSpec::op_classes
  int64_t idle_timeout_s = 0;  // after which the server closes a client; 0: not known, or never
  ConnectionOptions connection;
  std::vector<ConnectionOptions> nodes;  // servers besides that each worker connects to
};

// A worker and what it owns. `options` and `digests` outlive it.
struct WorkerState {
  WorkerState(Loop& loop, const SessionOptions& options, ScriptDigests& digests, int index);

  // Requests sent on all connections since they were made, and how often one was lost.
  int64_t RoundTrips() const;
  int64_t Losses() const;

  Connection connection;
  std::optional<Subscriber> subscriber;
  std::vector<std::unique_ptr<Connection>> nodes;
  int64_t round_trips_before = 0;  // the run
  int64_t round_trips_before_operation = 0;
  int64_t retries_before_operation = 0;
  int64_t losses_counted = 0;  // in a tally
  absl::InsecureBitGen random;
  Tally tally;
  Worker worker;  // refers to all of the above
};

// Something that went wrong in an operation.
struct Incident {
  int64_t at_ns = 0;
  int worker = 0;
  bool is_loss = false;  // of a connection
  std::string what;
};

// One thread's share. Everything that a thread touches while operations run is in its slot.
struct ThreadSlot {
  // Makes an interrupt cancel the loop while no run looks after that.
  void WatchInterrupts();
  // Requests sent on the shared connections since they were made.
  int64_t SharedRoundTrips() const;

  int index = 0;
  ScriptDigests digests;
  Loop loop;
  std::vector<std::unique_ptr<Connection>> shared;    // by the workers; closed before the loop
  int64_t shared_round_trips_before = 0;              // the run
  std::vector<std::unique_ptr<WorkerState>> workers;  // closed before the loop
  std::optional<PoissonArrivals> arrivals;            // open loop only

  // Of one run:
  Histogram latency;
  std::vector<Histogram> class_latency;  // by class of operation, where there are classes
  std::vector<int64_t> class_completed;  // of these, operations that succeeded
  std::vector<OpRecord> history;
  int64_t completed = 0;             // operations that succeeded in the timed region
  int64_t min_requests = INT64_MAX;  // of an operation that succeeded at its first try
  Histogram lateness;                // open loop: from the intended start to the start
  int64_t last_success_ns = 0;
  bool has_failed_since = false;  // the last success
  int64_t in_flight = 0;          // operations that have begun and not ended
  int64_t busy_ns = 0;            // processor time
  int64_t start_ns = 0;
  int64_t last_start_ns = 0;  // open loop: of an operation
  int64_t wall_ns = 0;
  int64_t extra_operations = 0;  // beyond the budget
  std::string first_error;
  std::vector<Incident> incidents;  // where somebody keeps a log; the first ones
  int64_t incidents_left_out = 0;
};

// Owns the slots. Open and the destructor need all loops idle.
class Session {
 public:
  // Connects every worker, dealing them and what they share to the threads in turn. An error names
  // the first connection that failed.
  static absl::StatusOr<std::unique_ptr<Session>> Open(const SessionOptions& options);

  ThreadSlot& slot(int thread) { return *slots_[static_cast<size_t>(thread)]; }
  std::vector<std::unique_ptr<ThreadSlot>>& slots() { return slots_; }
  const SessionOptions& options() const { return options_; }

  // Forgets what earlier runs recorded. `operations`: room in the histories of all threads
  // together.
  void StartRecord(int64_t operations);
  // The middle of `pings` round trips of worker 0, alone on the server; 0 when they fail.
  int64_t MeasureRoundTripNs(int pings);

 private:
  explicit Session(const SessionOptions& options) : options_(options) {}
  void MakeShared(ThreadSlot& slot);
  absl::Status Connect(ThreadSlot& slot);

  SessionOptions options_;
  ConnectionOptions shared_options_;  // of connections that have many users
  std::vector<std::unique_ptr<ThreadSlot>> slots_;
};

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_SESSION_H_
