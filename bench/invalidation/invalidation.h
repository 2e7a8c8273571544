// Invalidation: readers and writers go through a cache in front of a slow store, the origin.
//
// Question: after a write, who still reads the old value, for how long, and what does it cost that
//           nobody does?
// Checked:  each read against the versions that the origin gave to writes (see
//           common/check/version_check.h and invalidation_check.h): no read of less than was
//           written before, or not for longer than promised; and nothing stale once all is quiet.
//
// A read yields the version that it got, and a write the version that it made. The variants with
// caches in the clients are in local_cache.h.

#ifndef RCB_BENCH_INVALIDATION_INVALIDATION_H_
#define RCB_BENCH_INVALIDATION_INVALIDATION_H_

#include <cstdint>
#include <string>

#include "bench/invalidation/cache.h"
#include "bench/token_lock.h"
#include "common/harness/worker.h"
#include "common/redis/connection.h"
#include "common/workload/backoff.h"

namespace rcb::invalidation {

// Cache-aside, the reads of most variants: on a miss the origin is asked, and what it said is SET,
// however old that is by then.
inline Operation ReadAside(Worker& worker, Cache& cache, size_t index) {
  const Key& key = cache.key(index);
  const Entry cached = co_await LookUp(worker, key);
  if (cached.is_value()) co_return cached.version;
  const int64_t asked_ns = NowNs();
  const int64_t version = co_await cache.ReadOrigin(worker, index);
  co_await worker.redis().Run(
      Command("SET", key.name, cache.Value(version), "PX", cache.settings().ttl_ms));
  cache.NoteFill(worker, {index, version, NowNs() - asked_ns});
  co_return version;
}

// unsafe/delete_before_write: a reader fills the key again before the origin has the new value.
inline Operation DeleteBeforeWrite(Worker& worker, Cache& cache, size_t index) {
  co_await worker.redis().Run(cache.key(index).del);
  co_return co_await cache.WriteOrigin(worker, index);
}

// unsafe/delete_after_write: what most applications do. A reader that asked the origin before the
// write, and is slow, SETs the old value after the DEL.
inline Operation DeleteAfterWrite(Worker& worker, Cache& cache, size_t index) {
  const int64_t version = co_await cache.WriteOrigin(worker, index);
  co_await AfterWrite(worker.redis().Run(cache.key(index).del));
  co_return version;
}

// unsafe/write_through: writers SET what they have written. Those of two of them may cross.
inline Operation WriteThrough(Worker& worker, Cache& cache, size_t index) {
  const int64_t version = co_await cache.WriteOrigin(worker, index);
  co_await AfterWrite(worker.redis().Run(
      Command("SET", cache.key(index).name, cache.Value(version), "PX", cache.settings().ttl_ms)));
  co_return version;
}

// lockfree/ttl_only: writers leave the cache alone. What is in it is old for as long as it lives.
inline Operation WriteOriginOnly(Worker& worker, Cache& cache, size_t index) {
  co_return co_await cache.WriteOrigin(worker, index);
}

// Puts a value there unless the key holds a newer version, or the tombstone of one.
inline constexpr Script kFillUnlessOlder{R"lua(
  local held = redis.call('GET', KEYS[1])
  if held and tonumber(string.match(held, '^%d+')) > tonumber(ARGV[1]) then return 0 end
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return 1)lua"};

// Puts a tombstone there unless the key holds that version or a newer one.
inline constexpr Script kBuryOlder{R"lua(
  local held = redis.call('GET', KEYS[1])
  if held and tonumber(string.match(held, '^%d+')) >= tonumber(ARGV[1]) then return 0 end
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return 1)lua"};

// Takes a value from the origin to the cache, for a reader that missed.
inline Operation FillVersioned(Worker& worker, Cache& cache, size_t index) {
  const int64_t version = co_await cache.ReadOrigin(worker, index);
  worker.Holds();
  co_await worker.redis().Eval(kFillUnlessOlder, cache.key(index).name, version,
                               cache.Value(version), cache.settings().ttl_ms);
  co_return version;
}

// lockfree/versioned: a value is only put there if no newer version is. A writer does not delete,
// as the key would forget which version that was: it leaves a tombstone, which lives longer than
// any reader is on its way from the origin to the cache.
inline Operation ReadVersioned(Worker& worker, Cache& cache, size_t index) {
  const Entry cached = co_await LookUp(worker, cache.key(index));
  if (cached.is_value()) co_return cached.version;
  co_return co_await FillVersioned(worker, cache, index);
}
inline Operation WriteVersioned(Worker& worker, Cache& cache, size_t index) {
  const int64_t version = co_await cache.WriteOrigin(worker, index);
  co_await AfterWrite(worker.redis().Eval(kBuryOlder, cache.key(index).name, version, Gone(version),
                                          cache.settings().ttl_ms));
  co_return version;
}

// Sets the key to `text` if it still holds `seen`, which is empty for nothing.
// https://redis.io/commands/set, IFEQ: Redis 8.4, Valkey 8.1
inline Task<absl::StatusOr<bool>> SetIfEqual(Worker& worker, const Cache& cache, const Key& key,
                                             const std::string& text, const std::string& seen) {
  const int64_t ttl_ms = cache.settings().ttl_ms;
  const Command create("SET", key.name, text, "NX", "PX", ttl_ms);
  const Command replace("SET", key.name, text, "IFEQ", seen, "PX", ttl_ms);
  const Command& set = seen.empty() ? create : replace;
  const Reply done = co_await worker.redis().Run(set);
  co_return !done.is_nil();
}

// lockfree/set_if_equal: as versioned, without a script. Who finds that the key has changed looks
// again, for it may have become older than what he has.
inline Operation ReadSetIfEqual(Worker& worker, Cache& cache, size_t index) {
  const Key& key = cache.key(index);
  Entry cached = co_await LookUp(worker, key);
  if (cached.is_value()) co_return cached.version;
  const int64_t version = co_await cache.ReadOrigin(worker, index);
  worker.Holds();
  while (true) {
    const Reply held = co_await worker.redis().Run(key.get);
    cached = Entry::Parse(held.text());
    if (cached.version > version || (cached.version == version && !cached.is_gone)) break;
    const bool done = co_await SetIfEqual(worker, cache, key, cache.Value(version), held.text());
    if (done) break;
    ++worker.tally->retries;
  }
  co_return version;
}
inline Operation BuryIfEqual(Worker& worker, const Cache& cache, const Key& key, int64_t version) {
  while (true) {
    const Reply held = co_await worker.redis().Run(key.get);
    if (Entry::Parse(held.text()).version >= version) co_return version;
    const bool done = co_await SetIfEqual(worker, cache, key, Gone(version), held.text());
    if (done) co_return version;
    ++worker.tally->retries;
  }
}
inline Operation WriteSetIfEqual(Worker& worker, Cache& cache, size_t index) {
  const int64_t version = co_await cache.WriteOrigin(worker, index);
  co_await AfterWrite(BuryIfEqual(worker, cache, cache.key(index), version));
  co_return version;
}

// Fills the key and gives the lease back, if it is still ours.
inline constexpr Script kFillLeased{R"lua(
  if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  redis.call('DEL', KEYS[2])
  return 1)lua",
                                    /*keys=*/2};

// locking/lease: who misses needs the lease of the key to fill it, and the others wait. A writer
// deletes the lease with the value, so that a fill that is under way comes to nothing: then the
// reader looks again. Nishtala et al.: "Scaling Memcache at Facebook", NSDI 2013.
inline Operation ReadLeased(Worker& worker, Cache& cache, size_t index) {
  const Key& key = cache.key(index);
  const std::string token = NewToken(worker);
  Backoff poll(/*first_ms=*/2, /*max_ms=*/4, /*give_up_ms=*/20'000);
  while (true) {
    const Entry cached = co_await LookUp(worker, key);
    if (cached.is_value()) co_return cached.version;
    const Reply leased = co_await worker.redis().Run(
        Command("SET", key.lease, token, "NX", "PX", cache.settings().lease_ms));
    if (leased.is_nil()) {
      co_await RetryAfter(worker, poll);
      continue;
    }
    worker.Holds();
    const int64_t version = co_await cache.ReadOrigin(worker, index);
    const Reply filled = co_await worker.redis().Eval(
        kFillLeased, key.name, key.lease, token, cache.Value(version), cache.settings().ttl_ms);
    if (filled.integer() == 1) co_return version;
    ++worker.tally->retries;
  }
}
inline Operation WriteLeased(Worker& worker, Cache& cache, size_t index) {
  const Key& key = cache.key(index);
  const int64_t version = co_await cache.WriteOrigin(worker, index);
  co_await AfterWrite(worker.redis().Run(Command("DEL", key.name, key.lease)));
  co_return version;
}

}  // namespace rcb::invalidation

#endif  // RCB_BENCH_INVALIDATION_INVALIDATION_H_
