#include "common/redis/socket.h"

#include <sys/socket.h>

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rcb {
namespace {

absl::Status Unavailable(absl::string_view what, int uv_error) {
  return absl::UnavailableError(absl::StrCat(what, ": ", uv_strerror(uv_error)));
}

}  // namespace

// What the kernel did not take at once.
struct Socket::PendingWrite {
  uv_write_t request;
  Socket* socket;
  std::string bytes;
};

absl::StatusOr<Socket::Ptr> Socket::Open(Loop& loop, const Address& address, Listener& listener) {
  Ptr socket(new Socket(loop, listener));
  const int result = socket->Connect(address);
  if (result < 0) return Unavailable("connect", result);
  return socket;
}

int Socket::Connect(const Address& address) {
  connect_.data = this;
  const auto on_connect = [](uv_connect_t* request, int status) {
    static_cast<Socket*>(request->data)->OnConnect(status);
  };
  if (!address.unix_path.empty()) {
    uv_pipe_init(loop_.uv(), &handle_.unix_socket, /*ipc=*/0);
    handle_.any.data = this;
    uv_pipe_connect(&connect_, &handle_.unix_socket, address.unix_path.c_str(), on_connect);
    return 0;
  }
  uv_tcp_init(loop_.uv(), &handle_.tcp);
  handle_.any.data = this;
  return uv_tcp_connect(&connect_, &handle_.tcp, reinterpret_cast<const sockaddr*>(&address.tcp),
                        on_connect);
}

void Socket::OnConnect(int status) {
  if (listener_ == nullptr) return;
  if (status < 0) return Break(Unavailable("connect", status));
  uv_fileno(&handle_.any, &descriptor_);
  if (handle_.any.type == UV_TCP) uv_tcp_nodelay(&handle_.tcp, /*enable=*/1);
  const int result = uv_read_start(
      &handle_.stream,
      [](uv_handle_t* handle, size_t, uv_buf_t* buffer) {
        auto& space = static_cast<Socket*>(handle->data)->loop_.read_buffer();
        *buffer = uv_buf_init(space.data(), static_cast<unsigned>(space.size()));
      },
      [](uv_stream_t* stream, ssize_t size, const uv_buf_t*) {
        static_cast<Socket*>(stream->data)->OnRead(size);
      });
  if (result < 0) return Break(Unavailable("read", result));
  listener_->OnConnected();
}

void Socket::OnRead(ssize_t size) {
  if (size < 0) {
    return Break(size == UV_EOF ? absl::UnavailableError("the server closed the connection")
                                : Unavailable("read", static_cast<int>(size)));
  }
  reader_.Feed(loop_.read_buffer().data(), static_cast<size_t>(size));
  while (listener_ != nullptr && reader_.HasBytes()) {  // a reply may make its receiver drop us
    Reply reply;
    absl::StatusOr<bool> complete = reader_.Next(&reply);
    if (!complete.ok()) return Break(complete.status());
    if (!*complete) return;
    listener_->OnReply(std::move(reply));
  }
}

void Socket::Write(absl::string_view bytes) {
  // send() does in fewer steps what uv_try_write would, as long as nothing is queued before it.
  ssize_t written = 0;
  if (pending_writes_ == 0) {
    written = send(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  const size_t taken = written > 0 ? static_cast<size_t>(written) : 0;
  if (taken == bytes.size()) return;
  // The rest, or all of it where the kernel said no.
  auto* pending = new PendingWrite;
  pending->request.data = pending;
  pending->socket = this;
  pending->bytes = std::string(bytes.substr(taken));
  ++pending_writes_;
  const uv_buf_t buffer =
      uv_buf_init(pending->bytes.data(), static_cast<unsigned>(pending->bytes.size()));
  // Where writing fails, reading fails as well, but only after what the server said last.
  uv_write(&pending->request, &handle_.stream, &buffer, 1, [](uv_write_t* request, int) {
    std::unique_ptr<PendingWrite> done(static_cast<PendingWrite*>(request->data));
    --done->socket->pending_writes_;
  });
}

void Socket::Break(absl::Status why) {
  if (listener_ != nullptr) listener_->OnBroken(std::move(why));
}

void Socket::StartClosing() {
  listener_ = nullptr;
  uv_close(&handle_.any, [](uv_handle_t* handle) { delete static_cast<Socket*>(handle->data); });
}

}  // namespace rcb
