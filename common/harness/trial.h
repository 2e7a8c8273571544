// A short run behind the timed region in which clients misbehave on purpose: requests are late,
// pipelines arrive in parts, a holder stays for longer than its lease, another dies.

#ifndef RCB_COMMON_HARNESS_TRIAL_H_
#define RCB_COMMON_HARNESS_TRIAL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/random/random.h"
#include "common/check/history.h"
#include "common/check/violations.h"
#include "common/harness/faulty_client.h"
#include "common/harness/scenario.h"
#include "common/harness/session.h"
#include "common/harness/spec.h"
#include "common/redis/disturbance.h"
#include "common/runtime/task.h"

namespace rcb {

// What the clients of a burst do, besides being late now and then.
enum class Misbehavior {
  kNone,
  kStall,      // the first to hold goes on only after one and a half leases
  kSlowToAsk,  // the first request of one of them takes that long to leave
  kDie,        // the first to hold loses its connections and never goes on
};

struct Burst {
  Misbehavior misbehavior = Misbehavior::kNone;
  int size = 1;             // workers
  int64_t operations = 1;   // of each worker; scenarios with epochs end it themselves, or epochs_ms
  int64_t bound_ms = 1000;  // all of it takes at most so long
  int64_t epochs_ms = 0;    // 0: until the scenario is over
  int64_t spread_us = 1500;  // operations begin at random within this, each after the one before
};

// Drives workers of one session through bursts on one scenario. It uses the loop and the workers of
// `slot` alone; all loops are idle between its calls. One thread.
class Trial final : public FaultyClient::Director {
 public:
  // The last of the slot's workers watches the server, of the others up to 50 take part. What they
  // count for a timed run is put back when the trial ends.
  Trial(const BenchmarkSpec& spec, const RunPlan& plan, Scenario& scenario, ThreadSlot& slot);
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;
  ~Trial();

  // Has other workers each time go through a burst. False once nothing more can follow: operations
  // were cut off, failed, or violated their bound.
  bool Drive(const Burst& burst);

  // How many workers can take part in a burst.
  int max_size() const;
  // Of all bursts: what was recorded, and the violations of bounds on waits.
  const std::vector<OpRecord>& history() const { return history_; }
  const Violations& violations() const { return violations_; }
  // The longest time for which this process or the server stood still.
  int64_t max_standstill_ns() const { return max_standstill_ns_; }
  // The first operation that failed for another reason than the trial; or empty.
  const std::string& error() const { return error_; }
  // True where operations were cut off: the session is of no further use.
  bool was_cut_off() const { return was_cut_off_; }
  // True where a holder died and nobody came after it.
  bool locked_out() const { return locked_out_; }

 private:
  class Late;

  Task<void> Work(WorkerState& state, bool is_slow);
  bool IsOver(int64_t done);
  Task<void> Watch(int64_t deadline_ns);
  Operation Operate(WorkerState& state);
  void Record(WorkerState& state, int64_t start_ns, const absl::StatusOr<int64_t>& result);
  bool OnHold(FaultyClient& client) override;
  std::optional<SendPlan> PlanRequest(FaultyClient& client, size_t size) override;
  SendPlan DrawLateness(size_t size);
  int64_t StallNs() const;
  void NoteSuccess(int64_t at_ns);
  int64_t DeathNs() const;

  const BenchmarkSpec& spec_;
  const RunPlan plan_;
  Scenario& scenario_;
  ThreadSlot& slot_;
  absl::BitGen random_;
  std::vector<std::unique_ptr<FaultyClient>> clients_;  // by place in the slot
  std::unique_ptr<Late> late_;
  std::vector<Tally> tallies_before_;  // of the timed run, by place in the slot
  std::vector<int64_t> round_trips_before_;
  std::vector<OpRecord> history_;
  Violations violations_;
  std::string error_;
  int64_t max_standstill_ns_ = 0;
  bool was_cut_off_ = false;
  bool locked_out_ = false;

  // Of one burst:
  Burst burst_;
  bool is_armed_ = false;  // nobody has misbehaved yet
  int64_t epochs_end_ns_ = 0;
  int pending_ = 0;                       // workers that are not done
  const FaultyClient* holder_ = nullptr;  // that was told to die; null: none was
  bool served_since_ = false;
  int64_t bursts_ = 0;  // so far
  size_t next_worker_ = 0;
};

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_TRIAL_H_
