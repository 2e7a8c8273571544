// Pool: many workers over few connections. Each request is GET of a key and ECHO of a number that
// no other request has, sent together. Now and then one has a BLPOP on an empty list before them,
// so that the server answers it long after the client has stopped to wait.
// Checked: every reply carries the key and the number of its request; the pool has all connections
// back at the end; those that wait are served in the promised order, and in time. See pool_check.h.

#ifndef RCB_BENCH_POOL_POOL_H_
#define RCB_BENCH_POOL_POOL_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/random/distributions.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "bench/pool/exchange.h"
#include "bench/pool/ground.h"
#include "bench/pool/naive_client.h"
#include "common/harness/worker.h"
#include "common/measure/clock.h"
#include "common/workload/backoff.h"

namespace rcb::pool {

// One try of a request. It fails where the client has stopped to wait, for a connection or for the
// reply, and where a connection was refused or lost.
using Attempt = Task<absl::Status> (*)(Worker& worker, Ground& ground, Exchange& exchange);

// Notes what a reply says, which ends with those to GET and ECHO.
inline void NoteReply(const std::vector<Reply>& replies, Exchange& exchange) {
  exchange.ending = Ending::kAnswered;
  const Reply& value = replies[replies.size() - 2];
  exchange.got_key = value.is_string() ? static_cast<int32_t>(value.integer()) : -1;
  exchange.got_nonce = replies.back().integer();
}

// Sends the request and waits for the reply, for that long. After that the connection is closed, so
// that the late reply reaches nobody.
inline Task<absl::Status> AskWithin(int64_t patience_ms, Connection& connection, Ground& ground,
                                    Exchange& exchange) {
  exchange.served_ns = NowNs();
  const Command request = ground.RequestOf(exchange);
  const auto replies = co_await Try(connection.Pipeline(request, patience_ms));
  exchange.done_ns = NowNs();
  if (!replies.ok()) co_return replies.status();
  NoteReply(*replies, exchange);
  co_return absl::OkStatus();
}
inline Task<absl::Status> Ask(Connection& connection, Ground& ground, Exchange& exchange) {
  return AskWithin(ground.reply_ms(), connection, ground, exchange);
}

// Connects where the connection is closed, and notes that it was refused.
inline Task<absl::Status> Opened(Connection& connection, Exchange& exchange) {
  if (connection.connected()) co_return absl::OkStatus();
  const absl::Status connected = co_await Try(connection.ConnectOnce());
  if (connected.ok()) co_return connected;
  exchange.ending = Ending::kRefused;
  co_return absl::UnavailableError(connected.message());
}

// locking/fifo, locking/lifo, locking/bounded_wait: waits in line for a connection, and gives it
// back. One that was closed after a timeout is replaced.
inline Task<absl::Status> Borrowed(Worker& worker, Ground& ground, Exchange& exchange) {
  const Pool::Lease connection = co_await ground.PoolOf(worker).Borrow();
  co_return co_await Try(Ask(*connection, ground, exchange));
}

// locking/fifo on a server that is full: others have some of its room and leave after a while, and
// then the pool gets on. Here the others are a few of the workers, each with a connection besides.
inline Task<absl::Status> BorrowedInACrowd(Worker& worker, Ground& ground, Exchange& exchange) {
  constexpr int kCrowd = 10;
  constexpr int64_t kStayNs = 100 * kNsPerMs;
  const std::vector<Exchange>& before = ground.exchanges()[worker.index];
  const bool is_of_crowd = worker.index > 0 && worker.index <= kCrowd;
  if (is_of_crowd && before.empty()) {
    static_cast<void>(co_await Try(worker.redis().ConnectOnce()));
    exchange.wanted_ns = NowNs();  // only now it stands in line
  } else if (is_of_crowd && exchange.wanted_ns - before.front().wanted_ns > kStayNs) {
    worker.redis().Close();
  }
  co_return co_await Try(Borrowed(worker, ground, exchange));
}

// unsafe/reuse_after_timeout: a timed-out connection goes back as it is. The late reply is still to
// come, and the next borrower takes it for its own.
inline Task<absl::Status> ReuseAfterTimeout(Worker& worker, Ground& ground, Exchange& exchange) {
  const Pool::Lease connection = co_await ground.PoolOf(worker).Borrow();
  exchange.served_ns = NowNs();
  Unread& unread = ground.UnreadOf(worker, *connection);
  const Command request = ground.RequestOf(exchange);
  const auto replies = co_await Try(SendAndRead(*connection, request, unread, ground.reply_ms()));
  exchange.done_ns = NowNs();
  if (!replies.ok()) co_return replies.status();
  NoteReply(*replies, exchange);
  co_return absl::OkStatus();
}

// unsafe/leak_on_error: gives the connection back at the end, which a failure never reaches. Only
// slow requests fail, for the others wait as long as it takes: a connection has to be left.
inline Task<absl::Status> LeakOnError(Worker& worker, Ground& ground, Exchange& exchange) {
  Pool::Lease lease = co_await ground.PoolOf(worker).Borrow();
  Connection& connection = lease.Keep();
  constexpr int64_t kPatientMs = 5000;
  const int64_t patience_ms = exchange.is_slow ? ground.reply_ms() : kPatientMs;
  co_await AskWithin(patience_ms, connection, ground, exchange);
  ground.PoolOf(worker).GiveBack(connection);
  co_return absl::OkStatus();
}

// unsafe/blocking_in_pool: borrows a connection for a command that blocks, and waits for as long.
// Once there are as many of these as connections, nobody else gets one.
inline Task<absl::Status> BlockingInPool(Worker& worker, Ground& ground, Exchange& exchange) {
  const Pool::Lease connection = co_await ground.PoolOf(worker).Borrow();
  int64_t patience_ms = ground.reply_ms();
  if (exchange.is_slow) patience_ms += ground.slow_ms();
  co_return co_await Try(AskWithin(patience_ms, *connection, ground, exchange));
}

// unsafe/barging: there is no line. Who finds no idle connection looks again some time later, and
// one who has just come may be faster.
inline Task<absl::Status> Barging(Worker& worker, Ground& ground, Exchange& exchange) {
  constexpr int64_t kPatienceNs = 4000 * kNsPerMs;
  constexpr int64_t kMaxPauseNs = kNsPerMs / 2;
  while (NowNs() - exchange.wanted_ns < kPatienceNs) {
    const std::optional<Pool::Lease> connection = ground.PoolOf(worker).TryBorrow();
    if (connection) {
      co_await Opened(**connection, exchange);
      co_return co_await Try(Ask(**connection, ground, exchange));
    }
    co_await worker.loop->Sleep(absl::Uniform<int64_t>(*worker.random, 0, kMaxPauseNs));
  }
  co_return absl::DeadlineExceededError("no connection of the pool was free");
}

// lockfree/per_worker: each worker has a connection of its own, and nobody waits for one.
inline Task<absl::Status> PerWorkerConnection(Worker& worker, Ground& ground, Exchange& exchange) {
  co_await Opened(worker.redis(), exchange);
  co_return co_await Try(Ask(worker.redis(), ground, exchange));
}

// lockfree/connect_each: connects for each request, and closes the connection after it.
inline Task<absl::Status> ConnectEach(Worker& worker, Ground& ground, Exchange& exchange) {
  worker.redis().Close();
  const absl::Status asked = co_await Try(PerWorkerConnection(worker, ground, exchange));
  worker.redis().Close();
  co_return asked;
}

inline Task<absl::StatusOr<int64_t>> Reconnect(Connection& connection) {
  co_await connection.ConnectOnce();
  co_return 0;
}

// lockfree/multiplexed: all workers of a thread send on one connection without waiting for each
// other, and the server answers in order. A slow request holds up all behind it: once its client
// has stopped to wait, the connection is replaced, and they ask again.
inline Task<absl::Status> Multiplexed(Worker& worker, Ground& ground, Exchange& exchange) {
  Connection& connection = *worker.shared.front();
  if (!connection.connected()) {
    const int64_t deadline_ns = NowNs() + 4000 * kNsPerMs;
    co_await ground.reconnecting().Do(absl::StrCat(exchange.thread), *worker.loop, deadline_ns,
                                      Reconnect(connection));
  }
  co_return co_await Try(Ask(connection, ground, exchange));
}

// What an application calls: a request that is sent again, with back-off, after a timeout and where
// a connection was refused or not free in time. Only the first try is slow.
inline Operation AskUntilAnswered(Worker& worker, Ground& ground, Attempt attempt) {
  constexpr int64_t kGiveUpMs = 4000;
  std::optional<Backoff> backoff;
  int64_t refused_ns = 0;  // when it was first
  Exchange exchange = ground.NewExchange(worker);
  while (true) {
    const absl::Status status = co_await Try(attempt(worker, ground, exchange));
    if (exchange.done_ns == 0) exchange.done_ns = NowNs();
    const bool was_refused = exchange.ending == Ending::kRefused;
    if (exchange.served_ns == 0 && !was_refused) exchange.ending = Ending::kGaveUp;
    if (was_refused && refused_ns == 0) refused_ns = exchange.wanted_ns;
    if (!was_refused && refused_ns != 0) {
      ground.NoteRecovery(worker, exchange.served_ns - refused_ns);
      refused_ns = 0;
    }
    ground.Keep(worker, exchange);
    if (status.ok()) co_return exchange.key;
    const bool is_ours = absl::IsDeadlineExceeded(status) || WasClosedForAnother(status);
    if (!is_ours && !was_refused) co_return status;
    if (!backoff) backoff.emplace(/*first_ms=*/1, /*max_ms=*/20, kGiveUpMs);
    const absl::Status waited = co_await Try(RetryAfter(worker, *backoff));
    if (!waited.ok()) co_return status;
    exchange = ground.Again(worker, exchange);
  }
}

}  // namespace rcb::pool

#endif  // RCB_BENCH_POOL_POOL_H_
