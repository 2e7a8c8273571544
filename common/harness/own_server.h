// The server of ours that is started for rows with needs of their own: settings, few
// clients, faults.

#ifndef RCB_COMMON_HARNESS_OWN_SERVER_H_
#define RCB_COMMON_HARNESS_OWN_SERVER_H_

#include <memory>

#include "common/harness/spec.h"
#include "common/server/deployment/deployment.h"
#include "common/server/deployment/replicated.h"
#include "common/server/deployment/standalone.h"

namespace rcb {

// Whether a row with such needs runs on one. `is_ours`: the server under test is; settings of the
// user's server are changed instead.
bool NeedsOwnServer(const Requirements& needs, bool is_ours);

// Makes it; it starts with the first EnsureAlive. `options` are those of any server of ours.
std::unique_ptr<StandaloneDeployment> MakeOwnServer(const Requirements& needs,
                                                    DeploymentOptions options,
                                                    const Identity& identity);

// The same for rows that need replicas and Sentinels.
std::unique_ptr<ReplicatedDeployment> MakeReplicated(const Requirements& needs,
                                                     DeploymentOptions options,
                                                     const Identity& identity);

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_OWN_SERVER_H_
