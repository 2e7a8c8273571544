// Locks across a failover: the holder goes on to believe in a lock that the new primary may never
// have heard of.

#ifndef RCB_BENCH_FAILOVER_LOCKS_H_
#define RCB_BENCH_FAILOVER_LOCKS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bench/failover/failover.h"
#include "bench/failover/ground.h"
#include "bench/failover/section.h"
#include "bench/redlock.h"
#include "bench/token_lock.h"
#include "common/harness/worker.h"
#include "common/measure/clock.h"
#include "common/redis/connection.h"

namespace rcb::failover {

inline constexpr int64_t kNsPerMs = 1'000'000;

// What a holder knows of its lock.
struct Held {
  int64_t lease_end_ns = 0;  // NowNs clock
  int64_t fence = 0;         // that it shows to the resource; 0: none
  bool may_be_slow = true;
  bool heeds_lease = false;  // it does not write when that is over
};

// What a holder does: it works, the slow one until the run is over, and then writes.
inline Task<absl::Status> Work(Worker& worker, Ground& ground, Held held) {
  constexpr int64_t kWorkNs = 2 * kNsPerMs;
  Section& section = ground.section();
  const int64_t stay = section.Enter(NowNs(), held.lease_end_ns);
  const bool is_slow = held.may_be_slow && section.TakeSlowness();
  absl::Status slept;
  do {
    slept = co_await Try(worker.loop->Sleep(kWorkNs));
  } while (is_slow && slept.ok() && !ground.over());
  const bool is_late = held.heeds_lease && NowNs() >= held.lease_end_ns;
  if (!is_late) section.Write(stay, held.fence);
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
    if (ground.section().MayAsk(worker.index) && (co_await Try(ground.Reach(worker))).ok()) {
      const int64_t lease_end_ns = NowNs() + kLeaseMs * kNsPerMs;
      const absl::StatusOr<Reply> acquired = co_await Try(worker.redis().Run(acquire));
      if (acquired.ok() && !acquired->is_nil()) {
        ground.NoteServed(worker);
        co_await Work(worker, ground, {.lease_end_ns = lease_end_ns});
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
    if (ground.section().MayAsk(worker.index) && (co_await Try(ground.Reach(worker))).ok()) {
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
          co_await Work(worker, ground, {.lease_end_ns = lease_end_ns, .fence = fence->integer()});
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

// One operation under Redlock on three servers: the replicated one and two that stand alone. Who is
// slow has been granted the lock by all of them, so that the failover takes one of three votes
// away; if it `gives_one_back`, that leaves it with one.
inline Operation HoldByVotes(Worker& worker, Ground& ground, bool gives_one_back) {
  constexpr int64_t kLeaseMs = 10'000;
  constexpr size_t kReplicated = 0;  // its place among the instances
  Loop& loop = *worker.loop;
  const RedlockRequests lock(ground.lock_key(), NewToken(worker), kLeaseMs);
  std::vector<Connection*> instances = worker.nodes;
  instances.insert(instances.begin(), &worker.redis());
  Backoff backoff = Retrying();
  bool has_held = false;
  while (!has_held) {
    // Who has lost the replicated server waits for it, although the others would do: a client that
    // asked only them would never see what a failover does.
    if (ground.section().MayAsk(worker.index) && (co_await Try(ground.Reach(worker))).ok()) {
      co_await EnsureConnected(worker.nodes, worker.nodes.size());
      const Grant grant = co_await AskForLock(loop, instances, lock);
      if (grant.votes.answered[kReplicated]) ground.NoteServed(worker);
      has_held = grant.is_held;
      if (has_held) {
        const bool has_all = grant.votes.granted.count() == instances.size();
        if (gives_one_back && has_all) {
          static_cast<void>(co_await Try(instances.back()->Run(lock.release)));
        }
        co_await Work(
            worker, ground,
            {.lease_end_ns = grant.valid_until_ns, .may_be_slow = has_all, .heeds_lease = true});
      } else if (grant.votes.granted[kReplicated]) {
        ground.NoteOutvoted(worker);
      }
      static_cast<void>(co_await Try(AskAll(loop, instances, lock.release)));
    }
    if (has_held) break;
    if (ground.over()) co_return Unserved();
    co_await RetryAfter(worker, backoff);
  }
  co_return 0;
}

// locking/redlock: a majority must grant the lock. The new primary has not heard of it, and gives
// it to somebody else, who gets no second vote.
// https://redis.io/docs/manual/patterns/distributed-locks
inline Operation Redlock(Worker& worker, Ground& ground) {
  return HoldByVotes(worker, ground, /*gives_one_back=*/false);
}

// unsafe/redlock_bare_majority: the same with two votes of three, as where a server was too slow to
// answer. One of the two servers forgets its vote, as one does that is restarted without its data.
inline Operation RedlockBareMajority(Worker& worker, Ground& ground) {
  return HoldByVotes(worker, ground, /*gives_one_back=*/true);
}

}  // namespace rcb::failover

#endif  // RCB_BENCH_FAILOVER_LOCKS_H_
