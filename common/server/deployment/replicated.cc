#include "common/server/deployment/replicated.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/redis/address.h"
#include "common/server/await.h"
#include "common/server/deployment/standalone.h"

namespace rcb {
namespace {

using std::chrono::milliseconds;

constexpr int kAnswerTimeoutMs = 2000;
constexpr int kPortAttempts = 5;
constexpr milliseconds kPoll{10};
constexpr milliseconds kReadyLimit{15'000};

absl::Status Await(const std::string& failure, const std::function<bool()>& is_cancelled,
                   const std::function<bool()>& is_ready) {
  return AwaitThat({.limit = kReadyLimit, .poll = kPoll, .is_cancelled = is_cancelled},
                   absl::StrCat("the primary, replicas and Sentinels started here: ", failure),
                   is_ready);
}

}  // namespace

absl::StatusOr<ServerFacts> ReplicatedDeployment::FetchFacts() const {
  return FetchServerFacts(endpoint_, options_.is_cancelled);
}

absl::Status ReplicatedDeployment::CheckRoom(int64_t connections) const {
  return CheckRoomFor(connections, facts_);
}

absl::Status ReplicatedDeployment::EnsureAlive() {
  bool is_whole = !is_broken_ && sentinels_.size() == kSentinels && primary_->IsAlive();
  for (const auto& replica : replicas_) is_whole = is_whole && replica->IsAlive();
  for (const auto& sentinel : sentinels_) is_whole = is_whole && sentinel->IsAlive();
  if (is_whole && FetchFacts().ok()) return absl::OkStatus();
  Stop();
  if (was_started_) ++generation_;
  const absl::Status started = Start();
  if (!started.ok()) Stop();
  return started;
}

void ReplicatedDeployment::Stop() {
  sentinels_.clear();
  replicas_.clear();
  proxy_.reset();
  primary_.reset();
  network_.reset();
  is_broken_ = false;
}

// What the first start finds out holds for all others, so that all runs are alike.
absl::Status ReplicatedDeployment::LayNetwork() {
  if (partitions_ == Partitions::kProxy) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<SplitNetwork>> network = SplitNetwork::Make();
  if (network.ok()) {
    network_ = *std::move(network);
    partitions_ = Partitions::kNamespaces;
    return absl::OkStatus();
  }
  if (partitions_ == Partitions::kNamespaces) return network.status();
  partitions_ = Partitions::kProxy;
  why_proxy_ = std::string(network.status().message());
  return absl::OkStatus();
}

absl::Status ReplicatedDeployment::StartPrimary() {
  absl::StatusOr<std::unique_ptr<PrivateServer>> primary =
      StartServer(network_ == nullptr ? Site() : network_->island(), /*replica_of=*/"");
  if (!primary.ok()) return primary.status();
  primary_ = *std::move(primary);
  endpoint_ = primary_->tcp_endpoint();
  facts_ = primary_->facts();
  if (network_ != nullptr) return absl::OkStatus();
  const absl::StatusOr<Address> address = Resolve(endpoint_);
  if (!address.ok()) return address.status();
  absl::StatusOr<std::unique_ptr<Proxy>> proxy = Proxy::Start(*address, /*seed=*/1);
  if (!proxy.ok()) return proxy.status();
  proxy_ = *std::move(proxy);
  return absl::OkStatus();
}

absl::Status ReplicatedDeployment::Start() {
  const absl::Status laid = LayNetwork();
  if (!laid.ok()) return laid;
  const absl::Status primary = StartPrimary();
  if (!primary.ok()) return primary;
  const Site site = network_ == nullptr ? Site() : network_->mainland();
  const Endpoint outside = outside_endpoint();
  for (int i = 0; i < kReplicas; ++i) {
    absl::StatusOr<std::unique_ptr<PrivateServer>> replica =
        StartServer(site, absl::StrCat(outside.host, " ", outside.port));
    if (!replica.ok()) return replica.status();
    replicas_.push_back(*std::move(replica));
  }
  const absl::Status replicated = AwaitReplicas();
  if (!replicated.ok()) return replicated;
  sentinel_options_.binary = options_.server_binary;
  sentinel_options_.primary = outside;
  sentinel_options_.site = site;
  sentinel_options_.down_after_ms = kDownAfterMs;
  absl::Status sentinels = absl::AlreadyExistsError("");
  for (int i = 0; i < kPortAttempts && absl::IsAlreadyExists(sentinels); ++i) {
    sentinels_.clear();
    sentinels = StartSentinels();
  }
  if (!sentinels.ok()) return sentinels;
  was_started_ = true;
  return AwaitSentinels();
}

absl::Status ReplicatedDeployment::StartSentinels() {
  const std::vector<SentinelName> names = {MakeSentinelName(), MakeSentinelName(),
                                           MakeSentinelName()};
  for (const SentinelName& name : names) {
    SentinelOptions options = sentinel_options_;
    for (const SentinelName& other : names) {
      if (other.id != name.id) options.others.push_back(other);
    }
    absl::StatusOr<std::unique_ptr<Sentinel>> sentinel = Sentinel::Start(name, options);
    if (!sentinel.ok()) return sentinel.status();
    sentinels_.push_back(*std::move(sentinel));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<PrivateServer>> ReplicatedDeployment::StartServer(
    const Site& site, const std::string& replica_of) const {
  PrivateServerOptions options;
  options.site = site;
  options.binary = options_.server_binary;
  options.max_clients = options_.max_clients + kSpareClients;
  options.extra_arguments = SettingsAsArguments(options_.server_options);
  const auto add = [&options](const std::vector<std::string>& words) {
    options.extra_arguments.insert(options.extra_arguments.end(), words.begin(), words.end());
  };
  // Without a disk, a replica gets no commands before its first acknowledgement, which takes a
  // second.
  add({"--repl-diskless-sync", "no", "--repl-ping-replica-period", "1"});
  if (!replica_of.empty()) add({"--replicaof", replica_of});
  return PrivateServer::Start(options);
}

absl::Status ReplicatedDeployment::AwaitReplicas() const {
  absl::StatusOr<BlockingClient> client =
      BlockingClient::Connect(endpoint_, kAnswerTimeoutMs, options_.is_cancelled);
  if (!client.ok()) return client.status();
  const std::string key = absl::StrCat(identity_.key_prefix, "ready");
  return Await("the replicas were not in step", options_.is_cancelled, [&client, &key] {
    if (!client->Command({"SET", key, "1", "PX", "1000"}).ok()) return false;
    const absl::StatusOr<Reply> confirmed =
        client->Command({"WAIT", absl::StrCat(kReplicas), "50"});
    return confirmed.ok() && confirmed->integer() == kReplicas &&
           client->Command({"DEL", key}).ok();
  });
}

// Each knows the replicas, and the others well enough to vote with them.
absl::Status ReplicatedDeployment::AwaitSentinels() const {
  for (const auto& sentinel : sentinels_) {
    absl::StatusOr<BlockingClient> client =
        BlockingClient::Connect(sentinel->endpoint(), kAnswerTimeoutMs, options_.is_cancelled);
    if (!client.ok()) return client.status();
    const absl::Status ready =
        Await("the Sentinels did not find each other", options_.is_cancelled, [this, &client] {
          const absl::StatusOr<Reply> quorum =
              client->Command({"SENTINEL", "CKQUORUM", primary_name()});
          const std::string all = absl::StrCat("OK ", kSentinels, " usable");
          if (!quorum.ok() || !absl::StartsWith(quorum->text(), all)) return false;
          const absl::StatusOr<Reply> replicas =
              client->Command({"SENTINEL", "REPLICAS", primary_name()});
          if (!replicas.ok() || replicas->elements().size() != kReplicas) return false;
          for (const Reply& replica : replicas->elements()) {
            if (FieldOf(replica, "flags") != "slave") return false;
            if (FieldOf(replica, "master-link-status") != "ok") return false;
          }
          return true;
        });
    if (!ready.ok()) return ready;
  }
  return absl::OkStatus();
}

std::vector<Endpoint> ReplicatedDeployment::sentinels() const {
  std::vector<Endpoint> endpoints;
  for (const auto& sentinel : sentinels_) endpoints.push_back(sentinel->endpoint());
  return endpoints;
}

Endpoint ReplicatedDeployment::outside_endpoint() const {
  Endpoint endpoint = primary_->tcp_endpoint();
  if (network_ != nullptr) {
    endpoint.host = network_->island().other_address;
  } else {
    endpoint.port = proxy_->port();
  }
  return endpoint;
}

absl::Status ReplicatedDeployment::CutOff() {
  is_broken_ = true;
  if (network_ != nullptr) return network_->Cut();
  ProxyFaults faults;
  faults.to_server.swallow = true;
  faults.to_client.swallow = true;
  return proxy_->Set(faults);
}

absl::Status ReplicatedDeployment::Mend() {
  if (network_ != nullptr) return network_->Mend();
  // What was lost on the way can't come any more.
  proxy_->ResetConnections();
  return proxy_->Set(ProxyFaults());
}

absl::Status ReplicatedDeployment::KillPrimary() {
  is_broken_ = true;
  return primary_->Kill();
}

absl::Status ReplicatedDeployment::FailOver() {
  is_broken_ = true;
  return AskOnce(sentinels_[0]->endpoint(), {"SENTINEL", "FAILOVER", primary_name()},
                 kAnswerTimeoutMs, options_.is_cancelled)
      .status();
}

// The primary on which all agree, none of them in the middle of a failover: what only some have
// heard of a new one, or of the old one's return, is not the end of it.
absl::StatusOr<Endpoint> ReplicatedDeployment::AskSentinels() const {
  Endpoint primary;
  for (const auto& sentinel : sentinels_) {
    const absl::StatusOr<Reply> told =
        AskOnce(sentinel->endpoint(), {"SENTINEL", "MASTER", primary_name()}, kAnswerTimeoutMs,
                options_.is_cancelled);
    if (!told.ok()) return told.status();
    Endpoint named;
    named.host = FieldOf(*told, "ip");
    const bool is_settled = FieldOf(*told, "flags") == "master" &&
                            absl::SimpleAtoi(FieldOf(*told, "port"), &named.port);
    const bool agrees = primary.host.empty() || named.ToString() == primary.ToString();
    if (!is_settled || !agrees) {
      return absl::UnavailableError("the Sentinels do not agree on a primary");
    }
    primary = named;
  }
  return primary;
}

absl::Status ReplicatedDeployment::Recover() {
  if (!is_broken_) return absl::OkStatus();
  const absl::Status mended = Mend();
  if (!mended.ok()) return mended;
  return Await("no primary came", options_.is_cancelled, [this] {
    const absl::StatusOr<Endpoint> primary = AskSentinels();
    if (!primary.ok()) return false;
    const absl::StatusOr<Reply> role =
        AskOnce(*primary, {"ROLE"}, kAnswerTimeoutMs, options_.is_cancelled);
    if (!role.ok() || (*role)[0].text() != "master") return false;
    endpoint_ = *primary;
    return true;
  });
}

}  // namespace rcb
