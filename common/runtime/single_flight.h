// Runs at most one call per key at a time in this process. Callers that come meanwhile share its
// result. The idea is that of golang.org/x/sync/singleflight.

#ifndef RCB_COMMON_RUNTIME_SINGLE_FLIGHT_H_
#define RCB_COMMON_RUNTIME_SINGLE_FLIGHT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/runtime/event.h"
#include "common/runtime/loop.h"
#include "common/runtime/task.h"

namespace rcb {

// Any thread may call it. A caller waits on its own loop.
class SingleFlight {
 public:
  // Yields what `call` yields, or where the call of another caller for `key` is running already,
  // what that yields; `call` is then dropped and never starts. Fails with kDeadlineExceeded if the
  // other call has not ended by `deadline_ns` (NowNs clock).
  Task<absl::StatusOr<int64_t>> Do(std::string key, Loop& loop, int64_t deadline_ns,
                                   Task<absl::StatusOr<int64_t>> call) {
    const auto [flight, is_ours] = Board(key);
    if (!is_ours) {
      co_await flight->landed.Wait(loop, deadline_ns);
      co_return flight->result;
    }
    flight->result = co_await Try(std::move(call));
    Forget(key);
    flight->landed.Set();
    co_return flight->result;
  }

 private:
  struct Flight {
    SharedEvent landed;
    absl::StatusOr<int64_t> result;  // is written before landed is set, and read after
  };

  std::pair<std::shared_ptr<Flight>, bool> Board(const std::string& key) {
    std::lock_guard<std::mutex> lock(mutex_);
    std::shared_ptr<Flight>& flight = flights_[key];
    const bool is_ours = flight == nullptr;
    if (is_ours) flight = std::make_shared<Flight>();
    return {flight, is_ours};
  }
  void Forget(const std::string& key) {
    std::lock_guard<std::mutex> lock(mutex_);
    flights_.erase(key);
  }

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Flight>> flights_;  // guarded by mutex_
};

}  // namespace rcb

#endif  // RCB_COMMON_RUNTIME_SINGLE_FLIGHT_H_
