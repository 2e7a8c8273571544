// What a running server says of itself (INFO), and whether the suite can work on it.

#ifndef RCB_COMMON_SERVER_SERVER_FACTS_H_
#define RCB_COMMON_SERVER_SERVER_FACTS_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/redis/blocking_client.h"
#include "common/redis/uri.h"

namespace rcb {

// Fields that the server does not tell, or not to this user, stay empty or 0.
struct ServerFacts {
  std::string name;     // what the server calls itself or is known to be, e.g. "valkey"
  std::string version;  // the server's own: of valkey not the Redis version it emulates
  std::string mode;     // "standalone", "cluster" or "sentinel"
  std::string role;     // "master" or "slave"
  std::string maxmemory_policy;
  std::string append_only;      // "1" or "0": whether there is an append-only file
  int64_t maxmemory_bytes = 0;  // 0: no limit
  int64_t process_id = 0;
  int64_t tcp_port = 0;
  int64_t max_clients = 0;
  int64_t connected_clients = 0;
  int64_t io_threads = 0;      // configured, main thread included; 0: the server does not say
  int64_t idle_timeout_s = 0;  // after which it closes a client; 0: never, or it does not say
};

// Reads the text of INFO (https://redis.io/commands/info). Unknown lines are skipped.
ServerFacts ParseInfo(absl::string_view info);

// INFO, or where the user may not have that HELLO, which tells less; and what CONFIG GET tells
// where it is allowed.
absl::StatusOr<ServerFacts> FetchServerFacts(BlockingClient& client);
// The same over a connection of its own, within 2 s for each step. `is_cancelled` as for
// BlockingClient.
absl::StatusOr<ServerFacts> FetchServerFacts(const Endpoint& endpoint,
                                             const std::function<bool()>& is_cancelled);

// Refuses servers that the suite cannot work on: cluster and sentinel mode.
absl::Status CheckUsable(const ServerFacts& facts);

// Refuses servers that take no writes, above all read-only replicas, and users who may not touch
// `key`, which must be ours, or delete nothing: writes it and deletes it. That a user may not SET
// is no reason: not everybody needs it.
absl::Status CheckWritable(BlockingClient& client, const std::string& key);

// Refuses a server that has no room for so many connections of workers besides those that it had
// when `facts` were read, which were asked for over one of ours, and another one of ours that looks
// after it now and then: kResourceExhausted. A server that does not tell its limit is believed.
absl::Status CheckRoomFor(int64_t connections, const ServerFacts& facts);

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_SERVER_FACTS_H_
