#include "bench/holder_fault.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <random>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bench/families.h"
#include "bench/holder_fault_check.h"
#include "common/measure/atomic_max.h"
#include "common/measure/clock.h"
#include "common/redis/command.h"
#include "common/server/deployment/deployment.h"

namespace rcb {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;
// What operations yield that the victim's checker must not take for results.
constexpr int64_t kDied = -1;
constexpr int64_t kUnserved = -2;
constexpr int64_t kNoPart = -3;
constexpr int64_t kWaitMs = 1000;  // what the others may take after the next one
constexpr int64_t kWatchNs = 2 * kNsPerMs;

void SetOnce(std::atomic<int64_t>& time_ns) {
  int64_t unset = 0;
  time_ns.compare_exchange_strong(unset, NowNs());
}

void CloseAll(Worker& worker) {
  worker.connection->Close();
  if (worker.subscriber != nullptr) worker.subscriber->connection().Close();
  for (Connection* node : worker.nodes) node->Close();
}

// An operation that is not over.
class Pending {
 public:
  explicit Pending(std::atomic<int>* count) : count_(count) {}
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  ~Pending() {
    if (count_ != nullptr) --*count_;
  }

 private:
  std::atomic<int>* count_;
};

}  // namespace

HolderFaultScenario::HolderFaultScenario(const RunPlan& plan, const BenchmarkSpec& victim,
                                         const HolderFault& fault)
    : plan_(plan),
      fault_(fault),
      victim_([&plan, &victim, &fault] {
        RunPlan own = plan;
        own.trial = TrialPlan{fault.lease_ms, /*misbehaves=*/fault.computes_long};
        return victim.make(own);
      }()),
      rounds_(static_cast<size_t>(plan.budget) + 1),
      round_(rounds_.data()) {}

absl::Status HolderFaultScenario::Prepare(BlockingClient& redis) {
  if (fault_.server_stall_leases > 0) {
    server_ = plan_.deployment == nullptr ? nullptr : plan_.deployment->private_server();
    if (server_ == nullptr) {
      return absl::FailedPreconditionError("there is no server of ours to stall");
    }
  }
  return victim_->Prepare(redis);
}

void HolderFaultScenario::StartRound(int64_t round) {
  number_ = round;
  round_ = &rounds_[static_cast<size_t>(round)];
  round_start_ns_ = NowNs();
  pending_ = 0;
  for (int i = 0; i < plan_.workers; ++i) {
    if (!IsObserver(i)) ++pending_;
  }
  victim_->StartRound(round);
}

// One worker of each thread only looks whether the machine or the server stands still.
bool HolderFaultScenario::IsObserver(int worker) const {
  return worker < plan_.threads && plan_.workers >= 3 * plan_.threads;
}

Operation HolderFaultScenario::Operate(Worker& worker) {
  if (is_locked_out_) co_return kNoPart;
  const bool is_observer = IsObserver(worker.index);
  const Pending pending(is_observer ? nullptr : &pending_);
  if (!worker.connection->connected()) co_await worker.connection->Connect();
  if (is_observer) co_return co_await Observe(worker);
  co_return co_await TakePart(worker);
}

Operation HolderFaultScenario::Observe(Worker& worker) {
  const Command ping("PING");
  while (pending_ > 0) {
    const int64_t before_ns = NowNs();
    co_await worker.loop->Sleep(kWatchNs);
    co_await worker.redis().Run(ping);
    const int64_t after_ns = NowNs();
    RaiseTo(round_->standstill_ns,
            after_ns - before_ns - kWatchNs - StoppedNs(*round_, before_ns, after_ns));
  }
  co_return kNoPart;
}

Operation HolderFaultScenario::TakePart(Worker& worker) {
  FaultyClient client(worker, *this);
  if (fault_.holds_nothing) worker.Holds();
  absl::StatusOr<int64_t> result = co_await Try(victim_->Operate(worker));
  // A call that the process shares has failed for another.
  const bool shares_error = fault_.asks_again && absl::IsUnavailable(result.status()) &&
                            !client.dead() && worker.connection->connected();
  if (shares_error) {
    ++worker.tally->retries;
    result = co_await Try(victim_->Operate(worker));
  }
  co_return End(worker, client, result);
}

// What came of an operation. Failures for another reason than ours stay what they are.
absl::StatusOr<int64_t> HolderFaultScenario::End(Worker& worker, const FaultyClient& client,
                                                 const absl::StatusOr<int64_t>& result) {
  const int64_t now_ns = NowNs();
  if (client.dead()) {
    CloseAll(worker);
    return kDied;
  }
  const int64_t faulty_ns = round_->faulty_ns;
  if (result.ok()) {
    if (faulty_ns != 0 && worker.index != round_->faulty_worker) {
      SetOnce(round_->served_ns);
      RaiseTo(round_->last_ns, now_ns);
    }
    return *result;
  }
  const bool was_cut = absl::IsUnavailable(result.status()) && now_ns > DueNs(*round_);
  const bool gave_up = absl::IsDeadlineExceeded(result.status()) && worker.connection->connected();
  if (!was_cut && !gave_up) return result.status();
  ++round_->unserved;
  if (round_->served_ns == 0) is_locked_out_ = true;
  CloseAll(worker);
  return kUnserved;
}

bool HolderFaultScenario::OnHold(FaultyClient& client) {
  ++round_->holds;
  const bool is_other = client.worker().index != round_->faulty_worker;
  if (is_other && round_->faulty_ns != 0) SetOnce(round_->next_held_ns);
  int nobody = -1;
  // Of readers and writers, who hold together and alone, only the latter hold up everyone.
  const bool is_first =
      number_ > 0 && client.worker().op_class == 0 &&
      round_->faulty_worker.compare_exchange_strong(nobody, client.worker().index);
  if (!is_first) return false;
  SetOnce(round_->held_ns);
  if (server_ != nullptr) StallServer(*client.worker().loop);
  if (fault_.stall_leases > 0) {
    client.StallAfter(DrawRequest(),
                      static_cast<int64_t>(fault_.stall_leases *
                                           static_cast<double>(fault_.lease_ms * kNsPerMs)));
  } else {
    client.DieAfter(DrawRequest());
  }
  return true;
}

// Before the holder asks for anything more: what it sends from now on, the server does not read.
void HolderFaultScenario::StallServer(Loop& loop) {
  SetOnce(round_->faulty_ns);
  round_->stopped_ns = NowNs();
  const absl::Status paused = server_->Pause();
  if (!paused.ok()) {
    server_status_.Update(paused);
    return;
  }
  plan_.AddMark("fault", absl::StrCat("the server of round ", number_, " stalls"));
  loop.Spawn(ResumeServer(loop, *round_));
}

Task<void> HolderFaultScenario::ResumeServer(Loop& loop, HolderRound& round) {
  const double stall_ns =
      fault_.server_stall_leases * static_cast<double>(fault_.lease_ms * kNsPerMs);
  // An interrupt ends it early.
  static_cast<void>(co_await Try(loop.Sleep(static_cast<int64_t>(stall_ns))));
  round.resumed_ns = NowNs();
  server_status_.Update(server_->Resume());
}

// The same in each process that has this seed.
int HolderFaultScenario::DrawRequest() const {
  std::mt19937_64 random(plan_.seed + static_cast<uint64_t>(number_));
  const uint64_t choices =
      static_cast<uint64_t>(fault_.last_request) - static_cast<uint64_t>(fault_.first_request) + 1;
  return fault_.first_request + static_cast<int>(random() % choices);
}

void HolderFaultScenario::OnFault(FaultyClient& client) {
  static_cast<void>(client);
  if (fault_.stall_leases > 0) SetOnce(round_->stalled_ns);
  if (server_ != nullptr) return;  // it is not its fault
  SetOnce(round_->faulty_ns);
  plan_.AddMark("fault", absl::StrCat("the holder of round ", number_,
                                      fault_.stall_leases > 0 ? " stalls" : " dies"));
}

std::optional<SendPlan> HolderFaultScenario::PlanRequest(FaultyClient& client, size_t size) {
  static_cast<void>(client);
  if (NowNs() > DueNs(*round_)) return std::nullopt;
  return SendPlan{size, 0};
}

// When all have been served, or never will be.
int64_t HolderFaultScenario::DueNs(const HolderRound& round) const {
  const int64_t fault_ns = round.faulty_ns;
  const int64_t from_ns = fault_ns == 0 ? round_start_ns_ : fault_ns;
  const bool is_served = round.served_ns != 0 || fault_ns == 0;
  const int64_t wait_ms = is_served ? kWaitMs : NextBoundMs(fault_) / 2;
  return from_ns + (NextBoundMs(fault_) + wait_ms) * kNsPerMs + 2 * round.standstill_ns;
}

std::vector<OpRecord> HolderFaultScenario::VictimsHistory(
    absl::Span<const OpRecord> history) const {
  std::vector<OpRecord> of_victim;
  for (OpRecord op : history) {
    if (op.outcome == Outcome::kOk && op.value == kNoPart) continue;
    const bool has_result = op.value != kDied && op.value != kUnserved;
    if (op.outcome == Outcome::kOk && !has_result) {
      op.outcome = Outcome::kUnknown;
      op.value = 0;
    }
    of_victim.push_back(op);
  }
  return of_victim;
}

absl::StatusOr<Findings> HolderFaultScenario::Check(absl::Span<const OpRecord> history,
                                                    BlockingClient& redis) {
  if (!server_status_.ok()) return server_status_;
  const absl::Status stalled =
      server_ == nullptr ? absl::OkStatus() : CheckServerStalled(fault_, rounds_);
  if (!stalled.ok()) return stalled;
  // The lock of the last one to die stays until its lease is over.
  std::this_thread::sleep_for(std::chrono::milliseconds(fault_.lease_ms));
  const std::vector<OpRecord> victims = VictimsHistory(history);
  absl::StatusOr<Findings> of_victim = victim_->Check(victims, redis);
  if (!of_victim.ok()) return of_victim;
  Findings findings;
  int64_t standstill_ns = 0;
  for (const HolderRound& round : rounds_) {
    standstill_ns = std::max(standstill_ns, round.standstill_ns.load());
  }
  // A machine that stands still makes holders outlive their leases that were not told to.
  const bool is_void = fault_.stall_leases == 0 && StoodStill(fault_, standstill_ns);
  if (is_void) {
    findings.note = absl::StrCat("the machine stood still for ", standstill_ns / kNsPerMs,
                                 " ms: its holders may have outlived their leases");
  } else {
    findings.violations.Merge(of_victim->violations);
    for (const auto& [detector, count] : of_victim->detections) Keep(detector, count, findings);
    findings.history = std::move(of_victim->history);
    findings.is_history_violated = of_victim->is_history_violated;
  }
  if (fault_.max_computations > 0) {
    Detect("by_repetition", CheckRepetitions(fault_, rounds_), findings);
  }
  Detect("by_recovery", CheckWaits(fault_, rounds_), findings);
  int64_t late = CountLateWrites(rounds_, victims);
  if (fault_.is_late_value) {
    const Violations late_values = LateValues(redis);
    late = late_values.count;
    Detect("by_late_value", late_values, findings);
  }
  findings.counters = MeasureRounds(fault_, rounds_, late);
  return findings;
}

// A detector is listed where it is proven here, or has found something.
void HolderFaultScenario::Keep(const std::string& detector, int64_t count,
                               Findings& findings) const {
  if (count > 0 || fault_.proven_here.count(detector) > 0) findings.detections[detector] = count;
}

void HolderFaultScenario::Detect(const std::string& detector, const Violations& found,
                                 Findings& findings) const {
  findings.violations.Merge(found);
  Keep(detector, found.count, findings);
}

// What holders stored although their lease was over, over what somebody had stored since.
Violations HolderFaultScenario::LateValues(BlockingClient& redis) const {
  Violations late;
  for (size_t number = 1; number < rounds_.size(); ++number) {
    if (rounds_[number].faulty_ns == 0) continue;
    const absl::StatusOr<Reply> value =
        redis.Command({"GET", absl::StrCat(plan_.key_prefix, number)});
    if (!value.ok() || value->is_nil() || !fault_.is_late_value(value->integer())) continue;
    late.Add(1, absl::StrCat("round ", number,
                             ": the value of a winner whose lease was over was "
                             "stored over a later one"));
  }
  return late;
}

BenchmarkSpec WithHolderFault(const std::string& name, Role role, const std::string& promise,
                              const BenchmarkSpec& victim, const HolderFault& fault,
                              int64_t rounds) {
  Contract contract;
  contract.promise = promise;
  contract.evidence = Evidence::kRecordAndMemory;
  contract.min_overlapping = 5;
  BenchmarkSpec spec(name, role, contract);
  spec.shape = Shape::kRounds;
  spec.workers = {20};
  spec.rounds = rounds;
  spec.args = {{"lease_ms", fault.lease_ms}};
  spec.needs = victim.needs;
  spec.needs.own_connections = Requirements::Own::kByOperations;
  if (fault.server_stall_leases > 0) {
    spec.needs.own_server = true;
    spec.needs.breaks_servers = true;
    // That somebody else holds while the first one goes on is part of the row.
    spec.min_workers = 2;
    if (role == Role::kSafe) {
      spec.contract.bounds = {{"two_holders_ratio", Bound::Relation::kAtLeast, 0.01}};
    }
  }
  spec.residue = victim.residue;
  spec.residue.is_judged = role == Role::kSafe && fault.stall_leases == 0;
  spec.op_classes = victim.op_classes;
  spec.trial.is_tried = false;
  spec.make = [victim, fault](const RunPlan& plan) {
    return std::make_unique<HolderFaultScenario>(plan, victim, fault);
  };
  return spec;
}

std::vector<BenchmarkSpec> VariantsWithHolders() {
  std::vector<BenchmarkSpec> victims = StampedeFamily().variants();
  for (BenchmarkSpec& spec : LockFamily().variants()) victims.push_back(std::move(spec));
  return victims;
}

const BenchmarkSpec& FindVariant(const std::vector<BenchmarkSpec>& specs, const std::string& family,
                                 const std::string& variant) {
  const std::string name = absl::StrCat(family, "/", variant);
  for (const BenchmarkSpec& spec : specs) {
    if (spec.name == name) return spec;
  }
  std::abort();  // a row names a variant that its family does not have
}

}  // namespace rcb
