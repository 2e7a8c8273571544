// What the suite benchmarks: a private server that it starts, or the user's server, on which it
// leaves nothing behind.

#ifndef RCB_COMMON_SERVER_TARGET_H_
#define RCB_COMMON_SERVER_TARGET_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/redis/blocking_client.h"
#include "common/redis/uri.h"
#include "common/server/private_server.h"
#include "common/server/server_facts.h"

namespace rcb {

struct TargetOptions {
  std::string redis_uri;                  // the user's server; empty: a private one
  std::string password_from_environment;  // for a URI without one; empty: none
  std::string server_binary;              // of the private server; see PrivateServerOptions
  bool use_unix_transport = false;        // to the private server
  int max_clients_needed = 1000;          // connections that the benchmarks will open at once
  std::function<bool()> is_cancelled;     // ends every wait but those of CleanUp; may be empty
};

// Belongs to the main thread: not thread-safe, and a private server dies with its thread.
class Target {
 public:
  // Starts or reaches the server and makes sure that it can be benchmarked: standalone, writable,
  // with room for the connections. Errors are one line that names --redis or --redis_server.
  static absl::StatusOr<std::unique_ptr<Target>> Open(const TargetOptions& options);

  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  // As CleanUp, unless that has succeeded; then stops the private server.
  ~Target();

  // Both change when EnsureAlive replaces a private server.
  const Endpoint& endpoint() const { return endpoint_; }
  const ServerFacts& facts() const { return facts_; }
  bool is_private() const { return options_.redis_uri.empty(); }
  // Of every key that we create: "rcb:<16 random hex digits>:".
  const std::string& key_prefix() const { return key_prefix_; }
  // Of every function that we load: "rcb_<the same digits>".
  const std::string& library_name() const { return library_name_; }
  // Null on the user's server, and after an EnsureAlive that could not start a new one.
  PrivateServer* private_server() { return private_server_.get(); }
  // Grows whenever EnsureAlive finds another server process than before, which may have lost our
  // keys, scripts and functions.
  int generation() const { return generation_; }

  // Makes sure that the server answers. A private server that is dead or silent for 2 s is replaced
  // by a fresh one; the user's server is given some seconds to come back (kUnavailable if not).
  absl::Status EnsureAlive();

  // Whether the server, as it was when we came, takes so many connections more.
  absl::Status CheckRoom(int64_t connections) const;

  // Deletes every key under our prefix and our function library from the user's server, and nothing
  // else; does nothing to a private one. Call it last, when no worker is connected any more: a late
  // write would stay. The error tells what may be left and how to delete it.
  absl::Status CleanUp();

 private:
  Target(const TargetOptions& options, absl::string_view random_digits);

  absl::Status StartPrivate();
  absl::Status AdmitForeign();
  absl::Status HasRoom(int64_t connections) const;
  absl::Status EnsureForeignAlive();
  absl::Status DeleteKeys(BlockingClient& client) const;
  absl::Status DeleteLibrary(BlockingClient& client) const;
  // An error about the user's server: names --redis and says what to do.
  absl::Status Blame(const absl::Status& status) const;

  TargetOptions options_;
  std::string key_prefix_;
  std::string library_name_;
  std::unique_ptr<PrivateServer> private_server_;
  Endpoint endpoint_;
  ServerFacts facts_;
  int generation_ = 0;
  bool clean_ = true;  // nothing of ours is on the user's server
};

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_TARGET_H_
