// What becomes of connections at the proxy: how they end, are refused, and go elsewhere.

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/fault/test_proxy.h"
#include "common/redis/scripted_peer.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

TEST_F(ProxyTest, TellsTheServerOfAnEndOnceTheBlackholeIsOver) {
  ProxyFaults faults;
  faults.to_server.swallow = true;
  {
    absl::StatusOr<BlockingClient> client = Connect();
    ASSERT_TRUE(client.ok()) << client.status();
    Set(faults);
  }
  EXPECT_EQ(Clients(*direct_), 2);
  Set(ProxyFaults());
  EXPECT_TRUE(SoonHas(*direct_, 1));
}

TEST_F(ProxyTest, EndsBothConnectionsWhenTheClientCloses) {
  { ASSERT_TRUE(Connect().ok()); }
  EXPECT_TRUE(SoonHas(*direct_, 1));
}

TEST_F(ProxyTest, EndsTheClientsConnectionWhenTheServerCloses) {
  absl::StatusOr<BlockingClient> client = Connect();
  ASSERT_TRUE(client.ok()) << client.status();
  ASSERT_EQ(Ask({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"}), "1");
  EXPECT_EQ(client->Command({"PING"}).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(ProxyTest, RefusesNewConnectionsAndTakesThemAgainOnTheSamePort) {
  absl::StatusOr<BlockingClient> old = Connect();
  ASSERT_TRUE(old.ok()) << old.status();
  const int port = proxy_->port();
  ProxyFaults faults;
  faults.refuse = true;
  for (int i = 0; i < 3; ++i) {
    Set(faults);
    EXPECT_EQ(Connect().status().code(), absl::StatusCode::kUnavailable);
    EXPECT_TRUE(old->Command({"PING"}).ok());
    Set(ProxyFaults());
    EXPECT_TRUE(Connect().ok());
  }
  EXPECT_EQ(proxy_->port(), port);
}

TEST_F(ProxyTest, ResetsWhatIsOpenAndTakesNewConnections) {
  absl::StatusOr<BlockingClient> client = Connect();
  ASSERT_TRUE(client.ok()) << client.status();
  proxy_->ResetConnections();
  EXPECT_EQ(client->Command({"PING"}).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(SoonHas(*direct_, 1));
  EXPECT_TRUE(Connect().ok());
}

TEST_F(ProxyTest, SwitchesToAnotherServerAndLeavesNobodyWithTheFirst) {
  const auto other = PrivateServer::Start(PrivateServerOptions());
  ASSERT_TRUE(other.ok()) << other.status();
  absl::StatusOr<BlockingClient> client = Connect();
  ASSERT_TRUE(client.ok()) << client.status();
  proxy_->SwitchTo(*Resolve((*other)->tcp_endpoint()));
  EXPECT_EQ(client->Command({"PING"}).status().code(), absl::StatusCode::kUnavailable);
  absl::StatusOr<BlockingClient> next = Connect();
  ASSERT_TRUE(next.ok()) << next.status();
  ASSERT_TRUE(next->Command({"SET", "key", "1"}).ok());
  EXPECT_EQ(Ask({"EXISTS", "key"}), "0");
  EXPECT_TRUE(SoonHas(*direct_, 1));
}

TEST_F(ProxyTest, BreaksTheClientOffWhereNoServerListens) {
  RefusingAddress nobody;
  StartProxy(nobody.address());
  EXPECT_EQ(Connect().status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(ProxyTest, EndsWithConnectionsOpenAndBytesUnderWay) {
  ProxyFaults faults;
  faults.to_client.latency_ns = 60'000 * kMsNs;
  TestClient client(proxy_->address());
  client.options.op_timeout_ms = kShortMs;
  ASSERT_EQ(client.Connect(), absl::OkStatus());
  Set(faults);
  EXPECT_EQ(RunOne(client, Command("PING")).code(), absl::StatusCode::kDeadlineExceeded);
  absl::StatusOr<BlockingClient> open = absl::UnknownError("");
  Set(ProxyFaults());
  open = Connect();
  ASSERT_TRUE(open.ok());
  proxy_.reset();
  EXPECT_FALSE(open->Command({"PING"}).ok());
  EXPECT_TRUE(SoonHas(*direct_, 1));
}

}  // namespace
}  // namespace rcb
