#include "common/redis/blocking_client.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace rcb {
namespace {

constexpr size_t kReadBytes = 64 * 1024;
constexpr int64_t kSliceMs = 100;  // is_cancelled is asked this often

int64_t NowMs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

bool IsLoading(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) && absl::StrContains(status.message(), ": LOADING ");
}

BlockingClient::BlockingClient(redisContext* context, std::string name, int timeout_ms,
                               std::function<bool()> is_cancelled)
    : context_(context),
      reader_(std::make_unique<ReplyReader>()),
      name_(std::move(name)),
      timeout_ms_(timeout_ms),
      is_cancelled_(std::move(is_cancelled)) {}

absl::Status BlockingClient::Error(absl::StatusCode code, absl::string_view problem) const {
  return absl::Status(code, absl::StrCat(name_, ": ", problem));
}

absl::StatusOr<BlockingClient> BlockingClient::Connect(const Endpoint& endpoint, int timeout_ms,
                                                       std::function<bool()> is_cancelled) {
  const timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
  redisContext* context =
      endpoint.transport == Endpoint::Transport::kUnix
          ? redisConnectUnixWithTimeout(endpoint.path.c_str(), timeout)
          : redisConnectWithTimeout(endpoint.target().c_str(), endpoint.port, timeout);
  BlockingClient client(context, endpoint.ToString(), timeout_ms, std::move(is_cancelled));
  if (context == nullptr) return client.Error(absl::StatusCode::kUnavailable, "out of memory");
  if (context->err != 0) {
    return client.Error(absl::StatusCode::kUnavailable,
                        absl::StrCat("cannot connect: ", context->errstr));
  }
  const absl::Status status = client.Authenticate(endpoint);
  if (!status.ok()) return status;
  return client;
}

absl::Status BlockingClient::Authenticate(const Endpoint& endpoint) {
  if (!endpoint.user.empty() || !endpoint.password.empty()) {
    std::vector<std::string> auth = {"AUTH"};
    if (!endpoint.user.empty()) auth.push_back(endpoint.user);
    auth.push_back(endpoint.password);
    const absl::StatusOr<Reply> reply = Exchange(auth);
    if (!reply.ok()) return reply.status();
    if (reply->is_error()) {
      return Error(absl::StatusCode::kUnauthenticated,
                   absl::StrCat("the server refused the user or password: ", reply->text()));
    }
  }
  // PING comes before SELECT, because its refusal can only mean that we may not come in.
  const absl::StatusOr<Reply> pong = Exchange({"PING"});
  if (!pong.ok()) return pong.status();
  if (absl::StartsWith(pong->text(), "NOAUTH")) {
    return Error(absl::StatusCode::kUnauthenticated,
                 absl::StrCat("the server wants a password: ", pong->text()));
  }
  if (pong->is_error()) return Error(absl::StatusCode::kFailedPrecondition, pong->text());
  if (endpoint.db == 0) return absl::OkStatus();
  return Command({"SELECT", absl::StrCat(endpoint.db)}).status();
}

absl::StatusOr<Reply> BlockingClient::Command(const std::vector<std::string>& arguments) {
  absl::StatusOr<Reply> reply = Exchange(arguments);
  if (reply.ok() && reply->is_error()) {
    return Error(absl::StatusCode::kFailedPrecondition, reply->text());
  }
  return reply;
}

// Sends one command and yields its reply, even an error reply.
absl::StatusOr<Reply> BlockingClient::Exchange(const std::vector<std::string>& arguments) {
  if (context_ == nullptr) {
    return Error(absl::StatusCode::kUnavailable, "the connection broke before");
  }
  const int64_t deadline_ms = NowMs() + timeout_ms_;
  std::vector<const char*> texts;
  std::vector<size_t> sizes;
  for (const std::string& argument : arguments) {
    texts.push_back(argument.data());
    sizes.push_back(argument.size());
  }
  char* wire = nullptr;
  const int64_t size =
      redisFormatCommandArgv(&wire, static_cast<int>(texts.size()), texts.data(), sizes.data());
  if (size < 0) return Error(absl::StatusCode::kResourceExhausted, "out of memory");
  const absl::Status sent = SendAll(wire, static_cast<size_t>(size), deadline_ms);
  redisFreeCommand(wire);
  absl::StatusOr<Reply> reply = sent.ok() ? AwaitReply(deadline_ms) : sent;
  if (reply.ok() && reply->is_error() &&
      absl::StrContains(reply->text(), "max number of clients")) {
    reply = Error(absl::StatusCode::kResourceExhausted,
                  absl::StrCat("the server is full (maxclients): ", reply->text()));
  }
  if (!reply.ok()) context_.reset();
  return reply;
}

// We send and receive ourselves, because hiredis 0.14 raises SIGPIPE on a closed connection, fails
// on any signal, and restarts its timeout with each byte.
absl::Status BlockingClient::SendAll(const char* data, size_t size, int64_t deadline_ms) {
  size_t sent = 0;
  while (sent < size) {
    const absl::Status ready = AwaitReady(POLLOUT, deadline_ms);
    if (!ready.ok()) return ready;
    const ssize_t n = send(context_->fd, data + sent, size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
      sent += static_cast<size_t>(n);
    } else if (errno != EAGAIN && errno != EINTR) {
      // A server at maxclients says so and closes before it reads. Its reply tells more than this
      // error.
      return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

// Waits until the socket is ready for `events`.
absl::Status BlockingClient::AwaitReady(short events, int64_t deadline_ms) const {  // NOLINT
  for (;;) {
    if (is_cancelled_ && is_cancelled_()) return Error(absl::StatusCode::kCancelled, "cancelled");
    const int64_t left_ms = deadline_ms - NowMs();
    if (left_ms <= 0) {
      return Error(absl::StatusCode::kDeadlineExceeded,
                   absl::StrCat("no answer within ", timeout_ms_, " ms"));
    }
    pollfd waited = {context_->fd, events, 0};
    if (poll(&waited, 1, static_cast<int>(std::min(left_ms, kSliceMs))) > 0) {
      return absl::OkStatus();
    }
  }
}

absl::StatusOr<Reply> BlockingClient::AwaitReply(int64_t deadline_ms) {
  std::vector<char> buffer(kReadBytes);
  Reply reply;
  for (;;) {
    const absl::StatusOr<bool> whole = reader_->Next(&reply);
    if (!whole.ok()) return Error(whole.status().code(), whole.status().message());
    if (*whole) return reply;
    const absl::Status ready = AwaitReady(POLLIN, deadline_ms);
    if (!ready.ok()) return ready;
    const ssize_t n = recv(context_->fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n > 0) {
      reader_->Feed(buffer.data(), static_cast<size_t>(n));
    } else if (n == 0) {
      return Error(absl::StatusCode::kUnavailable, "the server closed the connection");
    } else if (errno != EAGAIN && errno != EINTR) {
      return Error(absl::StatusCode::kUnavailable,
                   absl::StrCat("the connection broke: ", std::strerror(errno)));
    }
  }
}

absl::StatusOr<Reply> AskOnce(const Endpoint& endpoint, const std::vector<std::string>& command,
                              int timeout_ms, std::function<bool()> is_cancelled) {
  absl::StatusOr<BlockingClient> client =
      BlockingClient::Connect(endpoint, timeout_ms, std::move(is_cancelled));
  if (!client.ok()) return client.status();
  return client->Command(command);
}

}  // namespace rcb
