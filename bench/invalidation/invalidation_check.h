// What a variant of Invalidation promises, as data, and how a record is held to it.

#ifndef RCB_BENCH_INVALIDATION_INVALIDATION_CHECK_H_
#define RCB_BENCH_INVALIDATION_INVALIDATION_CHECK_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/check/version_check.h"
#include "common/harness/scenario.h"

namespace rcb::invalidation {

// A read that overlaps a write may return either version: no promise is about that.
struct Promises {
  // After a write has returned, reads that begin later may still be stale for so long, besides the
  // longest time that an operation took: the machine may stand still. 0: for no time at all. -1: no
  // promise.
  int64_t stale_ms = 0;
  bool forward = true;    // nobody reads less than before
  bool own_write = true;  // nobody reads less than it has written
};

// Adds what is wrong, the detectors by their names, and the counters.
void JudgeReads(absl::Span<const VersionedOp> history, const Promises& promises,
                Findings* findings);

// Adds the reads that were made when all was quiet: `quiet` begins after all of `history`.
void JudgeQuiet(absl::Span<const VersionedOp> history, std::vector<VersionedOp> quiet,
                Findings* findings);

}  // namespace rcb::invalidation

#endif  // RCB_BENCH_INVALIDATION_INVALIDATION_CHECK_H_
