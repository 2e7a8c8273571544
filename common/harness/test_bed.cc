#include "common/harness/test_bed.h"

#include <atomic>
#include <thread>
#include <utility>

#include "common/measure/clock.h"
#include "common/redis/address.h"

namespace rcb {
namespace {

constexpr int kBlockingTimeoutMs = 10'000;
constexpr int kSpareClients = 32;
constexpr int64_t kMostOperations = 1'000'000;  // of epochs that do not end

// Passes everything on to the scenario that has the accident.
class AccidentScenario : public Scenario {
 public:
  AccidentScenario(std::unique_ptr<Scenario> victim, const RunPlan& plan, int64_t at,
                   std::function<Command(const RunPlan& plan)> accident)
      : victim_(std::move(victim)), plan_(plan), at_(at), accident_(std::move(accident)) {}

  absl::Status Prepare(BlockingClient& redis) override { return victim_->Prepare(redis); }
  void StartRound(int64_t round) override { victim_->StartRound(round); }
  bool IsOver() override { return victim_->IsOver(); }
  Task<absl::StatusOr<int64_t>> Operate(Worker& worker) override {
    if (begun_.fetch_add(1) == at_) {
      const Command command = accident_(plan_);
      co_await worker.redis().Pipeline(command);
    }
    co_return co_await victim_->Operate(worker);
  }
  Findings Check(absl::Span<const OpRecord> history, BlockingClient& redis) override {
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

absl::StatusOr<Target*> TestBed::Server() {
  // Destroyed at exit, which kills the server and removes its directory.
  static const absl::StatusOr<std::unique_ptr<Target>> kServer = Target::Open(TargetOptions());
  if (!kServer.ok()) return kServer.status();
  return kServer->get();
}

NodeGroup& TestBed::Nodes() {
  static NodeGroup nodes("", nullptr);  // as the server above
  return nodes;
}

absl::Status TestBed::RunOnce(int64_t quantity) {
  run_.reset();
  const absl::StatusOr<Target*> server = Server();
  if (!server.ok()) return server.status();
  RunPlan plan;
  plan.workers = options_.workers;
  plan.threads = options_.threads;
  plan.quantity = quantity;
  plan.run = NowNs();
  plan.key_prefix = (*server)->key_prefix();
  plan.library_name = (*server)->library_name();
  plan.seed = options_.seed;
  absl::Status status = Connect(**server);
  if (status.ok() && session_ == nullptr) status = OpenSession(**server);
  if (!status.ok()) return status;
  plan.round_trip_ns = session_->MeasureRoundTripNs(/*pings=*/10);
  std::unique_ptr<Scenario> scenario = spec_.make(plan);
  status = scenario->Prepare(*redis_);
  if (!status.ok()) return status;
  session_->StartRecord(quantity);

  RunOptions run_options;
  run_options.shape = spec_.shape;
  run_options.keeps_history = spec_.keeps_history;
  run_options.rate_per_second = spec_.rate_per_second;
  run_options.op_timeout_ms = options_.op_timeout_ms;
  run_options.most_operations = kMostOperations;
  run_ = std::make_unique<Run>(plan, run_options, *session_, std::move(scenario),
                               /*on_sweep=*/nullptr);
  Drive();
  if (!run_->blame().empty()) return absl::UnavailableError(run_->blame());
  return Connect(**server);
}

void TestBed::Drive() {
  std::vector<std::thread> threads;
  for (auto& slot : session_->slots()) {
    threads.emplace_back([this, s = slot.get()] {
      if (spec_.shape == Shape::kRounds) run_->WarmUp(*s);
      run_->Drive(*s);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

std::string TestBed::first_error() {
  for (auto& slot : session_->slots()) {
    if (!slot->first_error.empty()) return slot->first_error;
  }
  return "";
}

absl::Status TestBed::Connect(const Target& server) {
  redis_.reset();
  absl::StatusOr<BlockingClient> client =
      BlockingClient::Connect(server.endpoint(), kBlockingTimeoutMs);
  if (!client.ok()) return client.status();
  redis_.emplace(*std::move(client));
  return absl::OkStatus();
}

absl::Status TestBed::OpenSession(const Target& server) {
  const absl::StatusOr<Address> address = Resolve(server.endpoint());
  if (!address.ok()) return address.status();
  SessionOptions options;
  options.workers = options_.workers;
  options.threads = options_.threads;
  options.needs_subscriber = spec_.needs_subscriber;
  options.seed = options_.seed;
  options.connection.address = *address;
  options.connection.op_timeout_ms = options_.op_timeout_ms;
  absl::Status alive = Nodes().Ensure(spec_.nodes, options_.workers + kSpareClients);
  absl::StatusOr<std::vector<ConnectionOptions>> nodes = ConnectionOptionsOf(Nodes());
  if (alive.ok()) alive = nodes.status();
  if (!alive.ok()) return alive;
  options.nodes = *std::move(nodes);
  options.nodes.resize(static_cast<size_t>(spec_.nodes));
  absl::StatusOr<std::unique_ptr<Session>> session = Session::Open(options);
  if (!session.ok()) return session.status();
  session_ = *std::move(session);
  return absl::OkStatus();
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
