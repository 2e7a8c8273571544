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

// Whether in each round that came a holder misbehaved while others waited. Of readers and writers,
// who are drawn, a round may have no writer, or have it last.
inline bool HasAllFaults(const std::vector<HolderRound>& rounds) {
  for (size_t number = 1; number < rounds.size(); ++number) {
    const HolderRound& round = rounds[number];
    if (round.faulty_ns == 0) return false;
    if (round.served_ns == 0) return round.unserved > 0;  // locked out: there are no more
  }
  return true;
}

// Runs up to 20 times, until `is_content` is, of the rounds.
template <typename IsContent>
absl::Status RunUntil(TestBed& bed, int64_t rounds, const IsContent& is_content) {
  constexpr int kTries = 20;
  for (int i = 0; i < kTries; ++i) {
    absl::Status ran = bed.RunOnce(rounds);
    if (!ran.ok()) return ran;
    if (is_content(RoundsOf(bed))) return absl::OkStatus();
  }
  return absl::UnavailableError("the machine stands still, or no holder misbehaves, each time");
}

// Whether nothing stood still for so long that little is judged.
inline bool IsCalm(const std::vector<HolderRound>& rounds) {
  return std::all_of(rounds.begin(), rounds.end(), [](const HolderRound& round) {
    return round.standstill_ns <= kTestLeaseNs / 4;
  });
}

inline absl::Status RunCalmly(TestBed& bed, int64_t rounds) {
  return RunUntil(bed, rounds, IsCalm);
}

// The same, and others were held up in each round.
inline absl::Status RunWithAllFaults(TestBed& bed, int64_t rounds) {
  return RunUntil(bed, rounds, [](const std::vector<HolderRound>& seen) {
    return IsCalm(seen) && HasAllFaults(seen);
  });
}

}  // namespace rcb

#endif  // RCB_BENCH_TEST_HOLDER_FAULT_H_
