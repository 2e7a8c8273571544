// What Chaos can do to a server of ours, to the network before it, and to clients.

#ifndef RCB_BENCH_CHAOS_MEANS_H_
#define RCB_BENCH_CHAOS_MEANS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/chaos/client_faults.h"
#include "common/fault/fault_runner.h"
#include "common/fault/proxy.h"
#include "common/fault/schedule.h"
#include "common/harness/scenario.h"
#include "common/redis/reply.h"
#include "common/server/private_server.h"
#include "common/server/standby.h"

namespace rcb::chaos {

// How long locks last. Who dies holds others up for no longer, and of the faults that are drawn
// only the client that lingers is longer under way.
inline constexpr int64_t kLeaseMs = 1000;

inline constexpr char kFailover[] = "failover";
inline constexpr char kLinger[] = "linger";
inline constexpr char kFlush[] = "flush";

// All kinds of fault, and how long those last that are drawn. But for `flush`, none takes away what
// was acknowledged or a lock, so that what is safe has to stay so.
const std::vector<FaultKind>& Kinds();

// Faults are over so long before a run is, so that service can come back.
inline constexpr int64_t kCalmEndMs = 500;
// What the faults of a run of `run_ms` are drawn from.
ScheduleRange RangeOf(int64_t run_ms);

// What the faults are done to.
struct Ground {
  Proxy* proxy = nullptr;
  PrivateServer* server = nullptr;
  Standby* standby = nullptr;  // null where nothing fails over
  ClientFaults* clients = nullptr;
  std::string documents;  // the pattern of the names of all keys that are nothing but a cache
  // What has to be there with this value, also after a flush, as if from a backup.
  std::vector<std::string> foundation;
  std::string foundation_value;
};

// What was in the cache and was taken away between the two times.
struct CacheLoss {
  bool is_flush = false;  // all else was taken away as well
  std::vector<std::string> keys;
  int64_t invoke_ns = 0;
  int64_t return_ns = 0;
};

// Does them. Thread rule: FaultMeans.
class Means final : public FaultMeans {
 public:
  // `plan` and what the ground has outlive it. While it does something, nobody else uses these.
  Means(const RunPlan& plan, const Ground& ground) : plan_(plan), on_(ground) {}

  absl::Status Begin(const Fault& fault) override;
  absl::Status End(const Fault& fault) override;

  // After the run.
  const std::vector<CacheLoss>& losses() const { return losses_; }

 private:
  absl::Status BeginOnServer(const Fault& fault);
  absl::Status BeginOnNetwork(const Fault& fault);
  void BeginOnClient(const Fault& fault);
  absl::Status EndOnServer(const Fault& fault);
  absl::Status EndOnNetwork(const Fault& fault);

  absl::Status Restart();
  absl::Status Forget(bool is_flush);
  absl::Status Shrink();
  absl::Status FailOver();
  absl::Status FailBack();
  absl::Status SetNetwork();
  absl::Status PointProxyTo(const Endpoint& server);
  absl::StatusOr<Reply> Tell(const std::vector<std::string>& command) const;

  const RunPlan& plan_;
  const Ground on_;
  std::vector<Fault> spoilt_;  // what of the network is in force
  std::vector<CacheLoss> losses_;
  std::string max_memory_;  // as it was before a fault
};

}  // namespace rcb::chaos

#endif  // RCB_BENCH_CHAOS_MEANS_H_
