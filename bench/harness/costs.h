// Harness: what the suite itself costs, beside the limit of the machine and a well-known peer.
//
// Question: may a difference between two rows be the suite's doing?
// limit/epoll            requests and replies without a client library: nothing is faster here
// engine/get, ping       one command per operation, through everything that patterns use
// peer/redis_benchmark   the load generator that comes with Redis, against the same server
// cost/proxy             limit/epoll again, through a proxy that spoils nothing
// cost/...               the parts: a coroutine call, a latency record, a merge of two histograms,
//                        a key among a million by Zipf's law

#ifndef RCB_BENCH_HARNESS_COSTS_H_
#define RCB_BENCH_HARNESS_COSTS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/harness/scenario.h"
#include "common/redis/connection.h"
#include "common/runtime/task.h"

namespace rcb::harness {

// What GET fetches: as redis-benchmark's default three bytes, if nothing else is asked for.
inline std::string Value(int64_t bytes) {
  return std::string(bytes > 0 ? static_cast<size_t>(bytes) : 3, 'x');
}

// engine/get and engine/ping: an operation sends one command, which was formatted once.
class OneCommand : public Scenario {
 public:
  // `is_on_key`: GET, otherwise PING.
  OneCommand(const RunPlan& plan, bool is_on_key, int64_t value_bytes)
      : value_(Value(value_bytes)),
        key_(absl::StrCat(plan.key_prefix, "harness")),
        command_(is_on_key ? Command("GET", key_) : Command("PING")) {}

  absl::Status Prepare(BlockingClient& redis) override {
    return redis.Command({"SET", key_, value_}).status();
  }
  Operation Operate(Worker& worker) override {
    co_await worker.redis().Run(command_);
    co_return 0;
  }
  absl::StatusOr<Findings> Check(absl::Span<const OpRecord>, BlockingClient&) override {
    return Findings();
  }

 private:
  const std::string value_;
  const std::string key_;
  const Command command_;
};

// cost/coroutine_switch: a call of a coroutine that ends at once.
inline Task<int64_t> Increment(int64_t value) { co_return value + 1; }
inline Task<void> CallRepeatedly(int64_t calls, int64_t& value) {
  for (int64_t i = 0; i < calls; ++i) value = co_await Increment(value);
}

}  // namespace rcb::harness

#endif  // RCB_BENCH_HARNESS_COSTS_H_
