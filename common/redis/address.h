// The address of a server. It is resolved once, so that connecting needs no look-up.

#ifndef RCB_COMMON_REDIS_ADDRESS_H_
#define RCB_COMMON_REDIS_ADDRESS_H_

#include <sys/socket.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/redis/uri.h"

namespace rcb {

// A socket address, or the path of a unix socket.
struct Address {
  sockaddr_storage tcp = {};
  std::string unix_path;  // replaces tcp unless it is empty
  // Closing a connection resets it. What it has not got rid of would otherwise keep the kernel busy
  // for minutes where the server can't be reached any more. Over TCP.
  bool resets = false;
};

// The addresses of `host` as numbers, in the order in which they are to be tried.
using HostLookUp = std::function<absl::StatusOr<std::vector<std::string>>(const std::string& host)>;

// Asks the system, which may block. Fails with kNotFound, naming the host, where no host has that
// name.
absl::StatusOr<std::vector<std::string>> LookUpHost(const std::string& host);

// Looks `endpoint` up, which may block. Fails with kNotFound, naming the host, where no host has
// that name.
absl::StatusOr<Address> Resolve(const Endpoint& endpoint);

}  // namespace rcb

#endif  // RCB_COMMON_REDIS_ADDRESS_H_
