// What the variants of LostReply share: the counters, what a client knows of its write, and how a
// request is sent where replies get lost.

#ifndef RCB_BENCH_LOST_REPLY_GROUND_H_
#define RCB_BENCH_LOST_REPLY_GROUND_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/random/distributions.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/harness/notes.h"
#include "common/harness/worker.h"
#include "common/redis/command.h"
#include "common/redis/connection.h"
#include "common/runtime/task.h"

namespace rcb::lost_reply {

inline constexpr size_t kCounters = 16;
// No request is sent more often than that.
inline constexpr int kMaxTries = 12;

// What the client knows of its operation, which is to add 1 to a counter.
struct Write {
  uint32_t counter = 0;
  Outcome outcome = Outcome::kFailed;  // so far: before anything was sent, it is certainly not done
  bool has_count = false;              // the count that it added up to is known
  int32_t tries = 0;                   // the most that a request of it needed

  // The server has said that it is done.
  int64_t Done(int64_t count) {
    outcome = Outcome::kOk;
    has_count = true;
    return count;
  }
};

// Of one run.
struct Ground {
  Ground(const std::string& prefix, int workers, int64_t lock_lease_ms)
      : token_prefix(absl::StrCat(prefix, "token:")), lease_ms(lock_lease_ms), writes(workers) {
    for (size_t i = 0; i < kCounters; ++i) {
      counters.push_back(absl::StrCat(prefix, "counter:", i));
      locks.push_back(absl::StrCat(prefix, "lock:", i));
      get.emplace_back("GET", counters.back());
      incr.emplace_back("INCR", counters.back());
    }
  }

  // Begins an operation on any of the counters.
  Write& NewWrite(Worker& worker) {
    Write& write = writes.For(worker);
    write.counter = absl::Uniform<uint32_t>(*worker.random, 0, kCounters);
    return write;
  }
  // A name for the operation that no other has.
  static std::string IdOf(const Worker& worker) {
    return absl::StrCat(worker.index, "-", worker.operation);
  }

  const std::string token_prefix;
  const int64_t lease_ms;  // of locks: far longer than the work
  std::vector<std::string> counters;
  std::vector<std::string> locks;
  std::vector<Command> get;
  std::vector<Command> incr;
  Notes<Write> writes;
};

// Sends what `send` sends, once, on a new connection where the last one broke. Fails with
// kUnavailable where no reply came.
template <typename Send>
Task<absl::StatusOr<Reply>> SendOnce(Worker& worker, Send send) {
  if (!worker.redis().connected()) co_await worker.redis().ConnectOnce();
  co_return co_await send();
}

// The same for what may do the write: from the moment at which it is sent, nobody knows.
template <typename Send>
Task<absl::StatusOr<Reply>> WriteOnce(Worker& worker, Write& write, Send send) {
  if (!worker.redis().connected()) co_await worker.redis().ConnectOnce();
  write.outcome = Outcome::kUnknown;
  co_return co_await send();
}

// Calls `send_once` again and again until a reply is there.
template <typename Once>
Task<absl::StatusOr<Reply>> Repeat(Worker& worker, Write& write, Once send_once) {
  for (int tries = 1;; ++tries) {
    absl::StatusOr<Reply> reply = co_await Try(send_once());
    write.tries = std::max(write.tries, tries);
    const bool is_lost = absl::IsUnavailable(reply.status());
    if (!is_lost || tries == kMaxTries) co_return std::move(reply);
    ++worker.tally->retries;
  }
}

// SendOnce and WriteOnce until a reply is there.
template <typename Send>
Task<absl::StatusOr<Reply>> SendUntilAnswered(Worker& worker, Write& write, Send send) {
  const auto send_once = [&] { return SendOnce(worker, send); };
  co_return co_await Repeat(worker, write, send_once);
}
template <typename Send>
Task<absl::StatusOr<Reply>> WriteUntilAnswered(Worker& worker, Write& write, Send send) {
  const auto write_once = [&] { return WriteOnce(worker, write, send); };
  co_return co_await Repeat(worker, write, write_once);
}

}  // namespace rcb::lost_reply

#endif  // RCB_BENCH_LOST_REPLY_GROUND_H_
