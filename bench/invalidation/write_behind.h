// Writes that reach the origin later, by a queue: the cache is what counts, and the origin follows.

#ifndef RCB_BENCH_INVALIDATION_WRITE_BEHIND_H_
#define RCB_BENCH_INVALIDATION_WRITE_BEHIND_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "bench/invalidation/cache.h"
#include "bench/invalidation/invalidation.h"
#include "common/harness/worker.h"
#include "common/redis/connection.h"
#include "common/workload/backoff.h"

namespace rcb::invalidation {

// Changes the value and queues the change for the origin, unless too many wait there: then 0.
inline constexpr Script kChangeAndQueue{R"lua(
  if redis.call('LLEN', KEYS[2]) >= tonumber(ARGV[1]) then return 0 end
  local held = string.match(redis.call('GET', KEYS[1]) or '1', '^%d+')
  local version = tonumber(held) + 1
  local text = tostring(version)
  redis.call('SET', KEYS[1], text .. string.rep(' ', tonumber(ARGV[2]) - #text))
  redis.call('RPUSH', KEYS[2], ARGV[3] .. ' ' .. version)
  return version)lua",
                                        /*keys=*/2};

// Takes changes from the head of the queue to the origin, in their order, until there are none.
// They leave the queue when the origin has them, so that none is lost where this ends too early.
inline Task<absl::Status> DrainQueue(Worker& worker, Cache& cache) {
  constexpr int kBatch = 32;
  Connection& redis = worker.subscriber->connection();
  if (!redis.connected()) co_await redis.Connect();
  const Command peek("LRANGE", cache.queue(), 0, kBatch - 1);
  while (true) {
    const Reply waiting = co_await redis.Run(peek);
    if (waiting.size() == 0) co_return absl::OkStatus();
    std::vector<std::pair<size_t, int64_t>> changes;
    for (const Reply& change : waiting.elements()) {
      changes.push_back(Cache::ParseChange(change.text()));
    }
    co_await cache.StoreInOrigin(worker, changes);
    co_await redis.Run(Command("LTRIM", cache.queue(), waiting.size(), -1));
  }
}

// Drains the queue, unless somebody does, and again if somebody has queued meanwhile.
inline Task<void> DrainAlone(Worker& worker, Cache& cache) {
  int64_t seen = 0;
  do {
    seen = cache.queued();
    if (cache.drains(worker).exchange(true)) co_return;
    const absl::Status drained = co_await Try(DrainQueue(worker, cache));
    cache.drains(worker) = false;
    if (!drained.ok()) {
      cache.NoteFailure(worker, drained);
      co_return;
    }
  } while (cache.queued() != seen);
}

// lockfree/write_behind: a write changes the cache, and queues the change in the same step. One
// writer takes all changes to the origin, in their order. Where too many wait, writers wait.
// unsafe/write_behind_crowd: each client may be that writer, on its own. Two of them read the same
// head of the queue, and both cut it off.
inline Operation WriteBehind(Worker& worker, Cache& cache, size_t index) {
  const Settings& settings = cache.settings();
  Backoff backoff(/*first_ms=*/2, /*max_ms=*/10, /*give_up_ms=*/20'000);
  while (true) {
    const Reply version =
        co_await worker.redis().Eval(kChangeAndQueue, cache.key(index).name, cache.queue(),
                                     settings.max_queued, settings.value_bytes, index);
    if (version.integer() != 0) {
      cache.notes().For(worker).written = version.integer();
      cache.NoteQueued();
      worker.loop->Spawn(DrainAlone(worker, cache));
      co_return version.integer();
    }
    co_await RetryAfter(worker, backoff);
  }
}

// Its reads: the cache lacks only what was never written.
inline Operation ReadBehind(Worker& worker, Cache& cache, size_t index) {
  const Entry cached = co_await LookUp(worker, cache.key(index));
  if (cached.is_value()) co_return cached.version;
  co_return co_await FillVersioned(worker, cache, index);
}

}  // namespace rcb::invalidation

#endif  // RCB_BENCH_INVALIDATION_WRITE_BEHIND_H_
