// What the workers of Pool share: the keys, the pools, and the record of all requests.

#ifndef RCB_BENCH_POOL_GROUND_H_
#define RCB_BENCH_POOL_GROUND_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "bench/pool/exchange.h"
#include "bench/pool/naive_client.h"
#include "common/harness/scenario.h"
#include "common/harness/worker.h"
#include "common/measure/per_worker.h"
#include "common/redis/pool.h"
#include "common/runtime/single_flight.h"

namespace rcb::pool {

inline constexpr int32_t kKeys = 32;  // key i holds the number i
inline constexpr int64_t kNsPerMs = 1'000'000;

// How many requests of a thread are slow, in a run.
enum class SlowLimit {
  kUnlimited,
  kConnections,        // as many as the thread has connections to share
  kConnectionsButOne,  // one fewer
  kNever,
};

// What differs among the variants.
struct Settings {
  PoolOptions pool = {};
  int64_t slow_every_ms = 200;  // on each thread
  // A timed run with fewer operations has no slow ones: they would be most of it.
  int64_t slow_from_operations = 5000;
  SlowLimit slow_limit = SlowLimit::kUnlimited;
  // How late the reply to a slow request is; 0: long after the end of the client's patience.
  int64_t slow_ms = 0;
};

// Of one run. A worker uses what is of its thread, and its own record.
class Ground {
 public:
  // `in_flight`: so many requests may be under way at once.
  Ground(const RunPlan& plan, const Settings& settings, int64_t in_flight);

  // A client's patience with the reply to a request: longer where more are under way before it.
  int64_t reply_ms() const { return reply_ms_; }
  int64_t slow_ms() const { return slow_ms_; }
  const std::vector<std::string>& keys() const { return keys_; }
  SingleFlight& reconnecting() { return reconnecting_; }

  // The pool of the worker's thread, over the connections that its workers share.
  Pool& PoolOf(const Worker& worker);
  // What the naive client of a connection keeps between requests.
  Unread& UnreadOf(const Worker& worker, const Connection& connection) {
    return Own(worker).unread[&connection];
  }

  // Begins the record of a request for any key, with a nonce that no other request has. Now and
  // then it is a slow one.
  Exchange NewExchange(const Worker& worker);
  // The same request once more, and not slow.
  Exchange Again(const Worker& worker, const Exchange& exchange) const;
  // Ends it.
  void Keep(const Worker& worker, const Exchange& exchange) {
    exchanges_[worker.index].push_back(exchange);
  }
  // How long a client took to get a connection that had been refused first.
  void NoteRecovery(const Worker& worker, int64_t took_ns) {
    Own(worker).recoveries_ns.push_back(took_ns);
  }

  // GET says which key the reply is for, and ECHO which request.
  Command RequestOf(const Exchange& exchange) const;

  // After the run:
  const PerWorker<std::vector<Exchange>>& exchanges() const { return exchanges_; }
  std::vector<Pool*> pools() const;  // of all threads that have one
  std::vector<int64_t> recoveries_ns() const;
  // The longest time for which a thread or the server stood still.
  int64_t max_standstill_ns() const;

  // For as long as operations run, a thread and the server are watched for standstills, over a
  // connection of a worker's own.
  class Presence;

 private:
  // Each thread uses its own only.
  struct alignas(64) OfThread {
    std::unique_ptr<Pool> pool;
    std::unordered_map<const Connection*, Unread> unread;
    std::vector<int64_t> recoveries_ns;
    int64_t operations = 0;
    int64_t slow = 0;
    int64_t next_slow_ns = 0;
    int64_t running = 0;  // operations
    std::optional<Timer> watch;
    int64_t look_ns = 0;  // when it is due
    bool is_watched = false;
    bool is_pinging = false;
    int64_t max_standstill_ns = 0;
  };

  OfThread& Own(const Worker& worker) {
    return by_thread_[static_cast<size_t>(worker.index % threads_)];
  }
  int64_t NextNonce(const Worker& worker) const;
  bool IsTimeForSlow(const Worker& worker, int64_t now_ns);
  static void WatchOn(const Worker& worker, OfThread& own);
  static void Look(const Worker& worker, OfThread& own);
  static Task<void> Ping(Connection& connection, OfThread& own);

  const Settings settings_;
  const int64_t reply_ms_;
  const int64_t slow_ms_;
  const int64_t slow_operations_;  // of a thread, among which are slow ones
  std::vector<std::string> keys_;
  const std::string gate_;
  const int threads_;
  const size_t connections_;  // of a pool, at most
  PerWorker<std::vector<Exchange>> exchanges_;
  std::vector<OfThread> by_thread_;
  SingleFlight reconnecting_;
};

// An operation that runs.
class Ground::Presence {
 public:
  Presence(Ground& ground, const Worker& worker);
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;
  ~Presence() { --own_.running; }

 private:
  OfThread& own_;
};

}  // namespace rcb::pool

#endif  // RCB_BENCH_POOL_GROUND_H_
