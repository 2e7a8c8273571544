// How rounds in which a holder misbehaved are judged and measured. `rounds` are by number, and the
// first of them is the warm-up, which does not count.

#ifndef RCB_BENCH_HOLDER_FAULT_CHECK_H_
#define RCB_BENCH_HOLDER_FAULT_CHECK_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "bench/holder_round.h"
#include "common/check/history.h"
#include "common/check/violations.h"
#include "common/harness/scenario.h"

namespace rcb {

// Of rounds whose server was to stall: that it did so for longer than a lease, in one of them at
// least, and in none for less. Nothing follows from such rounds otherwise.
absl::Status CheckServerStalled(const HolderFault& fault, const std::vector<HolderRound>& rounds);

// Who was not served, or not within the time that the contract gives.
Violations CheckWaits(const HolderFault& fault, const std::vector<HolderRound>& rounds);

// Computations beyond those that the contract allows.
Violations CheckRepetitions(const HolderFault& fault, const std::vector<HolderRound>& rounds);

// The writes of holders that stalled whose value another has written too.
int64_t CountLateWrites(const std::vector<HolderRound>& rounds,
                        absl::Span<const OpRecord> victims_history);

// The counters of a run. `late`: how many late writes were accepted.
Counters MeasureRounds(const HolderFault& fault, const std::vector<HolderRound>& rounds,
                       int64_t late);

}  // namespace rcb

#endif  // RCB_BENCH_HOLDER_FAULT_CHECK_H_
