// A blocking client for what happens outside the timed region, such as set-up, INFO and clean-up.
// The timed region uses the connections of the event loop instead.

#ifndef RCB_COMMON_REDIS_BLOCKING_CLIENT_H_
#define RCB_COMMON_REDIS_BLOCKING_CLIENT_H_

#include <hiredis/hiredis.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/redis/reply.h"
#include "common/redis/uri.h"

namespace rcb {

// One connection. It is not thread-safe but may move between threads. Every error is one line that
// begins with the endpoint and never shows its password.
class BlockingClient {
 public:
  // Connects, authenticates (AUTH) where the endpoint has a user or password, chooses its database
  // (SELECT) and proves with a PING that the server takes commands from us. `timeout_ms` bounds
  // the connect and then each command; resolving a host name has the resolver's own limits.
  // `is_cancelled`, if given, is asked ten times a second while we wait.
  // Errors: kUnavailable (no such host or socket, refused, closed), kDeadlineExceeded, kCancelled,
  // kUnauthenticated (wrong or missing password), kResourceExhausted (maxclients reached),
  // kDataLoss (the peer is not Redis), kFailedPrecondition (any other error reply).
  static absl::StatusOr<BlockingClient> Connect(const Endpoint& endpoint, int timeout_ms,
                                                std::function<bool()> is_cancelled = nullptr);

  // Sends one command and waits for its reply. An error reply becomes kFailedPrecondition with the
  // server's words. After any other error the connection is closed and further calls fail.
  absl::StatusOr<Reply> Command(const std::vector<std::string>& arguments);

  // False once an error has closed the connection.
  bool connected() const { return context_ != nullptr; }

 private:
  struct Free {
    void operator()(redisContext* context) const { redisFree(context); }
  };

  BlockingClient(redisContext* context, std::string name, int timeout_ms,
                 std::function<bool()> is_cancelled);

  absl::Status Authenticate(const Endpoint& endpoint);
  absl::StatusOr<Reply> Exchange(const std::vector<std::string>& arguments);
  absl::Status SendAll(const char* data, size_t size, int64_t deadline_ms);
  absl::StatusOr<Reply> AwaitReply(int64_t deadline_ms);
  absl::Status AwaitReady(short events, int64_t deadline_ms) const;  // NOLINT: poll's type
  absl::Status Error(absl::StatusCode code, absl::string_view problem) const;

  std::unique_ptr<redisContext, Free> context_;  // null once it broke
  std::unique_ptr<ReplyReader> reader_;
  std::string name_;
  int timeout_ms_;
  std::function<bool()> is_cancelled_;
};

// Connects, sends one command and yields its reply. Arguments and errors are those of Connect and
// Command.
absl::StatusOr<Reply> AskOnce(const Endpoint& endpoint, const std::vector<std::string>& command,
                              int timeout_ms, std::function<bool()> is_cancelled = nullptr);

// Whether a server refused because it still loads its data from disk, and will take commands later.
bool IsLoading(const absl::Status& status);

}  // namespace rcb

#endif  // RCB_COMMON_REDIS_BLOCKING_CLIENT_H_
