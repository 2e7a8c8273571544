#include "common/redis/connection.h"

#include <algorithm>
#include <random>

#include "absl/random/distributions.h"
#include "common/measure/clock.h"

namespace rcb {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;
constexpr int64_t kFirstBackoffNs = 10 * kNsPerMs;
constexpr int64_t kLongestBackoffNs = 1000 * kNsPerMs;

absl::Status FirstError(const Reply* replies, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (replies[i].is_error()) return ToStatus(replies[i]);
  }
  return absl::OkStatus();
}

// What a client says first; a PING shows that somebody serves behind an accepted connection.
Command Greeting(const ConnectionOptions& options) {
  Command greeting("PING");
  if (options.db != 0) greeting = Command("SELECT", options.db).Then(greeting);
  if (options.password.empty()) return greeting;
  if (options.user.empty()) return Command("AUTH", options.password).Then(greeting);
  return Command("AUTH", options.user, options.password).Then(greeting);
}

}  // namespace

// Waits for the socket to be connected.
class Connection::ConnectAwaiter : public Awaiter<ConnectAwaiter, void> {
 public:
  explicit ConnectAwaiter(Connection& connection) : connection_(connection) {}

 private:
  friend class Awaiter<ConnectAwaiter, void>;
  std::optional<absl::Status> Begin() {
    Loop& loop = connection_.loop();
    if (loop.cancelled()) return absl::CancelledError("cancelled");
    absl::StatusOr<SocketPtr> socket =
        Socket::Open(loop, connection_.options_.address, connection_);
    if (!socket.ok()) return socket.status();
    connection_.socket_ = *std::move(socket);
    connection_.connecting_ = this;
    connection_.StartTimeout(connection_.options_.connect_timeout_ms * kNsPerMs);
    return std::nullopt;
  }
  void Take() {}

  Connection& connection_;
};

Connection::Connection(Loop& loop, const ConnectionOptions& options, ScriptDigests& digests,
                       uint64_t seed)
    : Watched(loop),
      options_(options),
      digests_(digests),
      jitter_(std::seed_seq{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)}) {}

Connection::~Connection() = default;

Task<absl::Status> Connection::Connect() {
  const int64_t give_up_ns = NowNs() + options_.op_timeout_ms * kNsPerMs;
  int64_t longest_ns = kFirstBackoffNs;
  while (true) {
    absl::Status status = co_await Try(ConnectOnce());
    if (status.ok()) co_return status;
    const int64_t backoff_ns = absl::Uniform<int64_t>(jitter_, 0, longest_ns);
    if (NowNs() + backoff_ns >= give_up_ns) co_return status;
    co_await loop().Sleep(backoff_ns);
    longest_ns = std::min(2 * longest_ns, kLongestBackoffNs);
  }
}

Task<absl::Status> Connection::ConnectOnce() {
  Close();
  co_await ConnectAwaiter(*this);
  const Command greeting = Greeting(options_);
  absl::StatusOr<std::vector<Reply>> greeted =
      co_await Try(PipelineAwaiter(*this, greeting, options_.connect_timeout_ms));
  if (!greeted.ok()) Close();
  co_return greeted.status();
}

void Connection::Close() { Fail(absl::UnavailableError("the connection was closed")); }

Connection::RunAwaiter Connection::Run(const Command& command, int64_t server_wait_ms) {
  return RunAwaiter(*this, command, options_.op_timeout_ms + server_wait_ms);
}

Connection::PipelineAwaiter Connection::Pipeline(const Command& commands) {
  return PipelineAwaiter(*this, commands, options_.op_timeout_ms);
}

std::optional<absl::Status> Connection::Begin(const Command& command, int64_t timeout_ms,
                                              Request& request) {
  if (loop().cancelled()) return absl::CancelledError("cancelled");
  if (!ready_) return absl::UnavailableError("not connected");
  if (request_ != nullptr) std::abort();  // one request at a time
  request_ = &request;
  ++round_trips_;
  StartTimeout(timeout_ms * kNsPerMs);
  socket_->Write(command.bytes());
  return std::nullopt;
}

Task<absl::StatusOr<Reply>> Connection::LoadScript(const Script& script) {
  co_return co_await Run(Command("SCRIPT", "LOAD", script.body));
}

void Connection::Fail(absl::Status why) {
  socket_.reset();
  if (ready_) ++losses_;
  ready_ = false;
  StopTimeout();
  Completion* waiting = std::exchange(connecting_, nullptr);
  if (Request* request = std::exchange(request_, nullptr)) waiting = request->completion;
  if (on_push_) on_push_(why);
  if (waiting != nullptr) waiting->Complete(std::move(why));
}

void Connection::OnConnected() {
  ready_ = true;
  StopTimeout();
  std::exchange(connecting_, nullptr)->Complete(absl::OkStatus());
}

void Connection::OnReply(Reply reply) {
  if (on_push_ && reply[0].text() == "message") return on_push_(std::move(reply));
  if (request_ == nullptr) return Fail(absl::DataLossError("a reply that nobody asked for"));
  Request& request = *request_;
  request.replies[request.received++] = std::move(reply);
  if (request.received < request.expected) return;
  StopTimeout();
  request_ = nullptr;
  request.completion->Complete(FirstError(request.replies, request.expected));
}

void Connection::OnBroken(absl::Status why) {
  // A server that refuses a client says why, and then closes the connection.
  if (request_ != nullptr) {
    const absl::Status refused = FirstError(request_->replies, request_->received);
    if (!refused.ok()) why = absl::Status(why.code(), refused.message());
  }
  Fail(std::move(why));
}

void Connection::OnExpired(absl::Status why) {
  if (connecting_ != nullptr || request_ != nullptr) Fail(std::move(why));
}

bool OutcomeIsUnknown(const absl::Status& status) {
  return !status.ok() && status.code() != absl::StatusCode::kFailedPrecondition;
}

}  // namespace rcb
