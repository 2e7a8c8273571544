// What a variant of Invalidation promises, as data, and how a record is held to it.

#ifndef RCB_BENCH_INVALIDATION_INVALIDATION_CHECK_H_
#define RCB_BENCH_INVALIDATION_INVALIDATION_CHECK_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "bench/invalidation/cache.h"
#include "common/check/version_check.h"
#include "common/harness/scenario.h"

namespace rcb::invalidation {

// A read that overlaps a write may return either version: no promise is about that.
struct Promises {
  // After a write has returned, reads that begin later may still be stale for so long, besides the
  // lateness of the machine. 0: for no time at all. -1: no promise.
  int64_t stale_ms = 0;
  bool forward = true;    // nobody reads less than before
  bool own_write = true;  // nobody reads less than it has written
  // Of stale_ms, where it rests on fills being fast: what a slower one put there isn't judged.
  int64_t fill_ms = 0;
};

// Adds what is wrong, the detectors by their names, and the counters.
// `lateness_ns`: by how much the slowest operation was slower than it was meant to be.
void JudgeReads(absl::Span<const VersionedOp> history, const Promises& promises,
                const std::vector<Fill>& fills, int64_t lateness_ns, Findings* findings);

// Adds the reads that were made when all was quiet: `quiet` begins after all of `history`.
void JudgeQuiet(absl::Span<const VersionedOp> history, std::vector<VersionedOp> quiet,
                const Promises& promises, const std::vector<Fill>& fills, Findings* findings);

// What a queue promises: every change that was acknowledged reaches the origin, those of a key in
// their order, and at no time do more than `max_queued` wait.
void JudgeQueue(absl::Span<const VersionedOp> history, std::vector<Applied> applied,
                int64_t max_queued, Findings* findings);

}  // namespace rcb::invalidation

#endif  // RCB_BENCH_INVALIDATION_INVALIDATION_CHECK_H_
