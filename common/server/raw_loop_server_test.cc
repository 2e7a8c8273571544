// RawLoop on a real server, which has counted the operations itself.

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/redis/address.h"
#include "common/redis/blocking_client.h"
#include "common/redis/command.h"
#include "common/redis/raw_loop.h"
#include "common/server/private_server.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

constexpr int kTimeoutMs = 10'000;

bool Never() { return false; }

TEST(RawLoopServer, IsDrivenWithExactlyTheOperationsAskedFor) {
  auto server = PrivateServer::Start(PrivateServerOptions());
  ASSERT_TRUE(server.ok()) << server.status();
  const Endpoint endpoint = (*server)->tcp_endpoint();
  absl::StatusOr<BlockingClient> client = BlockingClient::Connect(endpoint, kTimeoutMs);
  ASSERT_TRUE(client.ok()) << client.status();
  const absl::StatusOr<Address> address = Resolve(endpoint);
  ASSERT_TRUE(address.ok()) << address.status();
  absl::StatusOr<std::unique_ptr<RawLoop>> loop = RawLoop::Open(*address, 50);
  ASSERT_TRUE(loop.ok()) << loop.status();
  const std::string incr = Command("INCRBY", "key", 1).bytes();
  const size_t reply_size = sizeof(":100001\r\n") - 1;
  for (const int64_t operations : {1, 49, 50, 51, 10'000}) {
    ASSERT_TRUE(client->Command({"SET", "key", "100000"}).ok());
    EXPECT_EQ((*loop)->Drive(incr, reply_size, operations, kTimeoutMs, Never), absl::OkStatus());
    const absl::StatusOr<Reply> value = client->Command({"GET", "key"});
    ASSERT_TRUE(value.ok()) << value.status();
    EXPECT_EQ(value->text(), absl::StrCat(100'000 + operations));
  }
}

}  // namespace
}  // namespace rcb
