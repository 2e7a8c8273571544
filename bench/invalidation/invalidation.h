// Invalidation: readers and writers go through a cache in front of a slow store, the origin.
//
// Question: after a write, who still reads the old value, for how long, and what does it cost that
//           nobody does?
// Checked:  each read against the versions that the origin gave to writes (see
//           common/check/version_check.h and invalidation_check.h): no read of less than was
//           written before, or not for longer than promised; and nothing stale once all is quiet.
//
// A read yields the version that it got, and a write the version that it made.

#ifndef RCB_BENCH_INVALIDATION_INVALIDATION_H_
#define RCB_BENCH_INVALIDATION_INVALIDATION_H_

#include <cstdint>

#include "bench/invalidation/cache.h"
#include "bench/token_lock.h"
#include "common/harness/worker.h"
#include "common/redis/connection.h"

namespace rcb::invalidation {

// Cache-aside: on a miss the origin is asked, and what it said is SET, however old that is by then.
inline Operation ReadAside(Worker& worker, Cache& cache, size_t index) {
  const Key& key = cache.key(index);
  const Entry cached = co_await LookUp(worker, key);
  if (cached.is_value()) co_return cached.version;
  const int64_t version = co_await cache.ReadOrigin(worker, index);
  co_await worker.redis().Run(
      Command("SET", key.name, Cache::Value(version), "PX", cache.settings().ttl_ms));
  co_return version;
}

// unsafe/delete_after_write: what most applications do. A reader that asked the origin before the
// write, and is slow, SETs the old value after the DEL.
inline Operation DeleteAfterWrite(Worker& worker, Cache& cache, size_t index) {
  const int64_t version = co_await cache.WriteOrigin(worker, index);
  co_await AfterWrite(worker.redis().Run(cache.key(index).del));
  co_return version;
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
                               Cache::Value(version), cache.settings().ttl_ms);
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

}  // namespace rcb::invalidation

#endif  // RCB_BENCH_INVALIDATION_INVALIDATION_H_
