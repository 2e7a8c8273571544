// A circuit breaker before the origin, and the check of what it let through.
// https://martinfowler.com/bliki/CircuitBreaker.html

#ifndef RCB_BENCH_OUTAGE_BREAKER_H_
#define RCB_BENCH_OUTAGE_BREAKER_H_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "common/check/violations.h"
#include "common/measure/clock.h"

namespace rcb::outage {

// After so many calls in a row that were not answered in time, it opens:
inline constexpr int kFailuresToOpen = 5;
// for so long nothing passes.
inline constexpr int64_t kOpenNs = 30'000'000;

// One call of which the breaker was asked.
struct Call {
  int64_t begin_ns = 0;
  int64_t end_ns = INT64_MAX;
  bool was_answered = false;
  bool has_passed = true;  // or was refused, and so ended as it began
};

// Any thread.
class Breaker {
 public:
  // `probes`: once it has been open for its time, one call may pass to see how things are
  // (half-open), and the next ones only if that is answered. Otherwise all pass.
  explicit Breaker(bool probes) : probes_(probes) {}

  // The number of a call that may pass; empty where it may not.
  std::optional<size_t> Begin() {
    const std::lock_guard<std::mutex> lock(mutex_);
    const int64_t now_ns = NowNs();
    if (is_open_) {
      if (is_probing_ || now_ns < open_until_ns_) {
        calls_.push_back({.begin_ns = now_ns, .end_ns = now_ns, .has_passed = false});
        return std::nullopt;
      }
      is_probing_ = probes_;
      is_open_ = probes_;
    }
    calls_.push_back({.begin_ns = now_ns});
    return calls_.size() - 1;
  }

  // The call has ended. One that began before the breaker opened tells nothing new.
  void End(size_t number, bool was_answered) {
    const std::lock_guard<std::mutex> lock(mutex_);
    calls_[number].end_ns = NowNs();
    calls_[number].was_answered = was_answered;
    if (number < first_since_open_) return;
    failures_ = was_answered ? 0 : failures_ + 1;
    if (was_answered) is_open_ = false;
    if (is_probing_ || failures_ >= kFailuresToOpen) {
      is_open_ = !was_answered;
      open_until_ns_ = calls_[number].end_ns + kOpenNs;
      first_since_open_ = calls_.size();
      failures_ = 0;
    }
    is_probing_ = false;
  }

  // All of them, in the order in which they began. After the run.
  const std::vector<Call>& calls() const { return calls_; }

 private:
  const bool probes_;
  std::mutex mutex_;
  bool is_open_ = false;
  bool is_probing_ = false;  // one call is under way to see how things are
  int failures_ = 0;         // in a row
  int64_t open_until_ns_ = 0;
  size_t first_since_open_ = 0;  // the first call that can tell something
  std::vector<Call> calls_;
};

// A violation is each call that passed when the five before it had failed, and that was not the
// only one then, or came too early; and each that was refused though it might have passed. `calls`
// are in the order in which they began. Any thread.
Violations CheckBreaker(const std::vector<Call>& calls);

}  // namespace rcb::outage

#endif  // RCB_BENCH_OUTAGE_BREAKER_H_
