// A client that takes whatever comes next on its connection for the reply to its request, as one
// does that writes to a socket and reads from it. It is right for as long as every reply is read.

#ifndef RCB_BENCH_POOL_NAIVE_CLIENT_H_
#define RCB_BENCH_POOL_NAIVE_CLIENT_H_

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/measure/clock.h"
#include "common/redis/command.h"
#include "common/redis/connection.h"
#include "common/redis/reply.h"
#include "common/runtime/event.h"
#include "common/runtime/task.h"

namespace rcb::pool {

// What has come on a connection and was not read yet, or why no more will come.
struct Unread {
  std::deque<absl::StatusOr<std::vector<Reply>>> replies;
  Event* reader = nullptr;  // that waits for the next one
};

inline Task<void> Listen(Connection& connection, Command request, Unread& unread) {
  unread.replies.push_back(co_await Try(connection.Pipeline(request)));
  if (unread.reader != nullptr) unread.reader->Set();
}

// Sends `request` and reads the next replies. It stops to wait after `timeout_ms`, and leaves the
// reply that is still to come to the next reader.
inline Task<absl::StatusOr<std::vector<Reply>>> SendAndRead(Connection& connection,
                                                            const Command& request, Unread& unread,
                                                            int64_t timeout_ms) {
  connection.loop().Spawn(Listen(connection, request, unread));
  if (unread.replies.empty()) {
    Event arrived(connection.loop());
    unread.reader = &arrived;
    const absl::Status waited = co_await Try(arrived.Wait(NowNs() + timeout_ms * 1'000'000));
    unread.reader = nullptr;
    if (!waited.ok()) co_return waited;
  }
  absl::StatusOr<std::vector<Reply>> next = std::move(unread.replies.front());
  unread.replies.pop_front();
  co_return next;
}

}  // namespace rcb::pool

#endif  // RCB_BENCH_POOL_NAIVE_CLIENT_H_
