// A lock on one server that expires and that only its holder can release, which several families
// compare with. https://redis.io/docs/manual/patterns/distributed-locks, for a single instance

#ifndef RCB_BENCH_TOKEN_LOCK_H_
#define RCB_BENCH_TOKEN_LOCK_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/random/distributions.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/harness/worker.h"
#include "common/redis/connection.h"
#include "common/runtime/task.h"
#include "common/workload/backoff.h"

namespace rcb {

// The name of a lock's holder, unique among all clients.
inline std::string NewToken(Worker& worker) {
  return absl::StrCat(worker.index, "-", absl::Uniform<uint64_t>(*worker.random));
}

// Deletes the lock where it is still ours.
inline constexpr Script kReleaseToken{R"lua(
  if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
  return 0)lua"};

// Takes the lock `key` for `lease_ms`, trying again and again until `backoff` gives up, and tells
// the worker that it holds now.
inline Task<absl::Status> AcquireToken(Worker& worker, const std::string& key,
                                       const std::string& token, int64_t lease_ms,
                                       Backoff backoff) {
  const Command acquire("SET", key, token, "NX", "PX", lease_ms);
  while (true) {
    const Reply acquired = co_await worker.redis().Run(acquire);
    if (!acquired.is_nil()) break;
    co_await RetryAfter(worker, backoff);
  }
  worker.Holds();
  co_return absl::OkStatus();
}

// How an operation ends that failed after its write: even an error reply must not tell the checker
// that nothing was written.
inline absl::Status FailureAfterWrite(absl::Status status) {
  if (absl::IsFailedPrecondition(status)) return absl::UnknownError(status.message());
  return status;
}

// Waits for `release`, a request or task that gives a lock back after a write.
template <typename Release>
Task<absl::Status> AfterWrite(Release&& release) {
  const auto result = co_await Try(std::forward<Release>(release));
  co_return FailureAfterWrite(result.status());
}

// Releases the lock, unless it is another's by now.
inline Task<absl::Status> ReleaseToken(Worker& worker, const std::string& key,
                                       const std::string& token) {
  co_await AfterWrite(worker.redis().Eval(kReleaseToken, key, token));
  co_return absl::OkStatus();
}

}  // namespace rcb

#endif  // RCB_BENCH_TOKEN_LOCK_H_
