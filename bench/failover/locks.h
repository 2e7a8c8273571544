// Locks across a failover: the holder goes on to believe in a lock that the new primary may never
// have heard of.

#ifndef RCB_BENCH_FAILOVER_LOCKS_H_
#define RCB_BENCH_FAILOVER_LOCKS_H_

#include <cstdint>
#include <string>
#include <utility>

#include "bench/failover/failover.h"
#include "bench/failover/ground.h"
#include "bench/failover/section.h"
#include "bench/token_lock.h"
#include "common/harness/worker.h"
#include "common/measure/clock.h"
#include "common/redis/connection.h"

namespace rcb::failover {

inline constexpr int64_t kNsPerMs = 1'000'000;

// What a holder does: it works, the slow one until the run is over, and then writes.
inline Task<absl::Status> Work(Worker& worker, Ground& ground, int64_t lease_end_ns,
                               int64_t fence) {
  constexpr int64_t kWorkNs = 2 * kNsPerMs;
  Section& section = ground.section();
  const int64_t stay = section.Enter(NowNs(), lease_end_ns);
  const bool is_slow = section.TakeSlowness();
  absl::Status slept;
  do {
    slept = co_await Try(worker.loop->Sleep(kWorkNs));
  } while (is_slow && slept.ok() && !ground.over());
  section.Write(stay, fence);
  section.Leave(stay);
  co_return slept;
}

// unsafe/token_lock: SET NX PX with a token, as everywhere. The primary that said yes is killed
// before a replica has heard of it, and the next one says yes to somebody else.
inline Operation TokenLock(Worker& worker, Ground& ground) {
  constexpr int64_t kLeaseMs = 10'000;
  const std::string token = NewToken(worker);
  const Command acquire("SET", ground.lock_key(), token, "NX", "PX", kLeaseMs);
  Backoff backoff = Retrying();
  while (true) {
    if (ground.section().is_open() && (co_await Try(ground.Reach(worker))).ok()) {
      const int64_t lease_end_ns = NowNs() + kLeaseMs * kNsPerMs;
      const absl::StatusOr<Reply> acquired = co_await Try(worker.redis().Run(acquire));
      if (acquired.ok() && !acquired->is_nil()) {
        ground.NoteServed(worker);
        co_await Work(worker, ground, lease_end_ns, /*fence=*/0);
        break;
      }
    }
    if (ground.over()) co_return Unserved();
    co_await RetryAfter(worker, backoff);
  }
  // Where that fails, the lease ends it.
  static_cast<void>(co_await Try(worker.redis().Eval(kReleaseToken, ground.lock_key(), token)));
  co_return 0;
}

// locking/fenced: the lock comes with a number that grows, and counts once all replicas have
// confirmed that (WAIT), so that no number comes twice. The resource refuses a number below the
// highest that it has seen: holders may be two, but the earlier one can do no harm.
inline Operation Fenced(Worker& worker, Ground& ground) {
  static constexpr Script kAcquire{R"lua(
    if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 0 end
    return redis.call('INCR', KEYS[2]))lua",
                                   /*keys=*/2};
  constexpr int64_t kLeaseMs = 1500;
  constexpr int64_t kWaitMs = 100;
  const std::string token = NewToken(worker);
  Backoff backoff = Retrying();
  bool has_held = false;
  while (!has_held) {
    if (ground.section().is_open() && (co_await Try(ground.Reach(worker))).ok()) {
      const int replicas = ground.ReplicasFor(worker);
      const int64_t lease_end_ns = NowNs() + kLeaseMs * kNsPerMs;
      const absl::StatusOr<Reply> fence = co_await Try(
          worker.redis().Eval(kAcquire, ground.lock_key(), ground.fence_key(), token, kLeaseMs));
      if (fence.ok() && fence->integer() > 0) {
        const Command confirm("WAIT", replicas, kWaitMs);
        const absl::StatusOr<Reply> confirmed = co_await Try(worker.redis().Run(confirm));
        has_held = confirmed.ok() && confirmed->integer() >= replicas;
        if (has_held) {
          ground.NoteServed(worker);
          co_await Work(worker, ground, lease_end_ns, fence->integer());
        }
        // Where that fails, the lease ends it.
        static_cast<void>(
            co_await Try(worker.redis().Eval(kReleaseToken, ground.lock_key(), token)));
      }
    }
    if (has_held) break;
    if (ground.over()) co_return Unserved();
    co_await RetryAfter(worker, backoff);
  }
  co_return 0;
}

}  // namespace rcb::failover

#endif  // RCB_BENCH_FAILOVER_LOCKS_H_
