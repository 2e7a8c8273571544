// Stampede: a cold key, and all workers want it at once.
//
// Question: how do a hundred clients that miss together share one expensive computation, and how
//           long do they wait beyond it?
// Checked:  each worker gets this round's value; variants that promise so compute exactly once.
// Round:    a fresh key; a worker's operation is get-or-compute.

#ifndef RCB_BENCH_STAMPEDE_STAMPEDE_H_
#define RCB_BENCH_STAMPEDE_STAMPEDE_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "bench/stampede/round.h"
#include "common/harness/worker.h"
#include "common/measure/clock.h"
#include "common/redis/connection.h"

namespace rcb::stampede {

// One round trip yields the value, or the right and duty to compute it, or the advice to wait.
inline constexpr Script kGetOrLead{R"lua(
  local value = redis.call('GET', KEYS[1])
  if value then return {'value', value} end
  if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return {'lead'} end
  return {'wait'})lua",
                                   2};

// unsafe/none: every worker that misses computes.
inline Operation None(Worker& worker, Shared& shared) {
  const Round& round = shared.round();
  const Reply cached = co_await LookUp(worker, round);
  if (!cached.is_nil()) co_return cached.integer();
  const int64_t value = co_await shared.Compute(worker);
  co_await worker.redis().Run(Command("SET", round.key, shared.Cached(value), "PX", kTtlMs));
  co_return value;
}

// locking/setnx_poll, as it is often written, with its defects. The lock has no expiry and no
// token, so that a winner that dies locks out all others, which give up after so many polls. The
// winner does not look again, so that a worker that was late to lock computes a second time. Losers
// wait up to a whole poll too long.
inline Operation SetnxPoll(Worker& worker, Shared& shared) {
  const Round& round = shared.round();
  const Reply cached = co_await LookUp(worker, round);
  if (!cached.is_nil()) co_return cached.integer();
  const Reply won = co_await worker.redis().Run(Command("SETNX", round.lock, 1));
  if (won.integer() == 1) {
    const int64_t value = co_await shared.Compute(worker);
    co_await worker.redis().Run(Command("SETEX", round.key, kTtlMs / 1000, shared.Cached(value)));
    shared.NoteStored();
    co_await worker.redis().Run(Command("DEL", round.lock));
    co_return value;
  }
  for (int poll = 0; poll < kMaxPolls; ++poll) {
    co_await worker.loop->Sleep(kPollMs * 1'000'000);
    const Reply filled = co_await LookUp(worker, round);
    if (!filled.is_nil()) co_return filled.integer();
    ++worker.tally->retries;
  }
  co_return absl::DeadlineExceededError(absl::StrCat("no value after ", kMaxPolls, " polls"));
}

// locking/token_lock: the lock expires, only its holder releases it, and its winner looks again (in
// the round trip that locks). unsafe/short_lock has a lease shorter than the computation.
inline Operation TokenLock(Worker& worker, Shared& shared, int64_t lease_ms) {
  const Round& round = shared.round();
  const Reply cached = co_await LookUp(worker, round);
  if (!cached.is_nil()) co_return cached.integer();
  const std::string token = NewToken(worker);
  const Command acquire("SET", round.lock, token, "NX", "PX", lease_ms);
  Backoff poll = Polling();
  Attempt attempt = co_await LockAndLook(worker, round, acquire);
  while (!attempt.locked) {
    if (!attempt.cached.is_nil()) co_return attempt.cached.integer();
    co_await poll.Wait(*worker.loop, *worker.random);
    attempt = co_await LockAndLook(worker, round, acquire);
  }
  int64_t value = attempt.cached.integer();
  if (attempt.cached.is_nil()) {
    value = co_await shared.Compute(worker);
    co_await worker.redis().Run(Command("SET", round.key, shared.Cached(value), "PX", kTtlMs));
  }
  co_await worker.redis().Eval(kReleaseToken, round.lock, token);
  co_return value;
}

// locking/pubsub: losers subscribe, look again (in this order, for the message may be on its way),
// and get the value in the message. https://redis.io/docs/manual/pubsub
inline Operation Pubsub(Worker& worker, Shared& shared) {
  static constexpr Script kFill{R"lua(
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    redis.call('PUBLISH', ARGV[4], ARGV[1])
    if redis.call('GET', KEYS[2]) == ARGV[3] then redis.call('DEL', KEYS[2]) end
    return 1)lua",
                                2};
  const Round& round = shared.round();
  const std::string token = NewToken(worker);
  for (int winners = 0; winners < kMaxWinners; ++winners) {
    const Reply got =
        co_await worker.redis().Eval(kGetOrLead, round.key, round.lock, token, shared.lease_ms());
    if (IsHit(worker, got)) co_return got[1].integer();
    if (got[0].text() == "lead") {
      const int64_t value = co_await shared.Compute(worker);
      co_await worker.redis().Eval(kFill, round.key, round.lock, shared.Cached(value), kTtlMs,
                                   token, round.channel);
      co_return value;
    }
    ++worker.tally->retries;
    co_await worker.subscriber->Subscribe(round.channel);
    const Reply filled_meanwhile = co_await LookUp(worker, round);
    if (!filled_meanwhile.is_nil()) co_return filled_meanwhile.integer();
    const absl::StatusOr<std::string> message =
        co_await Try(worker.subscriber->NextMessage(NowNs() + shared.lease_ms() * 1'000'000));
    int64_t value = 0;
    if (message.ok() && absl::SimpleAtoi(*message, &value)) co_return value;
    // The winner's lease is over, so it has died.
  }
  co_return absl::DeadlineExceededError("every winner died");
}

// locking/blpop: losers sign up, and the winner pushes the value to each of them.
// https://redis.io/commands/blpop
inline Operation Blpop(Worker& worker, Shared& shared) {
  static constexpr Script kGetLeadOrJoin{R"lua(
    local value = redis.call('GET', KEYS[1])
    if value then return {'value', value} end
    if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return {'lead'} end
    redis.call('INCR', KEYS[3])
    redis.call('PEXPIRE', KEYS[3], ARGV[2])
    return {'wait'})lua",
                                         3};
  static constexpr Script kFill{R"lua(
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    local waiters = tonumber(redis.call('GET', KEYS[3]) or '0')
    for _ = 1, waiters do redis.call('RPUSH', KEYS[4], ARGV[1]) end
    if waiters > 0 then redis.call('PEXPIRE', KEYS[4], ARGV[2]) end
    redis.call('DEL', KEYS[3])
    if redis.call('GET', KEYS[2]) == ARGV[3] then redis.call('DEL', KEYS[2]) end
    return waiters)lua",
                                4};
  const Round& round = shared.round();
  const std::string token = NewToken(worker);
  const double wait_s = static_cast<double>(shared.lease_ms()) / 1000;
  for (int winners = 0; winners < kMaxWinners; ++winners) {
    const Reply got = co_await worker.redis().Eval(kGetLeadOrJoin, round.key, round.lock,
                                                   round.waiters, token, shared.lease_ms());
    if (IsHit(worker, got)) co_return got[1].integer();
    if (got[0].text() == "lead") {
      const int64_t value = co_await shared.Compute(worker);
      co_await worker.redis().Eval(kFill, round.key, round.lock, round.waiters, round.wake,
                                   shared.Cached(value), kTtlMs, token);
      co_return value;
    }
    const Reply pushed = co_await worker.redis().Run(Command("BLPOP", round.wake, wait_s),
                                                     /*server_wait_ms=*/shared.lease_ms());
    if (!pushed.is_nil()) co_return pushed[1].integer();
    ++worker.tally->retries;  // the winner's lease is over, so it has died
  }
  co_return absl::DeadlineExceededError("every winner died");
}

// locking/single_flight: the workers of this process, on all threads, share one call of
// unsafe/none; other processes would make theirs. The call looks again, for a flight may have
// landed since the first look.
inline Operation OneFlight(Worker& worker, Shared& shared) {
  const Round& round = shared.round();
  const Reply cached = co_await LookUp(worker, round);
  if (!cached.is_nil()) co_return cached.integer();
  const int64_t deadline_ns = NowNs() + kGiveUpMs * 1'000'000;
  co_return co_await shared.flights().Do(round.key, *worker.loop, deadline_ns,
                                         None(worker, shared));
}

// locking/lease: the server gives one worker that misses the right to fill, and refuses any other
// fill. Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013, 3.2.1.
inline Operation Lease(Worker& worker, Shared& shared) {
  static constexpr Script kSet{R"lua(
    if redis.call('GET', KEYS[2]) ~= ARGV[3] then return 0 end
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    return redis.call('DEL', KEYS[2]))lua",
                               2};
  const Round& round = shared.round();
  const std::string token = NewToken(worker);
  Backoff poll = Polling();
  while (true) {
    const Reply got =
        co_await worker.redis().Eval(kGetOrLead, round.key, round.lock, token, shared.lease_ms());
    if (IsHit(worker, got)) co_return got[1].integer();
    if (got[0].text() == "lead") break;
    co_await RetryAfter(worker, poll);
  }
  const int64_t value = co_await shared.Compute(worker);
  co_await worker.redis().Eval(kSet, round.key, round.lock, shared.Cached(value), kTtlMs, token);
  co_return value;
}

}  // namespace rcb::stampede

#endif  // RCB_BENCH_STAMPEDE_STAMPEDE_H_
