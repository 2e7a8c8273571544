// Makes the faults of a schedule happen, and undoes them.

#ifndef RCB_COMMON_FAULT_FAULT_RUNNER_H_
#define RCB_COMMON_FAULT_FAULT_RUNNER_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "common/fault/schedule.h"

namespace rcb {

// What can do the faults. The runner calls it from one thread at a time.
class FaultMeans {
 public:
  virtual ~FaultMeans() = default;
  // Makes it happen. Another fault may be on.
  virtual absl::Status Begin(const Fault& fault) = 0;
  // Undoes it. Not called for a fault without a length, nor for one that failed to begin.
  virtual absl::Status End(const Fault& fault) = 0;
};

// A fault that was to happen, and when it did, by the clock of NowNs.
struct InjectedFault {
  Fault fault;
  int64_t begin_ns = 0;  // just before
  int64_t begun_ns = 0;  // it was there
  int64_t ended_ns = 0;  // it was gone; of one without a length, the same as begun_ns
};

// Works in a thread of its own. All calls belong to one thread. Faults overlap where the schedule
// has it so and nowhere else: where one takes long to begin, the next begins late.
class FaultRunner {
 public:
  // `means` outlives it. Begins to count the time at once.
  FaultRunner(Schedule schedule, FaultMeans& means);
  FaultRunner(const FaultRunner&) = delete;
  FaultRunner& operator=(const FaultRunner&) = delete;
  // Stops.
  ~FaultRunner();

  // Undoes all that is in force, and begins nothing more. Returns once that is done.
  void Stop();

  // After Stop: all that happened, in the order in which it began.
  const std::vector<InjectedFault>& injected() const { return injected_; }
  // After Stop: the first fault that could not begin or end, and why; OK where there is none.
  const absl::Status& status() const { return status_; }

 private:
  void Work();
  bool WaitUntil(int64_t time_ns);
  void Begin(const Fault& fault);
  void End(size_t place);
  void Fail(const Fault& fault, const absl::Status& why);

  const Schedule schedule_;
  FaultMeans& means_;
  const int64_t start_ns_;
  std::mutex stopping_;
  std::condition_variable stopped_;
  bool is_stopping_ = false;  // guarded by stopping_
  // The thread's own until it has ended:
  std::vector<InjectedFault> injected_;
  std::vector<size_t> in_force_;  // places in injected_
  absl::Status status_;
  std::thread thread_;
};

}  // namespace rcb

#endif  // RCB_COMMON_FAULT_FAULT_RUNNER_H_
