#include "common/server/node_group.h"

#include <utility>

#include "absl/status/statusor.h"
#include "common/redis/blocking_client.h"

namespace rcb {
namespace {

constexpr int kAnswerPatienceMs = 2000;

}  // namespace

absl::Status NodeGroup::Ensure(int count, int max_clients) {
  if (nodes_.size() < static_cast<size_t>(count)) nodes_.resize(static_cast<size_t>(count));
  for (std::unique_ptr<PrivateServer>& node : nodes_) {
    if (Answers(node.get(), max_clients)) continue;
    if (is_cancelled_ && is_cancelled_()) return absl::CancelledError("cancelled");
    node.reset();
    ++generation_;
    PrivateServerOptions options;
    options.binary = binary_;
    options.max_clients = max_clients;
    absl::StatusOr<std::unique_ptr<PrivateServer>> started = PrivateServer::Start(options);
    if (!started.ok()) return started.status();
    node = *std::move(started);
  }
  return absl::OkStatus();
}

bool NodeGroup::Answers(PrivateServer* node, int max_clients) const {
  if (node == nullptr || !node->IsAlive() || node->facts().max_clients < max_clients) return false;
  return BlockingClient::Connect(node->tcp_endpoint(), kAnswerPatienceMs, is_cancelled_).ok();
}

std::vector<Endpoint> NodeGroup::endpoints() const {
  std::vector<Endpoint> endpoints;
  for (const std::unique_ptr<PrivateServer>& node : nodes_) {
    if (node != nullptr) endpoints.push_back(node->tcp_endpoint());
  }
  return endpoints;
}

}  // namespace rcb
