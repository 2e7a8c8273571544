// Lock: a critical section that everyone wants, and the same work without a lock.
//
// Question: what does it cost to exclude each other, how fast and how fairly is the lock handed on,
//           and is the exclusion real?
// Section:  read-add-write of one counter in two round trips (counter::GetSet). An operation is:
//           lock, work, unlock.
// Checked:  nobody comes in while another is inside (a cell in this process, and the intervals); no
//           update of the counter is lost, none counted twice, real time agrees.
// Polling variants are here, those that wait for a message in bench/lock/queues.h, Redlock and
// fencing in bench/lock/leases.h.

#ifndef RCB_BENCH_LOCK_LOCK_H_
#define RCB_BENCH_LOCK_LOCK_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "bench/counter/counter.h"
#include "bench/lock/section.h"
#include "bench/token_lock.h"
#include "common/harness/worker.h"
#include "common/measure/clock.h"
#include "common/redis/connection.h"
#include "common/runtime/ensure.h"
#include "common/runtime/task.h"
#include "common/workload/backoff.h"

namespace rcb::lock {

// The classes of operation: a variant without readers has the first one only.
inline constexpr uint8_t kWriteClass = 0;
inline constexpr uint8_t kReadClass = 1;

inline constexpr int64_t kGiveUpMs = 20'000;
inline constexpr int64_t kNsPerMs = 1'000'000;

inline Backoff Retrying() { return Backoff(/*first_ms=*/0.2, /*max_ms=*/50, kGiveUpMs); }

// For controls, where somebody has to come soon after a release or the end of a lease.
inline Backoff Eager() { return Backoff(/*first_ms=*/0.2, /*max_ms=*/5, kGiveUpMs); }

// Counts a try that did not get the lock; fails once the worker has waited for too long.
inline absl::Status CountTry(Worker& worker, int64_t wanted_ns) {
  ++worker.tally->retries;
  if (NowNs() - wanted_ns <= kGiveUpMs * kNsPerMs) return absl::OkStatus();
  return absl::DeadlineExceededError("the worker gave up waiting for the lock");
}

// What every holder does inside; it yields the new value of the counter.
inline Operation Work(Worker& worker, Section& section) {
  return counter::GetSet(worker, section.keys().counter);
}

// unsafe/none: every worker just walks in.
inline Operation None(Worker& worker, Section& section) {
  Visit visit(section, worker, NowNs());
  co_return co_await Work(worker, section);
}

// unsafe/plain_del: it has a lease, but no token. A holder that stays for longer than its lease
// deletes the lock of its successor.
inline Operation PlainDel(Worker& worker, Section& section) {
  const Command acquire("SET", section.keys().lock, 1, "NX", "PX", section.short_lease_ms());
  const int64_t wanted_ns = NowNs();
  Backoff backoff = Eager();
  while (true) {
    const Reply acquired = co_await worker.redis().Run(acquire);
    if (!acquired.is_nil()) break;
    co_await RetryAfter(worker, backoff);
  }
  Visit visit(section, worker, wanted_ns);
  if (section.IsSlowHolder()) co_await worker.loop->Sleep(2 * section.short_lease_ms() * kNsPerMs);
  const int64_t value = co_await Work(worker, section);
  visit.Leave();
  co_await worker.redis().Run(Command("DEL", section.keys().lock));
  co_return value;
}

// locking/setnx_spin, as it is often written: it has no lease, no token, and no pause between
// tries. A worker that dies inside locks out all others. https://redis.io/commands/setnx
inline Operation SetnxSpin(Worker& worker, Section& section) {
  const Command acquire("SETNX", section.keys().lock, 1);
  const int64_t wanted_ns = NowNs();
  while (true) {
    const Reply acquired = co_await worker.redis().Run(acquire);
    if (acquired.integer() == 1) break;
    co_await Ensure(CountTry(worker, wanted_ns));
  }
  Visit visit(section, worker, wanted_ns);
  const int64_t value = co_await Work(worker, section);
  visit.Leave();
  co_await AfterWrite(worker.redis().Run(Command("DEL", section.keys().lock)));
  co_return value;
}

// locking/token_backoff: it has a lease, a token, and pauses that grow, with full jitter.
inline Operation TokenBackoff(Worker& worker, Section& section) {
  const std::string token = NewToken(worker);
  const int64_t wanted_ns = NowNs();
  co_await AcquireToken(worker, section.keys().lock, token, section.lease_ms(), Retrying());
  Visit visit(section, worker, wanted_ns);
  const int64_t value = co_await Work(worker, section);
  visit.Leave();
  co_await ReleaseToken(worker, section.keys().lock, token);
  co_return value;
}

// locking/ticket: the first to come is the first to be served, and the further back a waiter is the
// less often it looks. A worker that dies with a ticket locks out all others. Mellor-Crummey and
// Scott, ACM TOCS 9(1), 1991, 2.2.
inline Operation Ticket(Worker& worker, Section& section) {
  constexpr int64_t kPauseNs = 100'000;  // per place in the queue
  const Command look("GET", section.keys().serving);
  const int64_t wanted_ns = NowNs();
  const Reply ticket = co_await worker.redis().Run(Command("INCR", section.keys().order));
  section.NoteQueued(worker);
  while (true) {
    const Reply serving = co_await worker.redis().Run(look);
    const int64_t places = ticket.integer() - 1 - serving.integer();
    if (places == 0) break;
    co_await Ensure(CountTry(worker, wanted_ns));
    co_await worker.loop->Sleep((places - 1) * kPauseNs);
  }
  Visit visit(section, worker, wanted_ns);
  const int64_t value = co_await Work(worker, section);
  visit.Leave();
  co_await AfterWrite(worker.redis().Run(Command("INCR", section.keys().serving)));
  co_return value;
}

// Waits until a script that tries to lock says 1.
inline Task<absl::Status> AcquireByScript(Worker& worker, const Script& script, Section& section,
                                          const std::string& token) {
  const Keys& keys = section.keys();
  Backoff backoff = Retrying();
  while (true) {
    const Reply acquired = co_await worker.redis().Eval(script, keys.lock, keys.members,
                                                        keys.intent, token, section.lease_ms());
    if (acquired.integer() == 1) co_return absl::OkStatus();
    co_await RetryAfter(worker, backoff);
  }
}

// locking/read_write: four of five operations only read, and do so together; a worker that wants to
// write keeps new readers out, so that it is not starved.
inline Operation ReadWrite(Worker& worker, Section& section) {
  static constexpr Script kAcquireShared{R"lua(
    if redis.call('EXISTS', KEYS[1], KEYS[3]) > 0 then return 0 end
    local now = redis.call('TIME')
    local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
    redis.call('ZADD', KEYS[2], now_ms + ARGV[2], ARGV[1])
    redis.call('PEXPIRE', KEYS[2], ARGV[2])  -- nobody else would remove the entry of a dead reader
    return 1)lua",
                                         3};
  static constexpr Script kAcquireExclusive{R"lua(
    local now = redis.call('TIME')
    local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
    redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now_ms)
    if redis.call('EXISTS', KEYS[1], KEYS[2]) > 0 then
      redis.call('SET', KEYS[3], ARGV[1], 'PX', 100)
      return 0
    end
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    if redis.call('GET', KEYS[3]) == ARGV[1] then redis.call('DEL', KEYS[3]) end
    return 1)lua",
                                            3};
  const Keys& keys = section.keys();
  const std::string token = NewToken(worker);
  const bool is_shared = section.IsRead(worker);
  worker.op_class = is_shared ? kReadClass : kWriteClass;
  const int64_t wanted_ns = NowNs();
  if (is_shared) {
    co_await AcquireByScript(worker, kAcquireShared, section, token);
    Visit visit(section, worker, wanted_ns, /*is_shared=*/true);
    const Reply value = co_await worker.redis().Run(keys.counter.get);
    visit.Leave();
    co_await worker.redis().Run(Command("ZREM", keys.members, token));
    co_return value.integer();
  }
  co_await AcquireByScript(worker, kAcquireExclusive, section, token);
  Visit visit(section, worker, wanted_ns);
  const int64_t value = co_await Work(worker, section);
  visit.Leave();
  co_await ReleaseToken(worker, keys.lock, token);
  co_return value;
}

// lockfree/lua and lockfree/watch do the same work in no section at all.
inline Operation Lua(Worker& worker, Section& section) {
  return counter::Lua(worker, section.keys().counter);
}
inline Operation Watch(Worker& worker, Section& section) {
  return counter::Watch(worker, section.keys().counter);
}

}  // namespace rcb::lock

#endif  // RCB_BENCH_LOCK_LOCK_H_
