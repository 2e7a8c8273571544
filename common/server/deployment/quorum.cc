#include "common/server/deployment/quorum.h"

#include <utility>

#include "common/redis/blocking_client.h"

namespace rcb {
namespace {

constexpr int kAnswerTimeoutMs = 2000;
constexpr int kSpareClients = 32;

}  // namespace

QuorumDeployment::QuorumDeployment(Deployment& primary, const DeploymentOptions& options,
                                   int node_count)
    : primary_(primary), options_(options), nodes_(static_cast<size_t>(node_count)) {}

absl::Status QuorumDeployment::EnsureAlive() {
  const absl::Status alive = primary_.EnsureAlive();
  if (!alive.ok()) return alive;
  for (std::unique_ptr<PrivateServer>& node : nodes_) {
    if (Answers(node.get())) continue;
    if (options_.is_cancelled && options_.is_cancelled()) return absl::CancelledError("cancelled");
    if (node != nullptr) ++node_generation_;  // it has forgotten everything
    node.reset();
    PrivateServerOptions server_options;
    server_options.binary = options_.server_binary;
    server_options.max_clients = options_.max_clients + kSpareClients;
    absl::StatusOr<std::unique_ptr<PrivateServer>> started = PrivateServer::Start(server_options);
    if (!started.ok()) return started.status();
    node = *std::move(started);
  }
  return absl::OkStatus();
}

bool QuorumDeployment::Answers(PrivateServer* node) const {
  if (node == nullptr || !node->IsAlive()) return false;
  return BlockingClient::Connect(node->tcp_endpoint(), kAnswerTimeoutMs, options_.is_cancelled)
      .ok();
}

std::vector<Endpoint> QuorumDeployment::nodes() const {
  std::vector<Endpoint> endpoints;
  for (const std::unique_ptr<PrivateServer>& node : nodes_) {
    if (node != nullptr) endpoints.push_back(node->tcp_endpoint());
  }
  return endpoints;
}

}  // namespace rcb
