// On which servers the rows of a suite run.

#include <memory>

#include "common/harness/interrupt.h"
#include "common/harness/own_server.h"
#include "common/harness/suite.h"

namespace rcb {

// Further servers are started for the rows that need them only.
Deployment& Suite::DeploymentFor(const BenchmarkSpec& spec) {
  Deployment& primary = PrimaryFor(spec.needs);
  if (spec.needs.quorum_nodes == 0) return primary;
  const bool is_right = quorum_ != nullptr && &quorum_->primary() == &primary &&
                        quorum_->node_count() == spec.needs.quorum_nodes;
  if (!is_right) {
    DeploymentOptions nodes;
    nodes.server_binary = options_.redis_server;
    nodes.max_clients = static_cast<int>(selection_.max_sockets);  // also of rows elsewhere
    nodes.is_cancelled = IsInterrupted;
    quorum_ = std::make_unique<QuorumDeployment>(primary, nodes, spec.needs.quorum_nodes);
  }
  return *quorum_;
}

// What has the server under test.
Deployment& Suite::PrimaryFor(const Requirements& needs) {
  if (needs.replicated) return ReplicatedFor(needs);
  return NeedsOwnServer(needs, deployment_.is_ours()) ? ServerFor(needs) : deployment_;
}

// A server of ours for such rows, which stays while they need the same. It starts with the run.
Deployment& Suite::ServerFor(const Requirements& needs) {
  if (own_ != nullptr && own_settings_ == needs.settings && own_max_clients_ == needs.max_clients) {
    return *own_;
  }
  stage_.Close();  // its connections are to the server that ends here
  if (quorum_ != nullptr && &quorum_->primary() == own_.get()) quorum_.reset();
  own_ = MakeOwnServer(needs, OwnOptions(), deployment_.identity());
  own_settings_ = needs.settings;
  own_max_clients_ = needs.max_clients;
  return *own_;
}

Deployment& Suite::ReplicatedFor(const Requirements& needs) {
  if (replicated_ == nullptr || replicated_settings_ != needs.settings) {
    stage_.Close();  // its connections are to servers that end here
    if (quorum_ != nullptr && &quorum_->primary() == replicated_.get()) quorum_.reset();
    replicated_ = MakeReplicated(needs, OwnOptions(), deployment_.identity());
    replicated_settings_ = needs.settings;
  }
  return *replicated_;
}

DeploymentOptions Suite::OwnOptions() const {
  DeploymentOptions options;
  options.server_binary = options_.redis_server;
  options.server_options = options_.server_options;
  options.use_unix_transport = options_.transport == "unix";
  options.max_clients = static_cast<int>(selection_.max_sockets);  // also of rows elsewhere
  options.is_cancelled = IsInterrupted;
  return options;
}

}  // namespace rcb
