#include "bench/chaos/chaos_scenario.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/measure/clock.h"
#include "common/server/deployment/deployment.h"

namespace rcb::chaos {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;
// Of a variant that serves less than that while nothing is wrong, a verdict would say nothing.
constexpr double kLeastCalmService = 0.5;
// Who dies holds others up for no longer, and no fault that is drawn lasts so long.
constexpr int64_t kLeaseMs = 1000;

RunPlan WithLease(const RunPlan& plan) {
  RunPlan own = plan;
  own.fixed_lease_ms = kLeaseMs;
  return own;
}

}  // namespace

ChaosScenario::ChaosScenario(const RunPlan& plan, const BenchmarkSpec& victim,
                             const ChaosPlan& chaos)
    : plan_(plan), chaos_(chaos), victim_(victim.make(WithLease(plan))), failures_(plan.workers) {}

absl::Status ChaosScenario::Prepare(BlockingClient& redis) {
  PrivateServer* const server =
      plan_.deployment == nullptr ? nullptr : plan_.deployment->private_server();
  if (server == nullptr || plan_.proxy == nullptr) {
    return absl::FailedPreconditionError("there is no server of ours to break");
  }
  means_.emplace(plan_, *plan_.proxy, *server);
  return victim_->Prepare(redis);
}

bool ChaosScenario::IsOver() { return NowNs() >= end_ns_; }

// The first operation sets the time going.
void ChaosScenario::Start() {
  if (is_started_.load(std::memory_order_relaxed) || is_started_.exchange(true)) return;
  end_ns_ = NowNs() + chaos_.duration_ms * kNsPerMs;
  runner_.emplace(chaos_.schedule, *means_);
}

Operation ChaosScenario::Operate(Worker& worker) {
  Start();
  if (!worker.connection->connected()) {
    const absl::Status connected = co_await Try(worker.connection->ConnectOnce());
    if (!connected.ok()) co_return Fail(worker, connected);
  }
  const absl::StatusOr<int64_t> result = co_await Try(victim_->Operate(worker));
  co_return result.ok() ? *result : Fail(worker, result.status());
}

int64_t ChaosScenario::Fail(Worker& worker, const absl::Status& why) {
  failures_.For(worker) = {true, OutcomeOf(why)};
  const std::lock_guard<std::mutex> lock(first_failure_lock_);
  if (first_failure_.empty()) first_failure_ = std::string(why.message());
  return 0;
}

absl::StatusOr<Findings> ChaosScenario::Check(absl::Span<const OpRecord> history,
                                              BlockingClient& redis) {
  if (!runner_) return absl::UnavailableError("no operation began");
  runner_->Stop();
  if (!runner_->status().ok()) return runner_->status();
  std::vector<OpRecord> victims(history.begin(), history.end());
  std::vector<SeenOp> seen;
  seen.reserve(history.size());
  for (OpRecord& op : victims) {
    const Failure failure = failures_.Of(op);
    if (failure.is_there) op.outcome = failure.outcome;
    seen.push_back({op.invoke_ns, op.return_ns, !failure.is_there});
  }
  absl::StatusOr<Findings> judged = victim_->Check(victims, redis);
  if (!judged.ok()) return judged;
  const Service service = MeasureService(seen, injected());
  if (service.calm_served_ratio < kLeastCalmService) {
    return absl::UnavailableError(absl::StrCat(
        "hardly anything was served while nothing was wrong; the first failure: ", first_failure_));
  }
  Findings findings;
  findings.violations = judged->violations;
  // Each is proven in the victim's family.
  for (const auto& [detector, count] : judged->detections) {
    if (count > 0) findings.detections[detector] = count;
  }
  findings.counters = {{"availability_ratio", service.availability},
                       {"served_ratio", service.served_ratio},
                       {"calm_p95_us", service.calm_p95_us},
                       {"fault_p95_us", service.fault_p95_us},
                       {"faults", static_cast<double>(injected().size())}};
  for (const auto& [kind, repair_ns] : service.repair_ns) {
    findings.counters.emplace_back(absl::StrCat("repair_", kind, "_us"),
                                   static_cast<double>(repair_ns) / 1e3);
  }
  if (chaos_.schedule.empty()) {
    findings.note = "no fault fits into so short a run: use more --rounds";
  }
  if (!findings.violations.none()) findings.note = Explain();
  return findings;
}

// How to see it again.
std::string ChaosScenario::Explain() const {
  if (chaos_.schedule.empty()) return "there were no faults: it is as in Mixed";
  return absl::StrCat("the same again: --chaos_seed=", chaos_.seed,
                      ", or --chaos_schedule=", ToText(chaos_.schedule));
}

}  // namespace rcb::chaos
