// Shows the limit of the machine, for comparison with Connection: it sends requests over epoll
// without a parser, a coroutine or a check. It is no client, because it takes whatever it reads for
// the reply.

#ifndef RCB_COMMON_REDIS_RAW_LOOP_H_
#define RCB_COMMON_REDIS_RAW_LOOP_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/redis/address.h"

namespace rcb {

// Not thread-safe.
class RawLoop {
 public:
  // Connects `connections` times, which may block. Fails with kUnavailable.
  static absl::StatusOr<std::unique_ptr<RawLoop>> Open(const Address& address, int connections);
  RawLoop(const RawLoop&) = delete;
  RawLoop& operator=(const RawLoop&) = delete;
  ~RawLoop();

  // Sends `request`, whose reply has `reply_size` bytes, again and again on every connection, until
  // `operations` replies have come. Fails with kDeadlineExceeded after `silence_ms` without a
  // reply, with kCancelled once `is_cancelled` is true, with kUnavailable where a connection
  // breaks, and with kDataLoss where a reply has another size.
  absl::Status Drive(const std::string& request, size_t reply_size, int64_t operations,
                     int silence_ms, const std::function<bool()>& is_cancelled);

 private:
  RawLoop() = default;

  int epoll_ = -1;
  std::vector<int> sockets_;
};

}  // namespace rcb

#endif  // RCB_COMMON_REDIS_RAW_LOOP_H_
