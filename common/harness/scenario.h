// A variant at work: what the harness asks of a pattern in each run.

#ifndef RCB_COMMON_HARNESS_SCENARIO_H_
#define RCB_COMMON_HARNESS_SCENARIO_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/check/history.h"
#include "common/check/violations.h"
#include "common/fault/proxy.h"
#include "common/harness/worker.h"
#include "common/history/model_history.h"
#include "common/redis/blocking_client.h"
#include "common/redis/uri.h"
#include "common/report/interval_feed.h"

namespace rcb {

class Deployment;

// What is different where clients misbehave on purpose. See Trial.
struct TrialPlan {
  int64_t lease_ms = 0;     // how long locks last, instead of the family's own time
  bool misbehaves = false;  // holders stall or die, besides being slow
};

// One run: a calibration try, a warm-up or a repetition of one benchmark.
struct RunPlan {
  int workers = 1;
  int threads = 1;
  int64_t budget = 1;        // operations (steady), rounds or epochs, over all threads
  std::string key_prefix;    // of this run alone; the harness deletes what is under it
  std::string library_name;  // of the functions that we may load
  uint64_t seed = 0;
  int64_t round_trip_ns = 0;  // p50 of PING just before the run; 0: not known
  // The servers, where the spec says that it breaks them, and they are ours. While operations run,
  // one thread at a time uses it.
  Deployment* deployment = nullptr;
  Endpoint server;                 // under test, as the harness reaches it
  Proxy* proxy = nullptr;          // where the spec needs one; the harness undoes its faults
  std::optional<TrialPlan> trial;  // nothing else than in a timed run unless this is there
  IntervalFeed* feed = nullptr;    // that wants to know of events; null: nobody does
  int64_t fixed_lease_ms = 0;      // how long locks last; 0: the family's own time

  // Tells of an event, such as an "expiry", at once; `text` is for people. Not in a hot path. Any
  // thread.
  void AddMark(const std::string& kind, const std::string& text) const {
    if (feed != nullptr) feed->AddMark(kind, text);
  }

  // How long locks last that otherwise last for `lease_ms`.
  int64_t LeaseMs(int64_t lease_ms) const {
    if (trial) return trial->lease_ms;
    return fixed_lease_ms > 0 ? fixed_lease_ms : lease_ms;
  }
};

// Counters of a row by name, each of the catalogue. All are finite.
using Counters = std::vector<std::pair<std::string, double>>;

// What theory gives for a counter: an interval that a correct variant leaves in less than one run
// in 10,000. It is judged where nothing failed and the machine kept up.
struct Prediction {
  std::string counter;
  double low = 0;
  double high = 0;
  // In an open loop: nothing follows where one operation in a hundred started later than this.
  double max_lateness_us = 0;
};

// What a checker found in one run.
struct Findings {
  Violations violations;
  // How much of that each detector found, by its name; 0 where it looked and found nothing. One
  // detector may hide that another has stopped to work, so that each has to fire somewhere.
  std::map<std::string, int64_t> detections;
  Counters counters;  // to publish
  std::vector<Prediction> predictions;
  std::string note;  // one line for people about the row; may be empty
  // What was judged, in the form that --history_out writes; empty where the family has no model. A
  // family that has one may judge more, such as what it saw in memory.
  std::optional<ModelHistory> history;
  bool is_history_violated = false;

  // Adds what `detector`, such as "by_counter", found.
  void Detect(const std::string& detector, const Violations& found) {
    violations.Merge(found);
    detections[detector] = AddCounts(detections[detector], found.count);
  }
  // Takes all violations back: what they show is the fault of nobody here.
  void Acquit() {
    violations = Violations();
    detections.clear();
    is_history_violated = false;
  }
  // Adds the violations of other findings.
  void MergeViolations(const Findings& other) {
    violations.Merge(other.violations);
    for (const auto& [detector, count] : other.detections) {
      detections[detector] = AddCounts(detections[detector], count);
    }
  }
};

// What the checker of its model, which is the detector `detector`, says of `history`, which is kept
// with it.
Findings JudgeRecorded(ModelHistory history, const std::string& detector);

// One operation of `record`, which holds what every model needs; the rest is the family's.
HistoryOp ToHistoryOp(const OpRecord& record, HistoryFunction function, int64_t value);

// Adds a read of the counter `redis_key`, which is `key` to the model, by the harness itself, after
// all other operations. What cannot be read is no violation.
absl::Status AddFinalRead(const std::string& redis_key, int64_t key, int workers,
                          BlockingClient& redis, ModelHistory* history);

// Made anew for each run. Operate is called on all loops' threads at once; the others on one
// thread, while no operation runs.
class Scenario {
 public:
  virtual ~Scenario() = default;

  // Puts the keys into their starting state, which is not timed. `redis` is the harness's
  // connection.
  virtual absl::Status Prepare(BlockingClient& redis) = 0;
  // Rounds only: makes ready for round `round` (0 is the warm-up), before its workers start.
  virtual void StartRound(int64_t round) { static_cast<void>(round); }
  // Epochs only: true once the last epoch has ended. Any thread.
  virtual bool IsOver() { return false; }
  // What an application would call once. It yields what the checker needs to know of the result;
  // see Notes for more than a number.
  virtual Operation Operate(Worker& worker) = 0;
  // Judges the run by its record, after the timed region. An error says why it could not judge,
  // which is no violation.
  virtual absl::StatusOr<Findings> Check(absl::Span<const OpRecord> history,
                                         BlockingClient& redis) = 0;
};

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_SCENARIO_H_
