// Variants of Lock whose waiters are told when it is their turn and need not ask.

#ifndef RCB_BENCH_LOCK_QUEUES_H_
#define RCB_BENCH_LOCK_QUEUES_H_

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "bench/lock/lock.h"
#include "common/redis/subscriber.h"

namespace rcb::lock {

// locking/blpop_queue: there is one token, and the worker that moves it from the queue to a list of
// its own holds the lock; moving it back wakes the next in line. Where no token came back for two
// leases, a waiter takes it out of the list of a holder that has died, or that finds it gone when
// it returns. https://redis.io/commands/blmove (BLPOP that loses nothing on the way; Redis 6.2)
inline Operation BlpopQueue(Worker& worker, Section& section) {
  static constexpr Script kTakeBack{R"lua(
    local returns = redis.call('GET', KEYS[2]) or '0'
    if returns ~= ARGV[1] or redis.call('EXISTS', KEYS[1]) == 1 then return returns end
    for holder = 0, ARGV[2] - 1 do
      if redis.call('LMOVE', KEYS[3] .. holder, KEYS[1], 'LEFT', 'RIGHT') then
        redis.call('INCR', KEYS[2])  -- or the next waiter would take it from its new holder
        break
      end
    end
    return returns)lua",
                                    3};
  const Keys& keys = section.keys();
  const std::string mine = keys.HeldBy(worker.index);
  const int64_t wait_ms = section.queue_lease_ms();
  const Command take("BLMOVE", keys.queue, mine, "LEFT", "RIGHT",
                     static_cast<double>(wait_ms) / 1000);
  const Command give_back =
      Command("LMOVE", mine, keys.queue, "LEFT", "RIGHT").Then(Command("INCR", keys.order));
  const int64_t wanted_ns = NowNs();
  std::string last_returns = "none";
  while (true) {
    const Reply token = co_await worker.redis().Run(take, /*server_wait_ms=*/wait_ms);
    if (!token.is_nil()) break;
    co_await Ensure(CountTry(worker, wanted_ns));
    const Reply returns = co_await worker.redis().Eval(
        kTakeBack, keys.queue, keys.order, keys.HeldBy(""), last_returns, section.workers());
    last_returns = returns.text();
  }
  Visit visit(section, worker, wanted_ns);
  const int64_t value = co_await Work(worker, section);
  visit.Leave();
  co_await AfterWrite(worker.redis().Pipeline(give_back));
  co_return value;
}

// locking/pubsub, the way of Redisson's RLock: a loser subscribes, tries again (in this order, for
// the message may be on its way), and then waits for a release, or for the holder's lease to end. A
// release wakes all that wait, and one of them wins. https://github.com/redisson/redisson/wiki, 8.1
inline Operation Pubsub(Worker& worker, Section& section) {
  // It yields nil where the lock is ours now, and otherwise how long the holder may still keep it.
  static constexpr Script kAcquire{R"lua(
    if redis.call('EXISTS', KEYS[1]) == 0 then
      redis.call('HSET', KEYS[1], ARGV[1], 1)
      redis.call('PEXPIRE', KEYS[1], ARGV[2])
      return false
    end
    return redis.call('PTTL', KEYS[1]))lua"};
  static constexpr Script kRelease{R"lua(
    if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
    redis.call('DEL', KEYS[1])
    redis.call('PUBLISH', ARGV[2], 'released')
    return 1)lua"};
  const Keys& keys = section.keys();
  const std::string token = NewToken(worker);
  const int64_t wanted_ns = NowNs();
  Reply left_ms = co_await worker.redis().Eval(kAcquire, keys.lock, token, section.lease_ms());
  const bool has_to_wait = !left_ms.is_nil();
  if (has_to_wait) {
    co_await worker.subscriber->Subscribe(keys.channel);
    left_ms = co_await worker.redis().Eval(kAcquire, keys.lock, token, section.lease_ms());
  }
  while (!left_ms.is_nil()) {
    co_await Ensure(CountTry(worker, wanted_ns));
    const int64_t wait_ms = std::clamp<int64_t>(left_ms.integer(), 1, kGiveUpMs);
    const absl::Status told =
        (co_await Try(worker.subscriber->NextMessage(NowNs() + wait_ms * kNsPerMs))).status();
    if (absl::IsUnavailable(told)) co_return told;
    left_ms = co_await worker.redis().Eval(kAcquire, keys.lock, token, section.lease_ms());
  }
  Visit visit(section, worker, wanted_ns);
  const int64_t value = co_await Work(worker, section);
  visit.Leave();
  co_await AfterWrite(worker.redis().Eval(kRelease, keys.lock, token, keys.channel));
  if (has_to_wait) {
    co_await Ensure(FailureAfterWrite(co_await Try(worker.subscriber->Unsubscribe())));
  }
  co_return value;
}

// One operation under a lock whose waiters stand in a list, of which the first is told; `acquire`
// takes the lock or a place.
inline Operation QueueFor(Worker& worker, Section& section, const Script& acquire) {
  static constexpr Script kRelease{R"lua(
    if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
    redis.call('DEL', KEYS[1])
    local first = redis.call('LINDEX', KEYS[2], 0)
    if first then redis.call('PUBLISH', ARGV[2] .. first, 'your turn') end
    return 1)lua",
                                   2};
  const Keys& keys = section.keys();
  const std::string me = absl::StrCat(worker.index);
  const int64_t wait_ms = section.queue_lease_ms();
  const int64_t wanted_ns = NowNs();
  Reply acquired = co_await worker.redis().Eval(acquire, keys.lock, keys.queue, keys.members, me,
                                                section.lease_ms(), 2 * wait_ms);
  if (acquired.integer() == 0) {
    section.NoteQueued(worker);
    co_await worker.subscriber->Subscribe(absl::StrCat(keys.channel, me));
    acquired = co_await worker.redis().Eval(acquire, keys.lock, keys.queue, keys.members, me,
                                            section.lease_ms(), 2 * wait_ms);
  }
  while (acquired.integer() == 0) {
    co_await Ensure(CountTry(worker, wanted_ns));
    const absl::Status told =
        (co_await Try(worker.subscriber->NextMessage(NowNs() + wait_ms * kNsPerMs))).status();
    if (absl::IsUnavailable(told)) co_return told;
    acquired = co_await worker.redis().Eval(acquire, keys.lock, keys.queue, keys.members, me,
                                            section.lease_ms(), 2 * wait_ms);
  }
  Visit visit(section, worker, wanted_ns);
  const int64_t value = co_await Work(worker, section);
  visit.Leave();
  co_await AfterWrite(worker.redis().Eval(kRelease, keys.lock, keys.queue, me, keys.channel));
  co_return value;
}

// locking/fair_queue, the way of Redisson's RFairLock: the first to come is the first to be served.
// A waiter that does not come back in time loses its place.
inline Operation FairQueue(Worker& worker, Section& section) {
  static constexpr Script kAcquire{R"lua(
    local now = redis.call('TIME')
    local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
    local first = redis.call('LINDEX', KEYS[2], 0)
    while first and tonumber(redis.call('ZSCORE', KEYS[3], first) or 0) < now_ms do
      redis.call('LPOP', KEYS[2])
      redis.call('ZREM', KEYS[3], first)
      first = redis.call('LINDEX', KEYS[2], 0)
    end
    if redis.call('EXISTS', KEYS[1]) == 0 and (not first or first == ARGV[1]) then
      if first then redis.call('LPOP', KEYS[2]) end
      redis.call('ZREM', KEYS[3], ARGV[1])
      redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
      return 1
    end
    if not redis.call('ZSCORE', KEYS[3], ARGV[1]) then redis.call('RPUSH', KEYS[2], ARGV[1]) end
    redis.call('ZADD', KEYS[3], now_ms + ARGV[3], ARGV[1])
    return 0)lua",
                                   3};
  return QueueFor(worker, section, kAcquire);
}

// unsafe/barging_queue: whoever finds the lock free takes it, so that those in the queue are
// overtaken; and it leaves the note behind until when it kept its place.
inline Operation BargingQueue(Worker& worker, Section& section) {
  static constexpr Script kAcquire{R"lua(
    if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
      redis.call('LREM', KEYS[2], 0, ARGV[1])
      return 1
    end
    if not redis.call('LPOS', KEYS[2], ARGV[1]) then redis.call('RPUSH', KEYS[2], ARGV[1]) end
    local now = redis.call('TIME')
    redis.call('ZADD', KEYS[3], now[1] * 1000 + math.floor(now[2] / 1000) + ARGV[3], ARGV[1])
    return 0)lua",
                                   3};
  return QueueFor(worker, section, kAcquire);
}

}  // namespace rcb::lock

#endif  // RCB_BENCH_LOCK_QUEUES_H_
