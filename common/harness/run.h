// One run: sets the workers going in the shape of the family, and records what they see.

#ifndef RCB_COMMON_HARNESS_RUN_H_
#define RCB_COMMON_HARNESS_RUN_H_

#include <atomic>
#include <barrier>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/harness/scenario.h"
#include "common/harness/session.h"
#include "common/harness/spec.h"
#include "common/report/interval_feed.h"

namespace rcb {

struct RunOptions {
  Shape shape = Shape::kSteady;
  bool keeps_history = true;
  double rate_per_second = 0;  // of all threads; 0: closed loop
  int64_t op_timeout_ms = 5000;
  int64_t max_compute_ms = 0;          // that an operation may take besides waiting for replies
  int64_t max_operations = INT64_MAX;  // where their number is not known beforehand
  int64_t min_ns = 0;                  // that a steady run lasts: see Extends
  int64_t extended_ns = 0;             // that it lasts where it is extended, if that is more
  IntervalFeed* feed = nullptr;        // which is handed what happens meanwhile; null: nobody
  bool keeps_incidents = false;        // for a log
  // Whether the run can be no result any more, and ends; null: never. Asked by thread 0.
  std::function<bool()> is_in_vain = nullptr;
};

// Drive is called by all threads at once, each with its own slot; the rest by one thread while no
// Drive runs.
class Run {
 public:
  // Takes the session over until it is destroyed. `on_sweep` is called on thread 0, every
  // Loop::kSweepNs while it drives.
  Run(const RunPlan& plan, const RunOptions& options, Session& session,
      std::unique_ptr<Scenario> scenario, std::function<void(const Run&)> on_sweep);
  ~Run();

  // Rounds only: the round that is not timed. Each thread, before Drive.
  void WarmUp(ThreadSlot& slot);
  // Works until the planned budget is used up, and longer where min_ns demands it, or until the run
  // is stopped.
  void Drive(ThreadSlot& slot);

  // Whether the run has ended before its time: by Ctrl-C, or as abort_reason() says. Any thread.
  bool stopped() const { return stopping_.load(std::memory_order_relaxed); }
  // What stopped the run: no operation succeeded for the deadline and 5 s more, the epochs do not
  // end, or the run was in vain. Empty unless one of these did.
  const std::string& abort_reason() const { return abort_reason_; }
  // Operations begun so far, about. Any thread.
  int64_t progress() const { return taken_.load(std::memory_order_relaxed); }

  const RunPlan& plan() const { return plan_; }
  const RunOptions& options() const { return options_; }
  Session& session() { return session_; }
  Scenario& scenario() { return *scenario_; }

 private:
  struct RoundStarter {
    Run* run;
    void operator()() noexcept;
  };

  bool TakeOperation(ThreadSlot& slot);
  bool Extends(const ThreadSlot& slot);
  void DriveRounds(ThreadSlot& slot, int64_t count);
  Task<void> ClosedLoop(ThreadSlot& slot, WorkerState& state);
  Task<void> OpenLoop(ThreadSlot& slot, WorkerState& state);
  Task<void> OneOperation(ThreadSlot& slot, WorkerState& state);
  Operation Operate(ThreadSlot& slot, WorkerState& state);
  Operation ReconnectAndOperate(WorkerState& state);
  int64_t Account(ThreadSlot& slot, WorkerState& state, int64_t intended_ns, int64_t invoke_ns,
                  const absl::StatusOr<int64_t>& result);
  void NoteFailure(ThreadSlot& slot, const WorkerState& state, absl::string_view message,
                   bool is_loss);
  void Abort(const std::string& reason);
  void OnSweep(ThreadSlot& slot);

  const RunPlan plan_;
  const RunOptions options_;
  Session& session_;
  std::unique_ptr<Scenario> scenario_;
  std::function<void(const Run&)> on_sweep_;
  std::barrier<RoundStarter> round_barrier_;
  int64_t next_round_ = 0;     // written, as the next, by the barrier's completion
  bool round_begins_ = false;  // the decision that all threads follow
  std::atomic<int64_t> taken_{0};
  // What Extends has decided, once for all threads.
  enum class Extension { kUndecided, kNone, kUntilMinTime };
  std::atomic<Extension> extension_{Extension::kUndecided};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> is_aborted_{false};
  std::string abort_reason_;  // written by the thread that set is_aborted_
};

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_RUN_H_
