#include "common/harness/suite.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "common/check/overlap.h"
#include "common/harness/counters.h"
#include "common/harness/interrupt.h"

namespace rcb {
namespace {

double MeanWallSeconds(Session& session) {
  int64_t wall_ns = 0;
  for (const auto& slot : session.slots()) wall_ns += slot->wall_ns;
  return static_cast<double>(wall_ns) / 1e9 / static_cast<double>(session.slots().size());
}

// "workers:50/beta_pct:100", as Google Benchmark prints it.
std::string ArgsOf(const BenchmarkSpec& spec, int64_t workers) {
  std::string args = absl::StrCat("workers:", workers);
  for (const auto& [name, value] : spec.args) absl::StrAppend(&args, "/", name, ":", value);
  return args;
}

StageOptions StageOptionsOf(const Options& options, IntervalFeed* feed, AuditLog* log) {
  StageOptions stage;
  stage.rate_per_second = options.rate;
  stage.op_timeout_ms = options.op_timeout_ms;
  stage.seed = options.seed;
  stage.history_limit = options.history_limit;
  stage.is_cancelled = IsInterrupted;
  stage.feed = feed;
  stage.keeps_incidents = log != nullptr;
  return stage;
}

// Whether each thread has as many of the shared connections as it needs.
bool CanShare(const Requirements& needs, int64_t threads) {
  return needs.shared_connections == 0 ||
         needs.shared_connections >= threads * needs.min_shared_of_thread;
}

// Connections of a thread for PINGs, of the harness and the scenario.
constexpr int64_t kPingsOfThread = 3;

void SkipLoop(benchmark::State& state, int64_t iterations) {
  while (state.KeepRunningBatch(iterations)) {
  }
}

}  // namespace

Suite::Suite(const Options& options, Deployment& deployment, Selector selects,
             OnProgress on_progress, IntervalFeed* feed, AuditLog* log)
    : options_(options),
      deployment_(deployment),
      selects_(std::move(selects)),
      on_progress_(std::move(on_progress)),
      history_out_(options.history_out),
      histogram_out_(options.histograms),
      feed_(feed),
      log_(log),
      stage_(StageOptionsOf(options, feed, log)) {}

Suite::~Suite() { CloseSession(); }

void Suite::Select(const std::string& name, bool has_rate, int64_t connections, int64_t to_nodes) {
  const std::string family = name.substr(0, name.find('/'));
  ++selection_.benchmarks;
  selection_.families.insert(family);
  if (has_rate) {
    selection_.families_with_rate.insert(family);
  } else {
    selection_.names_without_rate.push_back(name);
  }
  selection_.max_connections = std::max(selection_.max_connections, connections);
  selection_.max_sockets = std::max(selection_.max_sockets, connections + to_nodes);
}

void Suite::Register(const Family& family) {
  if (family.register_costs) family.register_costs(*this);
  if (!family.variants) return;
  for (const BenchmarkSpec& spec : family.variants()) Register(spec);
}

void Suite::Register(const BenchmarkSpec& spec) {
  for (const int64_t workers : options_.workers.empty() ? spec.workers : options_.workers) {
    for (const int64_t threads : options_.threads) {
      if (threads > workers) continue;  // a thread without a worker has nothing to do
      if (workers < spec.min_workers || !CanShare(spec.needs, threads)) continue;
      RegisterInstance({spec, LedgerName(spec.name, ArgsOf(spec, workers), threads),
                        static_cast<int>(workers), static_cast<int>(threads)},
                       spec.rounds);
    }
  }
}

// What is tried is only what has been selected.
bool Suite::LeavesOut(const BenchmarkSpec& spec) {
  // A server of ours that is started for a row lets us do anything.
  if (rights_ == nullptr || spec.needs.own_server) return false;
  std::string reason = deployment_.WhyNotConfigure(spec.needs.settings);
  if (reason.empty()) reason = rights_->WhyNot(spec.needs.commands);
  if (reason.empty() && spec.needs.keys.empty()) {
    reason = rights_->WhyNot({"SCAN"});
    if (!reason.empty()) absl::StrAppend(&reason, "; only SCAN would find its keys again");
  }
  if (reason.empty() || IsInterrupted()) return false;
  const auto is_known = [&spec](const LeftOut& other) { return other.variant == spec.name; };
  if (!absl::c_any_of(left_out_, is_known)) left_out_.push_back({spec.name, reason});
  return true;
}

void Suite::RegisterInstance(Instance instance, int64_t rounds) {
  const BenchmarkSpec& spec = instance.spec;
  const bool is_steady = spec.shape == Shape::kSteady;
  const std::string name = absl::StrCat(spec.name, "/", ArgsOf(spec, instance.workers),
                                        is_steady ? "" : absl::StrCat("/iterations:", rounds),
                                        "/real_time/threads:", instance.threads);
  instance.printed_name = name;
  const bool is_selected = selects_(name);
  if (is_selected && LeavesOut(spec)) return;
  std::vector<std::string> arg_names = {"workers"};
  std::vector<int64_t> args = {instance.workers};
  for (const auto& [arg_name, value] : spec.args) {
    arg_names.push_back(arg_name);
    args.push_back(value);
  }
  auto* registered = benchmark::RegisterBenchmark(
      spec.name.c_str(),
      [this, instance](benchmark::State& state) { RunInstance(instance, state); });
  registered->ArgNames(arg_names)->Args(args)->UseRealTime()->Threads(instance.threads);
  if (!is_steady) registered->Iterations(rounds)->Unit(benchmark::kMillisecond);
  if (!is_selected) return;
  if (spec.needs.partitions == Partitions::kNamespaces) selection_.wants_namespaces = true;
  const bool has_own = spec.needs.own_connections != Requirements::Own::kNone;
  const int64_t own = has_own ? instance.workers : kPingsOfThread * instance.threads;
  const int64_t connections = own * (spec.needs.subscriber ? 2 : 1) + spec.needs.shared_connections;
  const int64_t to_nodes = instance.workers * spec.needs.quorum_nodes;
  if (!spec.needs.own_server && spec.needs.max_clients == 0) {
    return Select(name, spec.shape != Shape::kRounds, connections, to_nodes);
  }
  // A proxy has two sockets for each connection.
  Select(name, spec.shape != Shape::kRounds, /*connections=*/0,
         to_nodes + connections * (spec.needs.proxy ? 3 : 1));
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
      name.c_str(), [this, name, ledger_name, body](benchmark::State& state) {
        LedgerEntry& entry = ledger_[ledger_name];
        entry.variant = name;
        if (!IsTooLate(ledger_name) && !IsInterrupted() && entry.abort_reason.empty()) {
          const absl::Status status = body(state, IterationsOf(state));
          if (!status.ok() && !IsInterrupted()) {
            const std::string failover = stage_.FailoverDuringRun(deployment_);
            if (!failover.empty()) entry.void_reason = failover;
            entry.abort_reason = std::string(status.message());
            stage_.SuspectServer();
          }
        } else {
          SkipLoop(state, IterationsOf(state));
        }
        entry.interrupted = IsInterrupted();
      });
  registered->UseRealTime()->Threads(1);
  if (workers != 0) registered->ArgNames({"workers"})->Args({workers});
  const std::string printed =
      absl::StrCat(name, args.empty() ? "" : "/", args, "/real_time/threads:1");
  if (selects_(printed)) Select(printed, /*has_rate=*/false, workers, /*to_nodes=*/0);
}

void Suite::RunInstance(const Instance& instance, benchmark::State& state) {
  const bool is_steady = instance.spec.shape == Shape::kSteady;
  const int64_t iterations = is_steady ? IterationsOf(state) : state.max_iterations;
  Run* run = Join(instance, iterations, state.thread_index());
  const int64_t planned_extra = state.thread_index() == 0 ? planned_extra_ : 0;
  if (run == nullptr) return SkipLoop(state, iterations + planned_extra);
  ThreadSlot& slot = run->session().slot(state.thread_index());
  if (instance.spec.shape == Shape::kRounds) run->WarmUp(slot);
  // Workers of all threads draw from one budget, so none idles while others work: the loop is one
  // batch, but for the last iteration, with which the extra ones are told.
  const bool has_extra = MayHaveExtra(instance.spec, iterations);
  state.KeepRunningBatch(has_extra ? iterations - 1 : iterations);
  run->Drive(slot);
  if (has_extra) state.KeepRunningBatch(1 + planned_extra + slot.extra_operations);
  state.KeepRunningBatch(1);  // ends it
  // Every thread is past the end barrier of the loop above.
  if (state.thread_index() == 0) Finish(instance, state);
}

// Whether a run may go on beyond the iterations that the library asks of each thread.
bool Suite::MayHaveExtra(const BenchmarkSpec& spec, int64_t iterations) const {
  return spec.shape == Shape::kSteady && options_.iterations == 0 && iterations > 1;
}

// Of what has no number of its own: as many as the library asks for, unless the user said a number.
int64_t Suite::IterationsOf(const benchmark::State& state) const {
  return options_.iterations > 0 ? options_.iterations : state.max_iterations;
}

// Thread 0 begins the run, for a server that has to be replaced lives no longer than the thread
// that starts it. The result is null where there is nothing to run.
Run* Suite::Join(const Instance& instance, int64_t iterations, int thread) {
  std::unique_lock<std::mutex> lock(joining_);
  if (thread == 0) {
    Begin(instance, iterations);
    awaited_threads_ = instance.threads - 1;
    begun_.notify_all();
  } else {
    begun_.wait(lock, [this] { return awaited_threads_ > 0; });
    --awaited_threads_;
  }
  return stage_.run();
}

// Leaves no run where the row has failed before, or the run cannot begin.
void Suite::Begin(const Instance& instance, int64_t iterations) {
  LedgerEntry& entry = ledger_[instance.name];
  entry.variant = instance.spec.name;
  entry.role = instance.spec.role;
  entry.contract = instance.spec.contract;
  entry.workers = instance.workers;
  if (instance.spec.needs.quorum_nodes > 0 && !deployment_.is_ours()) {
    entry.servers = absl::StrCat("it measures ", instance.spec.needs.quorum_nodes,
                                 " servers started here, not the one that --redis names");
  }
  const bool needs_own = instance.spec.needs.own_server || instance.spec.needs.max_clients > 0;
  if (needs_own && !deployment_.is_ours()) {
    entry.servers = instance.spec.needs.replicated
                        ? "it measures servers started here, not the one that --redis names"
                        : "it measures a server started here, not the one that --redis names";
  }
  Length& length = lengths_[instance.name];
  // Asked for the same again, it is a repetition, and those have to be of equal length; otherwise
  // the library asks for more each time, until it is content.
  is_repetition_ = length.iterations == iterations;
  const bool extends = MayHaveExtra(instance.spec, iterations) && !is_repetition_;
  planned_extra_ = is_repetition_ ? length.extra : 0;
  length = {iterations, planned_extra_};
  if (IsTooLate(instance.name) || !entry.abort_reason.empty() || IsInterrupted()) {
    stage_.DropRun();
  } else {
    const bool is_shared = instance.spec.shape == Shape::kSteady;
    RunLength wanted;
    wanted.budget = is_shared ? iterations * instance.threads + planned_extra_ : iterations;
    if (extends) wanted.min_ns = static_cast<int64_t>(options_.min_time_s * 1e9);
    const absl::Status begun = stage_.Begin(instance, DeploymentFor(instance.spec), wanted,
                                            [this, name = instance.name](const Run& run) {
                                              if (on_progress_) on_progress_(name, run);
                                            });
    if (!begun.ok()) {
      const std::string failover = stage_.FailoverDuringRun(DeploymentFor(instance.spec));
      if (!failover.empty()) entry.void_reason = failover;
      if (!IsInterrupted()) entry.abort_reason = std::string(begun.message());
      if (log_ != nullptr) {
        LogEntry aborted("aborted");
        aborted.Add("row", instance.printed_name).Add("text", begun.message());
        if (!failover.empty()) aborted.Add("void", failover);
        log_->Write(aborted);
      }
      stage_.SuspectServer();
    }
  }
  entry.interrupted = IsInterrupted();
}

void Suite::Finish(const Instance& instance, benchmark::State& state) {
  LedgerEntry& entry = ledger_[instance.name];
  if (feed_ != nullptr) feed_->EndRun();
  Run& run = *stage_.run();
  Deployment& deployment = DeploymentFor(instance.spec);
  const Tally tally = TotalsOf(stage_.session()).tally;
  entry.succeeded += tally.succeeded;
  entry.errors += tally.errors;
  entry.timeouts += tally.timeouts;
  for (auto& slot : stage_.session().slots()) {
    if (entry.first_error.empty()) entry.first_error = slot->first_error;
    lengths_[instance.name].extra += slot->extra_operations;
  }
  if (!run.abort_reason().empty()) entry.abort_reason = run.abort_reason();
  const bool has_broken = instance.spec.needs.breaks_servers;
  if (has_broken || tally.errors > 0 || tally.timeouts > 0 || !run.abort_reason().empty()) {
    stage_.SuspectServer();
  }
  std::string loss = stage_.LossDuringRun(instance, deployment);
  if (!loss.empty()) entry.void_reason = loss;
  if (run.stopped()) {
    entry.interrupted = IsInterrupted();
    return TellOfRun(instance, tally, /*judged=*/nullptr);
  }
  entry.overlapping += CountOverlapping(HistoryOf(stage_.session()));
  const std::string overload = DescribeOverload(run);
  if (!overload.empty()) entry.overload = overload;
  absl::StatusOr<Findings> judged = stage_.Judge(instance, deployment);
  entry.interrupted = IsInterrupted();
  // It may have come while the result was checked, on a server that had lost some of it by then.
  if (loss.empty() && (!judged.ok() || !judged->violations.none())) {
    loss = stage_.FailoverDuringRun(deployment);
    if (!loss.empty()) entry.void_reason = loss;
  }
  if (!judged.ok()) {
    stage_.SuspectServer();
    if (!IsInterrupted()) entry.abort_reason = std::string(judged.status().message());
    TellOfRun(instance, tally, /*judged=*/nullptr);
    return Publish(instance, Findings(), state);
  }
  entry.finished = true;
  if (!loss.empty()) judged->Acquit();
  if (MayTry(instance, tally)) {
    const TrialOutcome outcome = stage_.Try(instance, deployment);
    entry.trial = outcome.not_tried.empty() ? "tried" : "not tried: " + outcome.not_tried;
    judged->MergeViolations(outcome.findings);
    entry.interrupted = IsInterrupted();
  }
  entry.violations.Merge(judged->violations);
  if (feed_ != nullptr) feed_->NoteJudged(entry.violations.count, judged->violations.first);
  for (const auto& [detector, count] : judged->detections) {
    entry.detections[detector] = AddCounts(entry.detections[detector], count);
  }
  entry.note = judged->note;
  TellOfRun(instance, tally, &*judged);
  KeepHistory(instance, *judged);
  if (histogram_out_.is_wanted()) {
    histogram_out_.Keep(instance.printed_name, is_repetition_, LatencyOf(stage_.session()));
  }
  Publish(instance, *judged, state);
}

// Once for each row, behind its first run that went well.
bool Suite::MayTry(const Instance& instance, const Tally& tally) {
  const BenchmarkSpec& spec = instance.spec;
  const LedgerEntry& entry = ledger_[instance.name];
  const bool has_contract =
      spec.role == Role::kSafe ||
      (spec.role == Role::kControl && spec.trial.death != TrialContract::Death::kNotTried);
  // What is left of servers that were broken proves nothing about clients.
  return options_.trial == "on" && spec.trial.is_tried && !spec.needs.breaks_servers &&
         has_contract && entry.trial.empty() && tally.errors == 0 && tally.timeouts == 0 &&
         entry.Error().empty();
}

// Where the recorded history shows a violation, the row says how to look at it.
void Suite::KeepHistory(const Instance& instance, Findings& findings) {
  const std::string path = history_out_.Keep(instance.spec.name, instance.name, findings);
  LedgerEntry& entry = ledger_[instance.name];
  if (path.empty() || !findings.is_history_violated || !entry.check_again.empty()) return;
  entry.check_again = CheckAgainCommand(path);
}

void Suite::Publish(const Instance& instance, const Findings& findings, benchmark::State& state) {
  const BenchmarkSpec& spec = instance.spec;
  Session& session = stage_.session();
  const Run& run = *stage_.run();
  const int64_t round_trip_ns = run.plan().round_trip_ns;
  const double floor_ns =
      spec.floor.round_trips * static_cast<double>(round_trip_ns) + spec.floor.compute_ms * 1e6;
  const auto publish = [&state](const Counters& counters) {
    for (const auto& [name, value] : counters) state.counters[name] = value;
  };
  publish(CommonCounters(session, ledger_[instance.name], round_trip_ns, floor_ns));
  publish(ClassCounters(session, spec));
  publish(findings.counters);
  const double rate = run.options().rate_per_second;
  if (rate > 0) {
    const Tally tally = TotalsOf(session).tally;
    const double seconds = static_cast<double>(session.slot(0).wall_ns) / 1e9;
    publish({{"offered_per_second", rate},
             {"achieved_per_second", static_cast<double>(CompletedIn(session)) / seconds},
             {"dropped", static_cast<double>(tally.dropped)}});
  }
  // Not by SetItemsProcessed: some versions of Google Benchmark divide it by the threads.
  state.counters["items_per_second"] =
      static_cast<double>(CompletedIn(session)) / MeanWallSeconds(session);
  state.SetLabel(spec.contract.promise);
}

}  // namespace rcb
