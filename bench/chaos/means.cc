#include "bench/chaos/means.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/measure/clock.h"
#include "common/redis/address.h"
#include "common/redis/blocking_client.h"

namespace rcb::chaos {
namespace {

constexpr int kServerTimeoutMs = 5000;
constexpr int64_t kNsPerMs = 1'000'000;

// Takes all keys away that have such names, in one step, and yields which.
constexpr char kForget[] =
    "local keys = redis.call('KEYS', ARGV[1]) "
    "for _, key in ipairs(keys) do redis.call('UNLINK', key) end "
    "return keys";

// Takes all keys away, and yields which of them had such names. What everything rests on is there
// again in the same step.
constexpr char kFlushAll[] =
    "local keys = redis.call('KEYS', ARGV[1]) "
    "redis.call('FLUSHALL') "
    "for _, key in ipairs(KEYS) do redis.call('SET', key, ARGV[2]) end "
    "return keys";

// Spoils the network as `fault` has it.
void Spoil(const Fault& fault, ProxyFaults& faults) {
  if (fault.kind == "refuse") faults.refuse = true;
  if (fault.kind == "blackhole") {
    faults.to_server.swallow = true;
    faults.to_client.swallow = true;
  }
  if (fault.kind == "lose_replies") {
    faults.to_client.lose_probability = 0.1;
    faults.to_client.cut_at_loss = true;
  }
  if (fault.kind == "delay") {
    faults.to_server.latency_ns = 5 * kNsPerMs;
    faults.to_server.jitter_ns = 5 * kNsPerMs;
  }
}

}  // namespace

const std::vector<FaultKind>& Kinds() {
  static const auto& kinds = *new std::vector<FaultKind>{
      {"stall", "server", 100, 250},          // SIGSTOP, then SIGCONT
      {"kill", "server", 50, 200},            // SIGKILL, then a start with its data
      {"pause", "server", 100, 250},          // CLIENT PAUSE
      {"forget_scripts", "server", 0, 0},     // SCRIPT FLUSH
      {"kill_clients", "server", 0, 0},       // CLIENT KILL of all
      {"forget_cache", "server", 0, 0},       // all cached documents are gone
      {kFlush, "server", 0, 0},               // FLUSHALL
      {"shrink", "server", 100, 250},         // maxmemory is less than it holds, without eviction
      {kFailover, "server", 100, 200, 1000},  // FAILOVER to a replica of ours, and back
      {"cut", "network", 0, 0},               // RST to all
      {"refuse", "network", 100, 250},        // the same, and there is nothing to connect to
      {"blackhole", "network", 100, 250},     // nothing arrives; then RST to all
      {"lose_replies", "network", 100, 250},  // one in ten, and its connection
      {"delay", "network", 100, 250},         // 5 to 10 ms for each request
      {"die", "client", 0, 0},                // one, in the middle of an operation
      {kLinger, "client", kLeaseMs + 100, kLeaseMs + 200},  // the same, but it goes on after that
  };
  return kinds;
}

ScheduleRange RangeOf(int64_t run_ms) {
  return {
      .kinds = Kinds(), .min_gap_ms = 250, .max_gap_ms = 310, .duration_ms = run_ms - kCalmEndMs};
}

absl::Status Means::Begin(const Fault& fault) {
  plan_.AddMark("fault", absl::StrCat(fault.kind, " of the ", fault.target));
  if (fault.target == "server") return BeginOnServer(fault);
  if (fault.target == "network") return BeginOnNetwork(fault);
  BeginOnClient(fault);
  return absl::OkStatus();
}

absl::Status Means::End(const Fault& fault) {
  plan_.AddMark("fault", absl::StrCat(fault.kind, " of the ", fault.target, " is over"));
  if (fault.target == "server") return EndOnServer(fault);
  if (fault.target == "network") return EndOnNetwork(fault);
  return absl::OkStatus();  // the client goes on by itself
}

absl::Status Means::BeginOnServer(const Fault& fault) {
  if (fault.kind == "stall") return on_.server->Pause();
  if (fault.kind == "kill") return on_.server->Kill();
  if (fault.kind == "forget_cache") return Forget(/*is_flush=*/false);
  if (fault.kind == kFlush) return Forget(/*is_flush=*/true);
  if (fault.kind == "shrink") return Shrink();
  if (fault.kind == kFailover) return FailOver();
  if (fault.kind == "pause") {
    return Tell({"CLIENT", "PAUSE", absl::StrCat(fault.length_ms), "ALL"}).status();
  }
  if (fault.kind == "kill_clients") return Tell({"CLIENT", "KILL", "TYPE", "normal"}).status();
  return Tell({"SCRIPT", "FLUSH"}).status();
}

absl::Status Means::EndOnServer(const Fault& fault) {
  if (fault.kind == "stall") return on_.server->Resume();
  if (fault.kind == "kill") return Restart();
  if (fault.kind == "shrink") return Tell({"CONFIG", "SET", "maxmemory", max_memory_}).status();
  if (fault.kind == kFailover) return FailBack();
  return absl::OkStatus();  // the server ends a pause by itself
}

absl::Status Means::BeginOnNetwork(const Fault& fault) {
  if (fault.kind != "cut") {
    spoilt_.push_back(fault);
    const absl::Status spoilt = SetNetwork();
    if (!spoilt.ok()) return spoilt;
  }
  if (fault.kind == "cut" || fault.kind == "refuse") on_.proxy->ResetConnections();
  return absl::OkStatus();
}

absl::Status Means::EndOnNetwork(const Fault& fault) {
  // Who waits for what is lost would wait until its deadline.
  if (fault.kind == "blackhole") on_.proxy->ResetConnections();
  spoilt_.erase(std::remove(spoilt_.begin(), spoilt_.end(), fault), spoilt_.end());
  return SetNetwork();
}

void Means::BeginOnClient(const Fault& fault) {
  if (fault.kind == kLinger) {
    on_.clients->AwaitDelay(fault.length_ms * kNsPerMs);
  } else {
    on_.clients->AwaitDeath();
  }
}

absl::Status Means::Restart() {
  absl::Status status = on_.server->Relaunch();
  if (status.ok()) status = on_.server->AwaitAnswer();
  if (status.ok() && on_.standby != nullptr) status = on_.standby->Rejoin();
  return status;
}

absl::Status Means::Forget(bool is_flush) {
  std::vector<std::string> eval = {"EVAL", is_flush ? kFlushAll : kForget, "0", on_.documents};
  if (is_flush) {
    eval[2] = absl::StrCat(on_.foundation.size());
    eval.insert(eval.begin() + 3, on_.foundation.begin(), on_.foundation.end());
    eval.push_back(on_.foundation_value);
  }
  CacheLoss loss;
  loss.is_flush = is_flush;
  loss.invoke_ns = NowNs();
  const absl::StatusOr<Reply> keys = Tell(eval);
  if (!keys.ok()) return keys.status();
  loss.return_ns = NowNs();
  for (const Reply& key : keys->elements()) loss.keys.push_back(key.text());
  losses_.push_back(std::move(loss));
  return absl::OkStatus();
}

absl::Status Means::Shrink() {
  const absl::StatusOr<Reply> before = Tell({"CONFIG", "GET", "maxmemory"});
  if (!before.ok()) return before.status();
  max_memory_ = (*before)[1].text();
  const absl::Status shrunk = Tell({"CONFIG", "SET", "maxmemory", "1"}).status();
  if (!shrunk.ok()) return shrunk;
  const absl::Status refused = Tell({"SET", absl::StrCat(plan_.key_prefix, "full"), "1"}).status();
  if (refused.ok()) return absl::InternalError("the server takes writes all the same");
  return absl::OkStatus();
}

// Nobody can write to the replica before the other one has stopped to take writes, and nobody reads
// the other one after that.
absl::Status Means::FailOver() {
  if (on_.standby == nullptr) return absl::InternalError("there is no replica");
  const absl::Status taken = on_.standby->TakeOver();
  return taken.ok() ? PointProxyTo(on_.standby->endpoint()) : taken;
}

absl::Status Means::FailBack() {
  const absl::Status given = on_.standby->GiveBack();
  const absl::Status pointed = PointProxyTo(plan_.server);
  return given.ok() ? pointed : given;
}

absl::Status Means::PointProxyTo(const Endpoint& server) {
  const absl::StatusOr<Address> address = Resolve(server);
  if (!address.ok()) return address.status();
  on_.proxy->SwitchTo(*address);
  return absl::OkStatus();
}

absl::Status Means::SetNetwork() {
  ProxyFaults faults;
  for (const Fault& fault : spoilt_) Spoil(fault, faults);
  return on_.proxy->Set(faults);
}

absl::StatusOr<Reply> Means::Tell(const std::vector<std::string>& command) const {
  return AskOnce(plan_.server, command, kServerTimeoutMs);
}

}  // namespace rcb::chaos
