// The pool against scripted peers: no server is needed.

#include "common/redis/pool.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "common/measure/clock.h"
#include "common/redis/scripted_peer.h"
#include "common/redis/test_client.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Order = PoolOptions::Order;

constexpr int64_t kNsPerMs = 1'000'000;

void GreetAndWait(PeerConnection& client) {
  client.Greet();
  client.ExpectClosed();
}

// What a full server does.
void Refuse(PeerConnection& client) {
  client.Send("-ERR max number of clients reached\r\n");
  client.Close();
}

// A pool on a loop, and a log of what its borrowers do.
class PoolTest : public testing::Test {
 protected:
  // Of as many connections, all of which are open unless the scripts say otherwise.
  void Start(std::vector<PeerScript> scripts, size_t connections, const PoolOptions& pool_options) {
    peer_ = std::make_unique<ScriptedPeer>(ScriptedPeer::Transport::kTcp, std::move(scripts));
    options_.address = peer_->address();
    for (size_t i = 0; i < connections; ++i) {
      connections_.push_back(std::make_unique<Connection>(loop_, options_, digests_, /*seed=*/i));
    }
    pool_options_ = pool_options;
  }
  void Open(size_t index) {
    ASSERT_EQ(RunOn(loop_, connections_[index]->ConnectOnce()), absl::OkStatus());
  }
  void MakePool() { pool_.emplace(loop_, connections_, pool_options_); }

  // Borrows, keeps the connection for so long and gives it back.
  Task<void> Use(std::string name, int64_t hold_ms) {
    {
      absl::StatusOr<Pool::Lease> lease = co_await Try(pool_->Borrow());
      if (!lease.ok()) {
        log_.push_back(name + (absl::IsDeadlineExceeded(lease.status()) ? " gave up" : " failed"));
        co_return;
      }
      log_.push_back(name);
      static_cast<void>(co_await Try(loop_.Sleep(hold_ms * kNsPerMs)));
    }
  }
  // Borrows, and loses the connection.
  Task<void> UseAndClose() {
    absl::StatusOr<Pool::Lease> lease = co_await Try(pool_->Borrow());
    EXPECT_TRUE(lease.ok());
    (*lease)->Close();
  }

  void ExpectAllBack() {
    EXPECT_EQ(pool_->in_use(), 0);
    EXPECT_EQ(pool_->waiting(), 0);
    EXPECT_EQ(pool_->opening(), 0);
    EXPECT_EQ(pool_->idle() + pool_->closed(), pool_->size());
  }

  Loop loop_;
  ConnectionOptions options_;
  ScriptDigests digests_;
  std::unique_ptr<ScriptedPeer> peer_;
  std::vector<std::unique_ptr<Connection>> connections_;
  PoolOptions pool_options_;
  std::optional<Pool> pool_;
  std::vector<std::string> log_;
};

TEST_F(PoolTest, ServesTheOldestFirst) {
  Start({GreetAndWait}, 1, {});
  Open(0);
  MakePool();
  for (const char* const name : {"a", "b", "c", "d"}) loop_.Spawn(Use(name, 1));
  EXPECT_EQ(pool_->waiting(), 3);
  EXPECT_EQ(pool_->in_use(), 1);
  loop_.Run();
  EXPECT_THAT(log_, ElementsAre("a", "b", "c", "d"));
  ExpectAllBack();
}

TEST_F(PoolTest, ServesTheNewestFirst) {
  Start({GreetAndWait}, 1, {.order = Order::kNewestFirst});
  Open(0);
  MakePool();
  for (const char* const name : {"a", "b", "c", "d"}) loop_.Spawn(Use(name, 1));
  loop_.Run();
  EXPECT_THAT(log_, ElementsAre("a", "d", "c", "b"));
  ExpectAllBack();
}

// The second connection is to another peer, for a peer plays its scripts in turn.
TEST_F(PoolTest, LendsTheConnectionThatCameBackLast) {
  ScriptedPeer other(GreetAndWait);
  ConnectionOptions to_other;
  to_other.address = other.address();
  Start({GreetAndWait}, 1, {});
  connections_.push_back(std::make_unique<Connection>(loop_, to_other, digests_, /*seed=*/1));
  Open(0);
  Open(1);
  MakePool();
  Connection* last = nullptr;
  const auto borrow = [this](Connection** connection, int64_t hold_ms) -> Task<void> {
    absl::StatusOr<Pool::Lease> lease = co_await Try(pool_->Borrow());
    EXPECT_TRUE(lease.ok());
    *connection = &**lease;
    static_cast<void>(co_await Try(loop_.Sleep(hold_ms * kNsPerMs)));
  };
  Connection* first = nullptr;
  loop_.Spawn(borrow(&first, 5));
  loop_.Spawn(borrow(&last, 10));
  loop_.Run();
  EXPECT_NE(first, last);
  Connection* again = nullptr;
  loop_.Spawn(borrow(&again, 0));
  loop_.Run();
  EXPECT_EQ(again, last);
  ExpectAllBack();
}

TEST_F(PoolTest, WhoWaitsTooLongGivesUp) {
  Start({GreetAndWait}, 1, {.max_wait_ms = 5});
  Open(0);
  MakePool();
  const int64_t start_ns = NowNs();
  loop_.Spawn(Use("a", 40));
  loop_.Spawn(Use("b", 0));
  loop_.Spawn(Use("c", 0));
  loop_.Run();
  EXPECT_THAT(log_, ElementsAre("a", "b gave up", "c gave up"));
  EXPECT_GE(NowNs() - start_ns, 5 * kNsPerMs);
  ExpectAllBack();
}

TEST_F(PoolTest, WhoGaveUpLeavesTheLineInOrder) {
  for (const Order order : {Order::kOldestFirst, Order::kNewestFirst}) {
    connections_.clear();
    pool_.reset();
    log_.clear();
    Start({GreetAndWait}, 1, {.order = order, .max_wait_ms = 30});
    Open(0);
    MakePool();
    const auto come_later = [this]() -> Task<void> {
      static_cast<void>(co_await Try(loop_.Sleep(25 * kNsPerMs)));
      loop_.Spawn(Use("c", 0));
      loop_.Spawn(Use("d", 0));
    };
    loop_.Spawn(Use("a", 40));
    loop_.Spawn(Use("b", 0));
    loop_.Spawn(come_later());
    loop_.Run();
    const bool oldest_first = order == Order::kOldestFirst;
    EXPECT_THAT(log_,
                ElementsAre("a", "b gave up", oldest_first ? "c" : "d", oldest_first ? "d" : "c"));
    ExpectAllBack();
  }
}

TEST_F(PoolTest, ReplacesAConnectionThatIsClosedOnceSomebodyWaits) {
  Start({GreetAndWait, GreetAndWait}, 1, {});
  Open(0);
  MakePool();
  loop_.Spawn(UseAndClose());
  loop_.Run();
  EXPECT_EQ(pool_->closed(), 1);
  loop_.Spawn(Use("a", 0));
  loop_.Spawn(Use("b", 0));
  loop_.Run();
  EXPECT_THAT(log_, ElementsAre("a", "b"));
  EXPECT_EQ(pool_->refusals(), 0);
  EXPECT_THAT(pool_->recoveries_ns(), IsEmpty());
  EXPECT_EQ(pool_->idle(), 1);
  ExpectAllBack();
}

TEST_F(PoolTest, ReplacesAConnectionThatIsClosedForThoseWhoWaitAlready) {
  Start({GreetAndWait, GreetAndWait}, 1, {.max_wait_ms = 1000});
  Open(0);
  MakePool();
  const auto hold_and_close = [this]() -> Task<void> {
    absl::StatusOr<Pool::Lease> lease = co_await Try(pool_->Borrow());
    EXPECT_TRUE(lease.ok());
    static_cast<void>(co_await Try(loop_.Sleep(1 * kNsPerMs)));
    (*lease)->Close();
  };
  loop_.Spawn(hold_and_close());
  loop_.Spawn(Use("a", 0));
  loop_.Spawn(Use("b", 0));
  EXPECT_EQ(pool_->waiting(), 2);
  loop_.Run();
  EXPECT_THAT(log_, ElementsAre("a", "b"));
  ExpectAllBack();
}

TEST_F(PoolTest, AnIdleConnectionThatTheServerClosedIsNotLent) {
  Start({[](PeerConnection& client) {
           client.Greet();
           client.Close();
         },
         GreetAndWait},
        1, {});
  Open(0);
  MakePool();
  const auto wait_for_end = [this]() -> Task<void> {
    while (connections_[0]->connected()) static_cast<void>(co_await Try(loop_.Sleep(1 * kNsPerMs)));
  };
  loop_.Spawn(wait_for_end());
  loop_.Run();
  EXPECT_EQ(pool_->idle(), 1);
  loop_.Spawn(Use("a", 0));
  loop_.Run();
  EXPECT_THAT(log_, ElementsAre("a"));
  EXPECT_TRUE(connections_[0]->connected());
  ExpectAllBack();
}

TEST_F(PoolTest, TriesAgainWhereTheServerIsFull) {
  Start({Refuse, Refuse, GreetAndWait}, 1, {});
  MakePool();
  loop_.Spawn(Use("a", 0));
  loop_.Spawn(Use("b", 0));
  loop_.Run();
  EXPECT_THAT(log_, ElementsAre("a", "b"));
  EXPECT_EQ(pool_->refusals(), 2);
  ASSERT_EQ(pool_->recoveries_ns().size(), 1U);
  EXPECT_GT(pool_->recoveries_ns()[0], 2 * kNsPerMs);
  ExpectAllBack();
}

TEST_F(PoolTest, OneConnectionThatIsRefusedDoesNotHoldUpTheOthers) {
  Start({GreetAndWait, Refuse, Refuse, Refuse, Refuse, Refuse, Refuse, Refuse, Refuse}, 2, {});
  Open(0);
  MakePool();
  for (const char* const name : {"a", "b", "c"}) loop_.Spawn(Use(name, 2));
  EXPECT_EQ(pool_->opening(), 1);
  loop_.Run();
  EXPECT_THAT(log_, ElementsAre("a", "b", "c"));
  EXPECT_EQ(pool_->closed(), 1);
  ExpectAllBack();
}

TEST_F(PoolTest, WhoWaitsForARefusingServerGivesUp) {
  const RefusingAddress nobody;
  Start({}, 1, {.max_wait_ms = 10});
  options_.address = nobody.address();
  MakePool();
  loop_.Spawn(Use("a", 0));
  loop_.Run();
  EXPECT_THAT(log_, ElementsAre("a gave up"));
  EXPECT_GT(pool_->refusals(), 0);
  ExpectAllBack();
}

TEST_F(PoolTest, CancellingTheLoopEndsAllWaits) {
  Start({GreetAndWait}, 1, {});
  Open(0);
  MakePool();
  const auto keep = [this]() -> Task<void> {
    absl::StatusOr<Pool::Lease> lease = co_await Try(pool_->Borrow());
    lease->Keep();
  };
  loop_.Spawn(keep());
  loop_.Spawn(Use("a", 0));
  loop_.Spawn(Use("b", 0));
  loop_.Cancel();
  loop_.Run();
  loop_.Spawn(Use("c", 0));
  EXPECT_THAT(log_, ElementsAre("a failed", "b failed", "c failed"));
  EXPECT_EQ(pool_->waiting(), 0);
}

TEST_F(PoolTest, WhoDoesNotWaitGetsAConnectionThatIsNotLentOrNone) {
  Start({GreetAndWait}, 1, {});
  Open(0);
  MakePool();
  {
    const std::optional<Pool::Lease> first = pool_->TryBorrow();
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(&**first, connections_[0].get());
    EXPECT_FALSE(pool_->TryBorrow().has_value());
    EXPECT_EQ(pool_->in_use(), 1);
  }
  connections_[0]->Close();
  {
    const std::optional<Pool::Lease> closed = pool_->TryBorrow();
    ASSERT_TRUE(closed.has_value()) << "nobody else would connect it";
    EXPECT_FALSE((*closed)->connected());
    EXPECT_FALSE(pool_->TryBorrow().has_value());
    EXPECT_EQ(pool_->in_use(), 1);
  }
  EXPECT_EQ(pool_->closed(), 1);
  ExpectAllBack();
}

TEST_F(PoolTest, ClosesThoseThatAreIdle) {
  Start({GreetAndWait, GreetAndWait}, 1, {});
  Open(0);
  MakePool();
  pool_->CloseIdle();
  EXPECT_FALSE(connections_[0]->connected());
  EXPECT_EQ(pool_->closed(), 1);
  loop_.Spawn(Use("a", 0));
  loop_.Run();
  EXPECT_THAT(log_, ElementsAre("a"));
  ExpectAllBack();
}

TEST_F(PoolTest, WhatIsKeptIsMissing) {
  Start({GreetAndWait}, 1, {});
  Open(0);
  MakePool();
  const auto keep = [this]() -> Task<void> {
    absl::StatusOr<Pool::Lease> lease = co_await Try(pool_->Borrow());
    EXPECT_TRUE(lease.ok());
    EXPECT_EQ(&lease->Keep(), connections_[0].get());
  };
  loop_.Spawn(keep());
  EXPECT_EQ(pool_->in_use(), 1);
  EXPECT_EQ(pool_->idle(), 0);
  pool_->GiveBack(*connections_[0]);
  ExpectAllBack();
}

}  // namespace
}  // namespace rcb
