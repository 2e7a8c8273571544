// What the workers of Pool share: the keys, the pools, and the record of all requests.

#ifndef RCB_BENCH_POOL_GROUND_H_
#define RCB_BENCH_POOL_GROUND_H_

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/random/distributions.h"
#include "absl/strings/str_cat.h"
#include "bench/pool/exchange.h"
#include "bench/pool/naive_client.h"
#include "common/harness/scenario.h"
#include "common/harness/worker.h"
#include "common/measure/clock.h"
#include "common/measure/per_worker.h"
#include "common/redis/pool.h"

namespace rcb::pool {

inline constexpr int32_t kKeys = 32;  // key i holds the number i
// How long a client waits for a reply.
inline constexpr int64_t kReplyMs = 20;
// How much later the server answers a slow request: long after the client has stopped to wait, also
// where that is noticed late (see LazyTimeout).
inline constexpr int64_t kSlowMs = 100;

// What differs among the variants.
struct Settings {
  PoolOptions pool = {};
  int64_t slow_every_ms = 200;  // on each thread
  int64_t max_slow = INT64_MAX;
};

class Ground {
 public:
  Ground(const RunPlan& plan, const Settings& settings)
      : settings_(settings),
        gate_(plan.key_prefix + "gate"),
        threads_(plan.threads),
        exchanges_(plan.workers),
        by_thread_(static_cast<size_t>(plan.threads)) {
    for (int32_t i = 0; i < kKeys; ++i) keys_.push_back(absl::StrCat(plan.key_prefix, "key:", i));
  }

  const Settings& settings() const { return settings_; }
  const std::vector<std::string>& keys() const { return keys_; }
  const PerWorker<std::vector<Exchange>>& exchanges() const { return exchanges_; }

  // The pool of the worker's thread, over the connections that its workers share.
  Pool& PoolOf(const Worker& worker) {
    OfThread& own = Own(worker);
    if (own.pool == nullptr) {
      own.pool = std::make_unique<Pool>(*worker.loop, worker.shared, settings_.pool);
    }
    return *own.pool;
  }
  // Of all threads that have one.
  std::vector<const Pool*> pools() const {
    std::vector<const Pool*> pools;
    for (const OfThread& own : by_thread_) {
      if (own.pool != nullptr) pools.push_back(own.pool.get());
    }
    return pools;
  }
  // What the naive client of a connection keeps between requests.
  Unread& UnreadOf(const Worker& worker, const Connection& connection) {
    return Own(worker).unread[&connection];
  }

  // Begins the record of a request for any key. Now and then the server is told to answer late.
  Exchange NewExchange(const Worker& worker) {
    Exchange exchange;
    exchange.key = absl::Uniform<int32_t>(*worker.random, 0, kKeys);
    exchange.thread = static_cast<int16_t>(worker.index % threads_);
    exchange.wanted_ns = NowNs();
    exchange.is_slow = IsTimeForSlow(Own(worker), exchange.wanted_ns);
    return exchange;
  }
  // The same once more, and not slow.
  static Exchange Again(const Exchange& exchange) {
    Exchange again;
    again.key = exchange.key;
    again.thread = exchange.thread;
    again.wanted_ns = NowNs();
    return again;
  }
  // Yields a nonce that no other request of the run has.
  int64_t NextNonce(const Worker& worker) const {
    const auto count = static_cast<int64_t>(exchanges_[worker.index].size());
    return count * exchanges_.size() + worker.index + 1;
  }
  // Ends it.
  void Keep(const Worker& worker, const Exchange& exchange) {
    exchanges_[worker.index].push_back(exchange);
  }

  // GET says which key the reply is for, and ECHO which request.
  Command RequestOf(const Exchange& exchange) const {
    const Command get("GET", keys_[static_cast<size_t>(exchange.key)]);
    const Command request = get.Then(Command("ECHO", exchange.nonce));
    if (!exchange.is_slow) return request;
    // Nobody ever pushes to the list, and the server runs the rest only once it has waited.
    return Command("BLPOP", gate_, absl::StrCat(static_cast<double>(kSlowMs) / 1000)).Then(request);
  }

 private:
  // Each thread uses its own only.
  struct alignas(64) OfThread {
    std::unique_ptr<Pool> pool;
    std::unordered_map<const Connection*, Unread> unread;
    int64_t operations = 0;
    int64_t slow = 0;
    int64_t next_slow_ns = 0;
  };

  OfThread& Own(const Worker& worker) {
    return by_thread_[static_cast<size_t>(worker.index % threads_)];
  }

  // The third operation is slow, and then one every slow_every_ms.
  bool IsTimeForSlow(OfThread& own, int64_t now_ns) const {
    if (++own.operations < 3 || own.slow >= settings_.max_slow || now_ns < own.next_slow_ns) {
      return false;
    }
    ++own.slow;
    own.next_slow_ns = now_ns + settings_.slow_every_ms * 1'000'000;
    return true;
  }

  const Settings settings_;
  std::vector<std::string> keys_;
  const std::string gate_;
  const int threads_;
  PerWorker<std::vector<Exchange>> exchanges_;
  std::vector<OfThread> by_thread_;
};

}  // namespace rcb::pool

#endif  // RCB_BENCH_POOL_GROUND_H_
