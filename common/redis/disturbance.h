// What may befall the requests of one connection on purpose: see Connection::set_disturbance.

#ifndef RCB_COMMON_REDIS_DISTURBANCE_H_
#define RCB_COMMON_REDIS_DISTURBANCE_H_

#include <cstddef>
#include <cstdint>
#include <optional>

namespace rcb {

// How a request is sent: its first bytes at once and the rest later, so that the commands of a
// pipeline no longer arrive together.
struct SendPlan {
  size_t bytes_at_once = 0;
  int64_t pause_ns = 0;  // before the rest
};

// Decides over each request of the connections that it is set on. Loop thread only.
class Disturbance {
 public:
  // How a request of `size` bytes is sent; nullopt: the client dies before it sends anything, so
  // that the connection is closed.
  virtual std::optional<SendPlan> BeforeRequest(size_t size) = 0;

 protected:
  ~Disturbance() = default;
};

}  // namespace rcb

#endif  // RCB_COMMON_REDIS_DISTURBANCE_H_
