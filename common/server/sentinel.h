// A Redis Sentinel of our own: the server's executable in its other mode, gone when we are.
// https://redis.io/docs/management/sentinel

#ifndef RCB_COMMON_SERVER_SENTINEL_H_
#define RCB_COMMON_SERVER_SENTINEL_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/redis/uri.h"
#include "common/server/child_process.h"
#include "common/server/scratch_directory.h"
#include "common/server/site.h"

namespace rcb {

// A Sentinel as the others know it.
struct SentinelName {
  int port = 0;    // at the site of all
  std::string id;  // 40 hex digits
};

// Of a free port.
SentinelName MakeSentinelName();

struct SentinelOptions {
  std::string binary;  // as PrivateServerOptions::binary
  std::string primary_name = "primary";
  Endpoint primary;             // over TCP
  int quorum = 2;               // Sentinels that must agree that it is down
  int64_t down_after_ms = 500;  // without an answer, it is
  int64_t failover_timeout_ms = 3000;
  Site site = {};  // of all Sentinels
  // The others, which it would find by itself only after some seconds.
  std::vector<SentinelName> others = {};
};

// Not thread-safe.
class Sentinel {
 public:
  // Starts a Sentinel and waits until it answers. Call it from the main thread, as
  // PrivateServer::Start, with errors like its; kAlreadyExists: its port is taken.
  static absl::StatusOr<std::unique_ptr<Sentinel>> Start(const SentinelName& name,
                                                         const SentinelOptions& options);
  // Kills it and removes its directory.
  ~Sentinel() = default;

  Endpoint endpoint() const;
  pid_t pid() const { return process_->pid(); }
  bool IsAlive() { return process_->IsAlive(); }

 private:
  Sentinel(ScratchDirectory directory, const SentinelName& name, const Site& site)
      : directory_(std::move(directory)), name_(name), site_(site) {}

  absl::Status Launch(const std::string& binary, const SentinelOptions& options);
  absl::Status AwaitAnswer();
  std::string LogPath() const;

  ScratchDirectory directory_;
  const SentinelName name_;
  const Site site_;
  std::unique_ptr<ChildProcess> process_;  // after directory_: it must die first
};

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_SENTINEL_H_
