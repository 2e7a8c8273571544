// Finds the few operations of a violated history that contradict each other.

#ifndef RCB_COMMON_HISTORY_WITNESS_H_
#define RCB_COMMON_HISTORY_WITNESS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/history/judge.h"
#include "common/history/model_history.h"

namespace rcb {

struct Witness {
  // Places in the history's ops, in the order of their invocations. These contradict each other
  // whatever the operations did that are left out; empty where the search did not suffice.
  std::vector<size_t> ops;
  // Whatever the object held before them, too.
  bool from_any_value = false;
  // So many of those left out, at most, may have changed the object meanwhile, and it does not
  // help.
  int64_t maybes = 0;
};

struct WitnessLimits {
  int64_t max_tries = 3000;         // so many parts of the history are judged
  int64_t max_ns = 10'000'000'000;  // and no further one after this time
};

// Finds a witness of `history`, which JudgeHistory has found violated with the words `first`. What
// is left out is left out soundly: reads that need not be explained are dropped, and other
// operations become ones that may have happened at any time after they began, or not. Of
// transactions, the witness is those that `first` names.
Witness FindWitness(const ModelHistory& history, const std::string& first,
                    const WitnessLimits& limits = {});

}  // namespace rcb

#endif  // RCB_COMMON_HISTORY_WITNESS_H_
