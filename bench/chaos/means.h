// What Chaos can do to a server of ours and to the network before it.

#ifndef RCB_BENCH_CHAOS_MEANS_H_
#define RCB_BENCH_CHAOS_MEANS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/fault/fault_runner.h"
#include "common/fault/proxy.h"
#include "common/fault/schedule.h"
#include "common/harness/scenario.h"
#include "common/server/private_server.h"

namespace rcb::chaos {

// All kinds of fault, and how long those last that are drawn. None loses data that was
// acknowledged: what an empty cache does is judged by Cold and Outage.
const std::vector<FaultKind>& Kinds();

// Does them. Thread rule: FaultMeans.
class Means final : public FaultMeans {
 public:
  // All arguments outlive it. While it does something, nobody else uses the proxy or the server.
  Means(const RunPlan& plan, Proxy& proxy, PrivateServer& server)
      : plan_(plan), proxy_(proxy), server_(server) {}

  absl::Status Begin(const Fault& fault) override;
  absl::Status End(const Fault& fault) override;

 private:
  absl::Status SetNetwork();
  absl::Status Tell(const std::vector<std::string>& command);

  const RunPlan& plan_;
  Proxy& proxy_;
  PrivateServer& server_;
  std::vector<Fault> spoilt_;  // what of the network is in force
};

}  // namespace rcb::chaos

#endif  // RCB_BENCH_CHAOS_MEANS_H_
