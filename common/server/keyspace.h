// Deleting keys of ours, and nothing else, from a server.

#ifndef RCB_COMMON_SERVER_KEYSPACE_H_
#define RCB_COMMON_SERVER_KEYSPACE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/redis/blocking_client.h"

namespace rcb {

// Deletes these keys, by UNLINK or where that is refused by DEL.
absl::Status DeleteKeys(const std::vector<std::string>& keys, BlockingClient& client);

// Deletes every key of the client's database whose name begins with `prefix`, which must have none
// of the characters that patterns give a meaning. kAborted when `timeout_ms` have passed before all
// keys were seen. https://redis.io/commands/scan
absl::Status DeleteKeysUnder(const std::string& prefix, int64_t timeout_ms, BlockingClient& client);

// The names of these keys, each once. Errors as above.
absl::StatusOr<std::vector<std::string>> ListKeysUnder(const std::string& prefix,
                                                       int64_t timeout_ms, BlockingClient& client);

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_KEYSPACE_H_
