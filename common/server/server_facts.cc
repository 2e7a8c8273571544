#include "common/server/server_facts.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace rcb {
namespace {

constexpr int kAnswerTimeoutMs = 2000;

void SetText(absl::string_view value, std::string* field) {
  field->assign(value.data(), value.size());
}

void SetNumber(absl::string_view value, int64_t* field) {
  if (!absl::SimpleAtoi(value, field)) *field = 0;
}

void SetField(absl::string_view key, absl::string_view value, ServerFacts* facts) {
  if (key == "server_name") SetText(value, &facts->name);
  if (key == "mvcc_depth") SetText("keydb", &facts->name);  // which says nowhere that it is KeyDB
  if (key == "dragonfly_version") SetText("dragonfly", &facts->name);
  if (key == "redis_version" && facts->version.empty()) SetText(value, &facts->version);
  if (key == "valkey_version") SetText(value, &facts->version);
  if (key == "redis_mode" || key == "server_mode") SetText(value, &facts->mode);
  if (key == "role") SetText(value, &facts->role);
  if (key == "aof_enabled") SetText(value, &facts->append_only);
  if (key == "maxmemory_policy") SetText(value, &facts->maxmemory_policy);
  if (key == "maxmemory") SetNumber(value, &facts->maxmemory_bytes);
  if (key == "process_id") SetNumber(value, &facts->process_id);
  if (key == "tcp_port") SetNumber(value, &facts->tcp_port);
  if (key == "maxclients") SetNumber(value, &facts->max_clients);
  if (key == "connected_clients") SetNumber(value, &facts->connected_clients);
}

// HELLO (https://redis.io/commands/hello) tells the name, version, mode and role of the server.
ServerFacts FactsOfHello(BlockingClient& client) {
  ServerFacts facts;
  const absl::StatusOr<Reply> hello = client.Command({"HELLO"});
  if (!hello.ok()) return facts;
  for (size_t i = 0; i + 1 < hello->size(); i += 2) {
    const std::string& key = (*hello)[i].text();
    const std::string& value = (*hello)[i + 1].text();
    if (key == "server") facts.name = value;
    if (key == "version") facts.version = value;
    if (key == "mode") facts.mode = value;
    if (key == "role") facts.role = value;
  }
  return facts;
}

}  // namespace

ServerFacts ParseInfo(absl::string_view info) {
  ServerFacts facts;
  for (absl::string_view line : absl::StrSplit(info, '\n')) {
    line = absl::StripSuffix(line, "\r");
    const std::pair<absl::string_view, absl::string_view> field =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    SetField(field.first, field.second, &facts);
  }
  if (facts.name.empty() && !facts.version.empty()) facts.name = "redis";
  return facts;
}

absl::StatusOr<ServerFacts> FetchServerFacts(BlockingClient& client) {
  const absl::StatusOr<Reply> info = client.Command({"INFO"});
  if (!info.ok() && !IsRefusal(info.status().message())) return info.status();
  ServerFacts facts = info.ok() ? ParseInfo(info->text()) : FactsOfHello(client);
  // INFO tells only whether the threads are busy right now. Managed servers hide CONFIG.
  const absl::StatusOr<Reply> config = client.Command({"CONFIG", "GET", "io-threads"});
  if (config.ok()) facts.io_threads = (*config)[1].integer();
  const absl::StatusOr<Reply> timeout = client.Command({"CONFIG", "GET", "timeout"});
  if (timeout.ok()) facts.idle_timeout_s = (*timeout)[1].integer();
  return facts;
}

absl::StatusOr<ServerFacts> FetchServerFacts(const Endpoint& endpoint,
                                             const std::function<bool()>& is_cancelled) {
  absl::StatusOr<BlockingClient> client =
      BlockingClient::Connect(endpoint, kAnswerTimeoutMs, is_cancelled);
  if (!client.ok()) return client.status();
  return FetchServerFacts(*client);
}

absl::Status CheckUsable(const ServerFacts& facts) {
  if (facts.mode != "cluster" && facts.mode != "sentinel") return absl::OkStatus();
  if (facts.mode == "sentinel") {
    return absl::FailedPreconditionError(
        "the server is a sentinel; write redis+sentinel://host:port/master-name to have it find "
        "the primary, or name a standalone server");
  }
  return absl::FailedPreconditionError(
      absl::StrCat("the server runs in ", facts.mode,
                   " mode, which the suite does not support; name a standalone server"));
}

absl::Status CheckWritable(BlockingClient& client, const std::string& key) {
  const absl::Status written = client.Command({"SET", key, "1", "PX", "1000"}).status();
  if (absl::StrContains(written.message(), "READONLY")) {
    return absl::FailedPreconditionError(
        "the server is a read-only replica, which the suite cannot write to; name its primary");
  }
  absl::Status deleted = client.Command({"UNLINK", key}).status();
  if (IsRefusal(deleted.message())) deleted = client.Command({"DEL", key}).status();
  for (const absl::Status& status : {written, deleted}) {
    if (IsRefusal(status.message()) && absl::StrContains(status.message(), " key")) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the user may not use the key ", key,
          "; let it use such keys, or name the beginning of those that it may: --key_prefix="));
    }
  }
  if (!written.ok() && !IsRefusal(written.message())) return written;
  if (deleted.ok() || !IsRefusal(deleted.message())) return deleted;
  return absl::FailedPreconditionError(
      "the user may neither UNLINK nor DEL, so that our keys would stay; let it delete its keys");
}

absl::Status CheckRoomFor(int64_t connections, const ServerFacts& facts) {
  const int64_t more = connections + 1;
  if (facts.max_clients == 0 || facts.connected_clients + more <= facts.max_clients) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("the server takes ", facts.max_clients, " clients and has ",
                   facts.connected_clients, " with us, so ", more, " more, ", connections,
                   " of them for workers, do not fit; raise its maxclients or use fewer workers"));
}

}  // namespace rcb
