// A primary, two replicas and three Sentinels of our own, which fail over when we break the
// primary.
//
// The replicas and the Sentinels, and clients that are told so, reach the first primary by a way
// that can be cut: what is left beside it is a minority. That way is the cable of a SplitNetwork,
// with the first primary alone on the island, or else a proxy.

#ifndef RCB_COMMON_SERVER_DEPLOYMENT_REPLICATED_H_
#define RCB_COMMON_SERVER_DEPLOYMENT_REPLICATED_H_

#include <memory>
#include <string>
#include <vector>

#include "common/fault/proxy.h"
#include "common/redis/blocking_client.h"
#include "common/server/deployment/deployment.h"
#include "common/server/private_server.h"
#include "common/server/sentinel.h"
#include "common/server/split_network.h"

namespace rcb {

// All processes start with the first EnsureAlive, again after faults, and stop with this object,
// or with the thread that started them.
class ReplicatedDeployment : public Deployment {
 public:
  static constexpr int kReplicas = 2;
  static constexpr int kSentinels = 3;
  static constexpr int64_t kDownAfterMs = 500;

  ReplicatedDeployment(const DeploymentOptions& options, const Identity& identity)
      : options_(options), identity_(identity), partitions_(options.partitions) {}

  const Identity& identity() const override { return identity_; }
  // The first primary, as one reaches it who is beside it; after Recover, the primary.
  const Endpoint& endpoint() const override { return endpoint_; }
  bool is_ours() const override { return true; }
  Permissions permissions() const override { return {.configure = true, .disrupt = true}; }
  PrivateServer* private_server() override { return primary_.get(); }
  ReplicatedDeployment* replicated() override { return this; }
  int generation() const override { return generation_; }
  const ServerFacts& facts() const override { return facts_; }
  absl::StatusOr<ServerFacts> FetchFacts() const override;
  absl::Status EnsureAlive() override;
  absl::Status CheckRoom(int64_t connections) const override;
  absl::Status Recover() override;
  absl::Status CleanUp() override { return absl::OkStatus(); }

  const std::string& primary_name() const { return sentinel_options_.primary_name; }
  std::vector<Endpoint> sentinels() const;
  // The first primary, by the way that can be cut.
  Endpoint outside_endpoint() const;
  // What cuts that way, known after the first EnsureAlive; and why it is a proxy where a network
  // would have been preferred, in one line, or empty.
  Partitions partitions() const { return partitions_; }
  const std::string& why_proxy() const { return why_proxy_; }

  // Faults. From any one thread at a time, after EnsureAlive.
  // Cuts the first primary off from all that reach it by outside_endpoint(): nothing gets through,
  // and nobody is told.
  absl::Status CutOff();
  // Kills it.
  absl::Status KillPrimary();
  // Asks a Sentinel to fail over now (SENTINEL FAILOVER).
  absl::Status FailOver();

 private:
  absl::Status Start();
  absl::Status StartPrimary();
  absl::Status LayNetwork();
  absl::Status Mend();
  absl::StatusOr<std::unique_ptr<PrivateServer>> StartServer(const Site& site,
                                                             const std::string& replica_of) const;
  absl::Status StartSentinels();
  absl::Status AwaitReplicas() const;
  absl::Status AwaitSentinels() const;
  absl::StatusOr<Endpoint> AskSentinels() const;
  void Stop();

  const DeploymentOptions options_;
  const Identity identity_;
  SentinelOptions sentinel_options_;
  Partitions partitions_;
  std::string why_proxy_;
  // In the order in which they start, so that they end the other way round.
  std::unique_ptr<SplitNetwork> network_;
  std::unique_ptr<PrivateServer> primary_;
  std::unique_ptr<Proxy> proxy_;  // where there is no network
  std::vector<std::unique_ptr<PrivateServer>> replicas_;
  std::vector<std::unique_ptr<Sentinel>> sentinels_;
  Endpoint endpoint_;
  ServerFacts facts_;
  bool is_broken_ = false;
  bool was_started_ = false;
  int generation_ = 0;
};

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_DEPLOYMENT_REPLICATED_H_
