#include "common/redis/scripted_peer.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace rcb {
namespace {

// A test cannot go on without its sockets.
int MustSucceed(int result, const char* call) {
  if (result >= 0) return result;
  std::fprintf(stderr, "scripted peer: %s: %s\n", call, std::strerror(errno));
  std::abort();
}

// Yields a TCP socket that is bound to a free port of 127.0.0.1, and its address.
int BindTcp(Address* address) {
  const int fd = MustSucceed(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in loopback = {};
  loopback.sin_family = AF_INET;
  loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(loopback);
  MustSucceed(bind(fd, reinterpret_cast<sockaddr*>(&loopback), size), "bind");
  MustSucceed(getsockname(fd, reinterpret_cast<sockaddr*>(&loopback), &size), "getsockname");
  std::memcpy(&address->tcp, &loopback, size);
  return fd;
}

// Yields a unix socket that is bound to a path in a new directory, and both of these.
int BindUnix(std::string* directory, Address* address) {
  *directory = (std::filesystem::temp_directory_path() / "rcb_peer.XXXXXX").string();
  MustSucceed(mkdtemp(directory->data()) == nullptr ? -1 : 0, "mkdtemp");
  address->unix_path = *directory + "/socket";
  const int fd = MustSucceed(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_un path = {};
  path.sun_family = AF_UNIX;
  address->unix_path.copy(path.sun_path, sizeof(path.sun_path) - 1);
  MustSucceed(bind(fd, reinterpret_cast<sockaddr*>(&path), sizeof(path)), "bind");
  return fd;
}

std::string Shown(absl::string_view bytes) {
  constexpr size_t kMaxShown = 200;
  return absl::StrCat("\"", absl::CEscape(bytes.substr(0, kMaxShown)), "\"",
                      bytes.size() > kMaxShown ? "..." : "");
}

}  // namespace

PeerConnection::PeerConnection(int fd, int stop_fd) : fd_(fd), stop_fd_(stop_fd) {
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on,
             sizeof(on));  // unix sockets refuse it but need it not
}

std::string PeerConnection::Receive(size_t size) {
  std::string received;
  while (status_.ok() && received.size() < size && Await(POLLIN)) {
    char buffer[65536];
    const ssize_t count = recv(fd_, buffer, std::min(sizeof(buffer), size - received.size()), 0);
    if (count > 0) {
      received.append(buffer, static_cast<size_t>(count));
    } else {
      Fail(absl::StrCat("the client left after ", Shown(received)));
    }
  }
  return received;
}

void PeerConnection::Expect(absl::string_view bytes) {
  const std::string received = Receive(bytes.size());
  if (status_.ok() && received != bytes) {
    Fail(absl::StrCat("expected ", Shown(bytes), ", got ", Shown(received)));
  }
}

void PeerConnection::Greet() {
  Expect(Command("PING"));
  Send("+PONG\r\n");
}

void PeerConnection::Send(absl::string_view bytes) {
  if (fd_ < 0) return;
  while (status_.ok() && !bytes.empty() && Await(POLLOUT)) {
    const ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno != EAGAIN) return;
    bytes.remove_prefix(count > 0 ? static_cast<size_t>(count) : 0);
  }
}

void PeerConnection::SendInPieces(absl::string_view bytes, size_t piece_size) {
  for (size_t sent = 0; sent < bytes.size(); sent += piece_size) {
    Send(bytes.substr(sent, piece_size));
    AwaitTaken();
  }
}

// A unix socket counts what the other side has not read yet. TCP counts only what the other kernel
// has not acknowledged, and it may delay that.
void PeerConnection::AwaitTaken() {
  int domain = 0;
  socklen_t size = sizeof(domain);
  getsockopt(fd_, SOL_SOCKET, SO_DOMAIN, &domain, &size);
  if (domain != AF_UNIX) return std::this_thread::yield();
  constexpr auto kNap = std::chrono::microseconds(20);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::milliseconds(kTimeoutMs);
  while (status_.ok()) {
    int left = 0;
    if (ioctl(fd_, SIOCOUTQ, &left) != 0 || left == 0) return;
    if (std::chrono::steady_clock::now() > give_up) Fail("the client does not read");
    std::this_thread::sleep_for(kNap);
  }
}

void PeerConnection::ExpectClosed() {
  if (!status_.ok() || !Await(POLLIN)) return;
  char byte;
  const ssize_t count = recv(fd_, &byte, 1, 0);
  if (count > 0) Fail(absl::StrCat("expected nothing more, got ", Shown({&byte, 1})));
}

void PeerConnection::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

void PeerConnection::Reset() {
  const linger at_once = {1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  Close();
}

bool PeerConnection::Await(short events) {  // NOLINT(google-runtime-int): as in pollfd
  pollfd waited[] = {{fd_, events, 0}, {stop_fd_, POLLIN, 0}};
  const int ready = fd_ < 0 ? -1 : poll(waited, 2, kTimeoutMs);
  if (ready > 0 && waited[1].revents == 0) return true;
  Fail(ready > 0    ? "stopped before the end of the script"
       : ready == 0 ? "the client did nothing for too long"
                    : "the script has closed the connection");
  return false;
}

void PeerConnection::Fail(absl::string_view problem) {
  if (status_.ok()) status_ = absl::FailedPreconditionError(problem);
}

ScriptedPeer::ScriptedPeer(Transport transport, std::vector<PeerScript> scripts) {
  constexpr int kBacklog = 16;
  listener_ = transport == Transport::kUnix ? BindUnix(&directory_, &address_) : BindTcp(&address_);
  MustSucceed(listen(listener_, kBacklog), "listen");
  stop_fd_ = MustSucceed(eventfd(0, EFD_CLOEXEC), "eventfd");
  thread_ = std::thread([this, scripts = std::move(scripts)] { Serve(scripts); });
}

ScriptedPeer::~ScriptedPeer() {
  eventfd_write(stop_fd_, 1);
  if (thread_.joinable()) thread_.join();
  close(stop_fd_);
  std::error_code ignored;
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

absl::Status ScriptedPeer::Finish() {
  if (thread_.joinable()) thread_.join();
  return status_;
}

void ScriptedPeer::Serve(const std::vector<PeerScript>& scripts) {
  for (size_t i = 0; i < scripts.size() && status_.ok(); ++i) {
    const absl::Status played = Play(scripts[i]);
    if (played.ok()) continue;
    status_ = absl::Status(played.code(), absl::StrCat("connection ", i, ": ", played.message()));
  }
  close(listener_);
}

absl::Status ScriptedPeer::Play(const PeerScript& script) {
  pollfd waited[] = {{listener_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
  const int ready = poll(waited, 2, PeerConnection::kTimeoutMs);
  if (ready <= 0 || waited[1].revents != 0) return absl::UnavailableError("it never came");
  const int fd = MustSucceed(accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC), "accept4");
  PeerConnection client(fd, stop_fd_);
  script(client);
  return client.status();
}

RefusingAddress::RefusingAddress() : fd_(BindTcp(&address_)) {}

RefusingAddress::~RefusingAddress() { close(fd_); }

// The queue of a listener that never accepts is full after a connection or two.
DeafAddress::DeafAddress() : fds_{BindTcp(&address_)} {
  constexpr int kFillers = 4;
  MustSucceed(listen(fds_[0], /*backlog=*/0), "listen");
  for (int i = 0; i < kFillers; ++i) {
    const int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    fds_.push_back(MustSucceed(socket(AF_INET, type, 0), "socket"));
    const int result =
        connect(fds_.back(), reinterpret_cast<const sockaddr*>(&address_.tcp), sizeof(sockaddr_in));
    if (result < 0 && errno != EINPROGRESS) MustSucceed(result, "connect");
  }
}

DeafAddress::~DeafAddress() {
  for (const int fd : fds_) close(fd);
}

}  // namespace rcb
