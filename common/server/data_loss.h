// Whether a server lost, or may have lost, what we stored on it: then a run on it proves nothing.

#ifndef RCB_COMMON_SERVER_DATA_LOSS_H_
#define RCB_COMMON_SERVER_DATA_LOSS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/redis/blocking_client.h"
#include "common/server/server_facts.h"

namespace rcb {

// What tells of lost data. Fields that the server does not tell, or not to this user, stay empty or
// -1, and are not compared.
struct LossFacts {
  std::string run_id;         // of the server process
  std::string role;           // "master" or "slave"
  int64_t evicted_keys = -1;  // since the server started
  int64_t flushes = -1;       // calls of FLUSHALL and FLUSHDB since then
};

// Reads the text of INFO and of INFO commandstats (https://redis.io/commands/info).
LossFacts ParseLossFacts(absl::string_view info, absl::string_view command_stats);

// The facts as they are now. It never fails: what cannot be had is unknown.
LossFacts FetchLossFacts(BlockingClient& client);

// What happened between two looks at one server that may have lost data, in one line such as "the
// server evicted 812 keys"; empty where nothing did.
std::string DescribeLoss(const LossFacts& before, const LossFacts& after);

// What in the server's settings may lose data in the middle of a run, a line each.
std::vector<std::string> LossWarnings(const ServerFacts& facts);

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_DATA_LOSS_H_
