// A run of Mixed on a server and a network that are spoilt by a schedule of faults, with clients
// that die and linger.

#ifndef RCB_BENCH_CHAOS_CHAOS_SCENARIO_H_
#define RCB_BENCH_CHAOS_CHAOS_SCENARIO_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "bench/chaos/chaos_check.h"
#include "bench/chaos/client_faults.h"
#include "bench/chaos/means.h"
#include "bench/mixed/mixed_scenario.h"
#include "common/fault/fault_runner.h"
#include "common/harness/notes.h"
#include "common/harness/scenario.h"
#include "common/harness/spec.h"
#include "common/server/private_server.h"
#include "common/server/standby.h"

namespace rcb::chaos {

// What befalls a run.
struct ChaosPlan {
  uint64_t seed = 0;
  Schedule schedule;
  int64_t duration_ms = 0;
  std::string left_out;  // what of that was asked for the variant is spared, and why
};

// An operation that fails for a fault ends well for the harness: that it was not served is what
// counts, and its effect is unknown to the checker of the victim.
class ChaosScenario final : public Scenario {
 public:
  ChaosScenario(const RunPlan& plan, const BenchmarkSpec& victim, const ChaosPlan& chaos);

  // Fails where there is no server of ours, or no proxy. Starts a replica for a failover.
  absl::Status Prepare(BlockingClient& redis) override;
  bool IsOver() override;
  Operation Operate(Worker& worker) override;
  // What the victim's checker finds, and how the service was.
  absl::StatusOr<Findings> Check(absl::Span<const OpRecord> history,
                                 BlockingClient& redis) override;

  // After the run: what happened, in its order.
  const std::vector<InjectedFault>& injected() const { return runner_->injected(); }

 private:
  // How an operation ended that was not served.
  struct Failure {
    bool is_there = false;
    Outcome outcome = Outcome::kOk;
  };

  absl::Status PrepareFailover(PrivateServer& server);
  void Start();
  int64_t Fail(Worker& worker, const absl::Status& why);
  absl::Status CheckServer(BlockingClient& redis) const;
  Findings Publish(const Findings& judged, const Service& service) const;
  std::string Explain() const;
  std::string Remark() const;

  const RunPlan plan_;
  ChaosPlan chaos_;
  const std::unique_ptr<mixed::MixedScenario> victim_;
  Notes<Failure> failures_;
  ClientFaults client_faults_;
  std::unique_ptr<Standby> standby_;
  std::optional<Means> means_;
  std::optional<FaultRunner> runner_;
  std::atomic<bool> is_started_{false};
  std::atomic<int64_t> end_ns_{INT64_MAX};
  std::mutex first_failure_lock_;
  std::string first_failure_;  // guarded by it
};

}  // namespace rcb::chaos

#endif  // RCB_BENCH_CHAOS_CHAOS_SCENARIO_H_
