// A second connection of a worker, for the messages of one channel at a time.

#ifndef RCB_COMMON_REDIS_SUBSCRIBER_H_
#define RCB_COMMON_REDIS_SUBSCRIBER_H_

#include <cstdint>
#include <deque>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/redis/connection.h"
#include "common/runtime/event.h"
#include "common/runtime/task.h"

namespace rcb {

// https://redis.io/docs/manual/pubsub. Loop thread only.
class Subscriber {
 public:
  // As for Connection.
  Subscriber(Loop& loop, const ConnectionOptions& options, ScriptDigests& digests, uint64_t seed);

  Connection& connection() { return connection_; }
  const Connection& connection() const { return connection_; }

  // Listens to `channel` instead of any channel before; once it has ended well, no message is
  // missed.
  Task<absl::Status> Subscribe(absl::string_view channel);
  // Listens to nothing any more.
  Task<absl::Status> Unsubscribe();
  // The next message of the channel; kDeadlineExceeded at `deadline_ns` (NowNs clock), kUnavailable
  // when the connection is lost, for messages may be too.
  Task<absl::StatusOr<std::string>> NextMessage(int64_t deadline_ns);

 private:
  void OnPush(absl::StatusOr<Reply> push);

  Connection connection_;
  std::string channel_;
  std::deque<std::string> inbox_;
  absl::Status lost_;
  Event* arrival_ = nullptr;  // of the NextMessage that waits
};

}  // namespace rcb

#endif  // RCB_COMMON_REDIS_SUBSCRIBER_H_
