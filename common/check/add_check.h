// Decides which acknowledged adds to a set, or appends to a list, are lost: after faults, the
// elements that are there are compared with those that were added. O(n log n).

#ifndef RCB_COMMON_CHECK_ADD_CHECK_H_
#define RCB_COMMON_CHECK_ADD_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/check/history.h"
#include "common/check/violations.h"

namespace rcb {

// An add of an element that no other add has. Of one with an unknown outcome, return_ns does not
// count.
struct AddOp {
  int64_t invoke_ns = 0;
  int64_t return_ns = 0;
  int64_t element = 0;
  Outcome outcome = Outcome::kUnknown;
};

// A time in which acknowledged adds may be lost, ends included.
struct LossWindow {
  int64_t from_ns = 0;
  int64_t until_ns = 0;
};

struct AddVerdict {
  int64_t acknowledged = 0;
  int64_t unknown = 0;       // adds
  int64_t recovered = 0;     // of these, adds that are there
  std::vector<size_t> lost;  // places of acknowledged adds that are not, by element
  // Adds that are lost and were not acknowledged in a window; adds that failed and are there; and
  // what is there twice, or was never added.
  Violations violations;
};

// `present` is what is there in the end, in any order. Any thread.
AddVerdict CheckAdds(absl::Span<const AddOp> adds, absl::Span<const int64_t> present,
                     absl::Span<const LossWindow> may_lose);

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_ADD_CHECK_H_
