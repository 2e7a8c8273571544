// Faults of single clients. Each befalls whoever is the next to be in the middle of an operation.

#ifndef RCB_BENCH_CHAOS_CLIENT_FAULTS_H_
#define RCB_BENCH_CHAOS_CLIENT_FAULTS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/redis/connection.h"
#include "common/redis/disturbance.h"

namespace rcb::chaos {

// What waits for a client. Any thread.
class ClientFaults {
 public:
  // The next one dies: its connection is closed, and its operation never goes on.
  void AwaitDeath() { ++deaths_; }
  // The next one is so late with what it is about to send.
  void AwaitDelay(int64_t delay_ns) { delay_ns_ = delay_ns; }

  // Whether one still waits.
  bool any_waits() const { return deaths_ > 0 || delay_ns_ > 0; }

  // Whether the caller is to die.
  bool TakeDeath() {
    int64_t left = deaths_.load(std::memory_order_relaxed);
    while (left > 0) {
      if (deaths_.compare_exchange_weak(left, left - 1)) return true;
    }
    return false;
  }
  // How late the caller is to be.
  int64_t TakeDelay() {
    return delay_ns_.load(std::memory_order_relaxed) == 0 ? 0 : delay_ns_.exchange(0);
  }

 private:
  std::atomic<int64_t> deaths_{0};
  std::atomic<int64_t> delay_ns_{0};
};

// A client for as long as its operation takes: between two requests of it, it takes what waits.
// Loop thread only.
class ClientInOperation final : public Disturbance {
 public:
  // Both outlive it.
  ClientInOperation(Connection& connection, ClientFaults& faults)
      : connection_(connection), faults_(faults) {
    connection_.set_disturbance(this);
  }
  ClientInOperation(const ClientInOperation&) = delete;
  ClientInOperation& operator=(const ClientInOperation&) = delete;
  ~ClientInOperation() { connection_.set_disturbance(nullptr); }

  std::optional<SendPlan> BeforeRequest(size_t size) override {
    const bool is_first = requests_++ == 0;
    if (is_first) return SendPlan{size, 0};
    if (faults_.TakeDeath()) return std::nullopt;
    const int64_t delay_ns = faults_.TakeDelay();
    return SendPlan{delay_ns > 0 ? 0 : size, delay_ns};
  }

 private:
  Connection& connection_;
  ClientFaults& faults_;
  int64_t requests_ = 0;
};

}  // namespace rcb::chaos

#endif  // RCB_BENCH_CHAOS_CLIENT_FAULTS_H_
