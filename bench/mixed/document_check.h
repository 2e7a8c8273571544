// What the record of Mixed shows of its cached documents: needless computations, and values that
// outlived their end. (Values that are older than the origin: expiry::CheckFreshness.)

#ifndef RCB_BENCH_MIXED_DOCUMENT_CHECK_H_
#define RCB_BENCH_MIXED_DOCUMENT_CHECK_H_

#include <cstdint>
#include <vector>

#include "bench/mixed/store.h"
#include "common/check/violations.h"

namespace rcb::mixed {

// An invalidation that removed something, or an order to expire that took effect. return_ns is
// kNever where the outcome is unknown.
struct Loss {
  Key key = 0;
  int64_t invoke_ns = 0;
  int64_t return_ns = 0;
};

// One that was acknowledged.
struct Expiration {
  Key key = 0;
  int64_t invoke_ns = 0;
  int64_t return_ns = 0;
};

// A read of what computation `fill` yielded. `stored_ns`: when that was acknowledged to be there; 0
// of what was there before the run.
struct DocumentRead {
  Key key = 0;
  int64_t invoke_ns = 0;
  int64_t stored_ns = 0;
};

// Computations beyond one for each loss. Each but the first of its key needs a loss of its own, in
// between the one before and itself. Of `fills`, of each key the value that was there before the
// run has to be one, with all its times 0. A computation that was cut off excuses another. Any
// order.
Violations CheckOnce(std::vector<Fill> fills, std::vector<Loss> losses);

// Computations that began though an earlier one had been stored and nothing had removed that since.
// `fills` as above.
Violations CheckNeed(std::vector<Fill> fills, std::vector<Loss> losses);

// Reads of a value that was there when it was told to expire, and that came after its grace.
Violations CheckExpired(const std::vector<DocumentRead>& reads, std::vector<Expiration> expirations,
                        int64_t grace_ms);

}  // namespace rcb::mixed

#endif  // RCB_BENCH_MIXED_DOCUMENT_CHECK_H_
