#include "common/server/deployment/standalone.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"

namespace rcb {

std::vector<std::string> SettingsAsArguments(const std::vector<std::string>& options) {
  std::vector<std::string> arguments;
  for (const std::string& option : options) {
    std::vector<std::string> words = absl::StrSplit(option, ' ', absl::SkipEmpty());
    for (std::string& word : words) {
      if (word == "\"\"" || word == "''") word.clear();  // as configuration files spell it
    }
    words[0].insert(0, "--");
    arguments.insert(arguments.end(), words.begin(), words.end());
  }
  return arguments;
}

absl::StatusOr<std::unique_ptr<StandaloneDeployment>> StandaloneDeployment::Open(
    const DeploymentOptions& options, const Identity& identity) {
  std::unique_ptr<StandaloneDeployment> deployment = Unstarted(options, identity);
  const absl::Status started = deployment->Start();
  if (!started.ok()) return started;
  return deployment;
}

std::unique_ptr<StandaloneDeployment> StandaloneDeployment::Unstarted(
    const DeploymentOptions& options, const Identity& identity) {
  return std::unique_ptr<StandaloneDeployment>(new StandaloneDeployment(options, identity));
}

absl::Status StandaloneDeployment::Start() {
  PrivateServerOptions server_options;
  server_options.binary = options_.server_binary;
  server_options.max_clients = options_.max_clients + kSpareClients;
  server_options.extra_arguments = SettingsAsArguments(options_.server_options);
  absl::StatusOr<std::unique_ptr<PrivateServer>> server = PrivateServer::Start(server_options);
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  was_started_ = true;
  endpoint_ = options_.use_unix_transport ? server_->unix_endpoint() : server_->tcp_endpoint();
  facts_ = server_->facts();
  return absl::OkStatus();
}

absl::StatusOr<ServerFacts> StandaloneDeployment::FetchFacts() const {
  return FetchServerFacts(endpoint_, options_.is_cancelled);
}

absl::Status StandaloneDeployment::EnsureAlive() {
  if (server_ != nullptr && server_->IsAlive()) {
    absl::StatusOr<ServerFacts> facts = FetchFacts();
    if (facts.ok()) {
      facts_ = *std::move(facts);
      return absl::OkStatus();
    }
  }
  if (options_.is_cancelled && options_.is_cancelled()) return absl::CancelledError("cancelled");
  server_.reset();
  if (was_started_) ++generation_;
  return Start();
}

absl::Status StandaloneDeployment::CheckRoom(int64_t connections) const {
  return CheckRoomFor(connections, facts_);
}

}  // namespace rcb
