// The user's server, on which we leave nothing behind. That of an address; see followed.h for one
// that Sentinels name.

#ifndef RCB_COMMON_SERVER_DEPLOYMENT_FOREIGN_H_
#define RCB_COMMON_SERVER_DEPLOYMENT_FOREIGN_H_

#include <memory>
#include <string>
#include <utility>
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

 protected:
  // `uri`: what errors call it.
  ForeignDeployment(const DeploymentOptions& options, const Identity& identity, std::string uri)
      : options_(options), identity_(identity), uri_(std::move(uri)) {}

  const DeploymentOptions& options() const { return options_; }
  // Goes to the server at `endpoint`, which has to be one that can be benchmarked. Where it can't
  // be, we stay with the one before. Settings that were changed on that are put back.
  absl::Status MoveTo(const Endpoint& endpoint);
  // The same, without a look at it.
  void Point(const Endpoint& endpoint);
  // Looks whether the server answers, and is another process than before.
  absl::Status LookOnce();
  // Waits for a server that still loads its data.
  absl::StatusOr<BlockingClient> ConnectTo(const Endpoint& endpoint) const;
  // An error about the user's server: it names --redis and says what to do.
  absl::Status Attribute(const absl::Status& status) const;

 private:
  // Settings that were changed, with their values before that.
  struct Changed {
    Endpoint where;
    Settings settings;
  };

  // Finds the address of the server's name that answers, and stays with it.
  absl::Status Reach();
  absl::StatusOr<BlockingClient> Connect() const { return ConnectTo(endpoint_); }
  absl::Status Admit(BlockingClient& client);
  absl::Status ChangeSettings(const Settings& settings, BlockingClient& client);
  absl::Status PutBackSettings(const Settings& except, BlockingClient& client);
  absl::Status PutBackElsewhere();
  std::string DescribeChanged() const;
  absl::Status DeleteOurs(BlockingClient& client) const;
  absl::Status DeleteLibrary(BlockingClient& client) const;

  const DeploymentOptions options_;
  const Identity identity_;
  const std::string uri_;
  Endpoint endpoint_;
  ServerFacts facts_;
  int generation_ = 0;
  Settings changed_;                // on this server, with their values before that
  std::vector<Changed> elsewhere_;  // the same of servers that we have left
  std::vector<std::string> noted_keys_;
  bool is_clean_ = true;  // nothing of ours is on the server
};

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_DEPLOYMENT_FOREIGN_H_
