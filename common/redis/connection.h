// A client's connection for requests and their replies: what `redis` is in a variant.

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
#include "common/redis/connection_options.h"
#include "common/redis/disturbance.h"
#include "common/redis/reply.h"
#include "common/redis/transport.h"
#include "common/runtime/completion.h"
#include "common/runtime/loop.h"
#include "common/runtime/task.h"

namespace rcb {

// A Lua script.
struct Script {
  const char* body;  // a literal
  int keys = 1;      // so many of the words that Eval sends with it are keys
};

// The digests by which the server knows scripts, by their text. The connections of a loop share
// one.
using ScriptDigests = std::unordered_map<const char*, std::string>;
// Stands for the digest of a script that the user may only EVAL, not load.
inline constexpr char kNoDigest[] = "none";

// Runs requests, at most ConnectionOptions::max_in_flight at once, each from a coroutine of its
// own; the server answers them in the order in which they began. A failed request has one of these
// codes:
//   kFailedPrecondition  the server answered with an error and did not apply the command
//   kDeadlineExceeded    no reply in time; the command may or may not have been applied
//   kUnavailable         the connection is lost, or was not there: as with a deadline, but for
//                        requests that were never sent
//   kDataLoss            the peer answered something that is not a reply: as with a deadline
//   kCancelled           the loop was cancelled
// After all but the first the socket is closed for good, so that a late reply can't answer a later
// request. All other requests in flight then fail with the same code, but with kUnavailable after
// a kDeadlineExceeded. Connect opens a new socket. Loop thread only.
class Connection : private Transport::Listener, private SweepListener {
 public:
  // It is not connected yet. `options` and `digests` must outlive it. `seed` draws the jitter of
  // the back-off.
  Connection(Loop& loop, const ConnectionOptions& options, ScriptDigests& digests, uint64_t seed);
  // Requests in flight fail with kUnavailable; what they resume must not use the connection.
  ~Connection() override;

  // True while requests can run.
  bool connected() const { return state_ == State::kReady; }
  // Connects and greets (AUTH, SELECT, PING). Tries again with capped exponential back-off and full
  // jitter until op_timeout_ms has passed. Closes the socket that there was. Only one coroutine at
  // a time may connect.
  Task<absl::Status> Connect();
  // The same, but tries only once, which takes connect_timeout_ms at most.
  Task<absl::Status> ConnectOnce();
  // Closes the socket. Requests in flight fail with kUnavailable.
  void Close();
  // Where it connects to from now on, instead of where its options say.
  void set_address(const Address& address) { address_ = address; }

  class RunAwaiter;
  class PipelineAwaiter;
  // Sends one command and waits for its reply. An error reply is a failure.
  // `server_wait_ms` is how long the server may block on it (BLPOP); the deadline is later by that.
  RunAwaiter Run(const Command& command, int64_t server_wait_ms = 0);
  // Sends several commands at once and waits for all replies. An error reply among them is a
  // failure.
  PipelineAwaiter Pipeline(const Command& commands);
  // The same, with a deadline of its own instead of op_timeout_ms.
  PipelineAwaiter Pipeline(const Command& commands, int64_t timeout_ms);

  // Runs a Lua script by its digest, or by its text where the server does not know the digest.
  // `words` are the keys and then the arguments. See https://redis.io/commands/evalsha.
  template <typename... Words>
  Task<absl::StatusOr<Reply>> Eval(const Script& script, const Words&... words);

  // Receives whole what the server sends unasked, or why no more will come: in RESP2 an array that
  // begins with "message", "pmessage" or "smessage" (the payload of an invalidation message is an
  // array of keys), in RESP3 every push. Without a handler the former count as replies, and the
  // latter are dropped. See Subscriber.
  using PushHandler = std::function<void(absl::StatusOr<Reply> push)>;
  void set_on_push(PushHandler on_push) { on_push_ = std::move(on_push); }

  // Has `disturbance`, which outlives its use, decide how each further request is sent; null: whole
  // and at once. While part of a request is held back, later ones wait behind it.
  void set_disturbance(Disturbance* disturbance) { disturbance_ = disturbance; }

  // The requests sent so far. A pipeline counts as one.
  int64_t round_trips() const { return round_trips_; }
  // How often an open connection has ended, for any reason but Close.
  int64_t losses() const { return losses_; }
  Loop& loop() { return SweepListener::loop(); }

 private:
  enum class State { kClosed, kConnecting, kGreeting, kReady };

  // A request in flight, in the frame of its awaiter. Connecting is a request as well, and its
  // replies are those to the greeting.
  struct Request {
    Reply* replies;
    size_t expected;
    size_t received = 0;
    Completion* completion = nullptr;
    LazyTimeout timeout = LazyTimeout();
    bool has_expired = false;
    int64_t begun_after_read = 0;
    Request* next = nullptr;  // it began after this one
  };

  class ConnectAwaiter;

  std::optional<absl::Status> Begin(const Command& command, int64_t timeout_ms, Request& request);
  void Append(int64_t timeout_ms, Request& request);
  void SendDisturbed(const std::string& bytes, const SendPlan& plan);
  Task<absl::StatusOr<Reply>> LoadScript(const Script& script);
  bool IsPush(const Reply& reply) const;
  void OnReply(Reply reply);
  void Fail(const absl::Status& why);

  void OnConnected() override;
  void OnBytes(const char* data, size_t size) override;
  void OnBroken(absl::Status why) override;
  void OnSweep(int64_t now_ns) override;

  const ConnectionOptions& options_;
  std::optional<Address> address_;  // replaces that of the options
  ScriptDigests& digests_;
  absl::InsecureBitGen jitter_;
  State state_ = State::kClosed;
  TransportPtr transport_;
  std::optional<ReplyReader> reader_;  // parses what transport_ brings
  int64_t reads_ = 0;
  bool* dropped_ = nullptr;            // tells the OnBytes that is running that transport_ is gone
  const Command* greeting_ = nullptr;  // is sent as soon as we are connected
  Request* oldest_ = nullptr;          // the first of those in flight
  Request* newest_ = nullptr;
  int64_t in_flight_ = 0;
  Disturbance* disturbance_ = nullptr;
  std::string held_back_;  // until hold_ is due
  Timer hold_;
  PushHandler on_push_;
  int64_t round_trips_ = 0;
  int64_t losses_ = 0;
};

// True if a request that failed with `status` may have been applied all the same.
bool OutcomeIsUnknown(const absl::Status& status);
// True if it failed because another request on its connection had no reply in time.
bool WasClosedForAnother(const absl::Status& status);

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
    const absl::StatusOr<Reply> loaded = co_await Try(LoadScript(script));
    if (!loaded.ok() && !IsRefusal(loaded.status().message())) co_return loaded.status();
    digest = loaded.ok() ? loaded->text() : kNoDigest;
  }
  if (digest != kNoDigest) {
    absl::StatusOr<Reply> reply =
        co_await Try(Run(Command("EVALSHA", digest, script.keys, words...)));
    if (reply.ok() || !absl::StartsWith(reply.status().message(), "NOSCRIPT")) co_return reply;
  }
  co_return co_await Run(Command("EVAL", script.body, script.keys, words...));
}

}  // namespace rcb

#endif  // RCB_COMMON_REDIS_CONNECTION_H_
