// A second connection of a worker, which receives the messages of one channel at a time.

#ifndef RCB_COMMON_REDIS_SUBSCRIBER_H_
#define RCB_COMMON_REDIS_SUBSCRIBER_H_

#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/redis/connection.h"
#include "common/runtime/event.h"
#include "common/runtime/task.h"

namespace rcb {

// See https://redis.io/docs/manual/pubsub. Loop thread only.
class Subscriber {
 public:
  // The arguments are those of Connection.
  Subscriber(Loop& loop, const ConnectionOptions& options, ScriptDigests& digests, uint64_t seed);

  Connection& connection() { return connection_; }
  const Connection& connection() const { return connection_; }

  // Connects if need be, and listens to `channel` instead of the channel before. Once it has
  // succeeded, no message is missed.
  Task<absl::Status> Subscribe(absl::string_view channel);
  // Stops listening.
  Task<absl::Status> Unsubscribe();
  // Yields the next message of the channel. Fails with kDeadlineExceeded at `deadline_ns` (NowNs
  // clock), or as the connection failed when it is lost, because messages may be lost as well.
  Task<absl::StatusOr<std::string>> NextMessage(int64_t deadline_ns);
  // Has `on_message` receive each message of the channel whole, and why no more will come, instead
  // of NextMessage. For payloads that are no text, and for those who act on a message at once.
  // Null: no longer.
  void set_on_message(Connection::PushHandler on_message) { on_message_ = std::move(on_message); }

 private:
  void OnPush(absl::StatusOr<Reply> push);

  Connection connection_;
  std::string channel_;  // whose messages are wanted
  std::string joined_;   // that the server has confirmed and we have not left; empty: none
  std::deque<std::string> inbox_;
  absl::Status lost_;
  Event* arrival_ = nullptr;  // NextMessage waits for this
  Connection::PushHandler on_message_;
};

}  // namespace rcb

#endif  // RCB_COMMON_REDIS_SUBSCRIBER_H_
