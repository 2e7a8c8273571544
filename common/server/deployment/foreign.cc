#include "common/server/deployment/foreign.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/redis/tls_probe.h"
#include "common/server/keyspace.h"

namespace rcb {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr int kAnswerTimeoutMs = 2000;
constexpr int kCleanUpAnswerTimeoutMs = 1500;  // an interrupted program has 2 s
constexpr seconds kReturnTimeout{5};
constexpr seconds kLoadingTimeout{120};
constexpr std::chrono::milliseconds kReturnPollInterval{200};
constexpr int64_t kCleanUpTimeoutMs = 60'000;
constexpr size_t kMaxAddresses = 8;  // of a name that are tried

using Setting = Settings::value_type;

void NameOf(std::string* out, const Setting& setting) { out->append(setting.first); }

struct HasName {
  const std::string& name;
  bool operator()(const Setting& setting) const { return setting.first == name; }
};

absl::string_view Advice(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return "; check that the server runs and that the address is right";
    case absl::StatusCode::kUnauthenticated:
      return "; check the user and password in the URI or in RCB_REDIS_PASSWORD";
    default:
      return "";
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<ForeignDeployment>> ForeignDeployment::Open(
    const DeploymentOptions& options, const Identity& identity) {
  const absl::StatusOr<Endpoint> endpoint =
      ParseUri(options.redis_uri, options.password_from_environment);
  if (!endpoint.ok()) return endpoint.status();
  std::unique_ptr<ForeignDeployment> deployment(
      new ForeignDeployment(options, identity, endpoint->ToString()));
  const absl::Status reached = deployment->MoveTo(*endpoint);
  if (!reached.ok()) return deployment->Attribute(reached);
  return deployment;
}

ForeignDeployment::~ForeignDeployment() { CleanUp().IgnoreError(); }

absl::StatusOr<BlockingClient> ForeignDeployment::ConnectTo(const Endpoint& endpoint) const {
  const steady_clock::time_point deadline = steady_clock::now() + kLoadingTimeout;
  for (;;) {
    absl::StatusOr<BlockingClient> client =
        BlockingClient::Connect(endpoint, kAnswerTimeoutMs, options_.is_cancelled);
    if (client.ok()) return client;
    const absl::Status& status = client.status();
    // To a client that does not speak it, TLS is a connection that was closed or nonsense.
    const bool may_be_tls =
        absl::IsDataLoss(status) ||
        (absl::IsUnavailable(status) && !absl::StrContains(status.message(), "cannot connect"));
    if (may_be_tls && SpeaksTls(endpoint, kAnswerTimeoutMs)) {
      return absl::FailedPreconditionError(
          "the server speaks TLS at this port, which the suite does not; name its plain port");
    }
    if (!IsLoading(status)) return client;
    if (options_.is_cancelled && options_.is_cancelled()) return absl::CancelledError("cancelled");
    if (steady_clock::now() >= deadline) {
      return absl::UnavailableError(absl::StrCat("the server still loads its data after ",
                                                 kLoadingTimeout.count(), " s; wait for it"));
    }
    std::this_thread::sleep_for(kReturnPollInterval);
  }
}

absl::Status ForeignDeployment::MoveTo(const Endpoint& endpoint) {
  const Endpoint before = std::exchange(endpoint_, endpoint);
  const ServerFacts facts_before = facts_;
  const bool is_first = before.host.empty() && before.path.empty();
  const absl::Status reached = Reach();
  if (is_first) return reached;
  const Endpoint there = std::exchange(endpoint_, before);
  if (!reached.ok()) {
    facts_ = facts_before;
    return reached;
  }
  Point(there);
  PutBackElsewhere().IgnoreError();  // it is tried again at the end
  return reached;
}

void ForeignDeployment::Point(const Endpoint& endpoint) {
  if (!changed_.empty()) elsewhere_.push_back({endpoint_, std::exchange(changed_, {})});
  endpoint_ = endpoint;
  ++generation_;
}

absl::Status ForeignDeployment::Reach() {
  std::vector<std::string> addresses = {""};
  if (endpoint_.transport == Endpoint::Transport::kTcp) {
    absl::StatusOr<std::vector<std::string>> found = options_.look_up(endpoint_.host);
    if (!found.ok()) return absl::UnavailableError(found.status().message());
    addresses = *std::move(found);
  }
  addresses.resize(std::min(addresses.size(), kMaxAddresses));
  absl::Status silent = absl::NotFoundError("the host has no address");
  std::string tried;
  for (const std::string& address : addresses) {
    endpoint_.address = address;
    absl::StatusOr<BlockingClient> client = Connect();
    if (client.ok()) return Admit(*client);
    silent = client.status();
    if (!absl::IsUnavailable(silent) && !absl::IsDeadlineExceeded(silent)) return silent;
    absl::StrAppend(&tried, tried.empty() ? "" : ", ", address);
  }
  if (addresses.size() <= 1) return silent;
  return absl::Status(silent.code(), absl::StrCat(silent.message(), " (none of ", tried,
                                                  " answers; this is of the last one)"));
}

absl::Status ForeignDeployment::Admit(BlockingClient& client) {
  absl::StatusOr<ServerFacts> facts = FetchServerFacts(client);
  if (!facts.ok()) return facts.status();
  facts_ = *std::move(facts);
  const absl::Status usable = CheckUsable(facts_);
  if (!usable.ok()) return usable;
  const absl::Status room = CheckRoomFor(options_.max_clients, facts_);
  if (!room.ok()) return room;
  is_clean_ = false;  // an interrupt may leave the probe behind
  return CheckWritable(client, absl::StrCat(identity_.key_prefix, "probe"));
}

absl::Status ForeignDeployment::CheckRoom(int64_t connections) const {
  const absl::Status room = CheckRoomFor(connections, facts_);
  return room.ok() ? room : Attribute(room);
}

absl::Status ForeignDeployment::Attribute(const absl::Status& status) const {
  const bool is_named = absl::StartsWith(status.message(), uri_);
  return absl::Status(status.code(),
                      absl::StrCat("--redis=", is_named ? "" : absl::StrCat(uri_, ": "),
                                   status.message(), Advice(status.code())));
}

absl::StatusOr<ServerFacts> ForeignDeployment::FetchFacts() const {
  return FetchServerFacts(endpoint_, options_.is_cancelled);
}

absl::Status ForeignDeployment::EnsureAlive() {
  steady_clock::time_point deadline = steady_clock::now() + kReturnTimeout;
  const steady_clock::time_point loaded_deadline = steady_clock::now() + kLoadingTimeout;
  for (;;) {
    const absl::Status seen = LookOnce();
    if (seen.ok()) return seen;
    if (IsLoading(seen)) deadline = loaded_deadline;
    if (steady_clock::now() >= deadline) return Attribute(seen);
    if (options_.is_cancelled && options_.is_cancelled()) return seen;
    std::this_thread::sleep_for(kReturnPollInterval);
  }
}

absl::Status ForeignDeployment::LookOnce() {
  absl::StatusOr<ServerFacts> facts = FetchFacts();
  if (!facts.ok()) return facts.status();
  if (facts->process_id != facts_.process_id) ++generation_;
  facts_ = *std::move(facts);
  return absl::OkStatus();
}

std::string ForeignDeployment::WhyNotConfigure(const Settings& settings) {
  if (settings.empty()) return "";
  const std::string needed = absl::StrCat("it needs other settings of the server (",
                                          absl::StrJoin(settings, ", ", NameOf), ")");
  if (!options_.allow_config_changes) {
    return absl::StrCat(needed, ": give --allow_config_changes to let it change them");
  }
  absl::StatusOr<BlockingClient> client = Connect();
  if (!client.ok()) return std::string(client.status().message());
  const absl::StatusOr<Reply> keyspace = client->Command({"INFO", "keyspace"});
  if (!keyspace.ok()) return std::string(keyspace.status().message());
  if (absl::StrContains(keyspace->text(), "keys=")) {
    return absl::StrCat(needed,
                        ", and the server holds keys, which it could then lose: name one "
                        "that is empty");
  }
  for (const auto& [name, value] : settings) {
    // That a value may be set is seen by setting it to what it is.
    const absl::StatusOr<Reply> now = client->Command({"CONFIG", "GET", name});
    absl::Status may = now.status();
    if (now.ok()) may = client->Command({"CONFIG", "SET", name, (*now)[1].text()}).status();
    if (!may.ok()) return absl::StrCat(needed, ": ", may.message());
  }
  return "";
}

absl::Status ForeignDeployment::Configure(const Settings& settings) {
  if (settings.empty() && changed_.empty()) return absl::OkStatus();
  absl::StatusOr<BlockingClient> client = Connect();
  if (!client.ok()) return Attribute(client.status());
  absl::Status status = PutBackSettings(settings, *client);
  if (status.ok()) status = ChangeSettings(settings, *client);
  return status.ok() ? status : Attribute(status);
}

absl::Status ForeignDeployment::ChangeSettings(const Settings& settings, BlockingClient& client) {
  for (const auto& [name, value] : settings) {
    if (!absl::c_any_of(changed_, HasName{name})) {
      const absl::StatusOr<Reply> before = client.Command({"CONFIG", "GET", name});
      if (!before.ok()) return before.status();
      is_clean_ = false;
      changed_.emplace_back(name, (*before)[1].text());
    }
    const absl::Status set = client.Command({"CONFIG", "SET", name, value}).status();
    if (!set.ok()) return set;
  }
  return absl::OkStatus();
}

// All that were changed, but those that are about to be set anyway.
absl::Status ForeignDeployment::PutBackSettings(const Settings& except, BlockingClient& client) {
  absl::Status status;
  Settings kept;
  for (const auto& [name, value] : changed_) {
    absl::Status put_back;
    const bool is_kept = absl::c_any_of(except, HasName{name});
    if (!is_kept) put_back = client.Command({"CONFIG", "SET", name, value}).status();
    if (is_kept || !put_back.ok()) kept.emplace_back(name, value);
    status.Update(put_back);
  }
  changed_ = kept;
  return status;
}

// On the servers that we have left. Sentinels have a server write down the settings that it has
// when they make it a replica, so that it has to write them down once more.
absl::Status ForeignDeployment::PutBackElsewhere() {
  absl::Status status;
  std::vector<Changed> kept;
  for (Changed& changed : elsewhere_) {
    absl::StatusOr<BlockingClient> client =
        BlockingClient::Connect(changed.where, kCleanUpAnswerTimeoutMs);
    absl::Status put_back = client.status();
    for (const auto& [name, value] : changed.settings) {
      if (put_back.ok()) put_back = client->Command({"CONFIG", "SET", name, value}).status();
    }
    if (put_back.ok()) {
      client->Command({"CONFIG", "REWRITE"}).status().IgnoreError();  // it may have no file
    } else {
      kept.push_back(std::move(changed));
    }
    status.Update(put_back);
  }
  elsewhere_ = std::move(kept);
  return status;
}

absl::Status ForeignDeployment::CleanUp() {
  if (is_clean_) return absl::OkStatus();
  absl::StatusOr<BlockingClient> client =
      BlockingClient::Connect(endpoint_, kCleanUpAnswerTimeoutMs);
  absl::Status status = client.status();
  if (client.ok()) {
    status = PutBackSettings({}, *client);
    status.Update(DeleteOurs(*client));
  }
  status.Update(PutBackElsewhere());
  is_clean_ = status.ok();
  if (is_clean_) return absl::OkStatus();
  return Attribute(absl::Status(
      status.code(),
      absl::StrCat(status.message(), "; what may be left: keys ", identity_.key_prefix,
                   "* and the function library ", identity_.library_name, DescribeChanged())));
}

std::string ForeignDeployment::DescribeChanged() const {
  const auto describe = [](const Settings& settings, const Endpoint& where) {
    const auto setting = [](std::string* out, const Setting& entry) {
      absl::StrAppend(out, entry.first, ", which was '", entry.second, "'");
    };
    return absl::StrCat("; settings of ", where.ToString(), ": ",
                        absl::StrJoin(settings, "; ", setting));
  };
  std::string text = changed_.empty() ? "" : describe(changed_, endpoint_);
  for (const Changed& changed : elsewhere_) {
    absl::StrAppend(&text, describe(changed.settings, changed.where));
  }
  return text;
}

// Keys and functions.
absl::Status ForeignDeployment::DeleteOurs(BlockingClient& client) const {
  absl::Status status = DeleteKeysUnder(identity_.key_prefix, kCleanUpTimeoutMs, client);
  // A user who may not SCAN runs only what tells its keys.
  if (IsRefusal(status.message())) status = DeleteKeys(noted_keys_, client);
  status.Update(DeleteLibrary(client));
  return status;
}

absl::Status ForeignDeployment::DeleteLibrary(BlockingClient& client) const {
  const absl::Status status =
      client.Command({"FUNCTION", "DELETE", identity_.library_name}).status();
  const bool nothing_there = absl::StrContains(status.message(), "Library not found") ||
                             IsRefusal(status.message());  // so never loaded
  return nothing_there ? absl::OkStatus() : status;
}

}  // namespace rcb
