// Rounds of another family's variant in which the first worker to hold what all others wait for, a
// lock or the duty to compute, misbehaves on purpose, or the server does then: Crash and Stall.

#ifndef RCB_BENCH_HOLDER_FAULT_H_
#define RCB_BENCH_HOLDER_FAULT_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "bench/holder_round.h"
#include "common/check/history.h"
#include "common/check/violations.h"
#include "common/harness/faulty_client.h"
#include "common/harness/scenario.h"
#include "common/harness/spec.h"
#include "common/runtime/task.h"
#include "common/server/private_server.h"

namespace rcb {

// A run of `victim`, which must have rounds or single operations, as rounds with such holders.
// Workers that are told to misbehave, those that were cut off and those that watch end their
// operations well for the harness; the checker of the victim does not see them as such.
class HolderFaultScenario final : public Scenario, private FaultyClient::Director {
 public:
  HolderFaultScenario(const RunPlan& plan, const BenchmarkSpec& victim, const HolderFault& fault);

  absl::Status Prepare(BlockingClient& redis) override;
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
  int DrawRequest() const;
  void StallServer(Loop& loop);
  Task<void> ResumeServer(Loop& loop, HolderRound& round);
  void Keep(const std::string& detector, int64_t count, Findings& findings) const;
  void Detect(const std::string& detector, const Violations& found, Findings& findings) const;
  Violations LateValues(BlockingClient& redis) const;

  const RunPlan plan_;
  const HolderFault fault_;
  const std::unique_ptr<Scenario> victim_;
  PrivateServer* server_ = nullptr;  // where it is to stall
  absl::Status server_status_;       // why that failed
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
