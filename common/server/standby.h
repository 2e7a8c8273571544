// A replica of ours that takes over from a server of ours and gives back what it took over, as in
// planned maintenance: nothing that was acknowledged is lost.

#ifndef RCB_COMMON_SERVER_STANDBY_H_
#define RCB_COMMON_SERVER_STANDBY_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/redis/uri.h"
#include "common/server/private_server.h"

namespace rcb {

// By FAILOVER, with which a primary takes no writes until its replica has all of them, and then
// becomes the replica of that: https://redis.io/commands/failover, from Redis 6.2 on. After Start,
// any one thread at a time, while nobody else uses the primary.
class Standby {
 public:
  // Whether the server knows FAILOVER.
  static absl::StatusOr<bool> IsPossible(const PrivateServer& primary);
  // Starts a replica of `primary`, which outlives it. Main thread, as PrivateServer::Start. No step
  // of what follows takes much longer than `limit_ms`.
  static absl::StatusOr<std::unique_ptr<Standby>> Start(PrivateServer& primary,
                                                        int64_t limit_ms = 3000);

  Endpoint endpoint() const { return server_->tcp_endpoint(); }

  // Makes it the primary, once it has all that the other one has. Writes that wait at the other one
  // are refused then. kDeadlineExceeded: it did not come about; the other one is the primary, and
  // this is of no further use.
  absl::Status TakeOver() { return HandOver(primary_, *server_); }
  // Makes the other one the primary again. Errors as above, and what was written since it took over
  // may be lost then.
  absl::Status GiveBack() { return HandOver(*server_, primary_); }
  // After the primary was started again: joins it at once, instead of within a second.
  absl::Status Rejoin();

 private:
  Standby(PrivateServer& primary, std::unique_ptr<PrivateServer> server, int64_t limit_ms)
      : primary_(primary), server_(std::move(server)), limit_ms_(limit_ms) {}

  absl::Status HandOver(const PrivateServer& from, const PrivateServer& to);
  absl::Status TryToHandOver(const PrivateServer& from, const PrivateServer& to) const;

  PrivateServer& primary_;
  const std::unique_ptr<PrivateServer> server_;
  const int64_t limit_ms_;
};

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_STANDBY_H_
