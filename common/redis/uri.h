// The address of a Redis server, as the flag --redis spells it:
//   redis://[[user]:password@]host[:port][/db]      an IPv6 host stands in brackets; also valkey://
//   unix:///path[?db=N]
// User, password and path may be percent-encoded. Syntax after
// https://www.iana.org/assignments/uri-schemes/prov/redis.

#ifndef RCB_COMMON_REDIS_URI_H_
#define RCB_COMMON_REDIS_URI_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rcb {

struct Endpoint {
  enum class Transport { kTcp, kUnix };

  Transport transport = Transport::kTcp;
  std::string host;     // a name or an address, without brackets (kTcp)
  std::string address;  // of the host, where one of several was chosen; empty: the host's (kTcp)
  int port = 6379;      // (kTcp)
  std::string path;     // the absolute path of the socket (kUnix)
  std::string user;     // if empty, the server's default user
  std::string password;
  int db = 0;

  // What to connect to: the address where one was chosen, otherwise the host (kTcp).
  const std::string& target() const { return address.empty() ? host : address; }
  // Yields the URI without user and password, which is fit for messages, logs and results.
  std::string ToString() const;
};

// Parses `uri`. A URI without a password gets `fallback_password`, which may be empty. Errors
// (kInvalidArgument) are one line, name --redis, and quote nothing that could be part of a
// password.
absl::StatusOr<Endpoint> ParseUri(absl::string_view uri, absl::string_view fallback_password = "");

}  // namespace rcb

#endif  // RCB_COMMON_REDIS_URI_H_
