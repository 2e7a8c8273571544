// The user's primary, which Sentinels of the user name, and another one after they have failed
// over. We neither break it nor change what the Sentinels do.
// https://redis.io/docs/reference/sentinel-clients

#ifndef RCB_COMMON_SERVER_DEPLOYMENT_FOLLOWED_H_
#define RCB_COMMON_SERVER_DEPLOYMENT_FOLLOWED_H_

#include <cstdint>
#include <memory>
#include <string>

#include "common/redis/primary_finder.h"
#include "common/redis/sentinel_uri.h"
#include "common/server/deployment/foreign.h"
#include "common/server/failover_watch.h"

namespace rcb {

class FollowedDeployment : public ForeignDeployment {
 public:
  static absl::StatusOr<std::unique_ptr<FollowedDeployment>> Open(const DeploymentOptions& options,
                                                                  const Identity& identity);
  // Cleans up, unless that was done and succeeded.
  ~FollowedDeployment() override;

  absl::Status EnsureAlive() override;
  std::string sentinel_name() const override { return sentinels_.primary_name; }
  const Failovers& failovers() const override { return failovers_; }
  void LookForFailover() override;
  bool HasFailedOver() const override { return watch_ != nullptr && watch_->has_news(); }
  absl::Status CleanUp() override;

 private:
  FollowedDeployment(const DeploymentOptions& options, const Identity& identity,
                     const SentinelUri& sentinels);

  // Goes to where the primary is, within this time.
  absl::Status Await(int64_t limit_ms);
  absl::Status Follow();
  absl::StatusOr<PrimaryPlace> FindNewest();
  Endpoint EndpointAt(const PrimaryPlace& place) const;
  absl::Status CheckIsPrimary(const Endpoint& endpoint);
  void NoteFailover(const Endpoint& from, const Endpoint& to);

  const SentinelUri sentinels_;
  PrimaryFinder finder_;
  PrimaryPlace place_;                    // of endpoint()
  std::unique_ptr<FailoverWatch> watch_;  // null before we have been somewhere
  Failovers failovers_;
  bool has_given_up_ = false;  // on a primary, the last time
};

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_DEPLOYMENT_FOLLOWED_H_
