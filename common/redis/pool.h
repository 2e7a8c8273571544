// A pool of connections that the coroutines of one loop borrow in turn.

#ifndef RCB_COMMON_REDIS_POOL_H_
#define RCB_COMMON_REDIS_POOL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/redis/connection.h"
#include "common/runtime/completion.h"
#include "common/runtime/loop.h"
#include "common/runtime/task.h"

namespace rcb {

struct PoolOptions {
  enum class Order { kOldestFirst, kNewestFirst };

  Order order = Order::kOldestFirst;  // in which those that wait are served
  int64_t max_wait_ms = 5000;         // after which a borrower gives up
};

// Lends connections, each to one borrower at a time. Who finds none waits in line. A connection
// that is closed when it comes back, as it is after a timeout, is connected anew once somebody
// waits; so are those that were closed at first. A connection that the server refuses is tried
// again, with back-off, for as long as somebody waits. Loop thread only; it must outlive all
// leases, and all coroutines of the loop must have ended before it does.
class Pool {
 public:
  class Lease;
  class BorrowAwaiter;

  // Those of `connections` that are open are idle at first. They outlive the pool.
  Pool(Loop& loop, absl::Span<const std::unique_ptr<Connection>> connections,
       const PoolOptions& options);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool();

  // Yields a Lease of an open connection. Fails with kDeadlineExceeded after max_wait_ms, or with
  // kCancelled.
  BorrowAwaiter Borrow();
  // Yields a Lease of an idle connection, or else of a closed one, which the borrower has to
  // connect, for nobody stands in line for it; or none. It neither waits nor connects.
  std::optional<Lease> TryBorrow();
  // Takes a connection back that was lent, for the next in line if it is still open. May resume
  // that one's coroutine. A Lease does this by itself.
  void GiveBack(Connection& connection);

  // Closes the connections that are idle.
  void CloseIdle();

  // Of the connections: so many are open and idle, closed, lent, or being connected. Together they
  // are size() unless one was lost.
  int64_t idle() const { return static_cast<int64_t>(idle_.size()); }
  int64_t closed() const { return static_cast<int64_t>(closed_.size()); }
  int64_t in_use() const { return in_use_; }
  int64_t opening() const { return opening_; }
  int64_t size() const { return size_; }
  // Borrowers in line.
  int64_t waiting() const { return waiting_; }
  // How often a server or its host refused a connection, and how long each that was refused first
  // took until it was open.
  int64_t refusals() const { return refusals_; }
  const std::vector<int64_t>& recoveries_ns() const { return recoveries_ns_; }

 private:
  Connection* TakeIdle();
  void HandOver(Connection& connection);
  void OpenMore();
  Task<void> Open(Connection& connection);
  void Enter(BorrowAwaiter& waiter);
  void Leave(BorrowAwaiter& waiter);
  void OnPatience();

  Loop& loop_;
  const PoolOptions options_;
  const int64_t size_;
  std::vector<Connection*> idle_;  // the last one back is the first one out
  std::vector<Connection*> closed_;
  int64_t in_use_ = 0;
  int64_t opening_ = 0;
  BorrowAwaiter* oldest_ = nullptr;  // of those in line
  BorrowAwaiter* newest_ = nullptr;
  int64_t waiting_ = 0;
  Timer patience_;  // runs while anybody waits: until the oldest gives up, or earlier
  int64_t refusals_ = 0;
  std::vector<int64_t> recoveries_ns_;
};

// A borrowed connection, which goes back to its pool when the lease ends.
class [[nodiscard]] Pool::Lease {
 public:
  Lease() = default;
  Lease(Pool& pool, Connection& connection) : pool_(&pool), connection_(&connection) {}
  Lease(Lease&& other) noexcept
      : pool_(other.pool_), connection_(std::exchange(other.connection_, nullptr)) {}
  Lease& operator=(Lease&&) = delete;
  ~Lease() {
    if (connection_ != nullptr) pool_->GiveBack(*connection_);
  }

  Connection& operator*() const { return *connection_; }
  Connection* operator->() const { return connection_; }
  // Ends the lease without giving the connection back, which is now up to the caller.
  Connection& Keep() { return *std::exchange(connection_, nullptr); }

 private:
  Pool* pool_ = nullptr;
  Connection* connection_ = nullptr;
};

class [[nodiscard]] Pool::BorrowAwaiter : public Awaiter<Pool::BorrowAwaiter, Pool::Lease> {
 public:
  explicit BorrowAwaiter(Pool& pool) : pool_(pool) {}

 private:
  friend class Pool;
  friend class Awaiter<BorrowAwaiter, Lease>;
  friend class TryAwaiter<BorrowAwaiter, Lease>;
  std::optional<absl::Status> Begin();
  Lease Take() { return Lease(pool_, *connection_); }

  Pool& pool_;
  Connection* connection_ = nullptr;
  int64_t patient_until_ns_ = 0;
  BorrowAwaiter* older_ = nullptr;  // neighbours in line
  BorrowAwaiter* newer_ = nullptr;
};

}  // namespace rcb

#endif  // RCB_COMMON_REDIS_POOL_H_
