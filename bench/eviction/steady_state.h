// What a server would hold after a long run under a policy: so that a short run begins there.

#ifndef RCB_BENCH_EVICTION_STEADY_STATE_H_
#define RCB_BENCH_EVICTION_STEADY_STATE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/eviction/cache.h"
#include "common/redis/blocking_client.h"

namespace rcb::eviction {

// What a policy goes by.
enum class Order {
  kNone,    // it evicts any key, or none
  kRecent,  // the age of the last use
  kOften,   // how often a key was used
  kExpiry,  // what expires first: with equal lifetimes, what was filled first
};

// A key that is held, and its place in the order: its age in operations, its counter of uses as the
// server has it, or how much sooner than a fresh one it expires, as a share of the oldest one's.
struct HeldKey {
  uint64_t key = 0;
  double place = 0;
};

// Draws which keys are held, `held` on the average, and their places.
std::vector<HeldKey> DrawHeldKeys(const std::vector<double>& probabilities, double held,
                                  Order order, absl::InsecureBitGen& random);

// What the counter of a key shows that was used so often: the expectation of each step is
// 10 * (counter - 5) + 1 uses, with lfu-log-factor 10. https://redis.io/docs/reference/eviction
int64_t CounterAfter(double uses);

// Stores the keys, with the places that they have.
absl::Status Store(const std::vector<HeldKey>& held, Order order, const Cache& cache,
                   BlockingClient& redis);

// Whether the server has the ages of last uses that it was told. Redis before 7.0 makes an age that
// reaches back beyond the last turn of its clock, which has 24 bits for seconds, half a turn
// instead. https://redis.io/commands/object-idletime
absl::StatusOr<bool> KeepsAges(const std::vector<HeldKey>& held, Order order, const Cache& cache,
                               BlockingClient& redis);

// What INFO says of memory and evictions.
struct MemoryFacts {
  int64_t used_bytes = 0;    // with the clients' buffers,
  int64_t client_bytes = 0;  // which these are, about
  int64_t evicted_keys = 0;
};
absl::StatusOr<MemoryFacts> FetchMemoryFacts(BlockingClient& redis);

}  // namespace rcb::eviction

#endif  // RCB_BENCH_EVICTION_STEADY_STATE_H_
