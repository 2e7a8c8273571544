// What a variant may leave on the server once it is quiet, declared as data, and its audit.

#ifndef RCB_COMMON_HARNESS_RESIDUE_H_
#define RCB_COMMON_HARNESS_RESIDUE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/check/violations.h"
#include "common/redis/blocking_client.h"

namespace rcb {

// Keys that may be there. All others are a violation.
struct Leftover {
  std::string name;  // behind the run's prefix; "{round}" and the like stand for a number
  std::string type = "string";
  bool expires = false;  // it must have a time to live
  int64_t length = -1;   // of a list, which must then be there; -1: any
};

struct Residue {
  bool is_judged = false;
  std::vector<Leftover> keys;
  bool stays_subscribed = false;  // clients keep a channel under the prefix
};

// Compares what is on the server under `prefix` with `residue`; names the key and its type where
// they differ. Keys beyond the first of each pattern are judged by their names alone. Judges
// nothing where the server doesn't let us look. https://redis.io/commands/scan
Violations AuditResidue(const Residue& residue, const std::string& prefix, BlockingClient& redis);

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_RESIDUE_H_
