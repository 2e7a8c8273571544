// One logical client, as a variant sees it.

#ifndef RCB_COMMON_HARNESS_WORKER_H_
#define RCB_COMMON_HARNESS_WORKER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/check/history.h"
#include "common/redis/connection.h"
#include "common/redis/subscriber.h"
#include "common/runtime/loop.h"
#include "common/runtime/task.h"
#include "common/workload/backoff.h"

namespace rcb {

// What an operation is to the harness: a coroutine that yields one number for the checker.
using Operation = Task<absl::StatusOr<int64_t>>;

// What one worker counted; the harness fills the first group, a variant the second.
struct Tally {
  int64_t started = 0;
  int64_t succeeded = 0;
  int64_t errors = 0;    // error replies and lost connections
  int64_t timeouts = 0;  // no reply before the deadline
  int64_t dropped = 0;   // open loop: not begun within --op_timeout of the intended start

  int64_t retries = 0;       // tries beyond the first: aborted transactions, polls, busy locks
  int64_t computations = 0;  // of what the cache saves
  int64_t lookups = 0;       // cache look-ups, and how many of them hit
  int64_t hits = 0;

  void Add(const Tally& other) {
    started += other.started;
    succeeded += other.succeeded;
    errors += other.errors;
    timeouts += other.timeouts;
    dropped += other.dropped;
    retries += other.retries;
    computations += other.computations;
    lookups += other.lookups;
    hits += other.hits;
  }
};

// Hears that a worker holds what others wait for. See Trial.
class HoldListener {
 public:
  // True if the worker is going to misbehave while it holds.
  virtual bool OnHold() = 0;

 protected:
  ~HoldListener() = default;
};

// A coroutine with a connection of its own. Used on its loop's thread only.
struct Worker {
  int index = 0;                     // 0 .. workers - 1, over all threads
  Loop* loop = nullptr;              // that runs it
  Connection* connection = nullptr;  // never null once the session stands; see own_connections
  Subscriber* subscriber = nullptr;  // null unless the spec needs one
  std::vector<Connection*> nodes;    // to the deployment's nodes; may be disconnected
  // Connections of its thread that all workers there may use, open at first; see Pool.
  absl::Span<const std::unique_ptr<Connection>> shared;
  absl::InsecureBitGen* random = nullptr;
  Tally* tally = nullptr;
  int32_t operation = 0;  // which of its operations this is, from 0; see OpRecord
  int64_t late_ns = 0;    // open loop: how long after its intended start this operation began
  uint8_t op_class = 0;   // of this operation, among BenchmarkSpec::op_classes; set it at the start
  HoldListener* on_hold = nullptr;  // in trials only

  Connection& redis() { return *connection; }
  // Tells that the worker now holds what others wait for, such as a lock or the duty to compute. In
  // a trial it may stall or die from here on: then the result is true.
  bool Holds() const { return on_hold != nullptr && on_hold->OnHold(); }
};

// Counts a try that did not succeed, and waits before the next one; fails once `backoff` gives up.
inline Task<absl::Status> RetryAfter(Worker& worker, Backoff& backoff) {
  ++worker.tally->retries;
  return backoff.Wait(*worker.loop, *worker.random);
}

// What is known of the effect of an operation that ended like this.
inline Outcome OutcomeOf(const absl::Status& status) {
  if (status.ok()) return Outcome::kOk;
  return OutcomeIsUnknown(status) ? Outcome::kUnknown : Outcome::kFailed;
}

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_WORKER_H_
