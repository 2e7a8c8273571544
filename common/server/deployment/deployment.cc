#include "common/server/deployment/deployment.h"

#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/redis/sentinel_uri.h"
#include "common/server/deployment/followed.h"
#include "common/server/deployment/foreign.h"
#include "common/server/deployment/standalone.h"

namespace rcb {
namespace {

template <typename D>
absl::StatusOr<std::unique_ptr<Deployment>> Open(const DeploymentOptions& options,
                                                 const Identity& identity) {
  absl::StatusOr<std::unique_ptr<D>> deployment = D::Open(options, identity);
  if (!deployment.ok()) return deployment.status();
  return *std::move(deployment);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Deployment>> OpenDeployment(const DeploymentOptions& options) {
  uint64_t random = 0;
  if (getentropy(&random, sizeof(random)) != 0) {
    return absl::UnavailableError("the operating system has no random bytes (getentropy)");
  }
  const std::string digits = absl::StrCat(absl::Hex(random, absl::kZeroPad16));
  const Identity identity{absl::StrCat(options.key_prefix, digits, ":"),
                          absl::StrCat("rcb_", digits)};
  if (options.redis_uri.empty()) return Open<StandaloneDeployment>(options, identity);
  if (IsSentinelUri(options.redis_uri)) return Open<FollowedDeployment>(options, identity);
  return Open<ForeignDeployment>(options, identity);
}

}  // namespace rcb
