#include "common/redis/address.h"

#include <netdb.h>

#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"

namespace rcb {

absl::StatusOr<Address> Resolve(const Endpoint& endpoint) {
  Address address;
  if (endpoint.transport == Endpoint::Transport::kUnix) {
    address.unix_path = endpoint.path;
    return address;
  }
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(endpoint.host.c_str(), absl::StrCat(endpoint.port).c_str(), &hints, &found);
  if (error != 0) {
    return absl::NotFoundError(
        absl::StrCat("--redis: no such host: ", endpoint.host, ": ", gai_strerror(error)));
  }
  std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  std::memcpy(&address.tcp, found->ai_addr, found->ai_addrlen);
  return address;
}

}  // namespace rcb
