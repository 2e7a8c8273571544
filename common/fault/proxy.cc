#include "common/fault/proxy.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>
#include <cstring>
#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/fault/flow.h"

namespace rcb {
namespace {

constexpr int kBacklog = 1024;

// A TCP socket bound to `address`, which it may share with others of ours; -1 if that fails.
int BindShared(const Address& address) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int yes = 1;
  if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes)) == 0 &&
      setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
      bind(fd, reinterpret_cast<const sockaddr*>(&address.tcp), sizeof(sockaddr_in)) == 0) {
    return fd;
  }
  if (fd >= 0) close(fd);
  return -1;
}

absl::Status CannotListen() {
  return absl::UnavailableError(
      absl::StrCat("no proxy can listen on 127.0.0.1: ", std::strerror(errno)));
}

void FreeTcp(uv_handle_t* handle) { delete reinterpret_cast<uv_tcp_t*>(handle); }

}  // namespace

// A connection of a client and the one to the server that belongs to it. It frees itself once both
// streams are closed. The proxy's thread only.
class Proxy::Link {
 public:
  Link(Proxy& proxy, uint64_t seed);

  // Takes the connection that waits at `listener`, and connects to the server.
  void Open(uv_stream_t* listener);
  void SetFaults(const ProxyFaults& faults);
  // Breaks both streams off with RST.
  void BreakOff() { Close(/*with_reset=*/true); }

 private:
  union Stream {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t unix_socket;
  };

  Flow::Listener Hear(std::atomic<int64_t>& bytes);
  int Connect();
  void OnConnected(int status);
  void OnEnd();
  void Close(bool with_reset);
  void CloseStream(Stream& stream, bool with_reset);

  Proxy& proxy_;
  Flow to_server_;
  Flow to_client_;
  Stream client_;
  Stream server_;
  uv_connect_t connect_;
  int ended_flows_ = 0;
  int open_streams_ = 0;
  bool is_closing_ = false;
};

Proxy::Link::Link(Proxy& proxy, uint64_t seed)
    : proxy_(proxy),
      to_server_(proxy.loop_, seed, Hear(proxy.counts_.bytes_to_server)),
      to_client_(proxy.loop_, seed + 1, Hear(proxy.counts_.bytes_to_client)) {
  SetFaults(proxy.faults_);
}

Flow::Listener Proxy::Link::Hear(std::atomic<int64_t>& bytes) {
  return {.on_passed =
              [&bytes](size_t size) {
                bytes.fetch_add(static_cast<int64_t>(size), std::memory_order_relaxed);
              },
          .on_lost = [this] { ++proxy_.counts_.lost_chunks; },
          .on_end = [this] { OnEnd(); },
          .on_broken = [this] { BreakOff(); }};
}

void Proxy::Link::SetFaults(const ProxyFaults& faults) {
  to_server_.SetFaults(faults.to_server);
  to_client_.SetFaults(faults.to_client);
}

void Proxy::Link::Open(uv_stream_t* listener) {
  uv_tcp_init(proxy_.loop_.uv(), &client_.tcp);
  client_.handle.data = &to_server_;
  ++open_streams_;
  const int accepted = uv_accept(listener, &client_.stream);
  const int connecting = accepted < 0 ? accepted : Connect();
  if (connecting < 0) return BreakOff();
  uv_tcp_nodelay(&client_.tcp, /*enable=*/1);
}

// Yields libuv's error where the kernel refuses at once.
int Proxy::Link::Connect() {
  connect_.data = this;
  const auto on_connected = [](uv_connect_t* request, int status) {
    static_cast<Link*>(request->data)->OnConnected(status);
  };
  ++open_streams_;
  const Address& address = proxy_.server_;
  if (!address.unix_path.empty()) {
    uv_pipe_init(proxy_.loop_.uv(), &server_.unix_socket, /*ipc=*/0);
    server_.handle.data = &to_client_;
    uv_pipe_connect(&connect_, &server_.unix_socket, address.unix_path.c_str(), on_connected);
    return 0;
  }
  uv_tcp_init(proxy_.loop_.uv(), &server_.tcp);
  server_.handle.data = &to_client_;
  return uv_tcp_connect(&connect_, &server_.tcp, reinterpret_cast<const sockaddr*>(&address.tcp),
                        on_connected);
}

void Proxy::Link::OnConnected(int status) {
  if (is_closing_) return;
  if (status < 0) return BreakOff();
  if (server_.handle.type == UV_TCP) uv_tcp_nodelay(&server_.tcp, /*enable=*/1);
  to_server_.Start(&client_.stream, &server_.stream);
  if (!is_closing_) to_client_.Start(&server_.stream, &client_.stream);
}

void Proxy::Link::OnEnd() {
  if (++ended_flows_ == 2) Close(/*with_reset=*/false);
}

void Proxy::Link::Close(bool with_reset) {
  if (is_closing_) return;
  is_closing_ = true;
  to_server_.Stop();
  to_client_.Stop();
  proxy_.links_.erase(this);
  const bool has_server = open_streams_ == 2;
  CloseStream(client_, with_reset);
  if (has_server) CloseStream(server_, with_reset);
}

void Proxy::Link::CloseStream(Stream& stream, bool with_reset) {
  // The two flows are part of the link, so its address tells whose stream it is.
  stream.handle.data = this;
  const uv_close_cb on_closed = [](uv_handle_t* handle) {
    auto* link = static_cast<Link*>(handle->data);
    if (--link->open_streams_ == 0) delete link;
  };
  const bool is_tcp = stream.handle.type == UV_TCP;
  // Fails where the stream is being shut down, which the other side knows already.
  if (with_reset && is_tcp && uv_tcp_close_reset(&stream.tcp, on_closed) == 0) return;
  uv_close(&stream.handle, on_closed);
}

absl::StatusOr<std::unique_ptr<Proxy>> Proxy::Start(const Address& server, uint64_t seed) {
  std::unique_ptr<Proxy> proxy(new Proxy(server, seed));
  absl::Status bound = proxy->Bind();
  if (!bound.ok()) return bound;
  proxy->thread_ = std::thread([raw = proxy.get()] { raw->loop_.RunUntilDone(raw->Serve()); });
  absl::Status listening = proxy->Set(ProxyFaults());
  if (!listening.ok()) return listening;
  return proxy;
}

Proxy::Proxy(const Address& server, uint64_t seed) : server_(server), seeds_(seed) {}

Proxy::~Proxy() {
  if (thread_.joinable()) {
    loop_.Post([this] { stop_.Set(); });
    thread_.join();
  }
  if (reserved_ >= 0) close(reserved_);
}

absl::Status Proxy::Bind() {
  auto* tcp = reinterpret_cast<sockaddr_in*>(&address_.tcp);
  tcp->sin_family = AF_INET;
  tcp->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  reserved_ = BindShared(address_);
  socklen_t size = sizeof(sockaddr_in);
  if (reserved_ < 0 ||
      getsockname(reserved_, reinterpret_cast<sockaddr*>(&address_.tcp), &size) != 0) {
    return CannotListen();
  }
  return absl::OkStatus();
}

int Proxy::port() const {
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address_.tcp)->sin_port);
}

Task<void> Proxy::Serve() {
  static_cast<void>(co_await Try(stop_.Wait(INT64_MAX)));  // nobody cancels this loop
  StopListening();
  BreakOff();
}

void Proxy::RunThere(const std::function<void()>& work) {
  std::promise<void> done;
  loop_.Post([&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

absl::Status Proxy::Set(const ProxyFaults& faults) {
  absl::Status result;
  RunThere([&] {
    faults_ = faults;
    for (const std::set<Link*> links = links_; Link * link : links) link->SetFaults(faults);
    if (faults.refuse) {
      StopListening();
    } else {
      result = Listen();
    }
  });
  return result;
}

void Proxy::ResetConnections() {
  RunThere([&] { BreakOff(); });
}

void Proxy::SwitchTo(const Address& server) {
  RunThere([&] {
    server_ = server;
    BreakOff();
  });
}

void Proxy::BreakOff() {
  for (const std::set<Link*> links = links_; Link * link : links) link->BreakOff();
}

absl::Status Proxy::Listen() {
  if (listener_ != nullptr) return absl::OkStatus();
  const int fd = BindShared(address_);
  if (fd < 0) return CannotListen();
  listener_ = new uv_tcp_t;
  uv_tcp_init(loop_.uv(), listener_);
  listener_->data = this;
  uv_tcp_open(listener_, fd);
  const auto on_client = [](uv_stream_t* stream, int status) {
    if (status == 0) static_cast<Proxy*>(stream->data)->Accept();
  };
  if (uv_listen(reinterpret_cast<uv_stream_t*>(listener_), kBacklog, on_client) == 0) {
    return absl::OkStatus();
  }
  StopListening();
  return CannotListen();
}

void Proxy::StopListening() {
  if (listener_ == nullptr) return;
  uv_close(reinterpret_cast<uv_handle_t*>(listener_), FreeTcp);
  listener_ = nullptr;
}

void Proxy::Accept() {
  ++counts_.connections;
  auto* link = new Link(*this, seeds_());
  links_.insert(link);
  link->Open(reinterpret_cast<uv_stream_t*>(listener_));
}

}  // namespace rcb
