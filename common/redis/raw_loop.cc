#include "common/redis/raw_loop.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace rcb {
namespace {

absl::Status Failure(absl::string_view call) {
  return absl::UnavailableError(absl::StrCat(call, ": ", std::strerror(errno)));
}

absl::StatusOr<int> ConnectTo(const Address& address) {
  sockaddr_un path = {};
  const auto* target = reinterpret_cast<const sockaddr*>(&address.tcp);
  socklen_t size = address.tcp.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  if (!address.unix_path.empty()) {
    path.sun_family = AF_UNIX;
    std::strncpy(path.sun_path, address.unix_path.c_str(), sizeof(path.sun_path) - 1);
    target = reinterpret_cast<const sockaddr*>(&path);
    size = sizeof(path);
  }
  const int socket_fd = socket(target->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_fd < 0) return Failure("socket");
  if (connect(socket_fd, target, size) != 0) {
    absl::Status failure = Failure("connect");
    close(socket_fd);
    return failure;
  }
  const int enable = 1;
  if (target->sa_family != AF_UNIX) {
    setsockopt(socket_fd, IPPROTO_TCP, TCP_NODELAY, &enable, sizeof(enable));
  }
  return socket_fd;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RawLoop>> RawLoop::Open(const Address& address, int connections) {
  std::unique_ptr<RawLoop> loop(new RawLoop);
  loop->epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (loop->epoll_ < 0) return Failure("epoll_create1");
  for (int i = 0; i < connections; ++i) {
    absl::StatusOr<int> socket_fd = ConnectTo(address);
    if (!socket_fd.ok()) return socket_fd.status();
    loop->sockets_.push_back(*socket_fd);
    epoll_event interest = {};
    interest.events = EPOLLIN;
    interest.data.fd = *socket_fd;
    if (epoll_ctl(loop->epoll_, EPOLL_CTL_ADD, *socket_fd, &interest) != 0) {
      return Failure("epoll_ctl");
    }
  }
  return loop;
}

RawLoop::~RawLoop() {
  for (const int socket_fd : sockets_) close(socket_fd);
  if (epoll_ >= 0) close(epoll_);
}

absl::Status RawLoop::Drive(const std::string& request, size_t reply_size, int64_t operations,
                            int silence_ms, const std::function<bool()>& is_cancelled) {
  constexpr int kSliceMs = 100;  // we look for silence and for a cancel this often
  epoll_event events[1024];
  char reply[4096];
  int64_t sent = 0;
  int64_t received = 0;
  int silent_ms = 0;
  const auto send = [&](int socket_fd) {
    ++sent;
    return write(socket_fd, request.data(), request.size()) == static_cast<ssize_t>(request.size());
  };
  for (const int socket_fd : sockets_) {
    if (sent < operations && !send(socket_fd)) return Failure("write");
  }
  while (received < operations) {
    const int ready = epoll_wait(epoll_, events, static_cast<int>(std::size(events)), kSliceMs);
    if (is_cancelled()) return absl::CancelledError("cancelled");
    if (ready < 0 && errno != EINTR) return Failure("epoll_wait");
    silent_ms = ready > 0 ? 0 : silent_ms + kSliceMs;
    if (silent_ms >= silence_ms) return absl::DeadlineExceededError("the server is silent");
    for (int i = 0; i < ready; ++i) {
      const ssize_t size = read(events[i].data.fd, reply, sizeof(reply));
      if (size == 0) return absl::UnavailableError("the server closed the connection");
      if (size < 0) return Failure("read");
      if (static_cast<size_t>(size) != reply_size) {
        return absl::DataLossError("the reply came in pieces, or is another");
      }
      ++received;
      if (sent < operations && !send(events[i].data.fd)) return Failure("write");
    }
  }
  return absl::OkStatus();
}

}  // namespace rcb
