// A deployment with several servers of our own besides, which know nothing of each other: the nodes
// of a quorum.

#ifndef RCB_COMMON_SERVER_DEPLOYMENT_QUORUM_H_
#define RCB_COMMON_SERVER_DEPLOYMENT_QUORUM_H_

#include <memory>
#include <string>
#include <vector>

#include "common/server/deployment/deployment.h"

namespace rcb {

// The nodes are started by the first EnsureAlive, and stop with this object.
class QuorumDeployment : public Deployment {
 public:
  // `primary`, which outlives this, has the server under test. `options`: binary, cancellation, and
  // the connections that each of the `node_count` nodes takes.
  QuorumDeployment(Deployment& primary, const DeploymentOptions& options, int node_count);

  const Identity& identity() const override { return primary_.identity(); }
  std::string MakeRunPrefix() override { return primary_.MakeRunPrefix(); }
  const Endpoint& endpoint() const override { return primary_.endpoint(); }
  std::vector<Endpoint> nodes() const override;  // over TCP
  bool is_ours() const override { return primary_.is_ours(); }
  Permissions permissions() const override { return primary_.permissions(); }
  PrivateServer* private_server() override { return primary_.private_server(); }
  ReplicatedDeployment* replicated() override { return primary_.replicated(); }
  int generation() const override { return primary_.generation() + node_generation_; }
  const ServerFacts& facts() const override { return primary_.facts(); }
  absl::StatusOr<ServerFacts> FetchFacts() const override { return primary_.FetchFacts(); }
  absl::Status EnsureAlive() override;
  std::string sentinel_name() const override { return primary_.sentinel_name(); }
  const Failovers& failovers() const override { return primary_.failovers(); }
  void LookForFailover() override { primary_.LookForFailover(); }
  bool HasFailedOver() const override { return primary_.HasFailedOver(); }
  absl::Status Recover() override { return primary_.Recover(); }
  absl::Status CheckRoom(int64_t connections) const override {
    return primary_.CheckRoom(connections);
  }
  std::string WhyNotConfigure(const Settings& settings) override {
    return primary_.WhyNotConfigure(settings);
  }
  absl::Status Configure(const Settings& settings) override { return primary_.Configure(settings); }
  void NoteKeys(const std::vector<std::string>& keys) override { primary_.NoteKeys(keys); }
  absl::Status CleanUp() override { return primary_.CleanUp(); }

  const Deployment& primary() const { return primary_; }
  int node_count() const { return static_cast<int>(nodes_.size()); }
  // Null where a node has not been started.
  PrivateServer* node(int index) { return nodes_[static_cast<size_t>(index)].get(); }

 private:
  bool Answers(PrivateServer* node) const;

  Deployment& primary_;
  const DeploymentOptions options_;
  std::vector<std::unique_ptr<PrivateServer>> nodes_;
  int node_generation_ = 0;
};

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_DEPLOYMENT_QUORUM_H_
