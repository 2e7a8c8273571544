#include "common/harness/run.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/harness/interrupt.h"
#include "common/harness/interval_sampler.h"
#include "common/measure/clock.h"

namespace rcb {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;
// How much longer than one deadline a run may go on without any success.
constexpr int64_t kStallGraceNs = 5'000 * kNsPerMs;
// What a thread keeps of a run for the log.
constexpr size_t kMaxIncidents = 1000;

// What is said of a lost connection, to a server that closes clients which were idle for so long.
std::string LossOf(absl::string_view what, int64_t idle_timeout_s) {
  if (idle_timeout_s == 0) return std::string(what);
  return absl::StrCat(what, ": the server closes clients that were idle for ", idle_timeout_s,
                      " s (its setting timeout)");
}

}  // namespace

Run::Run(const RunPlan& plan, const RunOptions& options, Session& session,
         std::unique_ptr<Scenario> scenario, std::function<void(const Run&)> on_sweep)
    : plan_(plan),
      options_(options),
      session_(session),
      scenario_(std::move(scenario)),
      on_sweep_(std::move(on_sweep)),
      round_barrier_(plan.threads, RoundStarter{this}) {
  for (auto& slot : session_.slots()) {
    slot->loop.set_on_sweep([this, s = slot.get()] { OnSweep(*s); });
    slot->arrivals.reset();
    if (options_.rate_per_second > 0) {
      slot->arrivals.emplace(options_.rate_per_second / plan_.threads,
                             plan_.seed + static_cast<uint64_t>(slot->index));
    }
  }
}

Run::~Run() {
  for (auto& slot : session_.slots()) slot->WatchInterrupts();
}

void Run::WarmUp(ThreadSlot& slot) {
  DriveRounds(slot, 1);
  slot.latency.Clear();
  slot.completed = 0;
  for (Histogram& latency : slot.class_latency) latency.Clear();
  for (int64_t& completed : slot.class_completed) completed = 0;
}

void Run::Drive(ThreadSlot& slot) {
  const int64_t start_ns = NowNs();
  const int64_t busy_before_ns = ThreadCpuNs();
  slot.last_success_ns = start_ns;
  slot.start_ns = start_ns;
  slot.last_start_ns = start_ns;
  std::optional<IntervalSampler> sampler;
  if (options_.feed != nullptr) sampler.emplace(*options_.feed, slot);
  if (options_.shape == Shape::kRounds) {
    DriveRounds(slot, plan_.budget);
  } else {
    if (slot.arrivals) slot.arrivals->Start(start_ns);
    for (auto& state : slot.workers) {
      slot.loop.Spawn(slot.arrivals ? OpenLoop(slot, *state) : ClosedLoop(slot, *state));
    }
    slot.loop.Run();
  }
  slot.busy_ns = ThreadCpuNs() - busy_before_ns;
  slot.wall_ns = NowNs() - start_ns;
  if (sampler) sampler->Finish();
}

// Runs on one thread while the others wait at the barrier: all of them see the same decision.
void Run::RoundStarter::operator()() noexcept {
  if (IsInterrupted()) run->stopping_.store(true, std::memory_order_relaxed);
  run->round_begins_ = !run->stopped();
  if (!run->round_begins_) return;
  run->plan_.AddMark("round", absl::StrCat(run->next_round_));
  run->scenario_->StartRound(run->next_round_++);
}

void Run::DriveRounds(ThreadSlot& slot, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const int64_t arrival_ns = NowNs();
    round_barrier_.arrive_and_wait();
    slot.last_success_ns += NowNs() - arrival_ns;  // to wait for the others is no stall
    if (!round_begins_) return;
    taken_.fetch_add(static_cast<int64_t>(slot.workers.size()), std::memory_order_relaxed);
    for (auto& state : slot.workers) slot.loop.Spawn(OneOperation(slot, *state));
    slot.loop.Run();
  }
}

bool Run::TakeOperation(ThreadSlot& slot) {
  if (stopped()) return false;
  const int64_t taken = taken_.fetch_add(1, std::memory_order_relaxed);
  if (options_.shape == Shape::kEpochs) {
    if (taken >= options_.max_operations) Abort("the epochs did not end");
    return !stopped() && !scenario_->IsOver();
  }
  if (taken < plan_.budget) return true;
  if (!Extends(slot)) return false;
  if (NowNs() - slot.start_ns >= std::max(options_.min_ns, options_.extended_ns)) return false;
  if (options_.keeps_history && taken >= options_.max_operations) {
    Abort(absl::StrCat("the run has more operations than --history_limit=", options_.max_operations,
                       ": raise it, or lower --benchmark_min_time"));
    return false;
  }
  ++slot.extra_operations;
  return true;
}

// Google Benchmark repeats a run with a larger budget until it has lasted for the least time: to
// 1.8 on the average over threads, from 1.9 on in total. So with N threads a run may be the last
// one after 1/N of that time; such a run goes on until all of it is over. Shorter ones were only to
// find the budget.
bool Run::Extends(const ThreadSlot& slot) {
  // The last operations, which have begun, add to the time.
  constexpr double kMargin = 0.5;
  const Extension known = extension_.load(std::memory_order_relaxed);
  if (known != Extension::kUndecided) return known == Extension::kUntilMinTime;
  const auto elapsed_ns = static_cast<double>(NowNs() - slot.start_ns);
  const bool is_long = elapsed_ns * plan_.threads >= kMargin * static_cast<double>(options_.min_ns);
  // Where some operations are long, the last of them may make any run long enough.
  const bool extends = options_.min_ns > 0 && (is_long || options_.extended_ns > options_.min_ns);
  Extension expected = Extension::kUndecided;
  extension_.compare_exchange_strong(expected,
                                     extends ? Extension::kUntilMinTime : Extension::kNone);
  return extension_.load() == Extension::kUntilMinTime;
}

void Run::Abort(const std::string& reason) {
  if (!is_aborted_.exchange(true)) abort_reason_ = reason;
  stopping_.store(true);
}

Task<void> Run::ClosedLoop(ThreadSlot& slot, WorkerState& state) {
  int64_t start_ns = NowNs();
  while (TakeOperation(slot)) {
    absl::StatusOr<int64_t> result = co_await Try(Operate(slot, state));
    // A look at the clock is saved: nothing happens between two operations.
    start_ns = Account(slot, state, start_ns, start_ns, result) + 1;
  }
}

// Each worker takes the next arrival in order, however late: together they are one queue.
Task<void> Run::OpenLoop(ThreadSlot& slot, WorkerState& state) {
  while (TakeOperation(slot)) {
    const int64_t intended_ns = slot.arrivals->Next();
    static_cast<void>(co_await Try(slot.loop.SleepUntil(intended_ns)));  // stopped() tells
    if (stopped() || (options_.shape == Shape::kEpochs && scenario_->IsOver())) co_return;
    const int64_t start_ns = std::max(NowNs(), intended_ns);
    state.worker.late_ns = start_ns - intended_ns;
    slot.lateness.Record(state.worker.late_ns);
    slot.last_start_ns = start_ns;
    if (start_ns - intended_ns > options_.op_timeout_ms * kNsPerMs) {
      ++state.tally.started;
      ++state.tally.dropped;
      slot.latency.Record(start_ns - intended_ns);
      continue;
    }
    absl::StatusOr<int64_t> result = co_await Try(Operate(slot, state));
    Account(slot, state, intended_ns, start_ns, result);
  }
}

Task<void> Run::OneOperation(ThreadSlot& slot, WorkerState& state) {
  const int64_t start_ns = NowNs();
  absl::StatusOr<int64_t> result = co_await Try(Operate(slot, state));
  Account(slot, state, start_ns, start_ns, result);
}

Operation Run::Operate(ThreadSlot& slot, WorkerState& state) {
  ++slot.in_flight;
  state.worker.op_class = 0;
  state.round_trips_before_operation = state.RoundTrips();
  state.retries_before_operation = state.tally.retries;
  const bool is_ready = state.connection.connected() || !session_.options().heals_own;
  if (is_ready) return scenario_->Operate(state.worker);
  return ReconnectAndOperate(state);
}

// The operation after one that lost its connection pays for the new one.
Operation Run::ReconnectAndOperate(WorkerState& state) {
  co_await state.connection.Connect();
  co_return co_await scenario_->Operate(state.worker);
}

int64_t Run::Account(ThreadSlot& slot, WorkerState& state, int64_t intended_ns, int64_t invoke_ns,
                     const absl::StatusOr<int64_t>& result) {
  const absl::Status& status = result.status();
  const int64_t return_ns = std::max(NowNs(), invoke_ns);
  --slot.in_flight;
  if (status.code() != absl::StatusCode::kCancelled) {
    slot.latency.Record(return_ns - intended_ns);
    if (!slot.class_latency.empty()) {
      slot.class_latency[state.worker.op_class].Record(return_ns - intended_ns);
      slot.class_completed[state.worker.op_class] += status.ok() ? 1 : 0;
    }
    ++state.tally.started;
    // Where connections are the variant's own business, so is their end.
    const bool counts = session_.options().heals_own;
    const int64_t losses = counts ? state.Losses() - state.losses_counted : 0;
    state.losses_counted += losses;
    if (status.ok()) {
      ++state.tally.succeeded;
      ++slot.completed;
      if (state.tally.retries == state.retries_before_operation) {
        slot.min_requests =
            std::min(slot.min_requests, state.RoundTrips() - state.round_trips_before_operation);
      }
      slot.last_success_ns = return_ns;
      slot.has_failed_since = false;
      // A connection lost between operations, or in one that could do without it, is an error too.
      state.tally.errors += losses;
      if (losses > 0) {
        NoteFailure(slot, state, "an idle connection was lost", /*is_loss=*/true);
      }
    } else {
      slot.has_failed_since = true;
      ++(status.code() == absl::StatusCode::kDeadlineExceeded ? state.tally.timeouts
                                                              : state.tally.errors);
      NoteFailure(slot, state, status.message(), /*is_loss=*/absl::IsUnavailable(status));
    }
  }
  const int32_t operation = state.worker.operation++;
  if (!options_.keeps_history) return return_ns;
  OpRecord record;
  record.invoke_ns = invoke_ns;
  record.return_ns = return_ns;
  record.value = result.ok() ? *result : 0;
  record.operation = operation;
  record.worker = static_cast<uint16_t>(state.worker.index);
  record.outcome = OutcomeOf(status);
  record.op_class = state.worker.op_class;
  slot.history.push_back(record);
  return return_ns;
}

void Run::NoteFailure(ThreadSlot& slot, const WorkerState& state, absl::string_view message,
                      bool is_loss) {
  if (!slot.first_error.empty() && !options_.keeps_incidents) return;
  const std::string what = LossOf(message, is_loss ? session_.options().idle_timeout_s : 0);
  if (slot.first_error.empty()) slot.first_error = what;
  if (!options_.keeps_incidents) return;
  if (slot.incidents.size() < kMaxIncidents) {
    slot.incidents.push_back({NowNs(), state.worker.index, is_loss, what});
  } else {
    ++slot.incidents_left_out;
  }
}

void Run::OnSweep(ThreadSlot& slot) {
  if (slot.index == 0 && on_sweep_) on_sweep_(*this);
  if (slot.index == 0 && !stopped() && options_.is_in_vain && options_.is_in_vain()) {
    Abort("the primary is another one by now");
  }
  const int64_t timeout_ns =
      (options_.op_timeout_ms + options_.max_compute_ms) * kNsPerMs + kStallGraceNs;
  // Having nothing to do is no stall, but failing again and again at once is.
  if (slot.in_flight == 0 && !slot.has_failed_since) slot.last_success_ns = NowNs();
  if (!stopped() && NowNs() - slot.last_success_ns > timeout_ns) {
    Abort(absl::StrCat("no operation succeeded for ", timeout_ns / 1'000'000'000, " s",
                       slot.first_error.empty() ? "" : "; first error: ", slot.first_error));
  }
  if (IsInterrupted()) stopping_.store(true, std::memory_order_relaxed);
  if (stopped() && !slot.loop.cancelled()) slot.loop.Cancel();
}

}  // namespace rcb
