#include "bench/chaos/chaos_scenario.h"

#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "bench/transaction/bank.h"
#include "common/measure/clock.h"
#include "common/server/deployment/deployment.h"

namespace rcb::chaos {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;
// Of a variant that serves less than that while nothing is wrong, a verdict would say nothing.
constexpr double kLeastCalmService = 0.5;

RunPlan WithLease(const RunPlan& plan) {
  RunPlan own = plan;
  own.fixed_lease_ms = kLeaseMs;
  return own;
}

// All victims are rows of Mixed.
std::unique_ptr<mixed::MixedScenario> MakeVictim(const BenchmarkSpec& victim, const RunPlan& plan) {
  return std::unique_ptr<mixed::MixedScenario>(
      static_cast<mixed::MixedScenario*>(victim.make(WithLease(plan)).release()));
}

bool IsFailover(const Fault& fault) { return fault.kind == kFailover; }

}  // namespace

ChaosScenario::ChaosScenario(const RunPlan& plan, const BenchmarkSpec& victim,
                             const ChaosPlan& chaos)
    : plan_(plan), chaos_(chaos), victim_(MakeVictim(victim, plan)), failures_(plan.workers) {}

absl::Status ChaosScenario::Prepare(BlockingClient& redis) {
  PrivateServer* const server =
      plan_.deployment == nullptr ? nullptr : plan_.deployment->private_server();
  if (server == nullptr || plan_.proxy == nullptr) {
    return absl::FailedPreconditionError("there is no server of ours to break");
  }
  const absl::Status prepared = PrepareFailover(*server);
  if (!prepared.ok()) return prepared;
  means_.emplace(plan_, Ground{.proxy = plan_.proxy,
                               .server = server,
                               .standby = standby_.get(),
                               .clients = &client_faults_,
                               .documents = victim_->documents(),
                               .foundation = victim_->accounts(),
                               .foundation_value = absl::StrCat(transaction::kOpening)});
  return victim_->Prepare(redis);
}

// A replica is there for that fault only.
absl::Status ChaosScenario::PrepareFailover(PrivateServer& server) {
  if (absl::c_none_of(chaos_.schedule, IsFailover)) return absl::OkStatus();
  const absl::StatusOr<bool> is_possible = Standby::IsPossible(server);
  if (!is_possible.ok()) return is_possible.status();
  if (!*is_possible) {
    std::erase_if(chaos_.schedule, IsFailover);
    chaos_.left_out = "there was no failover, for the server does not know FAILOVER";
    return absl::OkStatus();
  }
  absl::StatusOr<std::unique_ptr<Standby>> standby = Standby::Start(server);
  if (!standby.ok()) return standby.status();
  standby_ = *std::move(standby);
  return absl::OkStatus();
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
  ClientInOperation client(*worker.connection, client_faults_);
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
  const absl::Status works = CheckServer(redis);
  if (!works.ok()) return works;
  for (const CacheLoss& loss : means_->losses()) {
    if (loss.is_flush) {
      victim_->NoteFlush(loss.keys, loss.invoke_ns, loss.return_ns);
    } else {
      victim_->NoteLoss(loss.keys, loss.invoke_ns, loss.return_ns);
    }
  }
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
  return Publish(*judged, service);
}

// What faults have done is undone: otherwise the service that was measured is not that of a server
// which has recovered.
absl::Status ChaosScenario::CheckServer(BlockingClient& redis) const {
  const std::string key = absl::StrCat(plan_.key_prefix, "after");
  const absl::Status written = redis.Command({"SET", key, "1", "PX", "1000"}).status();
  if (written.ok()) return written;
  return absl::Status(written.code(),
                      absl::StrCat("after the faults no write succeeded: ", written.message()));
}

Findings ChaosScenario::Publish(const Findings& judged, const Service& service) const {
  Findings findings;
  findings.violations = judged.violations;
  // Each is proven in the victim's family.
  for (const auto& [detector, count] : judged.detections) {
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
  findings.note = findings.violations.none() ? Remark() : Explain();
  return findings;
}

// How to see it again.
std::string ChaosScenario::Explain() const {
  if (chaos_.schedule.empty()) return "there were no faults: it is as in Mixed";
  return absl::StrCat("the same again: --chaos_seed=", chaos_.seed,
                      ", or --chaos_schedule=", ToText(chaos_.schedule));
}

// What of the schedule did not come about.
std::string ChaosScenario::Remark() const {
  if (!chaos_.left_out.empty()) return chaos_.left_out;
  if (chaos_.schedule.empty()) return "no fault fits into so short a run: use more --rounds";
  const size_t missing = chaos_.schedule.size() - injected().size();
  if (missing > 0) {
    return absl::StrCat("the run ended before ", missing, " of ", chaos_.schedule.size(),
                        " faults: use more --rounds");
  }
  if (client_faults_.any_waits()) {
    return "a fault of a client found none in the middle of an operation";
  }
  return "";
}

}  // namespace rcb::chaos
