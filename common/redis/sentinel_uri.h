// The address of a user's Sentinels, as the flag --redis spells it:
//   redis+sentinel://[[user]:password@]host[:port][,host[:port]...]/master-name[/db]
// also valkey+sentinel://. The parts are written as in uri.h; the port is 26379 unless it is said.

#ifndef RCB_COMMON_REDIS_SENTINEL_URI_H_
#define RCB_COMMON_REDIS_SENTINEL_URI_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/redis/uri.h"

namespace rcb {

struct SentinelUri {
  std::vector<Endpoint> sentinels;  // without user, password and database
  std::string primary_name;         // by which they know the primary
  Endpoint login;                   // how to log in to the primary; it has no host and port

  // Yields the URI without user and password, which is fit for messages, logs and results.
  std::string ToString() const;
};

// Whether `uri` has a scheme of Sentinels.
bool IsSentinelUri(absl::string_view uri);

// Parses such a URI. `fallback_password` and errors are as for ParseUri.
absl::StatusOr<SentinelUri> ParseSentinelUri(absl::string_view uri,
                                             absl::string_view fallback_password = "");

}  // namespace rcb

#endif  // RCB_COMMON_REDIS_SENTINEL_URI_H_
