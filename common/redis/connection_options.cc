#include "common/redis/connection_options.h"

#include <utility>

namespace rcb {

absl::StatusOr<ConnectionOptions> MakeConnectionOptions(const Endpoint& endpoint,
                                                        int64_t op_timeout_ms) {
  absl::StatusOr<Address> address = Resolve(endpoint);
  if (!address.ok()) return address.status();
  ConnectionOptions options;
  options.address = *std::move(address);
  options.user = endpoint.user;
  options.password = endpoint.password;
  options.db = endpoint.db;
  options.op_timeout_ms = op_timeout_ms;
  return options;
}

}  // namespace rcb
