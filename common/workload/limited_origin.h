// A store behind a cache that can work on so much at once, and gets slower beyond that.

#ifndef RCB_COMMON_WORKLOAD_LIMITED_ORIGIN_H_
#define RCB_COMMON_WORKLOAD_LIMITED_ORIGIN_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <mutex>
#include <queue>
#include <vector>

namespace rcb {

// It works on a request until that is done, whether anybody still waits for it or not. Any thread.
class LimitedOrigin {
 public:
  // A request takes `service_ns` while no more than `capacity` are worked on, and longer by the
  // square of how many times as many there are; kMaxSlowdown times as long at most.
  LimitedOrigin(int64_t capacity, int64_t service_ns)
      : capacity_(capacity), service_ns_(service_ns) {}

  static constexpr int64_t kMaxSlowdown = 20;

  // A request comes in at `now_ns`, which does not fall. Yields how long the answer takes.
  int64_t Ask(int64_t now_ns) {
    const std::lock_guard<std::mutex> lock(mutex_);
    while (!ends_ns_.empty() && ends_ns_.top() <= now_ns) ends_ns_.pop();
    const int64_t busy = static_cast<int64_t>(ends_ns_.size()) + 1;
    ++asked_;
    if (busy > capacity_) ++beyond_;
    peak_ = std::max(peak_, busy);
    const int64_t took_ns = TimeWith(busy);
    ends_ns_.push(now_ns + took_ns);
    return took_ns;
  }

  int64_t capacity() const { return capacity_; }
  // So far: requests, those of them that came when as many as it can do were being worked on, and
  // the most that were worked on at once.
  int64_t asked() const { return Locked(asked_); }
  int64_t beyond() const { return Locked(beyond_); }
  int64_t peak() const { return Locked(peak_); }

 private:
  int64_t TimeWith(int64_t busy) const {
    if (busy <= capacity_) return service_ns_;
    const int64_t squared = service_ns_ * busy / capacity_ * busy / capacity_;
    return std::min(squared, kMaxSlowdown * service_ns_);
  }
  int64_t Locked(const int64_t& value) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return value;
  }

  const int64_t capacity_;
  const int64_t service_ns_;
  mutable std::mutex mutex_;
  std::priority_queue<int64_t, std::vector<int64_t>, std::greater<>> ends_ns_;  // of what runs
  int64_t asked_ = 0;
  int64_t beyond_ = 0;
  int64_t peak_ = 0;
};

}  // namespace rcb

#endif  // RCB_COMMON_WORKLOAD_LIMITED_ORIGIN_H_
