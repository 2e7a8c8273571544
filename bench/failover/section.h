// What the lock of Failover protects: a resource outside of Redis, and the watch over its holders.

#ifndef RCB_BENCH_FAILOVER_SECTION_H_
#define RCB_BENCH_FAILOVER_SECTION_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>

namespace rcb::failover {

// Any thread.
class Section {
 public:
  // While the gate is shut, nobody asks for the lock.
  void SetGate(bool is_open) { is_open_ = is_open; }
  // The next to hold the lock is slow: it works until the run is over.
  void WantSlowHolder() { wants_slow_ = true; }
  bool wants_slow() const { return wants_slow_; }
  bool TakeSlowness() { return wants_slow_.exchange(false); }
  // Whether that worker may ask for the lock. As long as a slow holder is wanted, only one may:
  // many that ask several servers at once split the votes.
  bool MayAsk(int worker) const { return is_open_ && (worker == 0 || !wants_slow_); }

  // Somebody believes to hold the lock, until `lease_end_ns` at most. Yields the number of this
  // stay, from 1, in the order in which they come.
  int64_t Enter(int64_t now_ns, int64_t lease_end_ns) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [stay, end_ns] : inside_) two_holders_ += end_ns > now_ns ? 1 : 0;
    inside_[++stays_] = lease_end_ns;
    return stays_;
  }
  void Leave(int64_t stay) {
    const std::lock_guard<std::mutex> lock(mutex_);
    inside_.erase(stay);
  }
  // The holder of that stay writes. The resource refuses fences below those that it has seen; it
  // sees none where `fence` is 0.
  void Write(int64_t stay, int64_t fence) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (fence < last_fence_) {
      ++refused_;
      return;
    }
    last_fence_ = fence;
    late_writes_ += stay < last_stay_ ? 1 : 0;
    last_stay_ = stay < last_stay_ ? last_stay_ : stay;
  }

  // After the run: how often somebody came in while another's lease held; writes that were accepted
  // though a later holder had written; and writes that were refused.
  int64_t two_holders() const { return two_holders_; }
  int64_t late_writes() const { return late_writes_; }
  int64_t refused() const { return refused_; }

 private:
  std::atomic<bool> is_open_{true};
  std::atomic<bool> wants_slow_{false};
  std::mutex mutex_;                   // for all that follows
  std::map<int64_t, int64_t> inside_;  // stays, and the ends of their leases
  int64_t stays_ = 0;
  int64_t last_fence_ = 0;
  int64_t last_stay_ = 0;
  int64_t two_holders_ = 0;
  int64_t late_writes_ = 0;
  int64_t refused_ = 0;
};

}  // namespace rcb::failover

#endif  // RCB_BENCH_FAILOVER_SECTION_H_
