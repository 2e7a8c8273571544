// locking/safe of Mixed: each class of operation under the lock of its key, where one command is
// not enough.

#ifndef RCB_BENCH_MIXED_LOCKING_H_
#define RCB_BENCH_MIXED_LOCKING_H_

#include <cstdint>
#include <string>

#include "bench/mixed/document.h"
#include "bench/mixed/store.h"
#include "bench/token_lock.h"
#include "common/harness/worker.h"
#include "common/redis/connection.h"
#include "common/workload/backoff.h"

namespace rcb::mixed::locking {

inline Backoff Retrying() { return Backoff(/*first_ms=*/0.2, /*max_ms=*/50, 20'000); }
// Who waits for a computation looks a few times while it runs.
inline Backoff Polling(const Store& store) {
  const double first_ms = store.settings().mix.computation.min_ms;
  return Backoff(first_ms, 4 * first_ms, /*give_up_ms=*/60'000);
}

// get: to read one key takes no lock.
inline Operation Get(Worker& worker, Store& store, Key key) {
  const Reply value = co_await worker.redis().Run(Command("GET", store.value(key)));
  co_return Store::NumberOf(value);
}

// set: it looks at what it replaces and writes, while nobody else does.
inline Operation Set(Worker& worker, Store& store, Key key, int64_t number) {
  const std::string name = store.value(key);
  const std::string lock = Store::LockOf(name);
  const std::string token = NewToken(worker);
  co_await AcquireToken(worker, lock, token, store.settings().lease_ms, Retrying());
  const Reply old = co_await worker.redis().Run(Command("GET", name));
  co_await worker.redis().Run(Command("SET", name, store.Padded(absl::StrCat(number))));
  co_await ReleaseToken(worker, lock, token);
  co_return Store::NumberOf(old);
}

// incr: it reads, adds and writes, while nobody else does.
inline Operation Incr(Worker& worker, Store& store, Key key) {
  const std::string name = store.counter(key);
  const std::string lock = Store::LockOf(name);
  const std::string token = NewToken(worker);
  co_await AcquireToken(worker, lock, token, store.settings().lease_ms, Retrying());
  const Reply old = co_await worker.redis().Run(Command("GET", name));
  co_await worker.redis().Run(Command("SET", name, old.integer() + 1));
  co_await ReleaseToken(worker, lock, token);
  co_return old.integer() + 1;
}

// Yields the document, or 1 where there is none and the lease to compute it is now ours, or 0 where
// it is another's. In two commands, an invalidation between them would take away document and
// lease, and leave us to believe that we have it.
inline constexpr Script kGetOrLease{R"lua(
  local document = redis.call('GET', KEYS[1])
  if document then return document end
  return redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) and 1 or 0)lua",
                                    /*keys=*/2};

// Stores a document where its lease is still there, and ends the lease.
inline constexpr Script kStoreIfLeased{R"lua(
  if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
  redis.call('DEL', KEYS[2])
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return 1)lua",
                                       /*keys=*/2};

// compute: who misses and gets the lease computes, and the others look again until the document is
// there. As memcache's leases: Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013.
inline Operation GetOrCompute(Worker& worker, Store& store, Key key) {
  const std::string document = store.document(key);
  const std::string lease = Store::LockOf(document);
  const std::string token = NewToken(worker);
  const Document found = co_await LookUp(worker, store, key);
  if (IsHit(worker, found)) co_return found.fill;
  Backoff poll = Polling(store);
  int64_t asked_ns = 0;
  while (true) {
    asked_ns = NowNs();
    const Reply answer = co_await worker.redis().Eval(kGetOrLease, document, lease, token,
                                                      store.settings().lease_ms);
    if (answer.is_string()) co_return Document::Parse(answer.text()).fill;
    if (answer.integer() == 1) break;
    co_await RetryAfter(worker, poll);
  }
  worker.Holds();
  const Document computed = co_await store.Compute(worker, key, asked_ns);
  const Reply stored =
      co_await worker.redis().Eval(kStoreIfLeased, document, lease, token,
                                   store.Padded(computed.ToText()), store.settings().ttl_ms);
  store.NoteStored(worker, stored.integer() == 1);
  co_return computed.fill;
}

// invalidate: with the document goes the lease of who computes it from what was before, which then
// is not stored.
inline Operation Invalidate(Worker& worker, Store& store, Key key, int64_t version) {
  static_cast<void>(version);
  const std::string document = store.document(key);
  const Reply deleted =
      co_await worker.redis().Run(Command("DEL", document, Store::LockOf(document)));
  co_return deleted.integer();
}

// expire: it ends the document's life after a grace, unless that ends sooner already.
inline Operation Expire(Worker& worker, Store& store, Key key) {
  static constexpr Script kExpire{R"lua(
    if redis.call('PTTL', KEYS[1]) <= tonumber(ARGV[1]) then return 0 end
    return redis.call('PEXPIRE', KEYS[1], ARGV[1]))lua"};
  const Reply expires =
      co_await worker.redis().Eval(kExpire, store.document(key), store.settings().mix.grace_ms);
  co_return expires.integer();
}

}  // namespace rcb::mixed::locking

#endif  // RCB_BENCH_MIXED_LOCKING_H_
