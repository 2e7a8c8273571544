// Deletes that come again some time after the write.

#ifndef RCB_BENCH_INVALIDATION_DOUBLE_DELETE_H_
#define RCB_BENCH_INVALIDATION_DOUBLE_DELETE_H_

#include <deque>

#include "bench/invalidation/cache.h"
#include "common/harness/worker.h"
#include "common/measure/clock.h"
#include "common/redis/connection.h"

namespace rcb::invalidation {

// Deletes what the worker has promised to, each when it is due, on its second connection.
inline Task<absl::Status> DeleteWhenDue(Worker& worker, Cache& cache) {
  Connection& redis = worker.subscriber->connection();
  std::deque<Deletion>& deletions = cache.deletions(worker);
  while (!deletions.empty()) {
    const Deletion next = deletions.front();
    co_await worker.loop->SleepUntil(next.due_ns);
    if (!redis.connected()) co_await redis.Connect();
    co_await redis.Run(cache.key(next.key).del);
    deletions.pop_front();
  }
  co_return absl::OkStatus();
}
inline Task<void> DeleteInBackground(Worker& worker, Cache& cache) {
  const absl::Status deleted = co_await Try(DeleteWhenDue(worker, cache));
  if (deleted.ok()) co_return;
  cache.NoteFailure(worker, deleted);
  cache.deletions(worker).clear();
}

// lockfree/double_delete: what a slow reader SETs after the DEL is deleted again, by when it must
// have come. The application does not wait for that. Until then readers may get the old value.
// unsafe/short_double_delete: the second DEL comes before the slow reader.
inline Operation DoubleDelete(Worker& worker, Cache& cache, size_t index) {
  co_await worker.redis().Run(cache.key(index).del);
  const int64_t version = co_await cache.WriteOrigin(worker, index);
  std::deque<Deletion>& deletions = cache.deletions(worker);
  const bool is_idle = deletions.empty();
  deletions.push_back({index, NowNs() + cache.settings().delete_again_ms * 1'000'000});
  if (is_idle) worker.loop->Spawn(DeleteInBackground(worker, cache));
  co_return version;
}

}  // namespace rcb::invalidation

#endif  // RCB_BENCH_INVALIDATION_DOUBLE_DELETE_H_
