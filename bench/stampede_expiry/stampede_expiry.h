// StampedeExpiry: a hot key that expires again and again while readers keep coming.
//
// Question: what does each expiry cost: how many computations, how many readers that wait, and how
//           stale is what the others get?
// Checked:  no reader gets a value older than one that was acknowledged before it asked, nor one
//           staler than promised; variants that promise so compute once per expiry.
// Storing:  a value that was overtaken by a newer one while it was computed is not stored (see
//           kStoreUnlessOlder).
// Epoch:    it lasts from one generation of the value to the next. An operation is get-or-compute
//           and yields the generation that it got.

#ifndef RCB_BENCH_STAMPEDE_EXPIRY_STAMPEDE_EXPIRY_H_
#define RCB_BENCH_STAMPEDE_EXPIRY_STAMPEDE_EXPIRY_H_

#include <cmath>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "bench/stampede_expiry/cache.h"
#include "bench/token_lock.h"
#include "common/harness/worker.h"
#include "common/runtime/task.h"
#include "common/workload/backoff.h"

namespace rcb::expiry {

inline constexpr double kPollMs = 2;  // the mean pause between two polls

// Looks the key up; a hard miss is an entry of generation 0.
inline Task<absl::StatusOr<Entry>> LookUp(Worker& worker, Cache& cache, const Key& key) {
  const Reply cached = co_await worker.redis().Run(key.get);
  ++worker.tally->lookups;
  if (cached.is_nil()) {
    cache.NoteHardMiss(worker);
    co_return Entry();
  }
  ++worker.tally->hits;
  co_return Entry::Parse(cached.text());
}

// unsafe/none: every worker that misses computes. lockfree/ttl_jitter does the same over many keys,
// which were all filled at once with lifetimes that differ.
inline Operation None(Worker& worker, Cache& cache, size_t index) {
  Key& key = cache.key(index);
  const int64_t seen = key.latest;
  const Entry entry = co_await LookUp(worker, cache, key);
  if (entry.generation != 0) co_return entry.generation;
  co_return co_await cache.Recompute(worker, index, seen + 1);
}

inline Task<absl::StatusOr<bool>> TryLock(Worker& worker, const Cache& cache, const Key& key,
                                          const std::string& token) {
  const Reply won = co_await worker.redis().Run(
      Command("SET", key.lock, token, "NX", "PX", cache.settings().lease_ms));
  if (won.is_nil()) ++worker.tally->retries;
  co_return !won.is_nil();
}

// While the lock is held, looks again and computes unless another worker has computed since
// `stale_generation`; then unlocks.
inline Operation RefreshAndUnlock(Worker& worker, Cache& cache, size_t index,
                                  int64_t stale_generation, const std::string& token) {
  Key& key = cache.key(index);
  const Entry entry = co_await LookUp(worker, cache, key);
  int64_t generation = entry.generation;
  if (generation <= stale_generation) {
    generation = co_await cache.Recompute(worker, index, key.latest + 1);
  }
  co_await worker.redis().Eval(kReleaseToken, key.lock, token);
  co_return generation;
}

// locking/token_lock: a worker that misses locks, and the others poll.
inline Operation TokenLock(Worker& worker, Cache& cache, size_t index) {
  Key& key = cache.key(index);
  const std::string token = NewToken(worker);
  Backoff poll(2 * kPollMs, 2 * kPollMs, /*give_up_ms=*/20'000);
  while (true) {
    const Entry entry = co_await LookUp(worker, cache, key);
    if (entry.generation != 0) co_return entry.generation;
    const bool locked = co_await TryLock(worker, cache, key, token);
    if (locked) break;
    co_await poll.Wait(*worker.loop, *worker.random);
  }
  co_return co_await RefreshAndUnlock(worker, cache, index, /*stale_generation=*/0, token);
}

// XFetch's draw is true for one reader now and then before the expiry; it is the likelier the
// nearer the expiry is and the longer computing takes. Vattani, Chierichetti, Lowenstein: "Optimal
// Probabilistic Cache Stampede Prevention", PVLDB 8(8), 2015.
inline bool RefreshesEarly(Worker& worker, const Cache& cache, const Entry& entry) {
  const double uniform = absl::Uniform(absl::IntervalOpenClosed, *worker.random, 0.0, 1.0);
  const double early_ns =
      -static_cast<double>(entry.delta_ns) * cache.settings().beta * std::log(uniform);
  return static_cast<double>(NowNs()) + early_ns >= static_cast<double>(entry.expiry_ns);
}

// lockfree/xfetch: a reader drawn by chance recomputes before the value expires.
inline Operation Xfetch(Worker& worker, Cache& cache, size_t index) {
  Key& key = cache.key(index);
  const int64_t seen = key.latest;
  const Entry entry = co_await LookUp(worker, cache, key);
  if (entry.generation == 0) co_return co_await cache.Recompute(worker, index, seen + 1);
  if (!RefreshesEarly(worker, cache, entry)) co_return entry.generation;
  co_return co_await cache.Recompute(worker, index, entry.generation + 1);
}

// locking/xfetch_lock: the reader that is drawn needs the lock too, and is content with what it has
// where another holds it. Only a hard miss makes readers wait.
inline Operation XfetchLock(Worker& worker, Cache& cache, size_t index) {
  Key& key = cache.key(index);
  const std::string token = NewToken(worker);
  Backoff poll(2 * kPollMs, 2 * kPollMs, /*give_up_ms=*/20'000);
  while (true) {
    const Entry entry = co_await LookUp(worker, cache, key);
    const bool is_miss = entry.generation == 0;
    if (!is_miss && !RefreshesEarly(worker, cache, entry)) co_return entry.generation;
    const bool locked = co_await TryLock(worker, cache, key, token);
    if (locked) {
      co_return co_await RefreshAndUnlock(worker, cache, index, entry.generation, token);
    }
    if (!is_miss) co_return entry.generation;
    co_await poll.Wait(*worker.loop, *worker.random);
  }
}

// locking/stale_while_revalidate: the value outlives its expiry by a grace period; the first reader
// to see it expired refreshes it, the others are served the stale one. Who looks makes sure of the
// grace, for a value may have been stored long after it was computed. RFC 5861.
inline Operation StaleWhileRevalidate(Worker& worker, Cache& cache, size_t index) {
  Key& key = cache.key(index);
  const std::string token = NewToken(worker);
  Backoff poll(2 * kPollMs, 2 * kPollMs, /*give_up_ms=*/20'000);
  while (true) {
    const Entry entry = co_await LookUp(worker, cache, key);
    const int64_t staleness_ns = NowNs() - entry.expiry_ns;
    const bool is_miss =
        entry.generation == 0 || staleness_ns > cache.settings().grace_ms * 1'000'000;
    if (!is_miss && staleness_ns < 0) co_return entry.generation;
    const bool locked = co_await TryLock(worker, cache, key, token);
    if (locked) {
      co_return co_await RefreshAndUnlock(worker, cache, index, entry.generation, token);
    }
    if (!is_miss) {
      cache.NoteStale(worker, staleness_ns);
      co_return entry.generation;
    }
    co_await poll.Wait(*worker.loop, *worker.random);
  }
}

}  // namespace rcb::expiry

#endif  // RCB_BENCH_STAMPEDE_EXPIRY_STAMPEDE_EXPIRY_H_
