// The expensive computation that a cache saves. It stands for a database or a model.

#ifndef RCB_COMMON_WORKLOAD_COMPUTATION_H_
#define RCB_COMMON_WORKLOAD_COMPUTATION_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "common/measure/atomic_max.h"
#include "common/measure/clock.h"
#include "common/runtime/loop.h"
#include "common/runtime/task.h"
#include "common/workload/value_sizes.h"

namespace rcb {

// Any thread may run it: it is immutable.
struct Computation {
  enum class Kind {
    kWait,     // waits as for an answer from elsewhere, while other tasks go on
    kBurnCpu,  // keeps the thread of the loop busy, so that no other task goes on
  };

  Kind kind = Kind::kWait;
  int64_t duration_ms = 10;
  ValueSizes value_bytes = {};  // at least, of what it yields and the cache holds

  // Takes duration_ms. Fails only when the loop is cancelled.
  Task<absl::Status> Run(Loop& loop) const {
    const int64_t duration_ns = duration_ms * 1'000'000;
    if (kind == Kind::kWait) {
      co_await loop.Sleep(duration_ns);
    } else {
      const int64_t end_ns = ThreadCpuNs() + duration_ns;
      while (ThreadCpuNs() < end_ns) {
      }
    }
    co_return absl::OkStatus();
  }

  // What the cache holds of a value: `text`, with blanks behind it up to the size asked for.
  std::string Cached(std::string text) const {
    const auto size = static_cast<size_t>(value_bytes.Of(std::hash<std::string>()(text)));
    if (text.size() < size) text.resize(size, ' ');
    return text;
  }
};

// Counts how many computations run now, and keeps the most that ever ran at once. Any thread.
class RunningGauge {
 public:
  void Enter() {
    const int64_t running = running_.fetch_add(1) + 1;
    RaiseTo(max_, running);
  }
  void Leave() { running_.fetch_sub(1); }
  int64_t max() const { return max_; }

 private:
  std::atomic<int64_t> running_{0};
  std::atomic<int64_t> max_{0};
};

}  // namespace rcb

#endif  // RCB_COMMON_WORKLOAD_COMPUTATION_H_
