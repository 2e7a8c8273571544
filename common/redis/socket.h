// A libuv stream (TCP or unix socket) that writes at once where the kernel takes it, and turns what
// arrives into replies. It knows no requests: see Connection and Subscriber for those.

#ifndef RCB_COMMON_REDIS_SOCKET_H_
#define RCB_COMMON_REDIS_SOCKET_H_

#include <uv.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/redis/address.h"
#include "common/redis/reply.h"
#include "common/runtime/loop.h"

namespace rcb {

// Owned by whoever opened it through a SocketPtr; dropping that closes it and tells the listener
// nothing more. Loop thread only.
class Socket {
 public:
  class Listener {
   public:
    virtual void OnConnected() = 0;
    // May drop the socket.
    virtual void OnReply(Reply reply) = 0;
    // The connection failed or ended (kUnavailable), or spoke no Redis (kDataLoss): drop the
    // socket.
    virtual void OnBroken(absl::Status why) = 0;

   protected:
    ~Listener() = default;
  };

  struct Close {
    void operator()(Socket* socket) const { socket->StartClosing(); }
  };
  using Ptr = std::unique_ptr<Socket, Close>;

  // Starts to connect; the listener hears how it went. kUnavailable where the kernel refuses at
  // once.
  static absl::StatusOr<Ptr> Open(Loop& loop, const Address& address, Listener& listener);

  // Sends the bytes, queueing what the kernel does not take now. After OnConnected only.
  void Write(absl::string_view bytes);

 private:
  struct PendingWrite;

  Socket(Loop& loop, Listener& listener) : loop_(loop), listener_(&listener) {}
  ~Socket() = default;
  int Connect(const Address& address);
  void OnConnect(int status);
  void OnRead(ssize_t size);
  void Break(absl::Status why);
  void StartClosing();

  Loop& loop_;
  union {
    uv_handle_t any;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t unix_socket;
  } handle_;
  uv_connect_t connect_;
  Listener* listener_;  // null once we are closing
  uv_os_fd_t descriptor_ = -1;
  int pending_writes_ = 0;
  ReplyReader reader_;
};

using SocketPtr = Socket::Ptr;

}  // namespace rcb

#endif  // RCB_COMMON_REDIS_SOCKET_H_
