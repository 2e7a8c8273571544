// What is done to a server on purpose.

#include <signal.h>

#include <cerrno>
#include <memory>
#include <string>
#include <thread>

#include "common/redis/blocking_client.h"
#include "common/server/private_server.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

constexpr int kTimeoutMs = 5000;

std::unique_ptr<PrivateServer> MustStart(const PrivateServerOptions& options) {
  absl::StatusOr<std::unique_ptr<PrivateServer>> server = PrivateServer::Start(options);
  EXPECT_TRUE(server.ok()) << server.status();
  return server.ok() ? *std::move(server) : nullptr;
}

TEST(PrivateServerFaultTest, IsKilledAndStartsAgainWithItsFilesAndAddresses) {
  PrivateServerOptions options;
  options.extra_arguments = {"--appendonly", "yes", "--appendfsync", "always"};
  const auto server = MustStart(options);
  const pid_t first = server->pid();
  const Endpoint endpoint = server->tcp_endpoint();
  absl::StatusOr<BlockingClient> client = BlockingClient::Connect(endpoint, kTimeoutMs);
  ASSERT_TRUE(client.ok()) << client.status();
  ASSERT_TRUE(client->Command({"SET", "key", "kept"}).ok());
  ASSERT_EQ(server->Kill(), absl::OkStatus());
  EXPECT_EQ(kill(first, 0), -1);
  EXPECT_EQ(errno, ESRCH);
  EXPECT_FALSE(server->IsAlive());
  EXPECT_EQ(server->Kill().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(server->Pause().code(), absl::StatusCode::kFailedPrecondition);
  // From a thread that ends: the server stays.
  absl::Status started;
  std::thread([&] { started = server->Relaunch(); }).join();
  ASSERT_EQ(started, absl::OkStatus());
  ASSERT_EQ(server->AwaitAnswer(), absl::OkStatus());
  EXPECT_NE(server->pid(), first);
  EXPECT_EQ(server->facts().process_id, server->pid());
  client = BlockingClient::Connect(endpoint, kTimeoutMs);
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ(client->Command({"GET", "key"})->text(), "kept");
}

TEST(PrivateServerFaultTest, IsSilentWhilePausedAndGoesOn) {
  const auto server = MustStart({});
  absl::StatusOr<BlockingClient> client = BlockingClient::Connect(server->tcp_endpoint(), 200);
  ASSERT_TRUE(client.ok()) << client.status();
  ASSERT_EQ(server->Pause(), absl::OkStatus());
  EXPECT_TRUE(server->IsAlive());
  EXPECT_EQ(client->Command({"PING"}).status().code(), absl::StatusCode::kDeadlineExceeded);
  ASSERT_EQ(server->Resume(), absl::OkStatus());
  client = BlockingClient::Connect(server->tcp_endpoint(), kTimeoutMs);
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_TRUE(client->Command({"PING"}).ok());
}

}  // namespace
}  // namespace rcb
