// Asks a user's Sentinels where the primary is. It blocks: for set-up, and for a thread that has
// nothing else to do. What runs in a loop has PrimaryWatch.
// https://redis.io/docs/reference/sentinel-clients

#ifndef RCB_COMMON_REDIS_PRIMARY_FINDER_H_
#define RCB_COMMON_REDIS_PRIMARY_FINDER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/redis/blocking_client.h"
#include "common/redis/sentinel_uri.h"

namespace rcb {

// What a Sentinel says.
struct PrimaryPlace {
  std::string host;  // empty: nothing has been said
  int port = 0;
  int64_t epoch = -1;  // grows with each failover (config-epoch); -1: the Sentinel does not tell
};

// Whether there was a failover between `known` and `next`. A Sentinel that has slept through one
// tells what was before, which is no news.
bool Supersedes(const PrimaryPlace& next, const PrimaryPlace& known);

// Not thread-safe.
class PrimaryFinder {
 public:
  // `timeout_ms` bounds the way to each Sentinel, and each of its answers. `is_cancelled` as for
  // BlockingClient.
  PrimaryFinder(SentinelUri uri, int timeout_ms, std::function<bool()> is_cancelled);

  // Yields what the first Sentinel says that answers and knows the primary, or what one said
  // before, where that is newer. They are asked in order, beginning with the one that answered
  // last. A Sentinel that lets nobody ask who has not logged in is told the primary's user and
  // password, and no other is. Errors are one line: kUnavailable or kDeadlineExceeded (no Sentinel
  // answers), kNotFound (those that answer know no such primary), kUnauthenticated, kCancelled,
  // kFailedPrecondition (any other answer, such as of what is no Sentinel).
  absl::StatusOr<PrimaryPlace> Ask();

  // Has the next Ask begin with another Sentinel: this one was wrong.
  void AskAnotherFirst();

 private:
  absl::StatusOr<PrimaryPlace> AskFirst();
  absl::StatusOr<PrimaryPlace> Query();
  absl::StatusOr<PrimaryPlace> QueryAddress(BlockingClient& client) const;

  SentinelUri uri_;  // with the login, at those Sentinels that want one
  const int timeout_ms_;
  const std::function<bool()> is_cancelled_;
  std::optional<BlockingClient> client_;  // of the first Sentinel
  PrimaryPlace newest_;
};

}  // namespace rcb

#endif  // RCB_COMMON_REDIS_PRIMARY_FINDER_H_
