// unsafe/naive of Mixed: each class of operation as it is written at first, with its usual mistake.

#ifndef RCB_BENCH_MIXED_NAIVE_H_
#define RCB_BENCH_MIXED_NAIVE_H_

#include <cstdint>

#include "bench/mixed/document.h"
#include "bench/mixed/store.h"
#include "bench/transaction/bank.h"
#include "common/harness/worker.h"
#include "common/redis/connection.h"

namespace rcb::mixed::naive {

// For how long an application works on what it has looked at before it acts on it.
inline constexpr int64_t kThinkNs = 1'000'000;

// get: a copy is good for a few milliseconds. Nobody tells the worker that others have written.
inline Operation Get(Worker& worker, Store& store, Key key) {
  constexpr int64_t kCopyNs = 5'000'000;
  Store::Copy& copy = store.CopyOf(worker, key);
  if (NowNs() < copy.until_ns) co_return copy.number;
  const Reply value = co_await worker.redis().Run(Command("GET", store.value(key)));
  copy = {Store::NumberOf(value), NowNs() + kCopyNs};
  co_return copy.number;
}

// set: it looks at what it replaces, and writes. Another may have written in between, so that both
// believe to have replaced the same.
inline Operation Set(Worker& worker, Store& store, Key key, int64_t number) {
  const Reply old = co_await worker.redis().Run(Command("GET", store.value(key)));
  co_await worker.loop->Sleep(kThinkNs);
  co_await worker.redis().Run(Command("SET", store.value(key), store.Padded(absl::StrCat(number))));
  store.CopyOf(worker, key) = {};
  co_return Store::NumberOf(old);
}

// incr: it reads, adds and writes. Updates are lost.
inline Operation Incr(Worker& worker, Store& store, Key key) {
  const Reply old = co_await worker.redis().Run(Command("GET", store.counter(key)));
  co_await worker.loop->Sleep(kThinkNs);
  co_await worker.redis().Run(Command("SET", store.counter(key), old.integer() + 1));
  co_return old.integer() + 1;
}

// compute: all that miss compute, and the last to store wins, however old its value is.
inline Operation GetOrCompute(Worker& worker, Store& store, Key key) {
  const int64_t asked_ns = NowNs();
  const Document found = co_await LookUp(worker, store, key);
  if (IsHit(worker, found)) co_return found.fill;
  const Document computed = co_await store.Compute(worker, key, asked_ns);
  co_await worker.redis().Run(Command("SET", store.document(key), store.Padded(computed.ToText()),
                                      "PX", store.settings().ttl_ms));
  store.NoteStored(worker, /*is_stored=*/true);
  co_return computed.fill;
}

// transfer: it looks at both balances, and writes both. Those of others are lost.
inline Operation Transfer(Worker& worker, const transaction::Bank& bank,
                          const transaction::Transfer& transfer) {
  const Reply from = co_await worker.redis().Run(Command("GET", bank.from(transfer)));
  const Reply to = co_await worker.redis().Run(Command("GET", bank.to(transfer)));
  if (from.integer() < transfer.amount) co_return transaction::kRefused;
  co_await worker.loop->Sleep(kThinkNs);
  co_await worker.redis().Run(
      Command("SET", bank.from(transfer), from.integer() - transfer.amount));
  co_await worker.redis().Run(Command("SET", bank.to(transfer), to.integer() + transfer.amount));
  co_return transaction::kMoved;
}

// invalidate: it deletes the document. One that is being computed from what was before is stored
// after that.
inline Operation Invalidate(Worker& worker, Store& store, Key key, int64_t version) {
  static_cast<void>(version);
  const Reply deleted = co_await worker.redis().Run(Command("DEL", store.document(key)));
  co_return deleted.integer();
}

// expire: it sets the time to live, which EXPIRE counts in whole seconds. Who does so again and
// again keeps the value alive.
inline Operation Expire(Worker& worker, Store& store, Key key) {
  const int64_t seconds = (store.settings().mix.grace_ms + 999) / 1000;
  const Reply set = co_await worker.redis().Run(Command("EXPIRE", store.document(key), seconds));
  co_return set.integer();
}

}  // namespace rcb::mixed::naive

#endif  // RCB_BENCH_MIXED_NAIVE_H_
