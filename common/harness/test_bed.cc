#include "common/harness/test_bed.h"

#include <atomic>
#include <thread>
#include <utility>

#include "common/harness/own_server.h"

namespace rcb {
namespace {

// Passes everything on to the scenario that has the accident.
class AccidentScenario : public Scenario {
 public:
  AccidentScenario(std::unique_ptr<Scenario> victim, const RunPlan& plan, int64_t at,
                   std::function<Command(const RunPlan& plan)> accident)
      : victim_(std::move(victim)), plan_(plan), at_(at), accident_(std::move(accident)) {}

  absl::Status Prepare(BlockingClient& redis) override { return victim_->Prepare(redis); }
  void StartRound(int64_t round) override { victim_->StartRound(round); }
  bool IsOver() override { return victim_->IsOver(); }
  Operation Operate(Worker& worker) override {
    if (begun_.fetch_add(1) == at_) {
      const Command command = accident_(plan_);
      co_await worker.redis().Pipeline(command);
    }
    co_return co_await victim_->Operate(worker);
  }
  absl::StatusOr<Findings> Check(absl::Span<const OpRecord> history,
                                 BlockingClient& redis) override {
    return victim_->Check(history, redis);
  }

 private:
  const std::unique_ptr<Scenario> victim_;
  const RunPlan plan_;
  const int64_t at_;
  const std::function<Command(const RunPlan& plan)> accident_;
  std::atomic<int64_t> begun_{0};
};

}  // namespace

absl::StatusOr<Deployment*> TestBed::Server() {
  // Destroyed at exit, which kills the server and removes its directory.
  static const absl::StatusOr<std::unique_ptr<Deployment>> kServer =
      OpenDeployment(DeploymentOptions());
  if (!kServer.ok()) return kServer.status();
  return kServer->get();
}

QuorumDeployment& TestBed::Quorum() {
  static QuorumDeployment quorum(**Server(), DeploymentOptions(), /*node_count=*/3);
  return quorum;
}

TestBed::TestBed(const BenchmarkSpec& spec, const TestBedOptions& options)
    : instance_{spec, spec.name, options.workers, options.threads}, stage_([&options] {
        StageOptions stage;
        stage.op_timeout_ms = options.op_timeout_ms;
        stage.seed = options.seed;
        return stage;
      }()) {}

absl::StatusOr<Deployment*> TestBed::DeploymentOfSpec() {
  const Requirements& needs = instance_.spec.needs;
  absl::StatusOr<Deployment*> server = Server();
  if (!server.ok()) return server;
  if (!needs.replicated && !NeedsOwnServer(needs, /*is_ours=*/true)) {
    return needs.quorum_nodes == 0 ? *server : &Quorum();
  }
  if (primary_ == nullptr && needs.replicated) {
    primary_ = MakeReplicated(needs, {}, (*server)->identity());
  } else if (primary_ == nullptr) {
    primary_ = MakeOwnServer(needs, {}, (*server)->identity());
  }
  if (needs.quorum_nodes == 0) return primary_.get();
  if (quorum_ == nullptr) {
    quorum_ =
        std::make_unique<QuorumDeployment>(*primary_, DeploymentOptions(), needs.quorum_nodes);
  }
  return quorum_.get();
}

absl::Status TestBed::RunOnce(int64_t budget) {
  const absl::StatusOr<Deployment*> deployment = DeploymentOfSpec();
  if (!deployment.ok()) return deployment.status();
  stage_.SuspectServer();  // tests kill servers between runs
  const absl::Status begun =
      stage_.Begin(instance_, **deployment, {.budget = budget}, /*on_sweep=*/nullptr);
  if (!begun.ok()) return begun;
  DriveAllThreads(*stage_.run());
  const std::string& abort_reason = stage_.run()->abort_reason();
  if (!abort_reason.empty()) return absl::UnavailableError(abort_reason);
  if (instance_.spec.needs.breaks_servers) {
    const absl::Status recovered = (*deployment)->Recover();
    if (!recovered.ok()) return recovered;
  }
  return stage_.Connect(**deployment);
}

absl::StatusOr<Findings> TestBed::Judge() {
  const absl::StatusOr<Deployment*> deployment = DeploymentOfSpec();
  if (!deployment.ok()) return deployment.status();
  return stage_.Judge(instance_, **deployment);
}

std::string TestBed::first_error() {
  for (auto& slot : session().slots()) {
    if (!slot->first_error.empty()) return slot->first_error;
  }
  return "";
}

void DriveAllThreads(Run& run) {
  const auto drive = [&run](ThreadSlot& slot) {
    if (run.options().shape == Shape::kRounds) run.WarmUp(slot);
    run.Drive(slot);
  };
  std::vector<std::thread> others;
  for (int thread = 1; thread < run.plan().threads; ++thread) {
    others.emplace_back([&run, &drive, thread] { drive(run.session().slot(thread)); });
  }
  drive(run.session().slot(0));
  for (std::thread& other : others) other.join();
}

BenchmarkSpec WithAccident(const BenchmarkSpec& spec, int64_t at,
                           std::function<Command(const RunPlan& plan)> accident) {
  BenchmarkSpec with_accident = spec;
  with_accident.make = [make = spec.make, at, accident = std::move(accident)](const RunPlan& plan) {
    return std::make_unique<AccidentScenario>(make(plan), plan, at, accident);
  };
  return with_accident;
}

}  // namespace rcb
