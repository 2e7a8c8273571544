#include "common/harness/suite.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/harness/interrupt.h"
#include "common/harness/metrics.h"
#include "common/redis/address.h"

namespace rcb {
namespace {

constexpr int kBlockingTimeoutMs = 5000;
constexpr int kPingsBeforeRun = 100;
constexpr int kSpareClients = 32;  // of a node

// "workers:50/beta_pct:100", as Google Benchmark prints it.
std::string ArgsOf(const BenchmarkSpec& spec, int64_t workers) {
  std::string args = absl::StrCat("workers:", workers);
  for (const auto& [name, value] : spec.args) absl::StrAppend(&args, "/", name, ":", value);
  return args;
}

bool IsControl(absl::string_view name) { return absl::StrContains(name, "/unsafe/"); }

// Harness has no variants: what it measures promises nothing.
bool IsVariant(absl::string_view name) {
  return IsControl(name) || absl::StrContains(name, "/locking/") ||
         absl::StrContains(name, "/lockfree/");
}

}  // namespace

Suite::Suite(const Options& options, Target& target, Selector selects, OnProgress on_progress)
    : options_(options),
      target_(target),
      selects_(std::move(selects)),
      on_progress_(std::move(on_progress)),
      nodes_(options.redis_server, IsInterrupted) {}

Suite::~Suite() { CloseSession(); }

void Suite::Note(const std::string& name, bool has_rate, int64_t connections, int64_t to_nodes) {
  if (!selects_(name)) return;
  ++selected_;
  if (!has_rate) without_rate_.push_back(name);
  most_connections_ = std::max(most_connections_, connections);
  most_sockets_ = std::max(most_sockets_, connections + to_nodes);
}

void Suite::Register(const BenchmarkSpec& spec) {
  std::vector<std::string> arg_names = {"workers"};
  for (const auto& arg : spec.args) arg_names.push_back(arg.first);
  const int64_t rounds = options_.rounds > 0 ? options_.rounds : spec.rounds;
  const bool is_steady = spec.shape == Shape::kSteady;
  for (const int64_t workers : options_.workers.empty() ? spec.workers : options_.workers) {
    const std::string arg_text = ArgsOf(spec, workers);
    std::vector<int64_t> args = {workers};
    for (const auto& arg : spec.args) args.push_back(arg.second);
    for (const int64_t threads : options_.threads) {
      if (threads > workers) continue;  // a thread without a worker has nothing to do
      Instance instance{spec, LedgerName(spec.name, arg_text, threads), static_cast<int>(workers),
                        static_cast<int>(threads)};
      auto* registered = benchmark::RegisterBenchmark(
          spec.name.c_str(),
          [this, instance](benchmark::State& state) { RunInstance(instance, state); });
      registered->ArgNames(arg_names)->Args(args)->UseRealTime();
      registered->Threads(static_cast<int>(threads));
      if (!is_steady) registered->Iterations(rounds)->Unit(benchmark::kMillisecond);
      Note(absl::StrCat(spec.name, "/", arg_text,
                        is_steady ? "" : absl::StrCat("/iterations:", rounds),
                        "/real_time/threads:", threads),
           spec.shape != Shape::kRounds, workers * (spec.needs_subscriber ? 2 : 1),
           workers * spec.nodes);
    }
  }
}

void Suite::RegisterPlain(const std::string& name, const std::vector<int64_t>& workers,
                          const Body& body) {
  if (workers.empty()) return RegisterPlainOnce(name, 0, body);
  for (const int64_t count : options_.workers.empty() ? workers : options_.workers) {
    RegisterPlainOnce(name, count, body);
  }
}

void Suite::RegisterPlainOnce(const std::string& name, int64_t workers, const Body& body) {
  const std::string args = workers == 0 ? "" : absl::StrCat("workers:", workers);
  const std::string ledger_name = LedgerName(name, args, /*threads=*/1);
  auto* registered = benchmark::RegisterBenchmark(
      name.c_str(), [this, ledger_name, body](benchmark::State& state) {
        LedgerEntry& entry = ledger_[ledger_name];
        if (!IsInterrupted() && entry.aborted.empty()) {
          absl::Status status = body(state);
          if (!status.ok() && !IsInterrupted()) {
            entry.aborted = std::string(status.message());
            troubled_ = true;
          }
        } else {
          while (state.KeepRunningBatch(state.max_iterations)) {
          }
        }
        entry.interrupted = IsInterrupted();
      });
  registered->UseRealTime()->Threads(1);
  if (workers != 0) registered->ArgNames({"workers"})->Args({workers});
  Note(absl::StrCat(name, args.empty() ? "" : "/", args, "/real_time/threads:1"),
       /*has_rate=*/false, workers, /*to_nodes=*/0);
}

void Suite::RunInstance(const Instance& instance, benchmark::State& state) {
  const int64_t iterations = state.max_iterations;
  Run* run = Join(instance, iterations, state.thread_index());
  if (run != nullptr) {
    ThreadSlot& slot = run->session().slot(state.thread_index());
    if (instance.spec.shape == Shape::kRounds) run->WarmUp(slot);
    // One batch: workers of all threads draw from one quantity, so none idles while others work.
    while (state.KeepRunningBatch(state.max_iterations)) run->Drive(slot);
  } else {
    while (state.KeepRunningBatch(state.max_iterations)) {
    }
  }
  // Every thread is past the end barrier of the loop above.
  if (state.thread_index() == 0 && run != nullptr) Finish(instance, state);
}

// Thread 0 begins the run, for a server that has to be replaced lives no longer than the thread
// that starts it; null where there is nothing to run.
Run* Suite::Join(const Instance& instance, int64_t iterations, int thread) {
  std::unique_lock<std::mutex> lock(joining_);
  if (thread == 0) {
    BeginUnlessTroubled(instance, iterations);
    expected_ = instance.threads - 1;
    begun_.notify_all();
  } else {
    begun_.wait(lock, [this] { return expected_ > 0; });
    --expected_;
  }
  return run_.get();
}

void Suite::BeginUnlessTroubled(const Instance& instance, int64_t iterations) {
  run_.reset();
  LedgerEntry& entry = ledger_[instance.name];
  if (IsVariant(instance.name)) entry.variant = instance.spec.name;
  entry.is_control = IsControl(instance.name);
  if (entry.aborted.empty() && !IsInterrupted()) {
    absl::Status begun = Begin(instance, iterations);
    if (!begun.ok()) {
      run_.reset();
      if (!IsInterrupted()) entry.aborted = std::string(begun.message());
      troubled_ = true;
    }
  }
  entry.interrupted = IsInterrupted();
}

absl::Status Suite::Begin(const Instance& instance, int64_t iterations) {
  const bool shared = instance.spec.shape == Shape::kSteady;
  RunPlan plan;
  plan.workers = instance.workers;
  plan.threads = instance.threads;
  plan.quantity = shared ? iterations * instance.threads : iterations;
  plan.run = ++runs_;
  plan.key_prefix = target_.key_prefix();
  plan.library_name = target_.library_name();
  plan.seed = options_.seed;
  int64_t recorded = instance.spec.shape == Shape::kRounds
                         ? (plan.quantity + 1) * plan.workers  // with the warm-up
                         : plan.quantity;
  if (instance.spec.shape == Shape::kEpochs || !instance.spec.keeps_history) recorded = 0;
  if (recorded > options_.history_limit) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "a run of ", recorded, " operations is more than --history_limit=", options_.history_limit,
        ": raise it, or lower --benchmark_min_time"));
  }
  std::unique_ptr<Scenario> scenario;
  absl::Status prepared = Prepare([&](BlockingClient& redis) {
    absl::Status opened = OpenSession(instance);
    if (!opened.ok()) return opened;
    plan.round_trip_ns = session_->MeasureRoundTripNs(kPingsBeforeRun);
    scenario = instance.spec.make(plan);
    return scenario->Prepare(redis);
  });
  if (!prepared.ok()) return prepared;
  session_->StartRecord(recorded);

  RunOptions run_options;
  run_options.shape = instance.spec.shape;
  run_options.keeps_history = instance.spec.keeps_history;
  run_options.op_timeout_ms = options_.op_timeout_ms;
  // One thread's computations may have to wait for each other.
  run_options.longest_wait_ms =
      options_.compute_ms * (options_.compute == "cpu" ? instance.workers : 1);
  run_options.most_operations = options_.history_limit;
  if (instance.spec.shape != Shape::kRounds) {
    run_options.rate_per_second = options_.rate > 0 ? options_.rate : instance.spec.rate_per_second;
  }
  run_ = std::make_unique<Run>(plan, run_options, *session_, std::move(scenario),
                               [this, name = instance.name](const Run& run) {
                                 if (on_progress_) on_progress_(name, run);
                               });
  return absl::OkStatus();
}

absl::Status Suite::Prepare(const std::function<absl::Status(BlockingClient& redis)>& work) {
  absl::Status ready = target_.EnsureAlive();
  const bool is_replaced = generation_ != target_.generation();
  generation_ = target_.generation();
  // That a server fails while nothing runs must show somewhere, too.
  if (ready.ok() && is_replaced && !troubled_) {
    ready = absl::UnavailableError("the server was gone before this run, and has been replaced");
  }
  troubled_ = false;
  if (ready.ok()) ready = Connect();
  return ready.ok() ? work(*redis_) : ready;
}

absl::Status Suite::Connect() {
  // It may have been lost together with the workers'.
  if (redis_ && redis_generation_ == target_.generation() && redis_->Command({"PING"}).ok()) {
    return absl::OkStatus();
  }
  redis_.reset();
  absl::StatusOr<BlockingClient> client =
      BlockingClient::Connect(target_.endpoint(), kBlockingTimeoutMs, IsInterrupted);
  if (!client.ok()) return client.status();
  redis_.emplace(*std::move(client));
  redis_generation_ = target_.generation();
  return absl::OkStatus();
}

absl::StatusOr<ConnectionOptions> Suite::Connecting() const {
  const Endpoint& endpoint = target_.endpoint();
  absl::StatusOr<Address> address = Resolve(endpoint);
  if (!address.ok()) return address.status();
  ConnectionOptions options;
  options.address = *address;
  options.user = endpoint.user;
  options.password = endpoint.password;
  options.db = endpoint.db;
  options.op_timeout_ms = options_.op_timeout_ms;
  return options;
}

absl::StatusOr<std::vector<ConnectionOptions>> Suite::ConnectingToNodes(const Instance& instance) {
  if (instance.spec.nodes == 0) return std::vector<ConnectionOptions>();
  const absl::Status alive = nodes_.Ensure(instance.spec.nodes, instance.workers + kSpareClients);
  if (!alive.ok()) return alive;
  return ConnectionOptionsOf(nodes_);
}

absl::Status Suite::OpenSession(const Instance& instance) {
  absl::StatusOr<std::vector<ConnectionOptions>> nodes = ConnectingToNodes(instance);
  if (!nodes.ok()) return nodes.status();
  const std::string name =
      absl::StrCat(instance.name, " ", target_.generation(), " ", nodes_.generation());
  if (session_ != nullptr && session_name_ == name) return absl::OkStatus();
  session_.reset();
  absl::StatusOr<ConnectionOptions> connecting = Connecting();
  if (!connecting.ok()) return connecting.status();
  SessionOptions options;
  options.workers = instance.workers;
  options.threads = instance.threads;
  options.needs_subscriber = instance.spec.needs_subscriber;
  options.seed = options_.seed;
  options.connection = *std::move(connecting);
  options.nodes = *std::move(nodes);
  absl::StatusOr<std::unique_ptr<Session>> session = Session::Open(options);
  if (!session.ok()) return session.status();
  session_ = *std::move(session);
  session_name_ = name;
  return absl::OkStatus();
}

void Suite::CloseSession() {
  run_.reset();
  session_.reset();
  session_name_.clear();
}

void Suite::Finish(const Instance& instance, benchmark::State& state) {
  LedgerEntry& entry = ledger_[instance.name];
  const Tally tally = TotalsOf(*session_).tally;
  entry.errors += tally.errors;
  entry.timeouts += tally.timeouts;
  for (auto& slot : session_->slots()) {
    if (entry.first_error.empty()) entry.first_error = slot->first_error;
  }
  if (!run_->blame().empty()) entry.aborted = run_->blame();
  troubled_ = tally.errors > 0 || tally.timeouts > 0 || !run_->blame().empty();
  if (run_->stopped()) {
    entry.interrupted = IsInterrupted();
    return;
  }
  const std::vector<OpRecord> history = HistoryOf(*session_);
  Findings findings;
  absl::Status checked = Connect();
  if (checked.ok()) {
    findings = run_->scenario().Check(history, *redis_);
    if (!redis_->connected()) {
      findings = Findings();  // it could not see
      checked = absl::UnavailableError("the server was lost while the result was checked");
    }
  }
  entry.interrupted = IsInterrupted();
  if (!checked.ok()) {
    troubled_ = true;
    if (IsInterrupted()) return;
    entry.aborted = std::string(checked.message());
  }
  entry.finished = true;
  entry.violations += findings.violations;
  if (entry.first_violation.empty()) entry.first_violation = findings.first;
  Publish(instance, findings, state);
}

void Suite::Publish(const Instance& instance, const Findings& findings, benchmark::State& state) {
  const BenchmarkSpec& spec = instance.spec;
  const int64_t round_trip_ns = run_->plan().round_trip_ns;
  const double floor_ns =
      spec.floor_round_trips * static_cast<double>(round_trip_ns) + spec.floor_compute_ms * 1e6;
  Counters counters = CommonCounters(*session_, ledger_[instance.name], round_trip_ns, floor_ns);
  counters.insert(counters.end(), findings.counters.begin(), findings.counters.end());
  const double rate = run_->options().rate_per_second;
  if (rate > 0) {
    const Tally tally = TotalsOf(*session_).tally;
    const double seconds = static_cast<double>(session_->slot(0).wall_ns) / 1e9;
    counters.emplace_back("offered_per_second", rate);
    counters.emplace_back("achieved_per_second", static_cast<double>(tally.succeeded) / seconds);
    counters.emplace_back("dropped", static_cast<double>(tally.dropped));
  }
  for (const auto& [name, value] : counters) state.counters[name] = value;
  state.SetItemsProcessed(LatencyOf(*session_).count());
  state.SetLabel(spec.contract);
}

}  // namespace rcb
