// Cold: a cache loses all that it holds, under load.
//
// Reads arrive at random over keys that are asked for by Zipf's law. Then FLUSHALL, or the end of
// all times to live at once.
//
// Question: what does it cost to fill the cache again, how long do readers feel it, and what helps?
// Checked:  each key is computed once (by_computations); a warm-up keeps its pace (by_pace); with
//           jitter, most reads are hits at any time (by_hit_ratio).

#ifndef RCB_BENCH_COLD_COLD_H_
#define RCB_BENCH_COLD_COLD_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/cold/ground.h"
#include "bench/token_lock.h"
#include "common/harness/worker.h"
#include "common/workload/backoff.h"

namespace rcb::cold {

// unsafe/none: who misses computes. lockfree/ttl_jitter and unsafe/ttl_at_once do the same; their
// keys have times to live, which differ in one and in the other do not.
inline Operation None(Worker& worker, Ground& ground, size_t index) {
  const bool was_hit = co_await ground.LookUp(worker, index);
  if (was_hit) co_return 1;
  co_await ground.Compute(worker, index);
  co_return 1;
}

// locking/single_flight: of all in this process who miss the same key, one computes, and the others
// wait for it. With locking/warm_up and unsafe/warm_up_at_once, a warm-up goes through all keys
// besides, at its pace or as fast as it can.
inline Operation SingleFlightPerKey(Worker& worker, Ground& ground, size_t index) {
  const bool was_hit = co_await ground.LookUp(worker, index);
  if (was_hit) co_return 1;
  co_await ground.ComputeTogether(worker, index);
  co_return 1;
}

// locking/token_lock: the same among all processes, by a lock for each key that expires.
inline Operation TokenLock(Worker& worker, Ground& ground, size_t index) {
  const bool was_hit = co_await ground.LookUp(worker, index);
  if (was_hit) co_return 1;
  const std::string token = NewToken(worker);
  const Command lock("SET", ground.lock(index), token, "NX", "PX", ground.settings().lease_ms);
  const Command lock_and_look = lock.Then(ground.get(index));
  Backoff poll(/*first_ms=*/2, /*max_ms=*/10, /*give_up_ms=*/5000);
  while (true) {
    const std::vector<Reply> got = co_await worker.redis().Pipeline(lock_and_look);
    const bool has_lock = !got[0].is_nil();
    const bool is_there = !got[1].is_nil();
    if (has_lock) worker.Holds();
    if (has_lock && !is_there) co_await ground.Compute(worker, index);
    if (has_lock) co_await ReleaseToken(worker, ground.lock(index), token);
    if (has_lock || is_there) co_return 1;
    co_await RetryAfter(worker, poll);
  }
}

}  // namespace rcb::cold

#endif  // RCB_BENCH_COLD_COLD_H_
