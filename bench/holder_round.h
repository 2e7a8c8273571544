// The rounds in which a holder misbehaves: what befalls it, and what was seen.

#ifndef RCB_BENCH_HOLDER_ROUND_H_
#define RCB_BENCH_HOLDER_ROUND_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <set>
#include <string>

namespace rcb {

// What befalls the holder of each round but the first, which is the warm-up.
struct HolderFault {
  int64_t lease_ms = 100;
  // It stalls for so many leases before a request; 0: it dies there instead.
  double stall_leases = 0;
  // Before which of its requests as a holder: drawn, from the first on.
  int first_request = 0;
  int last_request = 0;
  double recovery_leases = 1;  // the next one is served within so many, by contract
  bool has_lease = true;  // which ends; otherwise a holder that dies holds up nobody, or for ever
  bool holds_nothing = false;  // nobody waits: the first to begin misbehaves
  // The most computations of a round, by contract; 0: the variant computes nothing.
  int64_t max_computations = 0;
  bool computes_long = false;  // for most of a lease, instead of 2 ms
  // Who gets the error of another, in a process that shares one call, asks again.
  bool asks_again = false;
  // Whether a round's key, called after its number, holds what a holder stored after its lease was
  // over. Empty: there is no such key.
  std::function<bool(int64_t value)> is_late_value = nullptr;
  // Detectors that some control here has to prove. What others find counts as well, but they are
  // proven in the family of the victim.
  std::set<std::string> proven_here;
};

// What was seen of one round. Written by all threads while it runs.
struct HolderRound {
  std::atomic<int64_t> holds{0};          // how often a worker held
  std::atomic<int64_t> held_ns{0};        // when the first did
  std::atomic<int64_t> faulty_ns{0};      // when it died or began to stall; 0: it did not
  std::atomic<int64_t> next_held_ns{0};   // when another did after that; 0: none did
  std::atomic<int64_t> served_ns{0};      // when the first other operation had succeeded after that
  std::atomic<int64_t> last_ns{0};        // and the last one
  std::atomic<int64_t> unserved{0};       // operations of others that had to be cut off, or gave up
  std::atomic<int64_t> standstill_ns{0};  // the longest time for which the process or server stood
  std::atomic<int> faulty_worker{-1};
};

// Within what time the next one is served after a fault, by contract and with what a machine takes.
inline int64_t NextBoundMs(const HolderFault& fault) {
  constexpr int64_t kSlackMs = 100;
  const double leases = std::max(fault.recovery_leases, fault.stall_leases);
  return static_cast<int64_t>(leases * static_cast<double>(fault.lease_ms)) + kSlackMs;
}

// Whether everything stood still for so long that holders may have outlived their leases, and
// others given up without a look, for no fault of theirs.
inline bool StoodStill(const HolderFault& fault, int64_t standstill_ns) {
  return standstill_ns > fault.lease_ms * 1'000'000 / 4;
}

}  // namespace rcb

#endif  // RCB_BENCH_HOLDER_ROUND_H_
