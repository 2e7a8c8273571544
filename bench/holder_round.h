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
  // The server stands still for so many leases from the moment that it holds; 0: it does not. What
  // the holder asks before it stalls waits for the server, and what others ask does too.
  double server_stall_leases = 0;
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
  std::atomic<int64_t> holds{0};    // how often a worker held
  std::atomic<int64_t> held_ns{0};  // when the first did
  // When it died or began to stall, or the server did; 0: none of that.
  std::atomic<int64_t> faulty_ns{0};
  std::atomic<int64_t> stalled_ns{0};    // when it began to stall itself; 0: it did not
  std::atomic<int64_t> next_held_ns{0};  // when another did after that; 0: none did
  std::atomic<int64_t> served_ns{0};     // when the first other operation had succeeded after that
  std::atomic<int64_t> last_ns{0};       // and the last one
  std::atomic<int64_t> unserved{0};      // operations of others that had to be cut off, or gave up
  std::atomic<int64_t> stopped_ns{0};    // when we stopped the server; 0: we did not
  std::atomic<int64_t> resumed_ns{0};    // when we let it go on; 0: not yet
  // The longest time for which the process or server stood, but for what we made it.
  std::atomic<int64_t> standstill_ns{0};
  std::atomic<int> faulty_worker{-1};
};

// How much of a time we had the server stopped.
inline int64_t StoppedNs(const HolderRound& round, int64_t from_ns, int64_t to_ns) {
  const int64_t stopped_ns = round.stopped_ns;
  const int64_t resumed_ns = round.resumed_ns;
  if (stopped_ns == 0) return 0;
  const int64_t end_ns = resumed_ns == 0 ? to_ns : std::min(resumed_ns, to_ns);
  return std::max<int64_t>(end_ns - std::max(stopped_ns, from_ns), 0);
}

// Whether another came to hold before the first one, which stalls, went on.
inline bool HeldTogether(const HolderFault& fault, const HolderRound& round) {
  const double stall_ns = fault.stall_leases * static_cast<double>(fault.lease_ms) * 1e6;
  return round.stalled_ns != 0 && round.next_held_ns != 0 &&
         round.next_held_ns < round.stalled_ns + static_cast<int64_t>(stall_ns);
}

// Within what time the next one is served after a fault, by contract and with what a machine takes.
inline int64_t NextBoundMs(const HolderFault& fault) {
  constexpr int64_t kSlackMs = 100;
  const double leases =
      std::max({fault.recovery_leases, fault.stall_leases, fault.server_stall_leases});
  return static_cast<int64_t>(leases * static_cast<double>(fault.lease_ms)) + kSlackMs;
}

// Whether everything stood still for so long that holders may have outlived their leases, and
// others given up without a look, for no fault of theirs.
inline bool StoodStill(const HolderFault& fault, int64_t standstill_ns) {
  return standstill_ns > fault.lease_ms * 1'000'000 / 4;
}

}  // namespace rcb

#endif  // RCB_BENCH_HOLDER_ROUND_H_
