// Outage: the cache is gone for a while, and comes back empty. The origin behind it can't do the
// work of the cache.
//
// Reads arrive at random, whether the ones before are served or not. The origin works on four
// requests at once, and beyond that gets slower by the square. A read that is not served within
// 25 ms is not served at all, but what it asked of the origin goes on there.
//
// Question: how many reads are served meanwhile, what does the origin have to bear, and how long
// does
//           it take until all is as it was?
// Checked:  the origin is never asked for more at once than it can do; or what a breaker promises
//           instead; and nobody hammers at the door of a cache that is gone.

#ifndef RCB_BENCH_OUTAGE_OUTAGE_H_
#define RCB_BENCH_OUTAGE_OUTAGE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "bench/outage/ground.h"
#include "common/harness/worker.h"
#include "common/measure/clock.h"

namespace rcb::outage {

// How an operation ends.
inline int64_t Serve(const Ground& ground, Read& read, Source source, const std::string& value) {
  read.source = source;
  read.is_wrong = value != ground.values[read.key];
  return 1;
}
// The same with the value as such, which was compared before, or comes from the origin.
inline int64_t Serve(Read& read, Source source) {
  read.source = source;
  return 1;
}
inline constexpr int64_t kNotServed = 0;

// unsafe/fall_through: who finds nothing in the cache asks the origin.
inline Operation FallThrough(Worker& worker, Ground& ground, size_t key) {
  Read& read = ground.reads.For(worker);
  const int64_t deadline_ns = NowNs() + kPatienceNs;
  const Found found = co_await ground.LookUp(worker, key);
  if (found == Found::kValue) co_return Serve(read, Source::kCache);
  const bool answered = co_await ground.AskOrigin(worker, deadline_ns);
  if (!answered) co_return kNotServed;
  co_await ground.Fill(worker, key);
  co_return Serve(read, Source::kOrigin);
}

// lockfree/fail_fast: who finds nothing asks the origin only while that has room, and is told at
// once where it has none. unsafe/reconnect_at_once is the same but for how it gets back to the
// cache.
inline Operation FailFast(Worker& worker, Ground& ground, size_t key) {
  Read& read = ground.reads.For(worker);
  const int64_t deadline_ns = NowNs() + kPatienceNs;
  const Found found = co_await ground.LookUp(worker, key);
  if (found == Found::kValue) co_return Serve(read, Source::kCache);
  const Permits::Permit permit(ground.permits);
  if (!permit) co_return kNotServed;
  const bool answered = co_await ground.AskOrigin(worker, deadline_ns, permit);
  if (!answered) co_return kNotServed;
  co_await ground.Fill(worker, key);
  co_return Serve(read, Source::kOrigin);
}

// locking/bulkhead: the same, but who finds no room waits for it.
inline Operation Bulkhead(Worker& worker, Ground& ground, size_t key) {
  constexpr int64_t kLookAgainNs = 1'000'000;
  Read& read = ground.reads.For(worker);
  const int64_t deadline_ns = NowNs() + kPatienceNs;
  const Found found = co_await ground.LookUp(worker, key);
  if (found == Found::kValue) co_return Serve(read, Source::kCache);
  Permits::Permit permit(ground.permits);
  const int64_t wait_ns = NowNs();
  while (!permit) {
    ++worker.tally->retries;
    co_await worker.loop->Sleep(kLookAgainNs);
    read.waited_ns = NowNs() - wait_ns;
    if (NowNs() + kServiceNs >= deadline_ns) co_return kNotServed;
    permit.TryAgain();
  }
  const bool answered = co_await ground.AskOrigin(worker, deadline_ns, permit);
  if (!answered) co_return kNotServed;
  co_await ground.Fill(worker, key);
  co_return Serve(read, Source::kOrigin);
}

// lockfree/local_stale: the process keeps what it has read, and serves that where there is nothing
// better.
inline Operation LocalStale(Worker& worker, Ground& ground, size_t key) {
  Read& read = ground.reads.For(worker);
  std::string& copy = ground.CopiesOf(worker)[key];
  const int64_t deadline_ns = NowNs() + kPatienceNs;
  const Found found = co_await ground.LookUp(worker, key);
  if (found == Found::kValue) {
    copy = ground.values[key];
    co_return Serve(read, Source::kCache);
  }
  const Permits::Permit permit(ground.permits);
  bool answered = false;
  if (permit) answered = co_await ground.AskOrigin(worker, deadline_ns, permit);
  if (answered) {
    copy = ground.values[key];
    co_await ground.Fill(worker, key);
    co_return Serve(read, Source::kOrigin);
  }
  if (copy.empty()) co_return kNotServed;
  co_return Serve(ground, read, Source::kCopy, copy);
}

// lockfree/circuit_breaker: after five requests in a row that the origin did not answer in time,
// nobody asks it for 30 ms, then one does (half-open), and all do again once that was answered.
// unsafe/breaker_without_probe lets all in after the 30 ms.
inline Operation CircuitBreaker(Worker& worker, Ground& ground, size_t key) {
  Read& read = ground.reads.For(worker);
  const int64_t deadline_ns = NowNs() + kPatienceNs;
  const Found found = co_await ground.LookUp(worker, key);
  if (found == Found::kValue) co_return Serve(read, Source::kCache);
  const std::optional<size_t> call = ground.breaker.Begin();
  if (!call.has_value()) co_return kNotServed;
  const bool answered = co_await ground.AskOrigin(worker, deadline_ns);
  ground.breaker.End(*call, answered);
  if (!answered) co_return kNotServed;
  co_await ground.Fill(worker, key);
  co_return Serve(read, Source::kOrigin);
}

// lockfree/gutter: a second, small cache takes over for those that can't reach the first, and what
// it holds expires soon. R. Nishtala and others, "Scaling Memcache at Facebook", NSDI 2013, 3.3.
inline Operation Gutter(Worker& worker, Ground& ground, size_t key) {
  Read& read = ground.reads.For(worker);
  const int64_t deadline_ns = NowNs() + kPatienceNs;
  const Found found = co_await ground.LookUp(worker, key);
  if (found == Found::kValue) co_return Serve(read, Source::kCache);
  Connection& gutter = *worker.nodes[0];
  const absl::StatusOr<Reply> kept = co_await Try(gutter.Run(ground.get[key]));
  if (kept.ok() && !kept->is_nil()) {
    co_await ground.Fill(worker, key);
    co_return Serve(ground, read, Source::kGutter, kept->text());
  }
  const Permits::Permit permit(ground.permits);
  if (!permit) co_return kNotServed;
  const bool answered = co_await ground.AskOrigin(worker, deadline_ns, permit);
  if (!answered) co_return kNotServed;
  co_await ground.Fill(worker, key);
  if (found == Found::kUnreachable) {
    static_cast<void>(co_await Try(gutter.Run(ground.set_in_gutter[key])));
  }
  co_return Serve(read, Source::kOrigin);
}

}  // namespace rcb::outage

#endif  // RCB_BENCH_OUTAGE_OUTAGE_H_
