// A byte stream to a server. It knows nothing of Redis: Connection makes requests and replies of
// it.

#ifndef RCB_COMMON_REDIS_TRANSPORT_H_
#define RCB_COMMON_REDIS_TRANSPORT_H_

#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/redis/address.h"
#include "common/runtime/loop.h"

namespace rcb {

// The caller of OpenTransport owns it. TLS and a proxy would be other implementations. Loop thread
// only.
class Transport {
 public:
  // Hears what happens to one transport. It may drop the transport in any of these calls.
  class Listener {
   public:
    virtual void OnConnected() = 0;
    // The bytes are valid only during the call.
    virtual void OnBytes(const char* data, size_t size) = 0;
    // The stream failed or ended (kUnavailable). It is of no further use, so drop it.
    virtual void OnBroken(absl::Status why) = 0;

   protected:
    ~Listener() = default;
  };

  // Dropping the pointer closes the stream and forgets what it has queued. The listener hears no
  // more.
  struct Dropper {
    void operator()(Transport* transport) const { transport->Drop(); }
  };

  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // Sends the bytes and queues what cannot be sent now. Only allowed after OnConnected. Never calls
  // the listener: where writing fails, OnBroken follows after the bytes that still arrived, so that
  // the listener hears the last words of a server.
  virtual void Write(absl::string_view bytes) = 0;

 protected:
  Transport() = default;
  virtual ~Transport() = default;
  // Closes, and frees the object once nothing refers to it any more.
  virtual void Drop() = 0;
};

using TransportPtr = std::unique_ptr<Transport, Transport::Dropper>;

// Starts to connect over TCP or a unix socket; `listener` hears later how it went. Fails with
// kUnavailable where the kernel refuses at once.
absl::StatusOr<TransportPtr> OpenTransport(Loop& loop, const Address& address,
                                           Transport::Listener& listener);

}  // namespace rcb

#endif  // RCB_COMMON_REDIS_TRANSPORT_H_
