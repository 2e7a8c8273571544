#include "common/harness/stage.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/harness/counters.h"
#include "common/harness/key_names.h"
#include "common/redis/connection_options.h"
#include "common/report/ledger.h"
#include "common/server/keyspace.h"

namespace rcb {
namespace {

constexpr int kBlockingTimeoutMs = 5000;
constexpr int kPingsBeforeRun = 100;
constexpr int64_t kMinOperationsToCountRequests = 100;
constexpr int64_t kMaxTrialRounds = 100;
// A quorum goes on without a node that is slower than this.
constexpr int64_t kNodeTimeoutMs = 500;
// Keys of a run that were not found within this are left to the clean-up at the end.
constexpr int64_t kDeleteTimeoutMs = 2000;
// With more keys than this, looking for those of one run would take longer than the run.
constexpr int64_t kMaxKeysToSearch = 200'000;

// Operations that a run records at most.
int64_t RecordSize(const Instance& instance, int64_t budget) {
  if (instance.spec.shape == Shape::kEpochs || !instance.spec.needs.history) return 0;
  return instance.spec.shape == Shape::kRounds ? (budget + 1) * instance.workers  // and warm-up
                                               : budget;
}

// A bound that is broken is a violation, also where no checker counts what it bounds.
void JudgeBounds(const Contract& contract, Findings& findings) {
  for (const Bound& bound : contract.bounds) {
    bool is_counted = false;
    for (const auto& [name, value] : findings.counters) {
      if (name != bound.counter) continue;
      is_counted = true;
      if (bound.Holds(value) || !findings.violations.none()) continue;
      findings.violations.Add(
          1, absl::StrCat(name, " is ", value, ", and the contract says ", ToText(bound)));
    }
    if (!is_counted) std::abort();  // the family declares a bound on what it does not count
  }
}

double ValueOf(const Findings& findings, const std::string& counter) {
  for (const auto& [name, value] : findings.counters) {
    if (name == counter) return value;
  }
  std::abort();  // the family predicts what it does not count
}

// A figure outside what theory gives is a violation, unless the machine was too slow to tell.
void JudgePredictions(Session& session, Findings& findings) {
  Histogram lateness;
  for (auto& slot : session.slots()) lateness.Merge(slot->lateness);
  const double late_us = static_cast<double>(lateness.ValueAtQuantile(0.99)) / 1e3;
  for (const Prediction& prediction : findings.predictions) {
    const double value = ValueOf(findings, prediction.counter);
    if (value >= prediction.low && value <= prediction.high) continue;
    const std::string what =
        absl::StrFormat("%s is %.4g, and theory gives %.4g to %.4g", prediction.counter, value,
                        prediction.low, prediction.high);
    if (late_us <= prediction.max_lateness_us) {
      findings.violations.Add(1, what);
    } else {
      findings.note = absl::StrFormat(
          "%s; it is not judged, for operations started up to %.0f us late", what, late_us);
    }
  }
}

// What the floor of a row rests on: that the code sends as few requests as it says, and no fewer.
void JudgeRequests(int64_t requests, Session& session, Violations& violations) {
  int64_t min_requests = INT64_MAX;
  for (auto& slot : session.slots()) min_requests = std::min(min_requests, slot->min_requests);
  // The first operations of a session load their scripts as well.
  const bool is_warm = CompletedIn(session) >= kMinOperationsToCountRequests;
  if (requests == 0 || !is_warm || min_requests == INT64_MAX || min_requests == requests) return;
  violations.Add(1, absl::StrCat("an operation took at least ", min_requests,
                                 " requests, and the floor says ", requests));
}

// Leaves keys where they are if there are so many that finding them would take long: the clean-up
// at the end of the program takes them.
bool HasFewKeys(BlockingClient& redis) {
  const absl::StatusOr<Reply> keys = redis.Command({"DBSIZE"});
  return keys.ok() && keys->integer() <= kMaxKeysToSearch;
}

void DeleteRunKeys(const std::string& prefix, BlockingClient& redis) {
  DeleteKeysUnder(prefix, kDeleteTimeoutMs, redis).IgnoreError();
}

}  // namespace

absl::Status Stage::Prepare(Deployment& deployment,
                            const std::function<absl::Status(BlockingClient& redis)>& work) {
  const int generation_before = deployment.generation();
  failovers_before_ = deployment.failovers().count;
  absl::Status ready = deployment.EnsureAlive();
  // That a server fails while nothing runs must show somewhere, too.
  if (ready.ok() && deployment.generation() != generation_before && !server_suspect_) {
    ready = absl::UnavailableError("the server was gone before this run, and has been replaced");
  }
  server_suspect_ = false;
  if (ready.ok()) failovers_before_ = deployment.failovers().count;
  if (ready.ok()) ready = Connect(deployment);
  return ready.ok() ? work(*redis_) : ready;
}

absl::Status Stage::Connect(Deployment& deployment) {
  const std::string server =
      absl::StrCat(deployment.endpoint().ToString(), " ", deployment.generation());
  if (redis_ && redis_server_ == server && redis_->Command({"PING"}).ok()) return absl::OkStatus();
  redis_.reset();
  absl::StatusOr<BlockingClient> client =
      BlockingClient::Connect(deployment.endpoint(), kBlockingTimeoutMs, options_.is_cancelled);
  if (!client.ok()) return client.status();
  redis_.emplace(*std::move(client));
  redis_server_ = server;
  return absl::OkStatus();
}

absl::Status Stage::Begin(const Instance& instance, Deployment& deployment, const RunLength& length,
                          std::function<void(const Run&)> on_sweep) {
  run_.reset();
  const int64_t recorded = RecordSize(instance, length.budget);
  if (recorded > options_.history_limit) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "a run of ", recorded, " operations is more than --history_limit=", options_.history_limit,
        ": raise it, or lower --benchmark_min_time"));
  }
  RunPlan plan;
  plan.workers = instance.workers;
  plan.threads = instance.threads;
  plan.budget = length.budget;
  plan.key_prefix = deployment.MakeRunPrefix();
  plan.library_name = deployment.identity().library_name;
  deployment.NoteKeys(KeyNames(instance.spec.needs.keys, plan));
  plan.seed = options_.seed;
  plan.feed = options_.feed;
  std::unique_ptr<Scenario> scenario;
  const absl::Status prepared = Prepare(deployment, [&](BlockingClient& redis) {
    const absl::Status configured = deployment.Configure(instance.spec.needs.settings);
    if (!configured.ok()) return configured;
    const absl::Status opened = OpenSession(instance, deployment);
    if (!opened.ok()) return opened;
    plan.round_trip_ns = session_->MeasureRoundTripNs(kPingsBeforeRun);
    const bool may_break = instance.spec.needs.breaks_servers && deployment.permissions().disrupt;
    plan.deployment = may_break ? &deployment : nullptr;
    plan.server = deployment.endpoint();
    plan.proxy = proxy_.get();
    scenario = instance.spec.make(plan);
    const absl::Status made = scenario->Prepare(redis);
    loss_before_ = FetchLossFacts(redis);
    return made;
  });
  if (!prepared.ok()) return prepared;
  // A run that goes on for the sake of min_ns has room too.
  const int64_t with_extra = std::min(2 * instance.threads * recorded, options_.history_limit);
  session_->StartRecord(length.min_ns > 0 ? with_extra : recorded);
  if (plan.feed != nullptr) plan.feed->BeginRun(instance.printed_name, instance.threads);
  run_ = std::make_unique<Run>(plan, MakeRunOptions(instance, deployment, length.min_ns), *session_,
                               std::move(scenario), std::move(on_sweep));
  return absl::OkStatus();
}

RunOptions Stage::MakeRunOptions(const Instance& instance, const Deployment& deployment,
                                 int64_t min_ns) const {
  const BenchmarkSpec& spec = instance.spec;
  RunOptions options;
  options.shape = spec.shape;
  options.keeps_history = spec.needs.history;
  options.op_timeout_ms = options_.op_timeout_ms;
  options.max_compute_ms = static_cast<int64_t>(
      std::ceil(spec.floor.compute_ms * (spec.floor.computes_in_turn ? instance.workers : 1)));
  options.max_operations = options_.history_limit;
  options.min_ns = min_ns;
  options.feed = options_.feed;
  options.keeps_incidents = options_.keeps_incidents;
  options.is_in_vain = [&deployment] { return deployment.HasFailedOver(); };
  options.extended_ns = static_cast<int64_t>(spec.min_run_s * 1e9);
  if (spec.shape != Shape::kRounds) {
    options.rate_per_second =
        options_.rate_per_second > 0 ? options_.rate_per_second : spec.rate_per_second;
  }
  return options;
}

// How workers reach the server.
absl::StatusOr<ConnectionOptions> Stage::Reach(const Requirements& needs, Deployment& deployment) {
  proxy_.reset();
  absl::StatusOr<ConnectionOptions> options =
      MakeConnectionOptions(deployment.endpoint(), options_.op_timeout_ms);
  if (!options.ok() || !needs.proxy) return options;
  absl::StatusOr<std::unique_ptr<Proxy>> proxy = Proxy::Start(options->address, options_.seed);
  if (!proxy.ok()) return proxy.status();
  proxy_ = *std::move(proxy);
  options->address = proxy_->address();
  return options;
}

absl::Status Stage::OpenSession(const Instance& instance, Deployment& deployment) {
  const std::string name = absl::StrCat(instance.name, " ", deployment.generation());
  // What the last run did to it may not have been undone.
  if (proxy_ != nullptr) static_cast<void>(proxy_->Set(ProxyFaults()));
  if (session_ != nullptr && session_name_ == name) return absl::OkStatus();
  session_.reset();
  SessionOptions options;
  options.workers = instance.workers;
  options.threads = instance.threads;
  options.needs_subscriber = instance.spec.needs.subscriber;
  options.heals_own = instance.spec.needs.own_connections == Requirements::Own::kHealed;
  options.shared_connections = instance.spec.needs.shared_connections;
  options.opens_shared = instance.spec.needs.max_clients == 0;
  options.seed = options_.seed;
  options.op_classes = instance.spec.op_classes.size();
  options.idle_timeout_s = deployment.facts().idle_timeout_s;
  absl::StatusOr<ConnectionOptions> connection = Reach(instance.spec.needs, deployment);
  if (!connection.ok()) return connection.status();
  options.connection = *std::move(connection);
  for (const Endpoint& endpoint : deployment.nodes()) {
    absl::StatusOr<ConnectionOptions> node = MakeConnectionOptions(endpoint, kNodeTimeoutMs);
    if (!node.ok()) return node.status();
    options.nodes.push_back(*std::move(node));
  }
  absl::StatusOr<std::unique_ptr<Session>> session = Session::Open(options);
  if (!session.ok()) return session.status();
  session_ = *std::move(session);
  session_name_ = name;
  return absl::OkStatus();
}

std::string Stage::FailoverDuringRun(Deployment& deployment) {
  deployment.LookForFailover();
  const Failovers& failovers = deployment.failovers();
  return failovers.count > failovers_before_ ? failovers.last : "";
}

std::string Stage::LossDuringRun(const Instance& instance, Deployment& deployment) {
  if (instance.spec.needs.breaks_servers) return "";  // it is what the row is about
  const std::string failover = FailoverDuringRun(deployment);
  if (!failover.empty()) return failover;
  if (!Connect(deployment).ok()) return "";  // which Judge tells
  LossFacts before = loss_before_;
  if (instance.spec.needs.evicts) before.evicted_keys = -1;
  if (instance.spec.needs.flushes) before.flushes = -1;
  return DescribeLoss(before, FetchLossFacts(*redis_));
}

absl::StatusOr<Findings> Stage::Judge(const Instance& instance, Deployment& deployment) {
  const std::vector<OpRecord> history = HistoryOf(*session_);
  if (instance.spec.needs.breaks_servers) {
    const absl::Status recovered = deployment.Recover();
    if (!recovered.ok()) return recovered;
  }
  const absl::Status connected = Connect(deployment);
  if (!connected.ok()) return connected;
  absl::StatusOr<Findings> findings = run_->scenario().Check(history, *redis_);
  if (!redis_->connected()) {
    return absl::UnavailableError("the server was lost while the result was checked");
  }
  const std::string& prefix = run_->plan().key_prefix;
  const bool may_search = HasFewKeys(*redis_);
  // A promise about counts cannot be kept where the server refused some of the work.
  const Tally tally = TotalsOf(*session_).tally;
  const bool is_whole = tally.errors == 0 && tally.timeouts == 0;
  if (findings.ok() && is_whole) {
    JudgeBounds(instance.spec.contract, *findings);
    JudgePredictions(*session_, *findings);
    JudgeRequests(instance.spec.floor.requests, *session_, findings->violations);
    const Residue& residue = instance.spec.residue;
    if (residue.is_judged && may_search) {
      findings->Detect(kByResidue, AuditResidue(residue, prefix, *redis_));
    }
  }
  if (may_search) DeleteRunKeys(prefix, *redis_);
  return findings;
}

// The names of a trial's keys: it has no more workers than the run, and few rounds.
std::string Stage::MakeTrialPrefix(const Instance& instance, Deployment& deployment) const {
  RunPlan plan = run_->plan();
  plan.key_prefix = deployment.MakeRunPrefix();
  plan.budget = kMaxTrialRounds;
  deployment.NoteKeys(KeyNames(instance.spec.needs.keys, plan));
  return plan.key_prefix;
}

TrialOutcome Stage::Try(const Instance& instance, Deployment& deployment) {
  TrialOutcome outcome;
  if (!Connect(deployment).ok()) {
    outcome.not_tried = "the server was lost";
    return outcome;
  }
  const TrialGround ground{
      session_->slot(0), *redis_,
      [this, &instance, &deployment] { return MakeTrialPrefix(instance, deployment); },
      [this](const std::string& prefix) {
        if (HasFewKeys(*redis_)) DeleteRunKeys(prefix, *redis_);
      }};
  outcome = RunTrial(instance.spec, run_->plan(), ground);
  if (outcome.session_is_spent) session_name_.clear();
  if (outcome.findings.violations.none()) return outcome;
  const std::string loss = LossDuringRun(instance, deployment);
  if (!redis_->connected() || !loss.empty()) {
    outcome.findings = Findings();
    outcome.not_tried = loss.empty() ? "the server was lost" : loss;
  }
  return outcome;
}

void Stage::Close() {
  run_.reset();
  session_.reset();
  proxy_.reset();
  session_name_.clear();
}

}  // namespace rcb
