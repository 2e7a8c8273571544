// What the tests of Crash and Stall share: a run on a machine that did not stand still meanwhile.

#ifndef RCB_BENCH_TEST_HOLDER_FAULT_H_
#define RCB_BENCH_TEST_HOLDER_FAULT_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "bench/holder_fault.h"
#include "common/harness/test_bed.h"

namespace rcb {

// Leases in these tests.
inline constexpr int64_t kTestLeaseNs = 60'000'000;

inline const std::vector<HolderRound>& RoundsOf(TestBed& bed) {
  return static_cast<HolderFaultScenario&>(bed.scenario()).rounds();
}

// Runs so often that the last time nothing stood still for so long that little is judged.
inline absl::Status RunCalmly(TestBed& bed, int64_t rounds) {
  constexpr int kTries = 20;
  for (int i = 0; i < kTries; ++i) {
    absl::Status ran = bed.RunOnce(rounds);
    if (!ran.ok()) return ran;
    const bool is_calm = std::all_of(
        RoundsOf(bed).begin(), RoundsOf(bed).end(),
        [](const HolderRound& round) { return round.standstill_ns <= kTestLeaseNs / 4; });
    if (is_calm) return absl::OkStatus();
  }
  return absl::UnavailableError("the machine stands still again and again");
}

}  // namespace rcb

#endif  // RCB_BENCH_TEST_HOLDER_FAULT_H_
