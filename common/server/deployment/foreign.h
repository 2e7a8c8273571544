// The user's server, on which we leave nothing behind.

#ifndef RCB_COMMON_SERVER_DEPLOYMENT_FOREIGN_H_
#define RCB_COMMON_SERVER_DEPLOYMENT_FOREIGN_H_

#include <memory>
#include <string>
#include <vector>

#include "common/redis/blocking_client.h"
#include "common/server/deployment/deployment.h"

namespace rcb {

class ForeignDeployment : public Deployment {
 public:
  static absl::StatusOr<std::unique_ptr<ForeignDeployment>> Open(const DeploymentOptions& options,
                                                                 const Identity& identity);
  // Cleans up, unless that was done and succeeded.
  ~ForeignDeployment() override;

  const Identity& identity() const override { return identity_; }
  const Endpoint& endpoint() const override { return endpoint_; }
  bool is_ours() const override { return false; }
  Permissions permissions() const override { return {.configure = options_.allow_config_changes}; }
  PrivateServer* private_server() override { return nullptr; }
  int generation() const override { return generation_; }
  const ServerFacts& facts() const override { return facts_; }
  absl::StatusOr<ServerFacts> FetchFacts() const override;
  absl::Status EnsureAlive() override;
  absl::Status CheckRoom(int64_t connections) const override;
  std::string WhyNotConfigure(const Settings& settings) override;
  absl::Status Configure(const Settings& settings) override;
  void NoteKeys(const std::vector<std::string>& keys) override {
    noted_keys_.insert(noted_keys_.end(), keys.begin(), keys.end());
  }
  absl::Status CleanUp() override;

 private:
  ForeignDeployment(const DeploymentOptions& options, const Identity& identity)
      : options_(options), identity_(identity) {}

  // Finds the address of the server's name that answers, and stays with it.
  absl::Status Reach();
  absl::StatusOr<BlockingClient> Connect() const;
  absl::Status Admit(BlockingClient& client);
  absl::Status ChangeSettings(const Settings& settings, BlockingClient& client);
  absl::Status PutBackSettings(const Settings& except, BlockingClient& client);
  absl::Status DeleteOurs(BlockingClient& client) const;
  absl::Status DeleteLibrary(BlockingClient& client) const;
  // An error about the user's server: it names --redis and says what to do.
  absl::Status Attribute(const absl::Status& status) const;

  const DeploymentOptions options_;
  const Identity identity_;
  Endpoint endpoint_;
  ServerFacts facts_;
  int generation_ = 0;
  Settings changed_;  // with their values before that
  std::vector<std::string> noted_keys_;
  bool is_clean_ = true;  // nothing of ours is on the server
};

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_DEPLOYMENT_FOREIGN_H_
