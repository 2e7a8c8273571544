// What the tests of deployments share; a private server stands in for the user's.

#ifndef RCB_COMMON_SERVER_DEPLOYMENT_TEST_DEPLOYMENT_H_
#define RCB_COMMON_SERVER_DEPLOYMENT_TEST_DEPLOYMENT_H_

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "common/redis/blocking_client.h"
#include "common/server/deployment/deployment.h"
#include "common/server/private_server.h"
#include "gtest/gtest.h"

namespace rcb {

inline constexpr int kTimeoutMs = 5000;

inline std::unique_ptr<Deployment> MustOpen(const DeploymentOptions& options) {
  absl::StatusOr<std::unique_ptr<Deployment>> deployment = OpenDeployment(options);
  EXPECT_TRUE(deployment.ok()) << deployment.status();
  return deployment.ok() ? *std::move(deployment) : nullptr;
}

inline std::unique_ptr<PrivateServer> UsersServer(std::vector<std::string> extra_arguments = {},
                                                  int max_clients = 200) {
  PrivateServerOptions options;
  options.extra_arguments = std::move(extra_arguments);
  options.max_clients = max_clients;
  absl::StatusOr<std::unique_ptr<PrivateServer>> server = PrivateServer::Start(options);
  EXPECT_TRUE(server.ok()) << server.status();
  return server.ok() ? *std::move(server) : nullptr;
}

inline DeploymentOptions OptionsFor(PrivateServer& server, int max_clients = 50) {
  DeploymentOptions options;
  options.redis_uri = server.tcp_endpoint().ToString();
  options.max_clients = max_clients;
  return options;
}

inline BlockingClient Client(const Endpoint& endpoint) {
  absl::StatusOr<BlockingClient> client = BlockingClient::Connect(endpoint, kTimeoutMs);
  EXPECT_TRUE(client.ok()) << client.status();
  return *std::move(client);
}

inline Reply Must(BlockingClient& client, const std::vector<std::string>& command) {
  absl::StatusOr<Reply> reply = client.Command(command);
  EXPECT_TRUE(reply.ok()) << reply.status();
  return reply.ok() ? *std::move(reply) : Reply();
}

inline std::set<std::string> Texts(const Reply& array) {
  std::set<std::string> texts;
  for (const Reply& element : array.elements()) texts.insert(element.text());
  return texts;
}

// Opening must fail, in one line that names the flag.
inline absl::Status Refusal(const DeploymentOptions& options) {
  const absl::Status status = OpenDeployment(options).status();
  EXPECT_FALSE(status.ok());
  EXPECT_TRUE(absl::StartsWith(status.message(), "--redis")) << status;
  EXPECT_FALSE(absl::StrContains(status.message(), "\n")) << status;
  return status;
}

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_DEPLOYMENT_TEST_DEPLOYMENT_H_
