// Decides whether operations on compare-and-set registers or on mutexes could have happened one at
// a time, each between its invocation and its return: linearizability, for what the special cases
// of counter_check.h and register_check.h do not cover. Some histories cannot be decided in any
// sensible time - the question is NP-complete - and then the verdict says so.
//
// M. Herlihy and J. Wing, "Linearizability", TOPLAS 12(3), 1990, whose locality lets each key be
// checked by itself; A. Horn and D. Kroening, "Faster linearizability checking via
// P-compositionality", FORTE 2015 (arXiv 1504.00204); J. Wing and C. Gong, "Testing and verifying
// concurrent objects", JPDC 17, 1993, and G. Lowe, "Testing for linearizability", Concurrency and
// Computation 29(4), 2017: the search, and taking operations just in time, at their return.

#ifndef RCB_COMMON_CHECK_LINEARIZABILITY_H_
#define RCB_COMMON_CHECK_LINEARIZABILITY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/check/history.h"
#include "common/check/search_result.h"
#include "common/check/violations.h"

namespace rcb {

// One operation on the register `key`. Of operations of unknown outcome only what they were asked
// to do and invoke_ns count; failed operations and reads of unknown outcome are ignored.
struct CasOp {
  enum class Kind : uint8_t { kRead, kWrite, kCas };

  int64_t invoke_ns = 0;
  int64_t return_ns = 0;
  int64_t key = 0;
  int64_t value = 0;     // read, written, or to be put in the place of `expected`
  int64_t expected = 0;  // kCas
  Kind kind = Kind::kRead;
  bool swapped = false;  // kCas: the value was the expected one, and replaced
  Outcome outcome = Outcome::kOk;
};

// One acquisition or release of the mutex `key`. Of unknown outcome only invoke_ns counts; failed
// ones are ignored, as is an attempt that found the mutex taken.
struct MutexOp {
  int64_t invoke_ns = 0;
  int64_t return_ns = 0;
  int64_t key = 0;
  bool is_release = false;
  Outcome outcome = Outcome::kOk;
};

// When to give up. Both limits are counted, not measured, so that a history gets the same verdict
// on every machine.
struct LinearizabilityOptions {
  // So many steps are taken, over all keys. A step is a look at an operation or at a word of a
  // state, in some nanoseconds. Half of what is left is dealt out by key, the other half by
  // operation; what a key does not need goes to those after it.
  int64_t max_steps = 1'000'000'000;
  size_t max_bytes = size_t{192} << 20;  // about so much memory the states take
};

struct LinearizabilityVerdict {
  // kNotLinearizable if any key is not; else kUndecided if any key is that.
  Answer answer = Answer::kLinearizable;
  // Each key that is not linearizable counts once. The words are about the lowest of them: how far
  // an order got, with which value, and the operations that could not follow, with times in
  // microseconds since the first invocation.
  Violations violations;
  int64_t undecided_keys = 0;
  std::string first_undecided;  // likewise about the lowest of these keys; empty without any
  int64_t keys = 0;
  int64_t operations = 0;  // without those that are ignored
  int64_t states = 0;      // how many values with sets of placed operations were looked at
  int64_t steps = 0;       // how many were taken: LinearizabilityOptions

  bool linearizable() const { return answer == Answer::kLinearizable; }
};

// Checks `history`, in any order, of registers that each held `initial` before their first
// operation. Aborts unless 0 <= invoke_ns <= return_ns < INT64_MAX (return_ns of acknowledged
// operations only). Any thread.
LinearizabilityVerdict CheckCasRegister(std::vector<CasOp> history, int64_t initial,
                                        const LinearizabilityOptions& options = {});

// Checks `history` likewise, of mutexes that were all free before it: between two acquisitions
// there is a release, and a release finds the mutex held. It does not see who holds it.
LinearizabilityVerdict CheckMutex(const std::vector<MutexOp>& history,
                                  const LinearizabilityOptions& options = {});

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_LINEARIZABILITY_H_
