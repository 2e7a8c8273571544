#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/families.h"
#include "bench/lock/leases.h"
#include "bench/lock/lock.h"
#include "bench/lock/lock_check.h"
#include "bench/lock/queues.h"
#include "bench/needs.h"

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
  Needs needs;
  double floor_round_trips;
  const char* promise;
  Judged judged = Judged::kExclusion;
  TrialContract trial = {};  // of holders that die or stall
  bool has_token = false;    // that lies in the queue at first
  bool has_readers = false;
  bool is_fair = false;  // the first to queue is the first to be served
  bool needs_subscriber = false;
  bool stays_subscribed = false;
  int quorum_nodes = 0;
};

using Death = TrialContract::Death;
constexpr TrialContract kExpiring = {.death = Death::kOthersGoOn, .stalls = true};
constexpr TrialContract kImmortal = {.death = Death::kOthersLockedOut, .stalls = true};

constexpr char kExclusive[] =
    "one holder at a time, no update lost or counted twice; a dead holder's lock ends with its "
    "lease, and a late one frees nobody else's";
constexpr char kFair[] =
    "one holder at a time, first come first served, no update lost or counted twice; a dead "
    "holder's lock ends with its lease, and a late one frees nobody else's";
constexpr char kFenced[] = "no late write accepted, no update lost; holders outlive their leases";
constexpr char kCounted[] = "no update lost or counted twice, in real-time order";
constexpr Row kRows[] = {
    {.name = "Lock/unsafe/none",
     .role = Role::kControl,
     .variant = lock::None,
     .needs = {"GET SET", "counter"},
     .floor_round_trips = 2,
     .promise = kExclusive},
    {.name = "Lock/unsafe/plain_del",
     .role = Role::kControl,
     .variant = lock::PlainDel,
     .needs = {"SET DEL GET", "counter lock:lock"},
     .floor_round_trips = 4,
     .promise = kExclusive,
     .judged = Judged::kExclusion,
     .trial = kExpiring},
    {.name = "Lock/unsafe/barging_queue",
     .role = Role::kControl,
     .variant = lock::BargingQueue,
     .needs = {"EVAL TIME LINDEX LPOS LREM ZSCORE LPOP ZREM EXISTS SET RPUSH ZADD GET DEL PUBLISH "
               "SUBSCRIBE",
               "counter lock:lock lock:queue lock:members"},
     .floor_round_trips = 4,
     .promise = kFair,
     .is_fair = true,
     .needs_subscriber = true,
     .stays_subscribed = true},
    {.name = "Lock/unsafe/unfenced",
     .role = Role::kControl,
     .variant = lock::Unfenced,
     .needs = {"EVAL SET INCR GET DEL", "counter lock:lock lock:order lock:serving"},
     .floor_round_trips = 4,
     .promise = kFenced,
     .judged = Judged::kFences},
    {.name = "Lock/locking/setnx_spin",
     .role = Role::kSafe,
     .variant = lock::SetnxSpin,
     .needs = {"SETNX DEL GET SET", "counter lock:lock"},
     .floor_round_trips = 4,
     .promise = "one holder at a time, no update lost or counted twice; a dead holder locks out "
                "all others",
     .judged = Judged::kExclusion,
     .trial = kImmortal},
    {.name = "Lock/locking/token_backoff",
     .role = Role::kSafe,
     .variant = lock::TokenBackoff,
     .needs = {"SET EVAL GET DEL", "counter lock:lock"},
     .floor_round_trips = 4,
     .promise = kExclusive,
     .judged = Judged::kExclusion,
     .trial = kExpiring},
    {.name = "Lock/locking/ticket",
     .role = Role::kSafe,
     .variant = lock::Ticket,
     .needs = {"INCR GET SET", "counter lock:order lock:serving"},
     .floor_round_trips = 5,
     .promise = "one holder at a time, first come first served, no update lost or counted twice; a "
                "dead holder locks out all others",
     .trial = kImmortal,
     .is_fair = true},
    {.name = "Lock/locking/blpop_queue",
     .role = Role::kSafe,
     .variant = lock::BlpopQueue,
     .needs = {"RPUSH BLMOVE LMOVE INCR EVAL GET EXISTS SET",
               "counter lock:queue lock:order lock:queue:held:{worker}"},
     .floor_round_trips = 4,
     .promise = kExclusive,
     .trial =
         {.death = Death::kOthersGoOn, .recovery_leases = 4, .stalls = true, .stall_leases = 3.5},
     .has_token = true},
    {.name = "Lock/locking/pubsub",
     .role = Role::kSafe,
     .variant = lock::Pubsub,
     .needs = {"EVAL EXISTS HSET PEXPIRE PTTL HEXISTS DEL PUBLISH SUBSCRIBE GET SET",
               "counter lock:lock"},
     .floor_round_trips = 4,
     .promise = kExclusive,
     .trial = {.death = Death::kOthersGoOn, .recovery_leases = 2, .stalls = true},
     .needs_subscriber = true},
    {.name = "Lock/locking/fair_queue",
     .role = Role::kSafe,
     .variant = lock::FairQueue,
     .needs = {"EVAL TIME LINDEX ZSCORE LPOP ZREM EXISTS SET RPUSH ZADD GET DEL PUBLISH SUBSCRIBE",
               "counter lock:lock lock:queue lock:members"},
     .floor_round_trips = 4,
     .promise = kFair,
     .trial = {.death = Death::kOthersGoOn, .recovery_leases = 3, .stalls = true},
     .is_fair = true,
     .needs_subscriber = true,
     .stays_subscribed = true},
    {.name = "Lock/locking/read_write",
     .role = Role::kSafe,
     .variant = lock::ReadWrite,
     .needs = {"EVAL EXISTS TIME ZADD PEXPIRE ZREMRANGEBYSCORE SET GET DEL ZREM",
               "counter lock:lock lock:members lock:intent"},
     .floor_round_trips = 3,
     .promise =
         "a writer is alone, no update lost, no read out of order; a dead holder's lock ends "
         "with its lease, and a late one frees nobody else's",
     .trial = {.death = Death::kOthersGoOn, .stalls = true, .requests_while_holding = 2},
     .has_readers = true},
    {.name = "Lock/locking/redlock",
     .role = Role::kSafe,
     .variant = lock::Redlock,
     .needs = {"GET SET", "counter"},
     .floor_round_trips = 4,
     .promise = kExclusive,
     .trial = {.death = Death::kOthersGoOn, .stalls = true, .asks_slowly = true},
     .quorum_nodes = 3},
    {.name = "Lock/locking/fenced",
     .role = Role::kSafe,
     .variant = lock::Fenced,
     .needs = {"EVAL SET INCR GET DEL", "counter lock:lock lock:order lock:serving"},
     .floor_round_trips = 4,
     .promise = kFenced,
     .judged = Judged::kFences,
     .trial = kExpiring},
    {.name = "Lock/lockfree/lua",
     .role = Role::kSafe,
     .variant = lock::Lua,
     .needs = {"EVAL GET SET", "counter"},
     .floor_round_trips = 1,
     .promise = kCounted,
     .judged = Judged::kNothing},
    {.name = "Lock/lockfree/watch",
     .role = Role::kSafe,
     .variant = lock::Watch,
     .needs = {"WATCH GET MULTI SET EXEC", "counter"},
     .floor_round_trips = 2,
     .promise = kCounted,
     .judged = Judged::kNothing},
};

class LockScenario : public Scenario {
 public:
  LockScenario(const RunPlan& plan, const Row& row)
      : section_(plan), trial_(plan.trial), round_trip_ns_(plan.round_trip_ns), row_(row) {}

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
    Findings findings;
    // Who writes after its lease is over may undo what others wrote, unless there are fences.
    const bool misbehaves = trial_ && trial_->misbehaves;
    if (!misbehaves || row_.judged != Judged::kExclusion) {
      findings = JudgeRecorded(std::move(counted), "by_counter");
    }
    if (row_.judged == Judged::kFences) {
      findings.Detect("by_fence", lock::CheckFences(FencedWrites(history)));
      findings.counters.emplace_back("fenced_rejects_per_op",
                                     static_cast<double>(section_.fenced_rejects()) /
                                         static_cast<double>(std::max<size_t>(history.size(), 1)));
    }
    if (row_.judged == Judged::kExclusion) JudgeHolders(misbehaves, findings);
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
  void JudgeHolders(bool misbehaves, Findings& findings) const {
    const std::vector<Holding> holdings = Concatenate(section_.holdings());
    if (row_.is_fair) {
      findings.Detect("by_order",
                      lock::CheckOrder(holdings, section_.queue_lease_ms() * lock::kNsPerMs));
    }
    if (misbehaves) {
      // Others may come in while a holder stays for too long; but not while one does not.
      const int64_t short_ns = trial_->lease_ms * lock::kNsPerMs / 2;
      findings.Detect("by_late_release",
                      lock::CheckExclusion(lock::ShortStays(holdings, short_ns)));
      return;
    }
    const Violations overlaps = lock::CheckExclusion(holdings);
    findings.Detect("by_intervals", overlaps);
    findings.detections["by_cell"] = section_.overlaps();
    findings.violations.Add(std::max<int64_t>(section_.overlaps() - overlaps.count, 0),
                            "a holder came in while another was inside");
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
  const std::optional<TrialPlan> trial_;
  const int64_t round_trip_ns_;
  const Row row_;
};

Residue ResidueOf(const Row& row) {
  Residue residue;
  residue.is_judged = row.role == Role::kSafe || row.is_fair;
  residue.keys = {{.name = "counter"},
                  {.name = "lock:order"},
                  {.name = "lock:serving"},
                  {.name = "lock:intent", .expires = true}};
  if (row.has_token) residue.keys.push_back({.name = "lock:queue", .type = "list", .length = 1});
  residue.stays_subscribed = row.stays_subscribed;
  return residue;
}

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
    spec.trial = row.trial;
    spec.residue = ResidueOf(row);
    spec.needs.subscriber = row.needs_subscriber;
    spec.needs.quorum_nodes = row.quorum_nodes;
    Declare(row.needs, spec);
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
