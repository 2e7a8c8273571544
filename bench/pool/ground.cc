#include "bench/pool/ground.h"

#include <algorithm>

#include "absl/random/distributions.h"
#include "absl/strings/str_cat.h"
#include "common/measure/clock.h"

namespace rcb::pool {
namespace {

// A timeout is noticed at most two sweeps late (see LazyTimeout), and the reply has to be later.
constexpr int64_t kLateMs = 80;
constexpr int64_t kWatchNs = 10 * kNsPerMs;
// The few clients of a trial share one connection, so that they have to wait for it.
constexpr size_t kInTrial = 1;

// Of a thread, the operations among which are slow ones: the first half, for later ones would only
// draw the run out.
int64_t SlowOperations(const RunPlan& plan, const Settings& settings) {
  if (!plan.trial && plan.budget < settings.slow_from_operations) return 0;
  return std::max<int64_t>(plan.budget / plan.threads / 2, 20);
}

}  // namespace

Ground::Ground(const RunPlan& plan, const Settings& settings, int64_t in_flight)
    : settings_(settings),
      reply_ms_(20 + in_flight / 5),
      slow_ms_(settings.slow_ms > 0 ? settings.slow_ms : reply_ms_ + kLateMs),
      slow_operations_(SlowOperations(plan, settings)),
      gate_(absl::StrCat(plan.key_prefix, "gate")),
      threads_(plan.threads),
      connections_(plan.trial ? kInTrial : SIZE_MAX),
      exchanges_(plan.workers),
      by_thread_(static_cast<size_t>(plan.threads)) {
  for (int32_t i = 0; i < kKeys; ++i) keys_.push_back(absl::StrCat(plan.key_prefix, "key:", i));
}

Pool& Ground::PoolOf(const Worker& worker) {
  OfThread& own = Own(worker);
  if (own.pool == nullptr) {
    own.pool = std::make_unique<Pool>(*worker.loop, worker.shared.subspan(0, connections_),
                                      settings_.pool);
  }
  return *own.pool;
}

Exchange Ground::NewExchange(const Worker& worker) {
  Exchange exchange;
  exchange.key = absl::Uniform<int32_t>(*worker.random, 0, kKeys);
  exchange.nonce = NextNonce(worker);
  exchange.thread = static_cast<int16_t>(worker.index % threads_);
  exchange.wanted_ns = NowNs();
  exchange.is_slow = IsTimeForSlow(worker, exchange.wanted_ns);
  return exchange;
}

Exchange Ground::Again(const Worker& worker, const Exchange& exchange) const {
  Exchange again;
  again.key = exchange.key;
  again.nonce = NextNonce(worker);
  again.thread = exchange.thread;
  again.wanted_ns = NowNs();
  return again;
}

int64_t Ground::NextNonce(const Worker& worker) const {
  const auto count = static_cast<int64_t>(exchanges_[worker.index].size());
  return count * exchanges_.size() + worker.index + 1;
}

// The third operation of a thread is slow, and then one every slow_every_ms.
bool Ground::IsTimeForSlow(const Worker& worker, int64_t now_ns) {
  OfThread& own = Own(worker);
  const auto connections = static_cast<int64_t>(worker.shared.size());
  int64_t limit = INT64_MAX;
  if (settings_.slow_limit == SlowLimit::kConnections) limit = connections;
  if (settings_.slow_limit == SlowLimit::kConnectionsButOne) limit = connections - 1;
  if (settings_.slow_limit == SlowLimit::kNever) limit = 0;
  ++own.operations;
  if (own.operations < 3 || own.operations > slow_operations_) return false;
  if (own.slow >= limit || now_ns < own.next_slow_ns) return false;
  ++own.slow;
  own.next_slow_ns = now_ns + settings_.slow_every_ms * kNsPerMs;
  return true;
}

Command Ground::RequestOf(const Exchange& exchange) const {
  const Command get("GET", keys_[static_cast<size_t>(exchange.key)]);
  const Command request = get.Then(Command("ECHO", exchange.nonce));
  if (!exchange.is_slow) return request;
  // Nobody ever pushes to the list, and the server runs the rest only once it has waited.
  const double seconds = static_cast<double>(slow_ms_) / 1000;
  return Command("BLPOP", gate_, absl::StrCat(seconds)).Then(request);
}

std::vector<Pool*> Ground::pools() const {
  std::vector<Pool*> pools;
  for (const OfThread& own : by_thread_) {
    if (own.pool != nullptr) pools.push_back(own.pool.get());
  }
  return pools;
}

std::vector<int64_t> Ground::recoveries_ns() const {
  std::vector<int64_t> all;
  const auto add = [&all](const std::vector<int64_t>& some) {
    all.insert(all.end(), some.begin(), some.end());
  };
  for (const OfThread& own : by_thread_) {
    add(own.recoveries_ns);
    if (own.pool != nullptr) add(own.pool->recoveries_ns());
  }
  return all;
}

int64_t Ground::max_standstill_ns() const {
  int64_t max_ns = 0;
  for (const OfThread& own : by_thread_) max_ns = std::max(max_ns, own.max_standstill_ns);
  return max_ns;
}

Ground::Presence::Presence(Ground& ground, const Worker& worker) : own_(ground.Own(worker)) {
  ++own_.running;
  if (!own_.watch) {
    own_.watch.emplace(*worker.loop, [&worker, &own = own_] { Look(worker, own); });
  }
  if (!own_.is_watched) WatchOn(worker, own_);
}

// A timer keeps no loop running, so that this never draws a run out.
void Ground::WatchOn(const Worker& worker, OfThread& own) {
  own.is_watched = own.running > 0 && !worker.loop->cancelled();
  if (!own.is_watched) return;
  own.look_ns = NowNs() + kWatchNs;
  own.watch->Start(own.look_ns);
}

void Ground::Look(const Worker& worker, OfThread& own) {
  own.max_standstill_ns = std::max(own.max_standstill_ns, NowNs() - own.look_ns);
  if (!own.is_pinging && own.running > 0) worker.loop->Spawn(Ping(*worker.connection, own));
  WatchOn(worker, own);
}

Task<void> Ground::Ping(Connection& connection, OfThread& own) {
  own.is_pinging = true;
  const int64_t before_ns = NowNs();
  const Command ping("PING");
  if (connection.connected()) {
    static_cast<void>(co_await Try(connection.Run(ping)));
  } else {
    static_cast<void>(co_await Try(connection.ConnectOnce()));
  }
  own.max_standstill_ns = std::max(own.max_standstill_ns, NowNs() - before_ns);
  own.is_pinging = false;
}

}  // namespace rcb::pool
