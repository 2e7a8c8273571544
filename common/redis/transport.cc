#include "common/redis/transport.h"

#include <sys/socket.h>
#include <uv.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rcb {
namespace {

absl::Status Unavailable(absl::string_view what, int uv_error) {
  return absl::UnavailableError(absl::StrCat(what, ": ", uv_strerror(uv_error)));
}

// Runs over a libuv stream, which is TCP or a unix socket.
class StreamTransport final : public Transport {
 public:
  StreamTransport(Loop& loop, Listener& listener) : loop_(loop), listener_(&listener) {}

  // Yields libuv's error if it refuses at once.
  int Connect(const Address& address);
  void Write(absl::string_view bytes) override;

 private:
  // What the kernel did not take at once.
  struct PendingWrite {
    uv_write_t request;
    StreamTransport* transport;
    std::string bytes;
  };

  void OnConnect(int status);
  void OnRead(ssize_t size);
  void Drop() override;

  Loop& loop_;
  union {
    uv_handle_t any;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t unix_socket;
  } handle_;
  uv_connect_t connect_;
  bool resets_ = false;  // see Address
  Listener* listener_;   // is null once we close
  uv_os_fd_t descriptor_ = -1;
  int pending_writes_ = 0;
};

int StreamTransport::Connect(const Address& address) {
  connect_.data = this;
  const auto on_connect = [](uv_connect_t* request, int status) {
    static_cast<StreamTransport*>(request->data)->OnConnect(status);
  };
  if (!address.unix_path.empty()) {
    uv_pipe_init(loop_.uv(), &handle_.unix_socket, /*ipc=*/0);
    handle_.any.data = this;
    uv_pipe_connect(&connect_, &handle_.unix_socket, address.unix_path.c_str(), on_connect);
    return 0;
  }
  uv_tcp_init(loop_.uv(), &handle_.tcp);
  handle_.any.data = this;
  resets_ = address.resets;
  return uv_tcp_connect(&connect_, &handle_.tcp, reinterpret_cast<const sockaddr*>(&address.tcp),
                        on_connect);
}

void StreamTransport::OnConnect(int status) {
  if (listener_ == nullptr) return;
  if (status < 0) return listener_->OnBroken(Unavailable("connect", status));
  uv_fileno(&handle_.any, &descriptor_);
  if (handle_.any.type == UV_TCP) uv_tcp_nodelay(&handle_.tcp, /*enable=*/1);
  if (resets_) {
    const linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  }
  const int result = uv_read_start(
      &handle_.stream,
      [](uv_handle_t* handle, size_t, uv_buf_t* buffer) {
        auto& space = static_cast<StreamTransport*>(handle->data)->loop_.read_buffer();
        *buffer = uv_buf_init(space.data(), static_cast<unsigned>(space.size()));
      },
      [](uv_stream_t* stream, ssize_t size, const uv_buf_t*) {
        static_cast<StreamTransport*>(stream->data)->OnRead(size);
      });
  if (result < 0) return listener_->OnBroken(Unavailable("read", result));
  listener_->OnConnected();
}

void StreamTransport::OnRead(ssize_t size) {
  if (listener_ == nullptr || size == 0) return;
  if (size > 0) {
    listener_->OnBytes(loop_.read_buffer().data(), static_cast<size_t>(size));
  } else if (size == UV_EOF) {
    listener_->OnBroken(absl::UnavailableError("the server closed the connection"));
  } else {
    listener_->OnBroken(Unavailable("read", static_cast<int>(size)));
  }
}

void StreamTransport::Write(absl::string_view bytes) {
  // send() does in fewer steps what uv_try_write would, as long as nothing is queued before it.
  ssize_t written = 0;
  if (pending_writes_ == 0) {
    written = send(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  const size_t taken = written > 0 ? static_cast<size_t>(written) : 0;
  if (taken == bytes.size()) return;
  // We queue the rest, which is all of it where the kernel said no.
  auto* pending = new PendingWrite;
  pending->request.data = pending;
  pending->transport = this;
  pending->bytes = std::string(bytes.substr(taken));
  ++pending_writes_;
  const uv_buf_t buffer =
      uv_buf_init(pending->bytes.data(), static_cast<unsigned>(pending->bytes.size()));
  // Where writing fails, reading fails as well, but only after what the server said last.
  uv_write(&pending->request, &handle_.stream, &buffer, 1, [](uv_write_t* request, int) {
    std::unique_ptr<PendingWrite> done(static_cast<PendingWrite*>(request->data));
    --done->transport->pending_writes_;
  });
}

void StreamTransport::Drop() {
  listener_ = nullptr;
  uv_close(&handle_.any,
           [](uv_handle_t* handle) { delete static_cast<StreamTransport*>(handle->data); });
}

}  // namespace

absl::StatusOr<TransportPtr> OpenTransport(Loop& loop, const Address& address,
                                           Transport::Listener& listener) {
  auto* stream = new StreamTransport(loop, listener);
  TransportPtr transport(stream);
  const int result = stream->Connect(address);
  if (result < 0) return Unavailable("connect", result);
  return transport;
}

}  // namespace rcb
