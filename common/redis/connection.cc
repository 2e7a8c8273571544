#include "common/redis/connection.h"

#include <algorithm>
#include <cstdlib>
#include <random>

#include "absl/random/distributions.h"
#include "common/measure/clock.h"

namespace rcb {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;
constexpr char kClosedForAnother[] = "closed because another request had no reply in time";
constexpr int64_t kFirstBackoffNs = 10 * kNsPerMs;
constexpr int64_t kMaxBackoffNs = 1000 * kNsPerMs;

absl::Status FirstError(const Reply* replies, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (replies[i].is_error()) return ToStatus(replies[i]);
  }
  return absl::OkStatus();
}

// What a client says first. The PING shows that a server works behind the accepted connection.
Command Greeting(const ConnectionOptions& options) {
  Command greeting("PING");
  if (options.db != 0) greeting = Command("SELECT", options.db).Then(greeting);
  if (options.password.empty()) return greeting;
  if (options.user.empty()) return Command("AUTH", options.password).Then(greeting);
  return Command("AUTH", options.user, options.password).Then(greeting);
}

}  // namespace

// Waits until the transport is connected and the server has answered the greeting.
class Connection::ConnectAwaiter : public Awaiter<ConnectAwaiter, void> {
 public:
  ConnectAwaiter(Connection& connection, const Command& greeting)
      : connection_(connection), greeting_(greeting), replies_(greeting.replies()) {}

 private:
  friend class Awaiter<ConnectAwaiter, void>;
  friend class TryAwaiter<ConnectAwaiter, void>;
  std::optional<absl::Status> Begin() {
    Loop& loop = connection_.loop();
    if (loop.cancelled()) return absl::CancelledError("cancelled");
    absl::StatusOr<TransportPtr> transport = OpenTransport(
        loop, connection_.address_.value_or(connection_.options_.address), connection_);
    if (!transport.ok()) return transport.status();
    connection_.transport_ = *std::move(transport);
    connection_.reader_.emplace();
    connection_.state_ = State::kConnecting;
    connection_.greeting_ = &greeting_;
    request_.completion = this;
    connection_.Append(connection_.options_.connect_timeout_ms, request_);
    return std::nullopt;
  }
  void Take() {}

  Connection& connection_;
  const Command& greeting_;
  std::vector<Reply> replies_;
  Request request_{replies_.data(), replies_.size()};
};

Connection::Connection(Loop& loop, const ConnectionOptions& options, ScriptDigests& digests,
                       uint64_t seed)
    : SweepListener(loop),
      options_(options),
      digests_(digests),
      jitter_(std::seed_seq{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)}),
      hold_(loop, [this] {
        if (transport_ != nullptr) transport_->Write(std::exchange(held_back_, ""));
      }) {}

Connection::~Connection() {
  on_push_ = nullptr;
  Close();
}

Task<absl::Status> Connection::Connect() {
  const int64_t give_up_ns = NowNs() + options_.op_timeout_ms * kNsPerMs;
  int64_t max_backoff_ns = kFirstBackoffNs;
  while (true) {
    absl::Status status = co_await Try(ConnectOnce());
    if (status.ok()) co_return status;
    const int64_t backoff_ns = absl::Uniform<int64_t>(jitter_, 0, max_backoff_ns);
    if (NowNs() + backoff_ns >= give_up_ns) co_return status;
    co_await loop().Sleep(backoff_ns);
    max_backoff_ns = std::min(2 * max_backoff_ns, kMaxBackoffNs);
  }
}

Task<absl::Status> Connection::ConnectOnce() {
  Close();
  const Command greeting = Greeting(options_);
  const absl::Status greeted = co_await Try(ConnectAwaiter(*this, greeting));
  if (greeted.ok()) {
    state_ = State::kReady;
  } else {
    Close();
  }
  co_return greeted;
}

void Connection::Close() {
  if (state_ == State::kGreeting || state_ == State::kReady) --losses_;  // which Fail counts
  Fail(absl::UnavailableError("the connection was closed"));
}

Connection::RunAwaiter Connection::Run(const Command& command, int64_t server_wait_ms) {
  return RunAwaiter(*this, command, options_.op_timeout_ms + server_wait_ms);
}

Connection::PipelineAwaiter Connection::Pipeline(const Command& commands) {
  return Pipeline(commands, options_.op_timeout_ms);
}

Connection::PipelineAwaiter Connection::Pipeline(const Command& commands, int64_t timeout_ms) {
  return PipelineAwaiter(*this, commands, timeout_ms);
}

std::optional<absl::Status> Connection::Begin(const Command& command, int64_t timeout_ms,
                                              Request& request) {
  if (loop().cancelled()) return absl::CancelledError("cancelled");
  if (state_ != State::kReady) return absl::UnavailableError("not connected");
  if (disturbance_ != nullptr) {
    const std::optional<SendPlan> plan = disturbance_->BeforeRequest(command.bytes().size());
    if (!plan.has_value()) {
      Close();
      return absl::UnavailableError("the client died");
    }
    Append(timeout_ms, request);
    SendDisturbed(command.bytes(), *plan);
  } else {
    Append(timeout_ms, request);
    transport_->Write(command.bytes());
  }
  ++round_trips_;
  return std::nullopt;
}

void Connection::SendDisturbed(const std::string& bytes, const SendPlan& plan) {
  const size_t at_once =
      held_back_.empty() ? std::min(plan.bytes_at_once, bytes.size()) : size_t{0};
  if (at_once > 0) transport_->Write(bytes.substr(0, at_once));
  if (at_once == bytes.size()) return;
  if (held_back_.empty()) hold_.Start(NowNs() + plan.pause_ns);
  held_back_.append(bytes, at_once);
}

void Connection::Append(int64_t timeout_ms, Request& request) {
  if (++in_flight_ > options_.max_in_flight) std::abort();  // this is our own bug
  request.timeout.Start(timeout_ms * kNsPerMs);
  request.begun_after_read = reads_;
  (oldest_ == nullptr ? oldest_ : newest_->next) = &request;
  newest_ = &request;
}

Task<absl::StatusOr<Reply>> Connection::LoadScript(const Script& script) {
  co_return co_await Run(Command("SCRIPT", "LOAD", script.body));
}

void Connection::OnConnected() {
  state_ = State::kGreeting;
  ++round_trips_;
  transport_->Write(greeting_->bytes());
}

void Connection::OnBytes(const char* data, size_t size) {
  bool dropped = false;
  dropped_ = &dropped;
  ++reads_;
  reader_->Feed(data, size);
  while (reader_->HasBytes()) {
    Reply reply;
    const absl::StatusOr<bool> complete = reader_->Next(&reply);
    if (!complete.ok()) return Fail(complete.status());
    if (!*complete) break;
    OnReply(std::move(reply));
    if (dropped) return;  // *this may be gone
  }
  dropped_ = nullptr;
}

bool Connection::IsPush(const Reply& reply) const {
  if (reply.is_push()) return true;
  if (!on_push_ || !reply.is_array()) return false;
  const std::string& kind = reply[0].text();
  return kind == "message" || kind == "pmessage" || kind == "smessage";
}

void Connection::OnReply(Reply reply) {
  if (IsPush(reply)) {
    if (on_push_) on_push_(std::move(reply));
    return;
  }
  // A reply that we have read before its request began is not the reply to that request.
  Request* request = oldest_;
  if (request == nullptr || request->begun_after_read == reads_) {
    return Fail(absl::DataLossError("a reply that nobody asked for"));
  }
  request->replies[request->received++] = std::move(reply);
  if (request->received < request->expected) return;
  oldest_ = request->next;
  --in_flight_;
  request->completion->Complete(FirstError(request->replies, request->expected));
}

void Connection::OnBroken(absl::Status why) { Fail(why); }

void Connection::OnSweep(int64_t now_ns) {
  if (oldest_ == nullptr) return;
  if (loop().cancelled()) return Fail(absl::CancelledError("cancelled"));
  bool any_has_expired = false;
  for (Request* request = oldest_; request != nullptr; request = request->next) {
    request->has_expired = request->timeout.HasExpired(now_ns);
    any_has_expired |= request->has_expired;
  }
  if (any_has_expired) {
    Fail(absl::UnavailableError(kClosedForAnother));
  }
}

void Connection::Fail(const absl::Status& why) {
  transport_.reset();
  reader_.reset();
  hold_.Stop();
  held_back_.clear();
  if (dropped_ != nullptr) *std::exchange(dropped_, nullptr) = true;
  const State before = std::exchange(state_, State::kClosed);
  const bool was_open = before == State::kGreeting || before == State::kReady;
  if (was_open) ++losses_;
  Request* request = std::exchange(oldest_, nullptr);
  in_flight_ = 0;
  if (was_open && on_push_) on_push_(why);
  // Each coroutine that goes on may connect anew, or destroy this connection, but not a coroutine
  // that still waits: the rest of the list stays valid.
  while (request != nullptr) {
    Request& failed = *std::exchange(request, request->next);
    absl::Status reason = why;
    if (failed.has_expired) {
      reason = absl::DeadlineExceededError("no reply before the deadline");
    } else if (absl::Status refused = FirstError(failed.replies, failed.received); !refused.ok()) {
      // A server that refuses a client says why, and then closes the connection.
      reason = absl::Status(why.code(), refused.message());
    }
    failed.completion->Complete(std::move(reason));
  }
}

bool WasClosedForAnother(const absl::Status& status) {
  return absl::IsUnavailable(status) && status.message() == kClosedForAnother;
}

bool OutcomeIsUnknown(const absl::Status& status) {
  return !status.ok() && status.code() != absl::StatusCode::kFailedPrecondition;
}

}  // namespace rcb
