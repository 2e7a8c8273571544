// How a Connection reaches its server and how long it waits.

#ifndef RCB_COMMON_REDIS_CONNECTION_OPTIONS_H_
#define RCB_COMMON_REDIS_CONNECTION_OPTIONS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/redis/address.h"
#include "common/redis/uri.h"

namespace rcb {

struct ConnectionOptions {
  Address address;
  std::string user;      // goes into AUTH unless it is empty
  std::string password;  // AUTH is sent unless it is empty
  int64_t db = 0;
  int64_t op_timeout_ms = 5000;       // bounds every wait for a reply
  int64_t connect_timeout_ms = 2000;  // bounds one try to connect, greetings included
  int64_t max_in_flight = 1;          // to begin one request more is a bug and aborts
};

// Yields options for connections to `endpoint`, with its user, password and database. Resolves the
// host, as Resolve does and with its errors.
absl::StatusOr<ConnectionOptions> MakeConnectionOptions(const Endpoint& endpoint,
                                                        int64_t op_timeout_ms);

}  // namespace rcb

#endif  // RCB_COMMON_REDIS_CONNECTION_OPTIONS_H_
