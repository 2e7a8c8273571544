#include "common/harness/own_server.h"

#include "absl/strings/str_cat.h"

namespace rcb {
namespace {

void AddSettings(const Requirements& needs, DeploymentOptions* options) {
  for (const auto& [name, value] : needs.settings) {
    options->server_options.push_back(absl::StrCat(name, " ", value));
  }
}

}  // namespace

bool NeedsOwnServer(const Requirements& needs, bool is_ours) {
  return needs.own_server || needs.max_clients > 0 || (is_ours && !needs.settings.empty());
}

std::unique_ptr<StandaloneDeployment> MakeOwnServer(const Requirements& needs,
                                                    DeploymentOptions options,
                                                    const Identity& identity) {
  AddSettings(needs, &options);
  if (needs.max_clients > 0) options.max_clients = needs.max_clients - kSpareClients;
  return StandaloneDeployment::Unstarted(options, identity);
}

std::unique_ptr<ReplicatedDeployment> MakeReplicated(const Requirements& needs,
                                                     DeploymentOptions options,
                                                     const Identity& identity) {
  AddSettings(needs, &options);
  options.partitions = needs.partitions;
  return std::make_unique<ReplicatedDeployment>(options, identity);
}

}  // namespace rcb
