#include "bench/chaos/means.h"

#include <algorithm>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/redis/blocking_client.h"

namespace rcb::chaos {
namespace {

constexpr int kServerTimeoutMs = 5000;
constexpr int64_t kNsPerMs = 1'000'000;

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
      {"cut", "network", 0, 0},               // RST to all
      {"refuse", "network", 100, 250},        // the same, and there is nothing to connect to
      {"blackhole", "network", 100, 250},     // nothing arrives; then RST to all
      {"lose_replies", "network", 100, 250},  // one in ten, and its connection
      {"delay", "network", 100, 250},         // 5 to 10 ms for each request
  };
  return kinds;
}

absl::Status Means::Begin(const Fault& fault) {
  plan_.AddMark("fault", absl::StrCat(fault.kind, " of the ", fault.target));
  if (fault.kind == "stall") return server_.Pause();
  if (fault.kind == "kill") return server_.Kill();
  if (fault.kind == "pause") {
    return Tell({"CLIENT", "PAUSE", absl::StrCat(fault.length_ms), "ALL"});
  }
  if (fault.kind == "forget_scripts") return Tell({"SCRIPT", "FLUSH"});
  if (fault.kind != "cut") {
    spoilt_.push_back(fault);
    const absl::Status spoilt = SetNetwork();
    if (!spoilt.ok()) return spoilt;
  }
  if (fault.kind == "cut" || fault.kind == "refuse") proxy_.ResetConnections();
  return absl::OkStatus();
}

absl::Status Means::End(const Fault& fault) {
  plan_.AddMark("fault", absl::StrCat(fault.kind, " of the ", fault.target, " is over"));
  if (fault.kind == "stall") return server_.Resume();
  if (fault.kind == "kill") {
    const absl::Status started = server_.Relaunch();
    return started.ok() ? server_.AwaitAnswer() : started;
  }
  if (fault.kind == "pause") return absl::OkStatus();  // the server ends it by itself
  // Who waits for what is lost would wait until its deadline.
  if (fault.kind == "blackhole") proxy_.ResetConnections();
  spoilt_.erase(std::remove(spoilt_.begin(), spoilt_.end(), fault), spoilt_.end());
  return SetNetwork();
}

absl::Status Means::SetNetwork() {
  ProxyFaults faults;
  for (const Fault& fault : spoilt_) Spoil(fault, faults);
  return proxy_.Set(faults);
}

absl::Status Means::Tell(const std::vector<std::string>& command) {
  absl::StatusOr<BlockingClient> client = BlockingClient::Connect(plan_.server, kServerTimeoutMs);
  if (!client.ok()) return client.status();
  return client->Command(command).status();
}

}  // namespace rcb::chaos
