// Failover: a primary with two replicas and three Sentinels is killed, cut off, or asked to step
// down, in the middle of writes.
//
// Question: which acknowledged writes are gone then, for how long is nothing served, and do two
//           clients hold a lock at once?
// Checked:  when all is over, the numbers that the new primary has are compared with those that
//           were written (common/check/add_check.h).
//
// A replica acknowledges nothing by itself: SET and the like are answered before any replica has
// them. https://redis.io/docs/management/replication

#ifndef RCB_BENCH_FAILOVER_FAILOVER_H_
#define RCB_BENCH_FAILOVER_FAILOVER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/failover/ground.h"
#include "common/harness/worker.h"
#include "common/redis/connection.h"
#include "common/workload/backoff.h"

namespace rcb::failover {

inline constexpr int64_t kGiveUpMs = 25'000;

inline Backoff Retrying() { return Backoff(/*first_ms=*/1, /*max_ms=*/25, kGiveUpMs); }

// How the operation of a client ends that stayed beside the old primary, which serves it no more.
// It is not counted.
inline absl::Status Unserved() { return absl::CancelledError("the run is over"); }

// unsafe/async, unsafe/planned_async and lockfree/min_replicas: a number is written and counts once
// the primary says so. Where it does not, another number is written. Under min_replicas the primary
// refuses writes while no replica has answered it for a second (min-replicas-to-write).
inline Operation Async(Worker& worker, Ground& ground) {
  Backoff backoff = Retrying();
  while (true) {
    if ((co_await Try(ground.Reach(worker))).ok()) {
      const int64_t number = ground.log().Begin(worker);
      const Command add("SADD", ground.log().SetOf(worker.index), number);
      const absl::StatusOr<Reply> added = co_await Try(worker.redis().Run(add));
      ground.log().End(worker, added.status());
      if (added.ok()) {
        ground.NoteServed(worker);
        co_return number;
      }
    }
    if (ground.over()) co_return Unserved();
    co_await RetryAfter(worker, backoff);
  }
}

// Whether so many replicas have confirmed that they have the write.
inline absl::Status Confirmed(const absl::StatusOr<std::vector<Reply>>& replies, int replicas) {
  // The write may be done, whatever the server said of the wait for it.
  if (!replies.ok()) return absl::UnknownError(replies.status().message());
  if (replies->back().integer() >= replicas) return absl::OkStatus();
  return absl::UnknownError("not all replicas have confirmed the write");
}

// lockfree/wait: the number counts once all replicas have confirmed it, so that it does not matter
// which of them comes next (WAIT). Where they have not within 100 ms, nobody knows. After a
// failover there is one replica less. https://redis.io/commands/wait
inline Operation Wait(Worker& worker, Ground& ground) {
  constexpr int64_t kWaitMs = 100;
  Backoff backoff = Retrying();
  while (true) {
    if ((co_await Try(ground.Reach(worker))).ok()) {
      const int replicas = ground.ReplicasFor(worker);
      const int64_t number = ground.log().Begin(worker);
      const Command add("SADD", ground.log().SetOf(worker.index), number);
      const Command both = add.Then(Command("WAIT", replicas, kWaitMs));
      const absl::StatusOr<std::vector<Reply>> replies =
          co_await Try(worker.redis().Pipeline(both));
      const absl::Status confirmed = Confirmed(replies, replicas);
      ground.log().End(worker, confirmed);
      if (confirmed.ok()) {
        ground.NoteServed(worker);
        co_return number;
      }
    }
    if (ground.over()) co_return Unserved();
    co_await RetryAfter(worker, backoff);
  }
}

}  // namespace rcb::failover

#endif  // RCB_BENCH_FAILOVER_FAILOVER_H_
