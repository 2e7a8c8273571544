// Where a server is, resolved once, so that connecting needs no look-up.

#ifndef RCB_COMMON_REDIS_ADDRESS_H_
#define RCB_COMMON_REDIS_ADDRESS_H_

#include <sys/socket.h>

#include <string>

#include "absl/status/statusor.h"
#include "common/redis/uri.h"

namespace rcb {

// A socket address, or the path of a unix socket.
struct Address {
  sockaddr_storage tcp = {};
  std::string unix_path;  // not empty: use this
};

// Looks `endpoint` up, blocking. kNotFound, naming the host, when there is none of that name.
absl::StatusOr<Address> Resolve(const Endpoint& endpoint);

}  // namespace rcb

#endif  // RCB_COMMON_REDIS_ADDRESS_H_
