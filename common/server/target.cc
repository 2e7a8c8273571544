#include "common/server/target.h"

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace rcb {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr int kAnswerPatienceMs = 2000;
constexpr int kCleanUpAnswerPatienceMs = 1500;  // an interrupted program has 2 s
constexpr seconds kReturnPatience{5};
constexpr std::chrono::milliseconds kReturnPollInterval{200};
constexpr seconds kCleanUpPatience{60};
constexpr int kSpareClients = 32;  // for our own set-up connections and a curious redis-cli

absl::StatusOr<ServerFacts> Probe(const Endpoint& endpoint,
                                  const std::function<bool()>& is_cancelled) {
  absl::StatusOr<BlockingClient> client =
      BlockingClient::Connect(endpoint, kAnswerPatienceMs, is_cancelled);
  if (!client.ok()) return client.status();
  return FetchServerFacts(*client);
}

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

Target::Target(const TargetOptions& options, absl::string_view random_digits)
    : options_(options),
      key_prefix_(absl::StrCat("rcb:", random_digits, ":")),
      library_name_(absl::StrCat("rcb_", random_digits)) {}

absl::StatusOr<std::unique_ptr<Target>> Target::Open(const TargetOptions& options) {
  uint64_t random = 0;
  if (getentropy(&random, sizeof(random)) != 0) {
    return absl::UnavailableError("the operating system has no random bytes (getentropy)");
  }
  std::unique_ptr<Target> target(
      new Target(options, absl::StrCat(absl::Hex(random, absl::kZeroPad16))));
  if (target->is_private()) {
    const absl::Status status = target->StartPrivate();
    if (!status.ok()) return status;
    return target;
  }
  absl::StatusOr<Endpoint> endpoint =
      ParseUri(options.redis_uri, options.password_from_environment);
  if (!endpoint.ok()) return endpoint.status();
  target->endpoint_ = *std::move(endpoint);
  const absl::Status status = target->AdmitForeign();
  if (!status.ok()) return target->Blame(status);
  target->clean_ = false;
  return target;
}

Target::~Target() { CleanUp().IgnoreError(); }

absl::Status Target::StartPrivate() {
  PrivateServerOptions server_options;
  server_options.binary = options_.server_binary;
  server_options.max_clients = options_.max_clients_needed + kSpareClients;
  absl::StatusOr<std::unique_ptr<PrivateServer>> server = PrivateServer::Start(server_options);
  if (!server.ok()) return server.status();
  private_server_ = *std::move(server);
  endpoint_ = options_.use_unix_transport ? private_server_->unix_endpoint()
                                          : private_server_->tcp_endpoint();
  facts_ = private_server_->facts();
  return absl::OkStatus();
}

absl::Status Target::AdmitForeign() {
  absl::StatusOr<BlockingClient> client =
      BlockingClient::Connect(endpoint_, kAnswerPatienceMs, options_.is_cancelled);
  if (!client.ok()) return client.status();
  absl::StatusOr<ServerFacts> facts = FetchServerFacts(*client);
  if (!facts.ok()) return facts.status();
  facts_ = *std::move(facts);
  const absl::Status usable = CheckUsable(facts_);
  if (!usable.ok()) return usable;
  const absl::Status room = HasRoom(options_.max_clients_needed);
  if (!room.ok()) return room;
  return CheckWritable(*client, absl::StrCat(key_prefix_, "probe"));
}

absl::Status Target::CheckRoom(int64_t connections) const {
  const absl::Status room = HasRoom(connections);
  return room.ok() || is_private() ? room : Blame(room);
}

absl::Status Target::HasRoom(int64_t connections) const {
  // Older servers do not tell their limit.
  if (facts_.max_clients == 0 || facts_.connected_clients + connections <= facts_.max_clients) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      "the server takes ", facts_.max_clients, " clients and has ", facts_.connected_clients,
      ", so ", connections, " more do not fit; raise its maxclients or use fewer workers"));
}

absl::Status Target::Blame(const absl::Status& status) const {
  const std::string name = endpoint_.ToString();
  const bool named = absl::StartsWith(status.message(), name);
  return absl::Status(status.code(), absl::StrCat("--redis=", named ? "" : absl::StrCat(name, ": "),
                                                  status.message(), Advice(status.code())));
}

absl::Status Target::EnsureAlive() {
  if (!is_private()) return EnsureForeignAlive();
  if (private_server_ != nullptr && private_server_->IsAlive()) {
    absl::StatusOr<ServerFacts> facts = Probe(endpoint_, options_.is_cancelled);
    if (facts.ok()) {
      facts_ = *std::move(facts);
      return absl::OkStatus();
    }
  }
  if (options_.is_cancelled && options_.is_cancelled()) return absl::CancelledError("cancelled");
  private_server_.reset();
  ++generation_;
  return StartPrivate();
}

absl::Status Target::EnsureForeignAlive() {
  const steady_clock::time_point deadline = steady_clock::now() + kReturnPatience;
  for (;;) {
    absl::StatusOr<ServerFacts> facts = Probe(endpoint_, options_.is_cancelled);
    if (facts.ok()) {
      if (facts->process_id != facts_.process_id) ++generation_;
      facts_ = *std::move(facts);
      return absl::OkStatus();
    }
    if (steady_clock::now() >= deadline) return Blame(facts.status());
    if (options_.is_cancelled && options_.is_cancelled()) return facts.status();
    std::this_thread::sleep_for(kReturnPollInterval);
  }
}

absl::Status Target::CleanUp() {
  if (clean_) return absl::OkStatus();
  absl::StatusOr<BlockingClient> client =
      BlockingClient::Connect(endpoint_, kCleanUpAnswerPatienceMs);
  absl::Status status = client.status();
  if (client.ok()) {
    status = DeleteKeys(*client);
    status.Update(DeleteLibrary(*client));
  }
  clean_ = status.ok();
  if (clean_) return absl::OkStatus();
  return Blame(absl::Status(status.code(),
                            absl::StrCat(status.message(), "; what may be left: keys ", key_prefix_,
                                         "* and the function library ", library_name_)));
}

absl::Status Target::DeleteKeys(BlockingClient& client) const {
  const steady_clock::time_point deadline = steady_clock::now() + kCleanUpPatience;
  const std::string pattern = absl::StrCat(key_prefix_, "*");
  std::string cursor = "0";
  do {
    const absl::StatusOr<Reply> page =
        client.Command({"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"});
    if (!page.ok()) return page.status();
    cursor = (*page)[0].text();
    std::vector<std::string> unlink = {"UNLINK"};
    for (const Reply& key : (*page)[1].elements()) unlink.push_back(key.text());
    if (unlink.size() > 1) {
      const absl::Status status = client.Command(unlink).status();
      if (!status.ok()) return status;
    }
    if (steady_clock::now() >= deadline) {
      return absl::AbortedError(
          absl::StrCat("too many keys to find ours among within ", kCleanUpPatience.count(), " s"));
    }
  } while (cursor != "0");
  return absl::OkStatus();
}

absl::Status Target::DeleteLibrary(BlockingClient& client) const {
  if (!SupportsFunctions(facts_)) return absl::OkStatus();
  const absl::Status status = client.Command({"FUNCTION", "DELETE", library_name_}).status();
  const bool nothing_there = absl::StrContains(status.message(), "Library not found") ||
                             absl::StrContains(status.message(), "NOPERM");  // so never loaded
  return nothing_there ? absl::OkStatus() : status;
}

}  // namespace rcb
