// Variants of Lock for holders that may outlive their lease, and servers that may go: fencing and
// Redlock.

#ifndef RCB_BENCH_LOCK_LEASES_H_
#define RCB_BENCH_LOCK_LEASES_H_

#include <cstdint>
#include <string>

#include "bench/lock/lock.h"
#include "bench/redlock.h"

namespace rcb::lock {

// One operation whose holder gets a number that grows, and shows it to the resource with `read` and
// `write`, which may refuse it. Some holders stay for longer than their lease, as in
// unsafe/plain_del; those that are refused start again.
inline Operation ShowFence(Worker& worker, Section& section, const Script& read,
                           const Script& write, Backoff backoff) {
  static constexpr Script kAcquire{R"lua(
    if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 0 end
    return redis.call('INCR', KEYS[2]))lua",
                                   2};
  const Keys& keys = section.keys();
  const std::string& counter = keys.counter.counter;
  const std::string& seen_fence = keys.serving;
  const std::string token = NewToken(worker);
  int64_t wanted_ns = NowNs();
  while (true) {
    const Reply fence = co_await worker.redis().Eval(kAcquire, keys.lock, keys.order, token,
                                                     section.short_lease_ms());
    if (fence.integer() == 0) {
      co_await RetryAfter(worker, backoff);
      continue;
    }
    section.NoteFence(worker, fence.integer());
    Visit visit(section, worker, wanted_ns);
    const Reply old_value =
        co_await worker.redis().Eval(read, counter, seen_fence, fence.integer());
    if (section.IsSlowHolder()) {
      co_await worker.loop->Sleep(2 * section.short_lease_ms() * kNsPerMs);
    }
    Reply written;
    if (!old_value.is_nil()) {
      written = co_await worker.redis().Eval(write, counter, seen_fence, fence.integer(),
                                             old_value.integer() + 1);
    }
    visit.Leave();
    co_await ReleaseToken(worker, keys.lock, token);
    if (!written.is_nil()) co_return old_value.integer() + 1;
    section.CountFencedReject();
    ++worker.tally->retries;
    wanted_ns = NowNs();
  }
}

// locking/fenced: the resource (here a script) refuses a holder with a lower number than it has
// seen. Exclusion is not promised, nor needed. Kleppmann, "How to do distributed locking", 2016.
inline Operation Fenced(Worker& worker, Section& section) {
  static constexpr Script kRead{R"lua(
    if tonumber(ARGV[1]) < tonumber(redis.call('GET', KEYS[2]) or 0) then return false end
    redis.call('SET', KEYS[2], ARGV[1])
    return redis.call('GET', KEYS[1]) or '0')lua",
                                2};
  static constexpr Script kWrite{R"lua(
    if tonumber(ARGV[1]) < tonumber(redis.call('GET', KEYS[2]) or 0) then return false end
    redis.call('SET', KEYS[1], ARGV[2])
    return 1)lua",
                                 2};
  return ShowFence(worker, section, kRead, kWrite, Retrying());
}

// unsafe/unfenced: the resource looks at nobody's number, and takes what a late holder writes after
// somebody else came soon.
inline Operation Unfenced(Worker& worker, Section& section) {
  static constexpr Script kRead{"return redis.call('GET', KEYS[1]) or '0'", 2};
  static constexpr Script kWrite{"return redis.call('SET', KEYS[1], ARGV[2]) and 1", 2};
  return ShowFence(worker, section, kRead, kWrite, Eager());
}

// locking/redlock: a majority of independent servers must grant the lock, soon enough for some of
// the lease to be left. https://redis.io/docs/manual/patterns/distributed-locks
inline Operation Redlock(Worker& worker, Section& section) {
  Loop& loop = *worker.loop;
  const RedlockRequests lock(section.keys().lock, NewToken(worker), section.lease_ms());
  const int64_t wanted_ns = NowNs();
  Backoff backoff = Retrying();
  while (true) {
    co_await EnsureConnected(worker.nodes, QuorumOf(worker.nodes.size()));
    const Grant grant = co_await AskForLock(loop, worker.nodes, lock);
    if (grant.is_held) break;
    co_await AskAll(loop, worker.nodes, lock.release);
    co_await RetryAfter(worker, backoff);
  }
  Visit visit(section, worker, wanted_ns);
  const int64_t value = co_await Work(worker, section);
  visit.Leave();
  // A node that can't be told keeps the lock until the lease ends, which is slow but safe.
  static_cast<void>(co_await Try(AskAll(loop, worker.nodes, lock.release)));
  co_return value;
}

}  // namespace rcb::lock

#endif  // RCB_BENCH_LOCK_LEASES_H_
