// Judges what the operations of Eviction saw.

#ifndef RCB_BENCH_EVICTION_EVICTION_CHECK_H_
#define RCB_BENCH_EVICTION_EVICTION_CHECK_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "bench/eviction/cache.h"
#include "common/check/history.h"
#include "common/check/violations.h"

namespace rcb::eviction {

// One operation with what it saw.
struct SeenOp {
  OpRecord record;
  Visit visit;
};

// What is there after the run: version 0 where the key is not.
struct FinalRead {
  uint32_t key = 0;
  int64_t version = 0;
};

// Reads that did not get the value that was last written to their key. The server may take a value
// away at any time; then the key has none until another is written. Exact: each key is a register,
// where a read that found nothing shows a write of "nothing" by the server. `is_held` tells which
// keys held their FirstVersion at the start.
Violations CheckValues(absl::Span<const SeenOp> ops, absl::Span<const FinalRead> final_reads,
                       const std::vector<bool>& is_held);

// How many keys were lost of those that nothing may take away: they were there at first, or were
// stored and acknowledged, and a later read did not find them.
int64_t CountLost(absl::Span<const SeenOp> ops, absl::Span<const FinalRead> final_reads,
                  const std::vector<bool>& is_held);

// How the hit ratio came back after a shift of popularity.
struct Recovery {
  double before = 0;       // the hit ratio until the shift
  int64_t operations = 0;  // from the shift until it is within 5 % of that again, or the run ends
  bool is_whole = false;   // it came back within the run
};
Recovery FindRecovery(absl::Span<const SeenOp> ops, int64_t shift_at);

}  // namespace rcb::eviction

#endif  // RCB_BENCH_EVICTION_EVICTION_CHECK_H_
