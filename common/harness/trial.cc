#include "common/harness/trial.h"

#include <algorithm>
#include <optional>
#include <random>

#include "absl/random/distributions.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/measure/clock.h"
#include "common/redis/disturbance.h"

namespace rcb {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;
// Every other request is held back, in part or whole, for up to this long.
constexpr int64_t kMaxPauseNs = 1'500'000;
constexpr int64_t kHeadStartNs = 4 * kNsPerMs;
constexpr int64_t kWatchNs = 2 * kNsPerMs;
// What a waiter may take beyond the leases that it has to wait for.
constexpr int64_t kRecoverySlackMs = 100;
constexpr size_t kMaxWorkers = 50;

}  // namespace

// What befalls the requests on connections that all workers share.
class Trial::Late final : public Disturbance {
 public:
  explicit Late(Trial& trial) : trial_(trial) { Set(this); }
  ~Late() { Set(nullptr); }

  std::optional<SendPlan> BeforeRequest(size_t size) override { return trial_.DrawLateness(size); }

 private:
  void Set(Disturbance* disturbance) {
    for (auto& connection : trial_.slot_.shared) connection->set_disturbance(disturbance);
  }

  Trial& trial_;
};

Trial::Trial(const BenchmarkSpec& spec, const RunPlan& plan, Scenario& scenario, ThreadSlot& slot)
    : spec_(spec),
      plan_(plan),
      scenario_(scenario),
      slot_(slot),
      random_(
          std::seed_seq{static_cast<uint32_t>(plan.seed), static_cast<uint32_t>(plan.workers)}) {
  slot_.loop.Reset();
  for (auto& state : slot_.workers) {
    tallies_before_.push_back(state->tally);
    round_trips_before_.push_back(state->RoundTrips());
  }
  for (size_t i = 0; i < static_cast<size_t>(max_size()); ++i) {
    slot_.workers[i]->worker.operation = 0;
    clients_.push_back(std::make_unique<FaultyClient>(slot_.workers[i]->worker, *this));
  }
  late_ = std::make_unique<Late>(*this);
}

SendPlan Trial::DrawLateness(size_t size) {
  if (absl::Bernoulli(random_, 0.5)) return SendPlan{size, 0};
  return SendPlan{absl::Uniform<size_t>(random_, 0, size),
                  absl::Uniform<int64_t>(random_, 0, kMaxPauseNs)};
}

Trial::~Trial() {
  for (size_t i = 0; i < slot_.workers.size(); ++i) {
    WorkerState& state = *slot_.workers[i];
    state.tally = tallies_before_[i];
    state.round_trips_before += state.RoundTrips() - round_trips_before_[i];
    state.losses_counted = state.Losses();
  }
}

int64_t Trial::StallNs() const {
  return static_cast<int64_t>(spec_.trial.stall_leases *
                              static_cast<double>(plan_.trial->lease_ms * kNsPerMs));
}

int Trial::max_size() const {
  return static_cast<int>(std::min(slot_.workers.size() - 1, kMaxWorkers));
}

bool Trial::Drive(const Burst& burst) {
  burst_ = burst;
  is_armed_ = burst.misbehavior == Misbehavior::kStall || burst.misbehavior == Misbehavior::kDie;
  holder_ = nullptr;
  served_since_ = false;
  pending_ = std::min(burst.size, max_size());
  const int64_t start_ns = NowNs();
  epochs_end_ns_ = burst.epochs_ms == 0 ? INT64_MAX : start_ns + burst.epochs_ms * kNsPerMs;
  if (spec_.shape == Shape::kRounds) scenario_.StartRound(bursts_);
  for (int i = 0, count = pending_; i < count; ++i) {
    const size_t place = next_worker_++ % clients_.size();
    clients_[place]->Behave();
    const bool is_slow = burst.misbehavior == Misbehavior::kSlowToAsk && i == 0;
    if (is_slow) clients_[place]->StallAfter(0, StallNs());
    slot_.loop.Spawn(Work(*slot_.workers[place], is_slow));
  }
  slot_.loop.Spawn(Watch(start_ns + burst.bound_ms * kNsPerMs));
  slot_.loop.Run();
  ++bursts_;
  if (was_cut_off_) {
    locked_out_ = DeathNs() != 0 && !served_since_;
    violations_.Add(
        1, locked_out_
               ? absl::StrCat("after a holder died, nobody was served for ",
                              (NowNs() - DeathNs()) / kNsPerMs, " ms, with a lease of ",
                              plan_.trial->lease_ms, " ms")
               : absl::StrCat(burst.size, " clients were not served within ", burst.bound_ms,
                              " ms: a wake-up was lost, or something was never given back"));
  }
  return !was_cut_off_ && error_.empty();
}

Task<void> Trial::Work(WorkerState& state, bool is_slow) {
  if (spec_.shape == Shape::kRounds) state.worker.operation = static_cast<int32_t>(bursts_);
  for (int64_t done = 0; !IsOver(done); ++done) {
    int64_t pause_ns = absl::Uniform<int64_t>(random_, 0, burst_.spread_us * 1000);
    // The one that asks slowly has to be the first to ask.
    const bool is_late = burst_.misbehavior == Misbehavior::kSlowToAsk && done == 0 && !is_slow;
    if (is_late) pause_ns += kHeadStartNs;
    static_cast<void>(co_await Try(slot_.loop.Sleep(pause_ns)));
    if (slot_.loop.cancelled() || !error_.empty()) break;
    const int64_t start_ns = NowNs();
    absl::StatusOr<int64_t> result = co_await Try(Operate(state));
    Record(state, start_ns, result);
    if (!result.ok()) break;
  }
  --pending_;
}

bool Trial::IsOver(int64_t done) {
  if (spec_.shape != Shape::kEpochs) return done >= burst_.operations;
  return scenario_.IsOver() || NowNs() >= epochs_end_ns_;
}

Operation Trial::Operate(WorkerState& state) {
  const bool is_healed = spec_.needs.own_connections == Requirements::Own::kHealed;
  const bool needs_own = is_healed && !state.connection.connected();
  if (needs_own) co_await state.connection.Connect();
  co_return co_await scenario_.Operate(state.worker);
}

void Trial::Record(WorkerState& state, int64_t start_ns, const absl::StatusOr<int64_t>& result) {
  OpRecord record;
  record.invoke_ns = start_ns;
  record.return_ns = std::max(NowNs(), start_ns);
  record.value = result.ok() ? *result : 0;
  record.operation = state.worker.operation;
  record.worker = static_cast<uint16_t>(state.worker.index);
  record.outcome = OutcomeOf(result.status());
  record.op_class = state.worker.op_class;
  history_.push_back(record);
  state.worker.op_class = 0;
  if (spec_.shape != Shape::kRounds) ++state.worker.operation;
  if (static_cast<const FaultyClient*>(state.worker.on_hold)->dead()) return;
  if (result.ok()) return NoteSuccess(record.return_ns);
  if (!slot_.loop.cancelled() && error_.empty()) error_ = std::string(result.status().message());
}

// How long those that wait for a dead holder had to.
void Trial::NoteSuccess(int64_t at_ns) {
  const int64_t died_ns = DeathNs();
  if (died_ns == 0 || served_since_ || at_ns < died_ns) return;
  served_since_ = true;
  const int64_t waited_ms = (at_ns - died_ns) / kNsPerMs;
  const int64_t bound_ms = static_cast<int64_t>(spec_.trial.recovery_leases *
                                                static_cast<double>(plan_.trial->lease_ms)) +
                           kRecoverySlackMs;
  if (waited_ms <= bound_ms) return;
  violations_.Add(1, absl::StrCat("after a holder died, the next one was served after ", waited_ms,
                                  " ms, and not within ", bound_ms, " ms"));
}

bool Trial::OnHold(FaultyClient& client) {
  if (!is_armed_) return false;
  is_armed_ = false;
  const int requests = absl::Uniform<int>(random_, 0, spec_.trial.requests_while_holding);
  if (burst_.misbehavior == Misbehavior::kStall) {
    client.StallAfter(requests, StallNs());
  } else {
    holder_ = &client;
    client.DieAfter(requests);
  }
  return true;
}

std::optional<SendPlan> Trial::PlanRequest(FaultyClient&, size_t size) {
  return DrawLateness(size);
}

// When a holder died; 0: none has.
int64_t Trial::DeathNs() const { return holder_ == nullptr ? 0 : holder_->died_ns(); }

// Ends the burst where it takes too long, and looks whether the machine or the server stood still.
Task<void> Trial::Watch(int64_t deadline_ns) {
  Connection& connection = slot_.workers.back()->connection;
  const Command ping("PING");
  while (pending_ > 0) {
    const int64_t before_ns = NowNs();
    static_cast<void>(co_await Try(slot_.loop.Sleep(kWatchNs)));
    if (slot_.loop.cancelled()) co_return;
    if (connection.connected()) static_cast<void>(co_await Try(connection.Run(ping)));
    max_standstill_ns_ = std::max(max_standstill_ns_, NowNs() - before_ns - kWatchNs);
    if (pending_ == 0 || NowNs() < deadline_ns) continue;
    was_cut_off_ = true;
    slot_.loop.Cancel();
    co_return;
  }
}

}  // namespace rcb
