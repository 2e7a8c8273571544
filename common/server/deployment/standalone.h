// One server of our own, the default.

#ifndef RCB_COMMON_SERVER_DEPLOYMENT_STANDALONE_H_
#define RCB_COMMON_SERVER_DEPLOYMENT_STANDALONE_H_

#include <memory>
#include <string>
#include <vector>

#include "common/server/deployment/deployment.h"

namespace rcb {

// Clients that a server of ours takes besides those that the benchmarks open: for our own set-up
// connections and a curious redis-cli.
inline constexpr int kSpareClients = 32;

// "name value" each, as words of a server's command line.
std::vector<std::string> SettingsAsArguments(const std::vector<std::string>& options);

class StandaloneDeployment : public Deployment {
 public:
  static absl::StatusOr<std::unique_ptr<StandaloneDeployment>> Open(
      const DeploymentOptions& options, const Identity& identity);
  // One that is not started before the first EnsureAlive.
  static std::unique_ptr<StandaloneDeployment> Unstarted(const DeploymentOptions& options,
                                                         const Identity& identity);

  const Identity& identity() const override { return identity_; }
  const Endpoint& endpoint() const override { return endpoint_; }
  bool is_ours() const override { return true; }
  Permissions permissions() const override { return {.configure = true, .disrupt = true}; }
  PrivateServer* private_server() override { return server_.get(); }
  int generation() const override { return generation_; }
  const ServerFacts& facts() const override { return facts_; }
  absl::StatusOr<ServerFacts> FetchFacts() const override;
  absl::Status EnsureAlive() override;
  absl::Status CheckRoom(int64_t connections) const override;
  absl::Status CleanUp() override { return absl::OkStatus(); }

 private:
  StandaloneDeployment(const DeploymentOptions& options, const Identity& identity)
      : options_(options), identity_(identity) {}
  absl::Status Start();

  const DeploymentOptions options_;
  const Identity identity_;
  std::unique_ptr<PrivateServer> server_;
  Endpoint endpoint_;
  ServerFacts facts_;
  bool was_started_ = false;
  int generation_ = 0;
};

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_DEPLOYMENT_STANDALONE_H_
