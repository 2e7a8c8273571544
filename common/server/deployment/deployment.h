// The servers that a row runs on, behind one interface: what they offer and what may be done to
// them.

#ifndef RCB_COMMON_SERVER_DEPLOYMENT_DEPLOYMENT_H_
#define RCB_COMMON_SERVER_DEPLOYMENT_DEPLOYMENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/redis/address.h"
#include "common/redis/uri.h"
#include "common/server/private_server.h"
#include "common/server/server_facts.h"
#include "common/server/split_network.h"

namespace rcb {

struct DeploymentOptions {
  std::string redis_uri;                    // the user's server or Sentinels; empty: our own server
  std::string password_from_environment;    // for a URI without one; empty: none
  std::string server_binary;                // of servers of ours; see PrivateServerOptions
  std::vector<std::string> server_options;  // "name value" each, of the server under test
  bool use_unix_transport = false;          // to a server of ours
  bool allow_config_changes = false;        // of the user's server, which are put back
  std::string key_prefix = "rcb:";          // that the names of all our keys begin with
  int max_clients = 1000;                   // connections that the benchmarks open at once
  std::function<bool()> is_cancelled;       // ends every wait but those of CleanUp; may be empty
  HostLookUp look_up = LookUpHost;          // finds the user's server
  // What can cut servers of ours off from each other.
  Partitions partitions = Partitions::kAuto;
};

// What we call everything that we leave on a server.
struct Identity {
  std::string key_prefix;    // of every key and channel: "rcb:<16 random hex digits>:"
  std::string library_name;  // of every function: "rcb_<the same digits>"
};

// What the suite may do to the servers of a deployment, besides using keys of its own.
struct Permissions {
  bool configure = false;  // CONFIG SET
  bool disrupt = false;    // stop, kill, restart or flush them
};

// Settings of a server by their names in its configuration, such as {"maxmemory-policy",
// "allkeys-lru"}.
using Settings = std::vector<std::pair<std::string, std::string>>;

// What the user's Sentinels did, as far as it was noticed.
struct Failovers {
  int count = 0;
  std::string last;  // in one line, from which address to which
};

class ReplicatedDeployment;

// Belongs to the main thread: it is not thread-safe, and servers of ours die with the thread that
// started them. What it returns by reference changes when EnsureAlive finds or starts other
// servers.
class Deployment {
 public:
  virtual ~Deployment() = default;
  Deployment(const Deployment&) = delete;
  Deployment& operator=(const Deployment&) = delete;

  virtual const Identity& identity() const = 0;
  // The prefix of the keys of one run, another one at each call: "rcb:<digits>:<number>:".
  virtual std::string MakeRunPrefix() { return absl::StrCat(identity().key_prefix, ++runs_, ":"); }
  // The server under test, by the address that answered: others of its name may be other servers.
  virtual const Endpoint& endpoint() const = 0;
  // Servers besides that every worker connects to.
  virtual std::vector<Endpoint> nodes() const { return {}; }
  // Whether we started the server under test.
  virtual bool is_ours() const = 0;
  virtual Permissions permissions() const = 0;
  // The process of the server under test; null where it is not ours, and after an EnsureAlive that
  // could not start a new one.
  virtual PrivateServer* private_server() = 0;
  // Itself, where it has replicas and Sentinels of ours; otherwise null.
  virtual ReplicatedDeployment* replicated() { return nullptr; }
  // Grows whenever EnsureAlive finds or starts another server process than before, which may have
  // lost our keys, scripts and functions.
  virtual int generation() const = 0;

  // What the server under test said of itself when EnsureAlive saw it last.
  virtual const ServerFacts& facts() const = 0;
  // The same, asked now: for comparing what was before a run with what is after it.
  virtual absl::StatusOr<ServerFacts> FetchFacts() const = 0;

  // Makes sure that all servers answer. Servers of ours that are dead or silent for 2 s are
  // replaced by fresh ones; the user's server is given some seconds to come back (kUnavailable if
  // not), or a minute where Sentinels may put another one in its place.
  virtual absl::Status EnsureAlive() = 0;
  // After a run that broke servers on purpose: undoes what can be undone, and waits until
  // endpoint() is the server that has what the run left, so that it can be judged.
  virtual absl::Status Recover() { return absl::OkStatus(); }
  // By which name the user's Sentinels know the server under test; empty where none named it.
  virtual std::string sentinel_name() const { return ""; }
  // The failovers so far.
  virtual const Failovers& failovers() const {
    static const Failovers kNone;
    return kNone;
  }
  // Looks whether there was another one, and then goes to the new primary. Where the old one does
  // not answer, waits for a failover, as EnsureAlive does.
  virtual void LookForFailover() {}
  // Whether Sentinels name another primary than endpoint(), so that a run is in vain. Any thread.
  virtual bool HasFailedOver() const { return false; }
  // Whether the server under test, as it was when we came, takes so many connections more.
  virtual absl::Status CheckRoom(int64_t connections) const = 0;
  // Why `settings` can't be changed here by Configure, in one line; empty where they can.
  virtual std::string WhyNotConfigure(const Settings& settings) {
    static_cast<void>(settings);
    return "";
  }
  // Makes `settings` hold on the user's server, and puts back whatever else was changed by an
  // earlier call. Does nothing to servers of ours, which are started with theirs.
  virtual absl::Status Configure(const Settings& settings) {
    static_cast<void>(settings);
    return absl::OkStatus();
  }
  // Tells what a run's keys are called, for a CleanUp that may not look for them.
  virtual void NoteKeys(const std::vector<std::string>& keys) { static_cast<void>(keys); }
  // Puts back the settings that Configure changed, and deletes every key under our prefix and our
  // function library from the user's server, and nothing else; does nothing to servers of ours.
  // Call it last, when no worker is connected any more: a late write would stay. The error tells
  // what may be left and how to delete it.
  virtual absl::Status CleanUp() = 0;

 protected:
  Deployment() = default;

 private:
  int64_t runs_ = 0;
};

// Starts a server of our own, or reaches the user's server, which Sentinels may have to name, and
// makes sure that it can be benchmarked: no cluster, writable, with room for the connections.
// Errors are one line that names --redis or --redis_server.
absl::StatusOr<std::unique_ptr<Deployment>> OpenDeployment(const DeploymentOptions& options);

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_DEPLOYMENT_DEPLOYMENT_H_
