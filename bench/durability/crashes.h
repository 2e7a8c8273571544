// Kills a server of ours again and again while workers write to it.

#ifndef RCB_BENCH_DURABILITY_CRASHES_H_
#define RCB_BENCH_DURABILITY_CRASHES_H_

#include <atomic>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "bench/write_log.h"
#include "common/harness/scenario.h"
#include "common/runtime/loop.h"
#include "common/runtime/task.h"
#include "common/server/private_server.h"

namespace rcb::durability {

// How often, and how long before, between and after.
struct CrashPlan {
  int64_t crashes = 1;
  int64_t up_ms = 0;    // writes before each
  int64_t down_ms = 0;  // from a crash to the next start
};

// The crashes of one run.
class Crashes {
 public:
  // All arguments outlive it.
  Crashes(const CrashPlan& plan, const RunPlan& run, const WriteLog& log, PrivateServer& server)
      : plan_(plan), run_(run), log_(log), server_(server) {}

  // Makes them. It ends once the last one is over and writes go on, or where one fails.
  Task<void> Run(Loop& loop);

  // Any thread.
  bool over() const { return is_over_; }
  // After the run: why they were not all made, or OK.
  const absl::Status& status() const { return status_; }
  // When each process was killed, NowNs clock.
  const std::vector<int64_t>& killed_ns() const { return killed_ns_; }

 private:
  Task<absl::Status> CrashOnce(Loop& loop);

  const CrashPlan plan_;
  const RunPlan& run_;
  const WriteLog& log_;
  PrivateServer& server_;
  std::vector<int64_t> killed_ns_;
  absl::Status status_;
  std::atomic<bool> is_over_{false};
};

}  // namespace rcb::durability

#endif  // RCB_BENCH_DURABILITY_CRASHES_H_
