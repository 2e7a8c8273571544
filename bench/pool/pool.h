// Pool: many workers over few connections. Each request is GET of a key and ECHO of a number that
// no other request has, sent together. Now and then one has a BLPOP on an empty list before them,
// so that the server answers it long after the client has stopped to wait. Checked: every reply
// carries the key and the number of its request; the pool has all connections back at the end;
// those that wait are served in the promised order. See pool_check.h.

#ifndef RCB_BENCH_POOL_POOL_H_
#define RCB_BENCH_POOL_POOL_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/pool/exchange.h"
#include "bench/pool/ground.h"
#include "bench/pool/naive_client.h"
#include "common/harness/worker.h"
#include "common/workload/backoff.h"

namespace rcb::pool {

// One try of a request. It fails where the client has stopped to wait, for a connection or for the
// reply.
using Attempt = Task<absl::Status> (*)(Worker& worker, Ground& ground, Exchange& exchange);

// Notes what a reply says, which ends with those to GET and ECHO.
inline void NoteReply(const std::vector<Reply>& replies, Exchange& exchange) {
  exchange.done_ns = NowNs();
  exchange.ending = Ending::kAnswered;
  const Reply& value = replies[replies.size() - 2];
  exchange.got_key = value.is_string() ? static_cast<int32_t>(value.integer()) : -1;
  exchange.got_nonce = replies.back().integer();
}

// Sends the request on a connection that is the worker's alone, and waits for the reply. After a
// timeout the connection is closed, so that the late reply reaches nobody.
inline Task<absl::Status> Ask(Connection& connection, Ground& ground, Exchange& exchange) {
  exchange.served_ns = NowNs();
  const Command request = ground.RequestOf(exchange);
  const auto replies = co_await Try(connection.Pipeline(request, kReplyMs));
  exchange.done_ns = NowNs();
  if (!replies.ok()) co_return replies.status();
  NoteReply(*replies, exchange);
  co_return absl::OkStatus();
}

// locking/fifo, locking/lifo: waits in line for a connection, and gives it back. One that was
// closed after a timeout is replaced.
inline Task<absl::Status> Borrowed(Worker& worker, Ground& ground, Exchange& exchange) {
  const Pool::Lease connection = co_await ground.PoolOf(worker).Borrow();
  co_return co_await Try(Ask(*connection, ground, exchange));
}

// unsafe/reuse_after_timeout: a timed-out connection goes back as it is. The late reply is still to
// come, and the next borrower takes it for its own.
inline Task<absl::Status> ReuseAfterTimeout(Worker& worker, Ground& ground, Exchange& exchange) {
  const Pool::Lease connection = co_await ground.PoolOf(worker).Borrow();
  exchange.served_ns = NowNs();
  Unread& unread = ground.UnreadOf(worker, *connection);
  const Command request = ground.RequestOf(exchange);
  const auto replies = co_await Try(SendAndRead(*connection, request, unread, kReplyMs));
  exchange.done_ns = NowNs();
  if (!replies.ok()) co_return replies.status();
  NoteReply(*replies, exchange);
  co_return absl::OkStatus();
}

// What an application calls: a request that is sent again, with back-off, after a timeout and where
// the connection was lost. Only the first try is slow.
inline Operation AskUntilAnswered(Worker& worker, Ground& ground, Attempt attempt) {
  constexpr int64_t kGiveUpMs = 4000;
  std::optional<Backoff> backoff;
  Exchange exchange = ground.NewExchange(worker);
  while (true) {
    exchange.nonce = ground.NextNonce(worker);
    const absl::Status status = co_await Try(attempt(worker, ground, exchange));
    if (!status.ok()) {
      if (exchange.served_ns == 0) exchange.ending = Ending::kGaveUp;
      if (exchange.done_ns == 0) exchange.done_ns = NowNs();
    }
    ground.Keep(worker, exchange);
    if (status.ok()) co_return exchange.key;
    if (!absl::IsDeadlineExceeded(status) && !absl::IsUnavailable(status)) co_return status;
    if (!backoff) backoff.emplace(/*first_ms=*/1, /*max_ms=*/20, kGiveUpMs);
    const absl::Status waited = co_await Try(RetryAfter(worker, *backoff));
    if (!waited.ok()) co_return status;
    exchange = ground.Again(exchange);
  }
}

}  // namespace rcb::pool

#endif  // RCB_BENCH_POOL_POOL_H_
