// Eviction: a cache with less memory than its keys would take, under keys of unequal popularity.
//
// Question: what share of the reads does each maxmemory policy serve, and how near is that to what
//           theory says of it and to what is possible?
// Checked:  a hit returns the value that was last written to its key; policies that evict refuse no
//           write; those that do not, or have nothing that they may evict, refuse writes and lose
//           nothing; the hit ratio is what theory gives for as many keys as the server held.
// Memory:   the server is filled as a long run would have left it, and then limited to what it
// uses. Age:      LRU knows ages to the second only, in which a run would be over. So ages are
// built
//           beforehand (RESTORE ... IDLETIME, or FREQ for LFU); see steady_state.h.

#ifndef RCB_BENCH_EVICTION_EVICTION_H_
#define RCB_BENCH_EVICTION_EVICTION_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "bench/eviction/cache.h"
#include "common/harness/worker.h"

namespace rcb::eviction {

// Notes how many keys there are, now and then.
inline Task<absl::Status> SampleSize(Worker& worker, Cache& cache, const Visit& visit) {
  const Command command("DBSIZE");
  const Reply keys = co_await worker.redis().Run(command);
  cache.NoteSize(worker, visit, keys.integer());
  co_return absl::OkStatus();
}

// Keeps what came of a fill. That the server has no memory left is an answer, not a failure.
inline absl::Status NoteFill(const absl::Status& stored, Visit& visit) {
  const bool is_refused = absl::StartsWith(stored.message(), "OOM");
  if (!stored.ok() && !is_refused) return stored;
  visit.kind = is_refused ? Visit::Kind::kRefused : Visit::Kind::kFilled;
  return absl::OkStatus();
}

// A miss: stores a new value.
inline Operation Fill(Worker& worker, Cache& cache, Visit& visit) {
  visit.version = cache.NewVersion(worker);
  const std::string value = ValueOf(visit.version, cache.BytesOf(visit.key));
  const std::string key = cache.NameOf(visit.key);
  const int64_t ttl_ms = cache.settings().ttl_ms;
  Command set("SET", key, value);
  if (ttl_ms > 0) set = Command("SET", key, value, "PX", ttl_ms);
  const absl::StatusOr<Reply> stored = co_await Try(worker.redis().Run(set));
  const absl::Status noted = NoteFill(stored.status(), visit);
  if (!noted.ok()) co_return noted;
  co_return visit.version;
}

// policy/...: GET, and where that finds nothing, SET.
inline Operation GetOrFill(Worker& worker, Cache& cache) {
  Visit& visit = cache.Begin(worker);
  if (Cache::Samples(visit)) co_await SampleSize(worker, cache, visit);
  const Command get("GET", cache.NameOf(visit.key));
  const Reply cached = co_await worker.redis().Run(get);
  if (cache.NoteLookUp(worker, cached, visit)) co_return visit.version;
  co_return co_await Fill(worker, cache, visit);
}

// Ages in seconds stand for operations: a key that operation number n uses is as old as if it had
// been used n seconds after this long ago.
inline constexpr int64_t kClockSpanS = 4'000'000;

inline constexpr Script kGetAndStamp{R"lua(
  local value = redis.call('GET', KEYS[1])
  if value then
    redis.call('RESTORE', KEYS[1], 0, redis.call('DUMP', KEYS[1]), 'REPLACE', 'IDLETIME', ARGV[1])
  end
  return value)lua"};
inline constexpr Script kSetAndStamp{R"lua(
  redis.call('SET', KEYS[1], ARGV[2])
  redis.call('RESTORE', KEYS[1], 0, redis.call('DUMP', KEYS[1]), 'REPLACE', 'IDLETIME', ARGV[1])
  return 1)lua"};

// shift/allkeys_lru: the same, and each use of a key sets its age, one second for each operation.
inline Operation GetOrFillStamped(Worker& worker, Cache& cache) {
  Visit& visit = cache.Begin(worker);
  if (Cache::Samples(visit)) co_await SampleSize(worker, cache, visit);
  const std::string key = cache.NameOf(visit.key);
  const int64_t idle_s = kClockSpanS - visit.number;
  const Reply cached = co_await worker.redis().Eval(kGetAndStamp, key, idle_s);
  if (cache.NoteLookUp(worker, cached, visit)) co_return visit.version;
  visit.version = cache.NewVersion(worker);
  const std::string value = ValueOf(visit.version, cache.BytesOf(visit.key));
  const absl::StatusOr<Reply> stored =
      co_await Try(worker.redis().Eval(kSetAndStamp, key, idle_s, value));
  const absl::Status noted = NoteFill(stored.status(), visit);
  if (!noted.ok()) co_return noted;
  co_return visit.version;
}

// unsafe/stale_copy: a worker remembers what it first saw of a key, and serves that where the
// server has evicted the key, whatever others have stored since.
inline Operation StaleCopy(Worker& worker, Cache& cache) {
  Visit& visit = cache.Begin(worker);
  if (Cache::Samples(visit)) co_await SampleSize(worker, cache, visit);
  const Command get("GET", cache.NameOf(visit.key));
  const Reply cached = co_await worker.redis().Run(get);
  int64_t& copy = cache.CopyOf(worker, visit.key);
  if (cached.is_nil() && copy != 0) {
    cache.NoteLookUp(worker, Reply::Integer(copy), visit);
    co_return copy;
  }
  if (!cache.NoteLookUp(worker, cached, visit)) co_await Fill(worker, cache, visit);
  if (copy == 0) copy = visit.version;
  co_return visit.version;
}

}  // namespace rcb::eviction

#endif  // RCB_BENCH_EVICTION_EVICTION_H_
