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
  std::string user;      // for AUTH; may be empty
  std::string password;  // empty: no AUTH
  int64_t db = 0;
  int64_t op_timeout_ms = 5000;       // bounds every wait for a reply
  int64_t connect_timeout_ms = 2000;  // bounds one try to connect, greetings included
  int64_t max_in_flight = 1;          // requests; to begin one more is a bug and aborts
};

// For connections to `endpoint`, with its user, password and database. Looks the host up, blocking;
// kNotFound, naming the host, when there is none of that name.
absl::StatusOr<ConnectionOptions> MakeConnectionOptions(const Endpoint& endpoint,
                                                        int64_t op_timeout_ms);

}  // namespace rcb

#endif  // RCB_COMMON_REDIS_CONNECTION_OPTIONS_H_
