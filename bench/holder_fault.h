// Rounds of another family's variant in which the first worker to hold what all others wait for, a
// lock or the duty to compute, misbehaves on purpose: Crash and Stall.

#ifndef RCB_BENCH_HOLDER_FAULT_H_
#define RCB_BENCH_HOLDER_FAULT_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/check/history.h"
#include "common/check/violations.h"
#include "common/harness/faulty_client.h"
#include "common/harness/scenario.h"
#include "common/harness/spec.h"

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

// A run of `victim`, which must have rounds or single operations, as rounds with such holders.
// Workers that are told to misbehave, those that were cut off and those that watch end their
// operations well for the harness; the checker of the victim does not see them as such.
class HolderFaultScenario final : public Scenario, private FaultyClient::Director {
 public:
  HolderFaultScenario(const RunPlan& plan, const BenchmarkSpec& victim, const HolderFault& fault);

  absl::Status Prepare(BlockingClient& redis) override { return victim_->Prepare(redis); }
  void StartRound(int64_t round) override;
  Operation Operate(Worker& worker) override;
  // What the victim's checker finds, and who was not served in time.
  absl::StatusOr<Findings> Check(absl::Span<const OpRecord> history,
                                 BlockingClient& redis) override;

  // After the run, by number; the first is the warm-up.
  const std::vector<HolderRound>& rounds() const { return rounds_; }
  // The victim's part of `history`: what it did as it would without us.
  std::vector<OpRecord> VictimsHistory(absl::Span<const OpRecord> history) const;

 private:
  bool OnHold(FaultyClient& client) override;
  std::optional<SendPlan> PlanRequest(FaultyClient& client, size_t size) override;
  void OnFault(FaultyClient& client) override;

  bool IsObserver(int worker) const;
  Operation Observe(Worker& worker);
  Operation TakePart(Worker& worker);
  absl::StatusOr<int64_t> End(Worker& worker, const FaultyClient& client,
                              const absl::StatusOr<int64_t>& result);
  int64_t DueNs(const HolderRound& round) const;
  int64_t NextBoundMs() const;
  int DrawRequest() const;
  void Detect(const std::string& detector, const Violations& found, Findings& findings) const;
  void JudgeWaits(Findings& findings) const;
  void JudgeComputations(Findings& findings) const;
  Violations LateValues(BlockingClient& redis) const;
  int64_t LateWrites(absl::Span<const OpRecord> victims_history) const;
  void MeasureRecovery(Counters* counters) const;
  Counters Measure(int64_t late) const;

  const RunPlan plan_;
  const HolderFault fault_;
  const std::unique_ptr<Scenario> victim_;
  std::vector<HolderRound> rounds_;
  HolderRound* round_;  // the one that runs
  int64_t number_ = 0;  // of it
  int64_t round_start_ns_ = 0;
  std::atomic<int> pending_{0};             // operations of the round that are not over
  std::atomic<bool> is_locked_out_{false};  // nobody was served: there are no further rounds
};

// `victim` with such holders: a spec of another name and role, with rounds.
BenchmarkSpec WithHolderFault(const std::string& name, Role role, const std::string& promise,
                              const BenchmarkSpec& victim, const HolderFault& fault,
                              int64_t rounds);

// The variants of Stampede and Lock.
std::vector<BenchmarkSpec> VariantsWithHolders();
// The variant of that family and that discipline and name among `specs`, which must have it.
const BenchmarkSpec& FindVariant(const std::vector<BenchmarkSpec>& specs, const std::string& family,
                                 const std::string& variant);

}  // namespace rcb

#endif  // RCB_BENCH_HOLDER_FAULT_H_
