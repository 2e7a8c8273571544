// How old are reads of values whose versions are numbered? Exact, in O(n log n), because the
// versions of a key are a total order: no search is needed.

#ifndef RCB_COMMON_CHECK_VERSION_CHECK_H_
#define RCB_COMMON_CHECK_VERSION_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/check/history.h"
#include "common/check/violations.h"

namespace rcb {

// A read or a write of one key. A client has one operation at a time.
struct VersionedOp {
  int64_t invoke_ns = 0;
  int64_t return_ns = 0;
  // That it read or wrote, also where the rest of the write failed. 0: it wrote none, or it is not
  // known which.
  int64_t version = 0;
  uint32_t key = 0;
  uint16_t client = 0;
  bool is_write = false;
  Outcome outcome = Outcome::kOk;
};

// A read of what had been overwritten before it began.
struct StaleRead {
  size_t op;               // its place in the history
  int64_t newest;          // the newest version whose write had returned before it began
  int64_t stale_since_ns;  // when the first write of a newer version returned
};

struct VersionReport {
  int64_t reads = 0;             // that succeeded
  std::vector<StaleRead> stale;  // in the order in which they began
  Violations backward;           // reads of less than the same client had read before
  Violations own_write;          // reads of less than the same client had written before
  Violations invented;           // reads of what was not written, or not yet
};

// `first_version` of each key was there before all operations. A write that did not succeed may
// have been done all the same, and nobody may rely on it. Any order; a read that shares its stamp
// with the return of a write overlaps it.
VersionReport CheckVersions(absl::Span<const VersionedOp> history, int64_t first_version);

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_VERSION_CHECK_H_
