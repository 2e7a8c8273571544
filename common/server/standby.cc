#include "common/server/standby.h"

#include <chrono>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/redis/blocking_client.h"
#include "common/server/await.h"

namespace rcb {
namespace {

constexpr int kAnswerTimeoutMs = 2000;

absl::StatusOr<Reply> Ask(const PrivateServer& server, const std::vector<std::string>& command) {
  return AskOnce(server.tcp_endpoint(), command, kAnswerTimeoutMs);
}

// What ROLE says; nil where it cannot be had. https://redis.io/commands/role
Reply RoleOf(BlockingClient& client) {
  absl::StatusOr<Reply> role = client.Command({"ROLE"});
  return role.ok() ? *std::move(role) : Reply::Nil();
}

Patience PatienceOf(int64_t limit_ms) {
  return {.limit = std::chrono::milliseconds(limit_ms), .poll = std::chrono::milliseconds(2)};
}

}  // namespace

absl::StatusOr<bool> Standby::IsPossible(const PrivateServer& primary) {
  const absl::StatusOr<Reply> known = Ask(primary, {"COMMAND", "INFO", "FAILOVER"});
  if (!known.ok()) return known.status();
  return !(*known)[0].is_nil();
}

absl::StatusOr<std::unique_ptr<Standby>> Standby::Start(PrivateServer& primary, int64_t limit_ms) {
  PrivateServerOptions options;
  options.binary = primary.binary();
  options.max_clients = static_cast<int>(primary.facts().max_clients);
  options.extra_arguments = {"--replicaof",
                             absl::StrCat("127.0.0.1 ", primary.tcp_endpoint().port)};
  absl::StatusOr<std::unique_ptr<PrivateServer>> server = PrivateServer::Start(options);
  if (!server.ok()) return server.status();
  return std::unique_ptr<Standby>(new Standby(primary, *std::move(server), limit_ms));
}

absl::Status Standby::Rejoin() {
  for (const bool leaves : {true, false}) {
    const std::string port = absl::StrCat(primary_.tcp_endpoint().port);
    const absl::StatusOr<Reply> done = leaves ? Ask(*server_, {"REPLICAOF", "NO", "ONE"})
                                              : Ask(*server_, {"REPLICAOF", "127.0.0.1", port});
    if (!done.ok()) return done.status();
  }
  return absl::OkStatus();
}

absl::Status Standby::HandOver(const PrivateServer& from, const PrivateServer& to) {
  const absl::Status done = TryToHandOver(from, to);
  if (done.ok()) return done;
  // Whatever came of it: who uses the primary next finds one.
  Ask(from, {"FAILOVER", "ABORT"}).IgnoreError();
  Ask(primary_, {"REPLICAOF", "NO", "ONE"}).IgnoreError();
  return done;
}

absl::Status Standby::TryToHandOver(const PrivateServer& from, const PrivateServer& to) const {
  absl::StatusOr<BlockingClient> old =
      BlockingClient::Connect(from.tcp_endpoint(), kAnswerTimeoutMs);
  if (!old.ok()) return old.status();
  absl::StatusOr<BlockingClient> next =
      BlockingClient::Connect(to.tcp_endpoint(), kAnswerTimeoutMs);
  if (!next.ok()) return next.status();
  // A replica that has just been started, or has just lost its primary, is not in step.
  absl::Status status = AwaitThat(PatienceOf(limit_ms_), "the replica was not in step",
                                  [&old] { return RoleOf(*old)[2].size() == 1; });
  if (!status.ok()) return status;
  status = old->Command({"FAILOVER", "TO", "127.0.0.1", absl::StrCat(to.tcp_endpoint().port),
                         "TIMEOUT", absl::StrCat(limit_ms_)})
               .status();
  if (!status.ok()) return status;
  return AwaitThat(PatienceOf(limit_ms_), "FAILOVER did not come about", [&old, &next] {
    const Reply before = RoleOf(*old);
    return RoleOf(*next)[0].text() == "master" && before[0].text() == "slave" &&
           before[3].text() == "connected";
  });
}

}  // namespace rcb
