// Decides whether the recorded operations on one register whose writes return what they replaced
// (Redis's GETSET, an atomic exchange) could have happened one at a time, each between its
// invocation and its return: linearizability, in O(n log n).
//
// No search is needed where no value is written twice: each write names the one before it, so that
// the writes are a chain from the initial value on, and a read has its place behind its write. The
// chain must be whole, and real time must agree, as with the increments of a counter (see
// counter_check.h).

#ifndef RCB_COMMON_CHECK_SWAP_CHECK_H_
#define RCB_COMMON_CHECK_SWAP_CHECK_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/check/history.h"
#include "common/check/violations.h"

namespace rcb {

// A write of `value` that replaced `replaced`, or a read of `value`. Of a write of unknown outcome,
// return_ns and `replaced` do not count; failed operations and reads of unknown outcome are
// ignored.
struct SwapOp {
  int64_t invoke_ns = 0;
  int64_t return_ns = 0;
  int64_t value = 0;
  int64_t replaced = 0;
  bool is_read = false;
  Outcome outcome = Outcome::kOk;
};

// There are violations if and only if the history is not linearizable, provided that no value was
// written twice and no write's outcome is unknown. With unknown writes there are none that are not
// justified, but the order of the chain is not judged.
struct SwapVerdict {
  // Writes that replaced what another had replaced, what nobody wrote, or what came after them; or
  // that happened in an order that real time excludes.
  Violations writes;
  // Reads that do not fit where the writes do. Where the writes do not, the reads are judged as
  // those of a register whose writes tell nothing (see register_check.h).
  Violations reads;
};

// Checks `history`, in any order, of a register that held `initial` at first. Aborts unless
// 0 <= invoke_ns <= return_ns < INT64_MAX (return_ns of acknowledged operations only). Any thread.
SwapVerdict CheckSwaps(absl::Span<const SwapOp> history, int64_t initial);

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_SWAP_CHECK_H_
