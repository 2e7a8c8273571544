// What happens to the primary in a run of Failover, and when.

#ifndef RCB_BENCH_FAILOVER_COURSE_H_
#define RCB_BENCH_FAILOVER_COURSE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "bench/failover/ground.h"
#include "common/harness/worker.h"
#include "common/runtime/task.h"
#include "common/server/deployment/replicated.h"

namespace rcb::failover {

enum class Fault {
  kKill,     // its links to the replicas and Sentinels go down, and then it is killed
  kCutOff,   // only the links go down, and stay down
  kPlanned,  // a Sentinel is asked to fail over
};

// When a slow worker comes to hold the lock, where there is one.
enum class SlowHolder {
  kNone,
  kBeforeCut,  // all replicas know of it
  kAfterCut,   // none does, nor of any other holder
};

struct CoursePlan {
  Fault fault = Fault::kKill;
  int64_t before_ms = 300;      // writes before the fault
  int64_t links_down_ms = 150;  // before it is killed: what replicas can't get in that time is lost
  int64_t cut_off_ms = 0;       // at least
  SlowHolder slow_holder = SlowHolder::kNone;
  int64_t after_ms = 200;  // writes after clients have found the new primary
};

// The course of one run.
class Course {
 public:
  // All arguments outlive it.
  Course(const CoursePlan& plan, const RunPlan& run, Ground& ground, ReplicatedDeployment& servers)
      : plan_(plan), run_(run), ground_(ground), servers_(servers) {}

  // Runs it on the loop of `worker`, which must be told by the Sentinels. When all is over, or
  // something fails, it ends the ground.
  Task<void> Run(Worker& worker);

  // After the run: why it did not take its course, or OK.
  const absl::Status& status() const { return status_; }
  // When the links went down, or the Sentinel was asked; when the primary was killed, or the same;
  // and when another was announced. NowNs clock.
  int64_t cut_ns() const { return cut_ns_; }
  int64_t fault_ns() const { return fault_ns_; }
  int64_t announced_ns() const { return announced_ns_; }

 private:
  Task<absl::Status> Break(Worker& worker);
  Task<absl::Status> AwaitSlowHolder(Worker& worker);
  Task<absl::Status> Follow(Worker& worker);

  const CoursePlan plan_;
  const RunPlan& run_;
  Ground& ground_;
  ReplicatedDeployment& servers_;
  int64_t cut_ns_ = 0;
  int64_t fault_ns_ = 0;
  int64_t announced_ns_ = 0;
  absl::Status status_;
};

}  // namespace rcb::failover

#endif  // RCB_BENCH_FAILOVER_COURSE_H_
