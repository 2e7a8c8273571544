#include "common/redis/address.h"

#include <netdb.h>

#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"

namespace rcb {

namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

absl::StatusOr<AddressList> Ask(const std::string& host, const std::string& port) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (error == 0) return AddressList(found, &freeaddrinfo);
  return absl::NotFoundError(absl::StrCat("no such host: ", host, ": ", gai_strerror(error)));
}

}  // namespace

absl::StatusOr<std::vector<std::string>> LookUpHost(const std::string& host) {
  const absl::StatusOr<AddressList> found = Ask(host, "0");
  if (!found.ok()) return found.status();
  std::vector<std::string> addresses;
  for (const addrinfo* entry = found->get(); entry != nullptr; entry = entry->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(entry->ai_addr, entry->ai_addrlen, text, sizeof(text), nullptr, 0,
                    NI_NUMERICHOST) == 0) {
      addresses.emplace_back(text);
    }
  }
  return addresses;
}

absl::StatusOr<Address> Resolve(const Endpoint& endpoint) {
  Address address;
  if (endpoint.transport == Endpoint::Transport::kUnix) {
    address.unix_path = endpoint.path;
    return address;
  }
  const absl::StatusOr<AddressList> found = Ask(endpoint.target(), absl::StrCat(endpoint.port));
  if (!found.ok()) return absl::NotFoundError(absl::StrCat("--redis: ", found.status().message()));
  std::memcpy(&address.tcp, (*found)->ai_addr, (*found)->ai_addrlen);
  return address;
}

}  // namespace rcb
