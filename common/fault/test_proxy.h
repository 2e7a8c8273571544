// For tests of the proxy: one between clients and a real server, which tells what arrived.

#ifndef RCB_COMMON_FAULT_TEST_PROXY_H_
#define RCB_COMMON_FAULT_TEST_PROXY_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/fault/proxy.h"
#include "common/measure/clock.h"
#include "common/redis/blocking_client.h"
#include "common/redis/test_client.h"
#include "common/server/private_server.h"
#include "gtest/gtest.h"

namespace rcb {

inline constexpr int64_t kMsNs = 1'000'000;
inline constexpr int kTimeoutMs = 10'000;
inline constexpr int64_t kShortMs = 100;

class ProxyTest : public testing::Test {
 protected:
  void SetUp() override {
    auto server = PrivateServer::Start(PrivateServerOptions());
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    const absl::StatusOr<Address> address = Resolve(server_->tcp_endpoint());
    ASSERT_TRUE(address.ok()) << address.status();
    StartProxy(*address);
    auto direct = BlockingClient::Connect(server_->tcp_endpoint(), kTimeoutMs);
    ASSERT_TRUE(direct.ok()) << direct.status();
    direct_ = std::make_unique<BlockingClient>(*std::move(direct));
  }

  void StartProxy(const Address& address) {
    auto proxy = Proxy::Start(address, /*seed=*/1);
    ASSERT_TRUE(proxy.ok()) << proxy.status();
    proxy_ = *std::move(proxy);
  }

  void Set(const ProxyFaults& faults) { ASSERT_EQ(proxy_->Set(faults), absl::OkStatus()); }

  absl::StatusOr<BlockingClient> Connect() {
    Endpoint endpoint;
    endpoint.host = "127.0.0.1";
    endpoint.port = proxy_->port();
    return BlockingClient::Connect(endpoint, kTimeoutMs);
  }

  // What the server itself says.
  std::string Ask(const std::vector<std::string>& command) {
    const absl::StatusOr<Reply> reply = direct_->Command(command);
    if (!reply.ok()) return reply.status().ToString();
    return reply->is_integer() ? absl::StrCat(reply->integer()) : std::string(reply->text());
  }

  std::unique_ptr<PrivateServer> server_;
  std::unique_ptr<Proxy> proxy_;
  std::unique_ptr<BlockingClient> direct_;
};

// Sends one command on its connection.
inline absl::Status RunOne(TestClient& client, const Command& command) {
  const auto run = [](Connection& redis, const Command& kept) -> Task<absl::Status> {
    co_await redis.Run(kept);
    co_return absl::OkStatus();
  };
  return client.Run(run(client.connection, command));
}

// The value of "connected_clients", which counts the asking one.
inline int64_t Clients(BlockingClient& direct) {
  const absl::StatusOr<Reply> list = direct.Command({"CLIENT", "LIST"});
  if (!list.ok()) return -1;
  return std::count(list->text().begin(), list->text().end(), '\n');
}

// Whether so many are there before the time is over.
inline bool SoonHas(BlockingClient& direct, int64_t clients) {
  const int64_t deadline_ns = NowNs() + kTimeoutMs * kMsNs;
  while (NowNs() < deadline_ns) {
    if (Clients(direct) == clients) return true;
  }
  return false;
}

}  // namespace rcb

#endif  // RCB_COMMON_FAULT_TEST_PROXY_H_
