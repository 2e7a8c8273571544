// One client's connection for requests and their replies: what `redis` is in a variant.

#ifndef RCB_COMMON_REDIS_CONNECTION_H_
#define RCB_COMMON_REDIS_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "common/redis/address.h"
#include "common/redis/command.h"
#include "common/redis/reply.h"
#include "common/redis/socket.h"
#include "common/runtime/completion.h"
#include "common/runtime/loop.h"
#include "common/runtime/task.h"

namespace rcb {

// A Lua script: its text, a literal, and how many of the words that Eval sends with it are keys.
struct Script {
  const char* body;
  int keys = 1;
};

// What the server calls the scripts it was given, by text. One per loop, shared by its connections.
using ScriptDigests = std::unordered_map<const char*, std::string>;

struct ConnectionOptions {
  Address address;
  std::string user;      // for AUTH; may be empty
  std::string password;  // empty: no AUTH
  int64_t db = 0;
  int64_t op_timeout_ms = 5000;       // bounds every wait for a reply
  int64_t connect_timeout_ms = 2000;  // bounds one try to connect, greetings included
};

// Runs one request at a time. A failed request has one of these codes:
//   kFailedPrecondition  the server answered with an error and did not apply the command
//   kDeadlineExceeded    no reply in time; the command may or may not have been applied
//   kUnavailable         the connection is lost, or was not there: as with a deadline, but for
//                        requests that were never sent
//   kDataLoss            the peer answered something that is not a reply: as with a deadline
//   kCancelled           the loop was cancelled
// After all but the first the socket is closed for good, so that a late reply can't answer a later
// request; Connect makes a new one. Loop thread only.
class Connection : private Socket::Listener, private Watched {
 public:
  // Not connected yet. `options` and `digests` outlive the connection. `seed` is for back-off
  // jitter.
  Connection(Loop& loop, const ConnectionOptions& options, ScriptDigests& digests, uint64_t seed);
  ~Connection() override;

  bool connected() const { return ready_; }
  // Connects and greets (AUTH, SELECT, PING), trying again with capped exponential back-off and
  // full jitter until op_timeout_ms has passed. No request may be running.
  Task<absl::Status> Connect();
  // Drops the socket; a running request fails with kUnavailable.
  void Close();

  class RunAwaiter;
  class PipelineAwaiter;
  // Sends one command and waits for its reply, never an error reply: that is a failure.
  // `server_wait_ms`: how long the server may block on it (BLPOP), added to the deadline.
  RunAwaiter Run(const Command& command, int64_t server_wait_ms = 0);
  // Sends several commands at once and waits for all replies; an error among them is a failure.
  PipelineAwaiter Pipeline(const Command& commands);

  // Runs a Lua script by its digest, with its text where the server does not know it (any more).
  // `words`: the keys, then the arguments. https://redis.io/commands/evalsha
  template <typename... Words>
  Task<absl::StatusOr<Reply>> Eval(const Script& script, const Words&... words);

  // Receives what the server sends unasked, once the connection is subscribed: a "message", or why
  // no more will come. See Subscriber.
  using PushHandler = std::function<void(absl::StatusOr<Reply> push)>;
  void set_on_push(PushHandler on_push) { on_push_ = std::move(on_push); }

  // Requests sent so far; a pipeline counts as one.
  int64_t round_trips() const { return round_trips_; }
  // How often an open connection ended, for whatever reason.
  int64_t losses() const { return losses_; }
  Loop& loop() { return Watched::loop(); }

 private:
  // A running request, in the frame of its awaiter.
  struct Request {
    Reply* replies;
    size_t expected;
    size_t received = 0;
    Completion* completion = nullptr;
  };

  std::optional<absl::Status> Begin(const Command& command, int64_t timeout_ms, Request& request);
  Task<absl::Status> ConnectOnce();
  Task<absl::StatusOr<Reply>> LoadScript(const Script& script);
  void Fail(absl::Status why);

  void OnConnected() override;
  void OnReply(Reply reply) override;
  void OnBroken(absl::Status why) override;
  void OnExpired(absl::Status why) override;

  const ConnectionOptions& options_;
  ScriptDigests& digests_;
  absl::InsecureBitGen jitter_;
  SocketPtr socket_;
  bool ready_ = false;  // greeted; requests may run
  Completion* connecting_ = nullptr;
  Request* request_ = nullptr;
  PushHandler on_push_;
  int64_t round_trips_ = 0;
  int64_t losses_ = 0;

  class ConnectAwaiter;
};

// True where a request that failed like this may have been applied all the same.
bool OutcomeIsUnknown(const absl::Status& status);

class [[nodiscard]] Connection::RunAwaiter : public Awaiter<Connection::RunAwaiter, Reply> {
 public:
  RunAwaiter(Connection& connection, const Command& command, int64_t timeout_ms)
      : connection_(connection), command_(command), timeout_ms_(timeout_ms) {}

 private:
  friend class Awaiter<RunAwaiter, Reply>;
  friend class TryAwaiter<RunAwaiter, Reply>;
  std::optional<absl::Status> Begin() {
    request_.completion = this;
    return connection_.Begin(command_, timeout_ms_, request_);
  }
  Reply Take() { return std::move(reply_); }

  Connection& connection_;
  const Command& command_;
  int64_t timeout_ms_;
  Reply reply_;
  Request request_{&reply_, 1};
};

class [[nodiscard]] Connection::PipelineAwaiter
    : public Awaiter<Connection::PipelineAwaiter, std::vector<Reply>> {
 public:
  PipelineAwaiter(Connection& connection, const Command& commands, int64_t timeout_ms)
      : connection_(connection),
        commands_(commands),
        timeout_ms_(timeout_ms),
        replies_(commands.replies()) {}

 private:
  friend class Awaiter<PipelineAwaiter, std::vector<Reply>>;
  friend class TryAwaiter<PipelineAwaiter, std::vector<Reply>>;
  std::optional<absl::Status> Begin() {
    request_.completion = this;
    return connection_.Begin(commands_, timeout_ms_, request_);
  }
  std::vector<Reply> Take() { return std::move(replies_); }

  Connection& connection_;
  const Command& commands_;
  int64_t timeout_ms_;
  std::vector<Reply> replies_;
  Request request_{replies_.data(), replies_.size()};
};

template <typename... Words>
Task<absl::StatusOr<Reply>> Connection::Eval(const Script& script, const Words&... words) {
  std::string& digest = digests_[script.body];
  if (digest.empty()) {
    const Reply loaded = co_await LoadScript(script);
    digest = loaded.text();
  }
  absl::StatusOr<Reply> reply =
      co_await Try(Run(Command("EVALSHA", digest, script.keys, words...)));
  if (reply.ok() || !absl::StartsWith(reply.status().message(), "NOSCRIPT")) co_return reply;
  co_return co_await Run(Command("EVAL", script.body, script.keys, words...));
}

}  // namespace rcb

#endif  // RCB_COMMON_REDIS_CONNECTION_H_
