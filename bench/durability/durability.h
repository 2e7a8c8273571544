// Durability: the server dies in the middle of writes, and starts again with what it has on disk.
//
// Question: which acknowledged writes are gone then, and what does each setting cost per write?
// Checked:  after all crashes, the numbers that are in the sets are compared with those that were
//           written (common/check/add_check.h).
//
// A crash is SIGKILL, which loses what the process had in memory. What it had given to the
// operating system (write(2)) is not lost by that, fsync or not: only the machine's own end would
// show the difference.

#ifndef RCB_BENCH_DURABILITY_DURABILITY_H_
#define RCB_BENCH_DURABILITY_DURABILITY_H_

#include <cstdint>

#include "bench/write_log.h"
#include "common/harness/worker.h"
#include "common/redis/connection.h"
#include "common/workload/backoff.h"

namespace rcb::durability {

inline constexpr int64_t kGiveUpMs = 20'000;

// What all variants do, for it is the server's settings that differ: write a number, and where the
// write was not acknowledged another one, until one is.
inline Operation Write(Worker& worker, WriteLog& log) {
  Backoff backoff(/*first_ms=*/1, /*max_ms=*/20, kGiveUpMs);
  while (true) {
    if (!worker.redis().connected()) {
      static_cast<void>(co_await Try(worker.redis().ConnectOnce()));  // connected() tells
    }
    if (worker.redis().connected()) {
      const int64_t number = log.Begin(worker);
      const Command add("SADD", log.SetOf(worker.index), number);
      const absl::StatusOr<Reply> added = co_await Try(worker.redis().Run(add));
      log.End(worker, added.status());
      if (added.ok()) co_return number;
    }
    co_await RetryAfter(worker, backoff);
  }
}

}  // namespace rcb::durability

#endif  // RCB_BENCH_DURABILITY_DURABILITY_H_
