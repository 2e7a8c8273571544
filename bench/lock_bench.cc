#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/families.h"
#include "bench/lock.h"
#include "bench/lock_check.h"
#include "bench/lock_leases.h"
#include "bench/lock_queues.h"
#include "common/check/counter_check.h"

namespace rcb {
namespace {

using lock::Holding;
using lock::Section;

using Variant = lock::Value (*)(Worker& worker, Section& section);

constexpr int kRedlockNodes = 3;

class LockScenario : public Scenario {
 public:
  LockScenario(const RunPlan& plan, Variant variant)
      : section_(absl::StrCat(plan.key_prefix, "lock:", plan.run, ":"), plan.library_name,
                 plan.workers),
        round_trip_ns_(plan.round_trip_ns),
        variant_(variant) {}

  absl::Status Prepare(BlockingClient& redis) override {
    if (variant_ != lock::BlpopQueue) return absl::OkStatus();  // keys are new
    return redis.Command({"RPUSH", section_.keys().queue, "the token"}).status();
  }

  Task<absl::StatusOr<int64_t>> Operate(Worker& worker) override {
    return variant_(worker, section_);
  }

  Findings Check(absl::Span<const OpRecord> history, BlockingClient& redis) override {
    Findings findings;
    const absl::StatusOr<Reply> final_value =
        redis.Command({"GET", section_.keys().counter.counter});
    if (!final_value.ok()) {
      findings.violations = 1;
      findings.first = std::string(final_value.status().message());
      return findings;
    }
    CounterVerdict counted =
        CheckCounter(CounterHistory(history), /*initial=*/0, final_value->integer());
    findings.violations = counted.violations;
    findings.first = std::move(counted.first);
    if (variant_ == lock::Fenced) {
      CheckFences(history, findings);
    } else if (!IsLockFree()) {
      CheckHolders(findings);
    }
    if (!IsLockFree()) Publish(findings);
    DeleteKeys(redis);
    return findings;
  }

 private:
  bool IsLockFree() const { return variant_ == lock::Lua || variant_ == lock::Watch; }

  std::vector<CounterOp> CounterHistory(absl::Span<const OpRecord> history) const {
    std::vector<CounterOp> ops;
    for (const OpRecord& record : history) {
      CounterOp op;
      op.invoke_ns = record.invoke_ns;
      op.return_ns = record.return_ns;
      op.value = record.value;
      op.is_read = variant_ == lock::ReadWrite && record.argument == 1;
      op.outcome = record.outcome;
      ops.push_back(op);
    }
    return ops;
  }

  std::vector<Holding> Holdings() const {
    std::vector<Holding> all;
    for (const auto& own : section_.holdings()) all.insert(all.end(), own.begin(), own.end());
    return all;
  }

  void CheckHolders(Findings& findings) {
    lock::ExclusionVerdict verdict = lock::CheckExclusion(Holdings());
    // Both see the same offence; each may miss what the other can see.
    findings.violations += std::max(verdict.violations, section_.overlaps());
    if (!verdict.first.empty()) findings.first = std::move(verdict.first);
    if (findings.violations > 0 && findings.first.empty()) {
      findings.first = "a holder came in while another was inside";
    }
  }

  void CheckFences(absl::Span<const OpRecord> history, Findings& findings) {
    const int64_t late = lock::CountLateWrites(history);
    findings.violations += late;
    if (late > 0 && findings.first.empty()) findings.first = "the resource took a late write";
    findings.counters.emplace_back("fenced_rejects_per_op",
                                   static_cast<double>(section_.fenced_rejects()) /
                                       static_cast<double>(std::max<size_t>(history.size(), 1)));
  }

  void Publish(Findings& findings) {
    const lock::HandOffs measured = lock::MeasureHandOffs(Holdings());
    findings.counters.emplace_back("acquire_p50_us", measured.acquire_p50_us);
    findings.counters.emplace_back("acquire_p95_us", measured.acquire_p95_us);
    findings.counters.emplace_back("longest_wait_us", measured.longest_wait_us);
    findings.counters.emplace_back("overlaps", static_cast<double>(section_.overlaps()));
    if (measured.handoff_p50_us == 0) return;
    findings.counters.emplace_back("handoff_p50_us", measured.handoff_p50_us);
    if (round_trip_ns_ == 0) return;
    findings.counters.emplace_back(
        "handoff_x_floor", 1e3 * measured.handoff_p50_us / static_cast<double>(round_trip_ns_));
  }

  void DeleteKeys(BlockingClient& redis) {
    const lock::Keys& keys = section_.keys();
    std::vector<std::string> command = {"DEL",        keys.counter.counter, keys.lock,
                                        keys.queue,   keys.order,           keys.serving,
                                        keys.members, keys.intent};
    for (size_t worker = 0; worker < section_.holdings().size(); ++worker) {
      command.push_back(keys.HeldBy(worker));
    }
    static_cast<void>(redis.Command(command));
  }

  Section section_;
  const int64_t round_trip_ns_;
  const Variant variant_;
};

}  // namespace

std::vector<BenchmarkSpec> LockVariants(const Options&) {
  constexpr char kExclusive[] = "one holder at a time, no update lost or counted twice";
  constexpr char kCounted[] = "no update lost or counted twice, in real-time order";
  struct Row {
    const char* name;
    Variant variant;
    double floor_round_trips;
    const char* contract;
    bool needs_subscriber = false;
    int nodes = 0;
  };
  const Row rows[] = {
      {"Lock/unsafe/none", lock::None, 2, kExclusive},
      {"Lock/unsafe/plain_del", lock::PlainDel, 4, kExclusive},
      {"Lock/locking/setnx_spin", lock::SetnxSpin, 4, "as the others, while no holder dies"},
      {"Lock/locking/token_backoff", lock::TokenBackoff, 4, kExclusive},
      {"Lock/locking/ticket", lock::Ticket, 5, "as the others, while nobody dies"},
      {"Lock/locking/blpop_queue", lock::BlpopQueue, 4, kExclusive},
      {"Lock/locking/pubsub", lock::Pubsub, 4, kExclusive, true},
      {"Lock/locking/fair_queue", lock::FairQueue, 4, kExclusive, true},
      {"Lock/locking/read_write", lock::ReadWrite, 3,
       "a writer is alone, no update lost, no read out of order"},
      {"Lock/locking/redlock", lock::Redlock, 4, kExclusive, false, kRedlockNodes},
      {"Lock/locking/fenced", lock::Fenced, 4,
       "no late write accepted, no update lost; holders outlive their leases"},
      {"Lock/lockfree/lua", lock::Lua, 1, kCounted},
      {"Lock/lockfree/watch", lock::Watch, 2, kCounted},
  };
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : rows) {
    BenchmarkSpec spec;
    spec.name = row.name;
    spec.contract = row.contract;
    spec.workers = {10, 50, 100, 500};
    spec.floor_round_trips = row.floor_round_trips;
    spec.needs_subscriber = row.needs_subscriber;
    spec.nodes = row.nodes;
    spec.make = [variant = row.variant](const RunPlan& plan) {
      return std::make_unique<LockScenario>(plan, variant);
    };
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace rcb
