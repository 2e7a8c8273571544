#include "common/harness/session.h"

#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"
#include "common/harness/interrupt.h"
#include "common/measure/clock.h"

namespace rcb {
namespace {

// How many connections of a thread are made at a time: servers queue few that they have not
// accepted yet (Redis: tcp-backlog 511).
constexpr size_t kConnectingAtOnce = 128;
// More than there can be workers.
constexpr int64_t kMaxSharedInFlight = 1'000'000;

std::seed_seq SeedOf(uint64_t seed, int stream) {
  return std::seed_seq{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32),
                       static_cast<uint32_t>(stream)};
}

Task<void> ConnectOne(Connection& connection, absl::Status& first_failure) {
  absl::Status status = co_await Try(connection.Connect());
  if (!status.ok() && first_failure.ok()) first_failure = status;
}

Task<void> TimePings(Connection& connection, bool connects, int pings, Histogram& round_trips) {
  if (connects && !(co_await Try(connection.Connect())).ok()) co_return;
  const Command ping("PING");
  for (int i = 0; i < pings; ++i) {
    const int64_t start_ns = NowNs();
    absl::StatusOr<Reply> pong = co_await Try(connection.Run(ping));
    if (!pong.ok()) co_return;
    round_trips.Record(NowNs() - start_ns);
  }
}

// The connections that are open before any run.
std::vector<Connection*> ConnectionsOf(const ThreadSlot& slot, const SessionOptions& options) {
  std::vector<Connection*> connections;
  for (const auto& state : slot.workers) {
    const bool is_for_pings = state == slot.workers.front() || state == slot.workers.back();
    if (options.heals_own || is_for_pings) connections.push_back(&state->connection);
    if (state->subscriber) connections.push_back(&state->subscriber->connection());
    for (const auto& node : state->nodes) connections.push_back(node.get());
  }
  if (!options.opens_shared) return connections;
  for (const auto& connection : slot.shared) connections.push_back(connection.get());
  return connections;
}

}  // namespace

WorkerState::WorkerState(Loop& loop, const SessionOptions& options, ScriptDigests& digests,
                         int index)
    : connection(loop, options.connection, digests, options.seed + static_cast<uint64_t>(index)),
      random(SeedOf(options.seed, index)) {
  const uint64_t other_seed = ~options.seed - static_cast<uint64_t>(index);
  if (options.needs_subscriber) {
    subscriber.emplace(loop, options.connection, digests, other_seed);
  }
  for (const ConnectionOptions& node : options.nodes) {
    nodes.push_back(std::make_unique<Connection>(loop, node, digests, other_seed));
    worker.nodes.push_back(nodes.back().get());
  }
  worker.index = index;
  worker.loop = &loop;
  worker.connection = &connection;
  worker.subscriber = subscriber ? &*subscriber : nullptr;
  worker.random = &random;
  worker.tally = &tally;
}

int64_t WorkerState::RoundTrips() const {
  int64_t sum = connection.round_trips();
  if (subscriber) sum += subscriber->connection().round_trips();
  for (const auto& node : nodes) sum += node->round_trips();
  return sum;
}

int64_t WorkerState::Losses() const {
  int64_t sum = connection.losses();
  if (subscriber) sum += subscriber->connection().losses();
  for (const auto& node : nodes) sum += node->losses();
  return sum;
}

void ThreadSlot::WatchInterrupts() {
  loop.set_on_sweep([this] {
    if (IsInterrupted() && !loop.cancelled()) loop.Cancel();
  });
}

int64_t ThreadSlot::SharedRoundTrips() const {
  int64_t sum = 0;
  for (const auto& connection : shared) sum += connection->round_trips();
  return sum;
}

// Each of the first threads has one more where they cannot all have as many.
void Session::MakeShared(ThreadSlot& slot) {
  shared_options_ = options_.connection;
  shared_options_.max_in_flight = kMaxSharedInFlight;
  for (int i = slot.index; i < options_.shared_connections; i += options_.threads) {
    slot.shared.push_back(std::make_unique<Connection>(slot.loop, shared_options_, slot.digests,
                                                       options_.seed + static_cast<uint64_t>(i)));
  }
}

absl::StatusOr<std::unique_ptr<Session>> Session::Open(const SessionOptions& options) {
  std::unique_ptr<Session> session(new Session(options));
  for (int thread = 0; thread < options.threads; ++thread) {
    auto slot = std::make_unique<ThreadSlot>();
    slot->index = thread;
    slot->WatchInterrupts();
    session->MakeShared(*slot);
    for (int index = thread; index < options.workers; index += options.threads) {
      slot->workers.push_back(
          std::make_unique<WorkerState>(slot->loop, session->options_, slot->digests, index));
      slot->workers.back()->worker.shared = slot->shared;
    }
    session->slots_.push_back(std::move(slot));
    ThreadSlot& opened = *session->slots_.back();
    absl::Status connected = session->Connect(opened);
    if (!connected.ok()) return connected;
    // A server that was full refuses a connection after it has accepted it. That is no loss of a
    // run: we were let in later.
    for (auto& state : opened.workers) state->losses_counted = state->Losses();
  }
  return session;
}

absl::Status Session::Connect(ThreadSlot& slot) {
  absl::Status failure;
  const std::vector<Connection*> connections = ConnectionsOf(slot, options_);
  for (size_t first = 0; first < connections.size(); first += kConnectingAtOnce) {
    const size_t end = std::min(first + kConnectingAtOnce, connections.size());
    for (size_t i = first; i < end; ++i) slot.loop.Spawn(ConnectOne(*connections[i], failure));
    slot.loop.Run();
    if (!failure.ok()) {
      return absl::Status(failure.code(), absl::StrCat("connecting ", options_.workers,
                                                       " workers: ", failure.message()));
    }
  }
  return absl::OkStatus();
}

void Session::StartRecord(int64_t operations) {
  // Threads that draw from one budget do not share it evenly.
  const int64_t even_share = operations / options_.threads + 1;
  const auto share = static_cast<size_t>(options_.threads == 1 ? even_share : 2 * even_share);
  for (auto& slot : slots_) {
    slot->loop.Reset();
    slot->latency.Clear();
    slot->class_latency.assign(options_.op_classes, Histogram());
    slot->class_completed.assign(options_.op_classes, 0);
    slot->completed = 0;
    slot->min_requests = INT64_MAX;
    slot->lateness.Clear();
    slot->history.clear();
    slot->history.reserve(share);
    slot->last_success_ns = NowNs();
    slot->has_failed_since = false;
    slot->in_flight = 0;
    slot->busy_ns = 0;
    slot->wall_ns = 0;
    slot->extra_operations = 0;
    slot->first_error.clear();
    slot->incidents.clear();
    slot->incidents_left_out = 0;
    slot->shared_round_trips_before = slot->SharedRoundTrips();
    for (auto& state : slot->workers) {
      state->tally = Tally();
      state->worker.operation = 0;
      state->round_trips_before = state->RoundTrips();
    }
  }
}

int64_t Session::MeasureRoundTripNs(int pings) {
  Histogram round_trips;
  ThreadSlot& first = slot(0);
  Connection& connection = first.workers[0]->connection;
  // Operations that open and close it may have left it closed.
  const bool connects = !options_.heals_own && !connection.connected();
  first.loop.RunUntilDone(TimePings(connection, connects, pings, round_trips));
  return round_trips.ValueAtQuantile(0.5);
}

}  // namespace rcb
