// What the record of StampedeExpiry shows: whether reads were too old, and computations needless.

#ifndef RCB_BENCH_STAMPEDE_EXPIRY_EXPIRY_CHECK_H_
#define RCB_BENCH_STAMPEDE_EXPIRY_EXPIRY_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/stampede_expiry/cache.h"
#include "common/check/violations.h"

namespace rcb::expiry {

// A read that succeeded.
struct GenerationRead {
  int64_t invoke_ns = 0;
  size_t key = 0;
  int64_t generation = 0;
};

// Reads of an older generation than was acknowledged before they began. Any order.
Violations CheckFreshness(std::vector<GenerationRead> reads, std::vector<Acknowledged> stored);

// Reads of a value whose lifetime and grace were over before they began, when the server had to
// have dropped it.
Violations CheckAge(const std::vector<GenerationRead>& reads,
                    const std::vector<Acknowledged>& stored, int64_t grace_ms);

// Values that were computed anew while the one before was there, as by one that took the lock late.
Violations CheckNeed(const std::vector<Acknowledged>& stored);

}  // namespace rcb::expiry

#endif  // RCB_BENCH_STAMPEDE_EXPIRY_EXPIRY_CHECK_H_
