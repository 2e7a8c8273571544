// lockfree/safe of Mixed: each class of operation as one command or script, so that nobody waits
// for another client.

#ifndef RCB_BENCH_MIXED_LOCK_FREE_H_
#define RCB_BENCH_MIXED_LOCK_FREE_H_

#include <cstdint>
#include <string>

#include "bench/mixed/document.h"
#include "bench/mixed/store.h"
#include "common/harness/worker.h"
#include "common/redis/connection.h"

namespace rcb::mixed::lock_free {

// For how long the cache knows of a version of which it has no document: longer than any
// computation.
inline constexpr int64_t kTombstoneMs = 60'000;

// get: the server is asked each time.
inline Operation Get(Worker& worker, Store& store, Key key) {
  const Reply value = co_await worker.redis().Run(Command("GET", store.value(key)));
  co_return Store::NumberOf(value);
}

// set: one command writes and tells what it replaced. https://redis.io/commands/getset
inline Operation Set(Worker& worker, Store& store, Key key, int64_t number) {
  const Reply old = co_await worker.redis().Run(
      Command("GETSET", store.value(key), store.Padded(absl::StrCat(number))));
  co_return Store::NumberOf(old);
}

// incr: Redis runs one command at a time. https://redis.io/commands/incr
inline Operation Incr(Worker& worker, Store& store, Key key) {
  const Reply number = co_await worker.redis().Run(Command("INCR", store.counter(key)));
  co_return number.integer();
}

// Stores a document unless the origin is known to have changed since it was computed.
inline constexpr Script kStore{R"lua(
  if tonumber(ARGV[1]) < tonumber(redis.call('GET', KEYS[2]) or '0') then return 0 end
  redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[4])
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return 1)lua",
                               /*keys=*/2};

inline Operation ComputeAndStore(Worker& worker, Store& store, Key key, int64_t asked_ns,
                                 bool is_refresh) {
  const Document computed = co_await store.Compute(worker, key, asked_ns, is_refresh);
  const Reply stored = co_await worker.redis().Eval(
      kStore, store.document(key), store.newest(key), computed.version,
      store.Padded(computed.ToText()), store.settings().ttl_ms, kTombstoneMs);
  store.NoteStored(worker, stored.integer() == 1);
  co_return computed.fill;
}

// Of those that find a document told to expire, the first one changes its mark. If that one dies,
// the document still ends with its grace.
inline constexpr Script kClaim{R"lua(
  local document = redis.call('GET', KEYS[1])
  if not document or not string.find(document, ' expiring', 1, true) then return 0 end
  document = string.gsub(document, ' expiring', ' refreshing')
  redis.call('SET', KEYS[1], document, 'KEEPTTL')
  return 1)lua"};

// compute: who finds a document that is told to expire and is the first to claim it computes it
// anew; all others are served what is there. Where there is none, everyone computes, for nobody
// waits.
inline Operation GetOrCompute(Worker& worker, Store& store, Key key) {
  int64_t asked_ns = NowNs();
  const Document found = co_await LookUp(worker, store, key);
  if (!IsHit(worker, found)) {
    co_return co_await ComputeAndStore(worker, store, key, asked_ns, /*is_refresh=*/false);
  }
  if (found.mark != Document::Mark::kExpiring) co_return found.fill;
  asked_ns = NowNs();
  const Reply claimed = co_await worker.redis().Eval(kClaim, store.document(key));
  if (claimed.integer() == 0) co_return found.fill;
  worker.op_class = kCompute;
  worker.Holds();
  co_return co_await ComputeAndStore(worker, store, key, asked_ns, /*is_refresh=*/true);
}

// invalidate: it deletes the document and leaves the new version, so that one that was computed
// before is not stored after that.
inline Operation Invalidate(Worker& worker, Store& store, Key key, int64_t version) {
  static constexpr Script kInvalidate{R"lua(
    if tonumber(redis.call('GET', KEYS[2]) or '0') < tonumber(ARGV[1]) then
      redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
    end
    return redis.call('DEL', KEYS[1]))lua",
                                      /*keys=*/2};
  const Reply deleted = co_await worker.redis().Eval(kInvalidate, store.document(key),
                                                     store.newest(key), version, kTombstoneMs);
  co_return deleted.integer();
}

// expire: it marks the document and ends its life after a grace, in which a reader can compute it
// anew. One that is marked stays as it is, and so does its end.
inline Operation Expire(Worker& worker, Store& store, Key key) {
  static constexpr Script kExpire{R"lua(
    local document = redis.call('GET', KEYS[1])
    if not document or string.find(document, 'ing', 1, true) then return 0 end
    redis.call('SET', KEYS[1], document .. ' expiring', 'PX', ARGV[1])
    return 1)lua"};
  const Reply expires =
      co_await worker.redis().Eval(kExpire, store.document(key), store.settings().mix.grace_ms);
  co_return expires.integer();
}

}  // namespace rcb::mixed::lock_free

#endif  // RCB_BENCH_MIXED_LOCK_FREE_H_
