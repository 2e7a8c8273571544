#include "common/redis/pool.h"

#include <algorithm>
#include <cstdlib>

#include "common/measure/clock.h"

namespace rcb {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;
// Between tries of a connection that was refused.
constexpr int64_t kFirstBackoffNs = 1 * kNsPerMs;
constexpr int64_t kMaxBackoffNs = 50 * kNsPerMs;

}  // namespace

Pool::Pool(Loop& loop, absl::Span<const std::unique_ptr<Connection>> connections,
           const PoolOptions& options)
    : loop_(loop),
      options_(options),
      size_(static_cast<int64_t>(connections.size())),
      patience_(loop, [this] { OnPatience(); }) {
  for (const std::unique_ptr<Connection>& connection : connections) {
    (connection->connected() ? idle_ : closed_).push_back(connection.get());
  }
}

Pool::~Pool() {
  if (waiting_ != 0 || opening_ != 0) std::abort();  // this is our own bug
}

Pool::BorrowAwaiter Pool::Borrow() { return BorrowAwaiter(*this); }

std::optional<absl::Status> Pool::BorrowAwaiter::Begin() {
  if (pool_.loop_.cancelled()) return absl::CancelledError("cancelled");
  connection_ = pool_.TakeIdle();
  if (connection_ != nullptr) {
    ++pool_.in_use_;
    return absl::OkStatus();
  }
  pool_.Enter(*this);
  pool_.OpenMore();
  return std::nullopt;
}

std::optional<Pool::Lease> Pool::TryBorrow() {
  Connection* connection = TakeIdle();
  if (connection == nullptr) {
    if (closed_.empty()) return std::nullopt;
    connection = closed_.back();
    closed_.pop_back();
  }
  ++in_use_;
  return Lease(*this, *connection);
}

// Null where none is idle. The server may have closed some while they were.
Connection* Pool::TakeIdle() {
  while (!idle_.empty()) {
    Connection* const connection = idle_.back();
    idle_.pop_back();
    if (connection->connected()) return connection;
    closed_.push_back(connection);
  }
  return nullptr;
}

void Pool::GiveBack(Connection& connection) {
  --in_use_;
  if (connection.connected()) return HandOver(connection);
  closed_.push_back(&connection);
  OpenMore();
}

void Pool::CloseIdle() {
  for (Connection* const connection : idle_) {
    connection->Close();
    closed_.push_back(connection);
  }
  idle_.clear();
}

void Pool::HandOver(Connection& connection) {
  if (waiting_ == 0) {
    idle_.push_back(&connection);
    return;
  }
  const bool oldest_first = options_.order == PoolOptions::Order::kOldestFirst;
  BorrowAwaiter& next = oldest_first ? *oldest_ : *newest_;
  Leave(next);
  next.connection_ = &connection;
  ++in_use_;
  next.Complete(absl::OkStatus());
}

void Pool::OpenMore() {
  while (opening_ < waiting_ && !closed_.empty() && !loop_.cancelled()) {
    Connection* const connection = closed_.back();
    closed_.pop_back();
    ++opening_;
    loop_.Spawn(Open(*connection));
  }
}

Task<void> Pool::Open(Connection& connection) {
  const int64_t start_ns = NowNs();
  bool was_refused = false;
  int64_t backoff_ns = kFirstBackoffNs;
  while (waiting_ > 0 && !loop_.cancelled()) {
    const absl::Status connected = co_await Try(connection.ConnectOnce());
    if (connected.ok()) break;
    was_refused = true;
    ++refusals_;
    static_cast<void>(co_await Try(loop_.Sleep(backoff_ns)));
    backoff_ns = std::min(2 * backoff_ns, kMaxBackoffNs);
  }
  --opening_;
  if (!connection.connected()) {
    closed_.push_back(&connection);
    co_return;
  }
  if (was_refused) recoveries_ns_.push_back(NowNs() - start_ns);
  HandOver(connection);
}

void Pool::Enter(BorrowAwaiter& waiter) {
  waiter.patient_until_ns_ = NowNs() + options_.max_wait_ms * kNsPerMs;
  waiter.older_ = newest_;
  (newest_ == nullptr ? oldest_ : newest_->newer_) = &waiter;
  newest_ = &waiter;
  if (++waiting_ == 1) patience_.Start(waiter.patient_until_ns_);
}

void Pool::Leave(BorrowAwaiter& waiter) {
  (waiter.older_ == nullptr ? oldest_ : waiter.older_->newer_) = waiter.newer_;
  (waiter.newer_ == nullptr ? newest_ : waiter.newer_->older_) = waiter.older_;
  if (--waiting_ == 0) patience_.Stop();
}

// All wait equally long, so that the oldest is the first to give up. Who was served since the timer
// was set is not there any more.
void Pool::OnPatience() {
  while (waiting_ > 0 && (loop_.cancelled() || oldest_->patient_until_ns_ <= NowNs())) {
    BorrowAwaiter& impatient = *oldest_;
    Leave(impatient);
    impatient.Complete(loop_.cancelled()
                           ? absl::CancelledError("cancelled")
                           : absl::DeadlineExceededError("no connection of the pool was free"));
  }
  if (waiting_ > 0) patience_.Start(oldest_->patient_until_ns_);
}

}  // namespace rcb
