// What a pattern gives the harness (BenchmarkSpec, Scenario) and gets from it (Worker, RunPlan).

#ifndef RCB_COMMON_HARNESS_SCENARIO_H_
#define RCB_COMMON_HARNESS_SCENARIO_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/check/history.h"
#include "common/redis/blocking_client.h"
#include "common/redis/connection.h"
#include "common/redis/subscriber.h"
#include "common/runtime/task.h"

namespace rcb {

// What one worker counted; the harness fills the first group, a variant the second.
struct Tally {
  int64_t started = 0;
  int64_t succeeded = 0;
  int64_t errors = 0;    // error replies and lost connections
  int64_t timeouts = 0;  // no reply before the deadline
  int64_t dropped = 0;   // open loop: not begun within --op_timeout of the intended start

  int64_t retries = 0;  // tries beyond the first: aborted transactions, polls, busy locks
  int64_t lookups = 0;  // cache look-ups, and how many of them hit
  int64_t hits = 0;
};

// One logical client: a coroutine with a connection of its own. Used on its loop's thread only.
struct Worker {
  int index = 0;                     // 0 .. workers - 1, over all threads
  Loop* loop = nullptr;              // that runs it
  Connection* connection = nullptr;  // never null once the session stands
  Subscriber* subscriber = nullptr;  // null unless BenchmarkSpec::needs_subscriber
  std::vector<Connection*> nodes;    // BenchmarkSpec::nodes servers besides; may be disconnected
  absl::InsecureBitGen* random = nullptr;
  Tally* tally = nullptr;
  // What the operation is asked to do, for the record. Set it before the first command, so that the
  // checker knows it where the outcome is unknown.
  int64_t argument = 0;

  Connection& redis() { return *connection; }
};

// One run: a calibration try, a warm-up or a repetition of one benchmark.
struct RunPlan {
  int workers = 1;
  int threads = 1;
  int64_t quantity = 1;  // operations (steady), rounds or epochs, over all threads
  int64_t run = 0;       // different for each run of the process
  std::string key_prefix;
  std::string library_name;  // of the functions that we may load
  uint64_t seed = 0;
  int64_t round_trip_ns = 0;  // p50 of PING just before the run; 0: not known
};

// What a checker found in one run.
struct Findings {
  int64_t violations = 0;
  std::string first;                                     // one line about the first violation
  std::vector<std::pair<std::string, double>> counters;  // to publish, as in scripts/metrics.tsv
};

// What is known of the effect of an operation that ended like this.
inline Outcome OutcomeOf(const absl::Status& status) {
  if (status.ok()) return Outcome::kOk;
  return OutcomeIsUnknown(status) ? Outcome::kUnknown : Outcome::kFailed;
}

// A variant at work, made anew for each run. Operate is called on all loops' threads at once; the
// others on one thread, while no operation runs.
class Scenario {
 public:
  virtual ~Scenario() = default;

  // Puts the keys into their starting state; not timed. `redis` is a connection of the harness.
  virtual absl::Status Prepare(BlockingClient& redis) = 0;
  // Rounds only: makes ready for round `round` (0 is the warm-up), before its workers start.
  virtual void StartRound(int64_t round) { static_cast<void>(round); }
  // Epochs only: true once the last epoch has ended. Any thread.
  virtual bool IsOver() { return false; }
  // What an application would call once. Yields what the checker needs to know of the result.
  virtual Task<absl::StatusOr<int64_t>> Operate(Worker& worker) = 0;
  // Judges the run by its record, after the timed region, and removes what it can of its keys.
  virtual Findings Check(absl::Span<const OpRecord> history, BlockingClient& redis) = 0;
};

// How the workers of a family are set going, and what an iteration is.
enum class Shape {
  kSteady,  // each worker does operation after operation; an iteration is an operation
  kRounds,  // all workers are released at once on a fresh key; an iteration is such a round
  kEpochs,  // open-loop operations until enough epochs have passed; an iteration is an epoch
};

// One variant, to be registered for each number of workers and threads.
struct BenchmarkSpec {
  std::string name;      // "Family/discipline/variant", a literal of the family's source
  std::string contract;  // what it promises, or as a control breaks: the label of its rows
  Shape shape = Shape::kSteady;
  std::vector<int64_t> workers;                       // unless --workers says otherwise
  std::vector<std::pair<std::string, int64_t>> args;  // further arguments of the name
  int64_t rounds = 0;            // rounds or epochs of a run, unless --rounds says otherwise
  double rate_per_second = 0;    // epochs: arrivals, unless --rate says otherwise
  double floor_round_trips = 0;  // the least time of an operation: so many round trips
  double floor_compute_ms = 0;   // and this
  bool needs_subscriber = false;
  int nodes = 0;  // private servers, besides the one under test, that each worker connects to
  bool keeps_history = true;  // false: the checker reads no record, as in Harness
  std::function<std::unique_ptr<Scenario>(const RunPlan& plan)> make;
};

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_SCENARIO_H_
