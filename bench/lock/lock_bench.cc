#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/families.h"
#include "bench/lock/leases.h"
#include "bench/lock/lock.h"
#include "bench/lock/lock_check.h"
#include "bench/lock/queues.h"

namespace rcb {
namespace {

using lock::FencedWrite;
using lock::Holding;
using lock::Section;

// What is judged besides the counter.
enum class Judged { kExclusion, kFences, kNothing };

struct Row {
  const char* name;
  Role role;
  Operation (*variant)(Worker& worker, Section& section);
  double floor_round_trips;
  const char* promise;
  Judged judged = Judged::kExclusion;
  bool has_token = false;  // that lies in the queue at first
  bool has_readers = false;
  bool needs_subscriber = false;
  int quorum_nodes = 0;
};

constexpr char kExclusive[] = "one holder at a time, no update lost or counted twice";
constexpr char kCounted[] = "no update lost or counted twice, in real-time order";
constexpr Row kRows[] = {
    {"Lock/unsafe/none", Role::kControl, lock::None, 2, kExclusive},
    {"Lock/unsafe/plain_del", Role::kControl, lock::PlainDel, 4, kExclusive},
    {"Lock/locking/setnx_spin", Role::kSafe, lock::SetnxSpin, 4,
     "as the others, while no holder dies"},
    {"Lock/locking/token_backoff", Role::kSafe, lock::TokenBackoff, 4, kExclusive},
    {"Lock/locking/ticket", Role::kSafe, lock::Ticket, 5, "as the others, while nobody dies"},
    {.name = "Lock/locking/blpop_queue",
     .role = Role::kSafe,
     .variant = lock::BlpopQueue,
     .floor_round_trips = 4,
     .promise = kExclusive,
     .has_token = true},
    {.name = "Lock/locking/pubsub",
     .role = Role::kSafe,
     .variant = lock::Pubsub,
     .floor_round_trips = 4,
     .promise = kExclusive,
     .needs_subscriber = true},
    {.name = "Lock/locking/fair_queue",
     .role = Role::kSafe,
     .variant = lock::FairQueue,
     .floor_round_trips = 4,
     .promise = kExclusive,
     .needs_subscriber = true},
    {.name = "Lock/locking/read_write",
     .role = Role::kSafe,
     .variant = lock::ReadWrite,
     .floor_round_trips = 3,
     .promise = "a writer is alone, no update lost, no read out of order",
     .has_readers = true},
    {.name = "Lock/locking/redlock",
     .role = Role::kSafe,
     .variant = lock::Redlock,
     .floor_round_trips = 4,
     .promise = kExclusive,
     .quorum_nodes = 3},
    {"Lock/locking/fenced", Role::kSafe, lock::Fenced, 4,
     "no late write accepted, no update lost; holders outlive their leases", Judged::kFences},
    {"Lock/lockfree/lua", Role::kSafe, lock::Lua, 1, kCounted, Judged::kNothing},
    {"Lock/lockfree/watch", Role::kSafe, lock::Watch, 2, kCounted, Judged::kNothing},
};

class LockScenario : public Scenario {
 public:
  LockScenario(const RunPlan& plan, const Row& row)
      : section_(plan.key_prefix, plan.library_name, plan.workers),
        round_trip_ns_(plan.round_trip_ns),
        row_(row) {}

  absl::Status Prepare(BlockingClient& redis) override {
    if (!row_.has_token) return absl::OkStatus();
    return redis.Command({"RPUSH", section_.keys().queue, "the token"}).status();
  }

  Operation Operate(Worker& worker) override { return row_.variant(worker, section_); }

  absl::StatusOr<Findings> Check(absl::Span<const OpRecord> history,
                                 BlockingClient& redis) override {
    ModelHistory counted = CounterHistory(history);
    const absl::Status read = AddFinalRead(section_.keys().counter.counter, /*key=*/0,
                                           section_.workers(), redis, &counted);
    if (!read.ok()) return read;
    Findings findings = JudgeRecorded(std::move(counted));
    if (row_.judged == Judged::kFences) {
      findings.violations.Merge(lock::CheckFences(FencedWrites(history)));
      findings.counters.emplace_back("fenced_rejects_per_op",
                                     static_cast<double>(section_.fenced_rejects()) /
                                         static_cast<double>(std::max<size_t>(history.size(), 1)));
    }
    if (row_.judged == Judged::kExclusion) findings.violations.Merge(CheckHolders());
    if (row_.judged != Judged::kNothing) Publish(findings.counters);
    return findings;
  }

 private:
  static ModelHistory CounterHistory(absl::Span<const OpRecord> history) {
    ModelHistory counted;
    counted.ops.reserve(history.size() + 1);
    for (const OpRecord& record : history) {
      const bool is_read = record.op_class == lock::kReadClass;
      counted.ops.push_back(ToHistoryOp(
          record, is_read ? HistoryFunction::kRead : HistoryFunction::kAdd, record.value));
    }
    return counted;
  }

  std::vector<FencedWrite> FencedWrites(absl::Span<const OpRecord> history) const {
    std::vector<FencedWrite> writes;
    for (const OpRecord& op : history) {
      if (op.outcome == Outcome::kOk) writes.push_back({op.value, section_.fences().Of(op)});
    }
    return writes;
  }

  // The intervals and the cell see the same offence, and each may miss what the other can see.
  Violations CheckHolders() const {
    Violations violations = lock::CheckExclusion(Concatenate(section_.holdings()));
    violations.Add(std::max<int64_t>(section_.overlaps() - violations.count, 0),
                   "a holder came in while another was inside");
    return violations;
  }

  void Publish(Counters& counters) const {
    const lock::HandOffs measured = lock::MeasureHandOffs(Concatenate(section_.holdings()));
    counters.emplace_back("acquire_p50_us", measured.acquire_p50_us);
    counters.emplace_back("acquire_p95_us", measured.acquire_p95_us);
    counters.emplace_back("longest_wait_us", measured.longest_wait_us);
    counters.emplace_back("overlaps", static_cast<double>(section_.overlaps()));
    if (measured.handoff_p50_us == 0) return;
    counters.emplace_back("handoff_p50_us", measured.handoff_p50_us);
    if (round_trip_ns_ == 0) return;
    counters.emplace_back("handoff_x_floor",
                          1e3 * measured.handoff_p50_us / static_cast<double>(round_trip_ns_));
  }

  Section section_;
  const int64_t round_trip_ns_;
  const Row row_;
};

std::vector<BenchmarkSpec> Variants() {
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : kRows) {
    Contract contract;
    contract.promise = row.promise;
    if (row.judged == Judged::kExclusion) contract.evidence = Evidence::kRecordAndMemory;
    BenchmarkSpec spec(row.name, row.role, contract);
    spec.floor.round_trips = row.floor_round_trips;
    // Redlock asks all nodes at once, to lock and to unlock.
    spec.floor.requests = row.quorum_nodes > 0 ? 2 + 2 * row.quorum_nodes
                                               : static_cast<int64_t>(row.floor_round_trips);
    spec.needs.subscriber = row.needs_subscriber;
    spec.needs.quorum_nodes = row.quorum_nodes;
    if (row.has_readers) {
      spec.op_classes = {"write", "read"};
      spec.floor.requests = 0;  // a reader sends fewer than a writer
    }
    spec.make = [row](const RunPlan& plan) { return std::make_unique<LockScenario>(plan, row); };
    specs.push_back(std::move(spec));
  }
  return specs;
}

std::vector<Metric> Metrics() {
  constexpr Direction kLower = Direction::kLowerIsBetter;
  constexpr MetricClass kNoisy = MetricClass::kNoisy;
  return {
      {"acquire_p50_us", "us", kLower, kNoisy, "median time from wanting a lock to having it"},
      {"acquire_p95_us", "us", kLower, kNoisy,
       "95th percentile of the time from wanting a lock to having it"},
      {"longest_wait_us", "us", kLower, kNoisy, "longest time from wanting a lock to having it"},
      {"handoff_p50_us", "us", kLower, kNoisy,
       "median time from just before a release to the next holder's acquisition, where that one "
       "was waiting"},
      {"handoff_x_floor", "1", kLower, kNoisy, "handoff_p50_us over the round trip"},
      {"overlaps", "1", Direction::kNeither, MetricClass::kInfo,
       "how often a holder came in while another was inside; where the contract forbids it, a "
       "violation"},
      {"fenced_rejects_per_op", "1", kLower, kNoisy,
       "writes that the resource refused because a later holder had been there, per operation"},
      {"write_p95_us", "us", kLower, kNoisy,
       "95th percentile of the latency of operations that write under a read-write lock"},
      {"read_p95_us", "us", kLower, kNoisy,
       "95th percentile of the latency of operations that read under a read-write lock"},
  };
}

}  // namespace

Family LockFamily() {
  return {
      .name = "Lock",
      .metrics = Metrics(),
      .columns = {{"handoff", "handoff_p50_us"}},
      .variants = Variants,
  };
}

}  // namespace rcb
