#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "bench/families.h"
#include "bench/lost_reply/counts_check.h"
#include "bench/lost_reply/lost_reply.h"
#include "bench/needs.h"
#include "common/fault/proxy.h"
#include "common/measure/clock.h"

namespace rcb {
namespace {

using lost_reply::Ground;
using lost_reply::Write;

constexpr double kLostReplies = 0.1;
constexpr double kLostRequests = 0.02;
constexpr int64_t kLeaseMs = 30'000;

struct Row {
  const char* name;
  Role role;
  Operation (*variant)(Worker& worker, Ground& ground);
  Needs needs;
  const char* promise;
  double floor_round_trips;
  bool has_tokens = false;
  bool has_locks = false;
};

constexpr char kExact[] =
    "each write that its client says is done was done once; each that it says is not done, never";
constexpr char kExactKnown[] =
    "each write is done once, as its client says; the client always knows";

constexpr Row kRows[] = {
    {.name = "LostReply/unsafe/retry_incr",
     .role = Role::kControl,
     .variant = lost_reply::RetryIncr,
     .needs = {"INCR GET", ""},
     .promise = kExactKnown,
     .floor_round_trips = 1},
    {.name = "LostReply/unsafe/assume_done",
     .role = Role::kControl,
     .variant = lost_reply::AssumeDone,
     .needs = {"INCR GET", ""},
     .promise = kExactKnown,
     .floor_round_trips = 1},
    {.name = "LostReply/lockfree/give_up",
     .role = Role::kSafe,
     .variant = lost_reply::GiveUp,
     .needs = {"INCR GET", ""},
     .promise = kExact,
     .floor_round_trips = 1},
    {.name = "LostReply/lockfree/idempotency_token",
     .role = Role::kSafe,
     .variant = lost_reply::IdempotencyToken,
     .needs = {"EVAL GET INCR SET", ""},
     .promise = kExactKnown,
     .floor_round_trips = 1,
     .has_tokens = true},
    {.name = "LostReply/lockfree/versioned_set",
     .role = Role::kSafe,
     .variant = lost_reply::VersionedSet,
     .needs = {"EVAL GET SET", ""},
     .promise = kExact,
     .floor_round_trips = 2},
    {.name = "LostReply/locking/check_before_retry",
     .role = Role::kSafe,
     .variant = lost_reply::CheckBeforeRetry,
     .needs = {"EVAL GET INCR SET DEL", ""},
     .promise = kExactKnown,
     .floor_round_trips = 4,
     .has_locks = true},
};

class LostReplyScenario : public Scenario {
 public:
  LostReplyScenario(const RunPlan& plan, const Row& row)
      : ground_(plan.key_prefix, plan.workers, plan.LeaseMs(kLeaseMs)),
        proxy_(*plan.proxy),
        workers_(plan.workers),
        row_(row) {}

  absl::Status Prepare(BlockingClient&) override {
    lost_before_ = proxy_.counts().lost_chunks;
    ProxyFaults faults;
    faults.to_client.lose_probability = kLostReplies;
    faults.to_server.lose_probability = kLostRequests;
    faults.to_client.cut_at_loss = true;
    faults.to_server.cut_at_loss = true;
    return proxy_.Set(faults);
  }

  Operation Operate(Worker& worker) override { return row_.variant(worker, ground_); }

  absl::StatusOr<Findings> Check(absl::Span<const OpRecord> history,
                                 BlockingClient& redis) override {
    const absl::Status healed = proxy_.Set(ProxyFaults());
    if (!healed.ok()) return healed;
    ModelHistory counted;
    counted.ops.reserve(history.size() + lost_reply::kCounters);
    for (const OpRecord& record : history) counted.ops.push_back(ToAdd(record));
    std::vector<int64_t> finals;
    for (size_t i = 0; i < lost_reply::kCounters; ++i) {
      const absl::StatusOr<HistoryOp> read = FinalRead(i, redis);
      if (!read.ok()) return read.status();
      finals.push_back(read->value);
      counted.ops.push_back(*read);
    }
    const Violations bounds = lost_reply::CheckBounds(counted.ops, finals);
    Findings findings = JudgeRecorded(std::move(counted), "by_counter");
    findings.Detect("by_bounds", bounds);
    Count(history, findings);
    return findings;
  }

 private:
  // What its client says of the operation, whatever became of the rest of it.
  HistoryOp ToAdd(const OpRecord& record) const {
    const Write write = ground_.writes.Of(record);
    HistoryOp op = ToHistoryOp(record, HistoryFunction::kAdd, record.value);
    op.key = write.counter;
    op.outcome = write.outcome;
    op.has_result = write.has_count && record.outcome == Outcome::kOk;
    return op;
  }

  absl::StatusOr<HistoryOp> FinalRead(size_t counter, BlockingClient& redis) const {
    HistoryOp read;
    read.function = HistoryFunction::kRead;
    read.key = static_cast<int64_t>(counter);
    read.process = workers_;
    read.invoke_ns = NowNs();
    const absl::StatusOr<Reply> value = redis.Command({"GET", ground_.counters[counter]});
    if (!value.ok()) return value.status();
    read.return_ns = NowNs();
    // In versioned_set, the writer stands behind the count.
    const std::string& text = value->text();
    if (!absl::SimpleAtoi(text.substr(0, text.find(' ')), &read.value)) read.value = 0;
    return read;
  }

  void Count(absl::Span<const OpRecord> history, Findings& findings) const {
    const double operations = static_cast<double>(std::max<size_t>(history.size(), 1));
    int64_t unknown = 0;
    int32_t tries_max = 0;
    for (const OpRecord& record : history) {
      const Write write = ground_.writes.Of(record);
      if (write.outcome == Outcome::kUnknown) ++unknown;
      tries_max = std::max(tries_max, write.tries);
    }
    const auto lost = static_cast<double>(proxy_.counts().lost_chunks - lost_before_);
    findings.counters.emplace_back("losses_per_op", lost / operations);
    findings.counters.emplace_back("unknown_ratio", static_cast<double>(unknown) / operations);
    findings.counters.emplace_back("tries_max", static_cast<double>(tries_max));
  }

  Ground ground_;
  Proxy& proxy_;
  const int workers_;
  const Row row_;
  int64_t lost_before_ = 0;  // the run
};

std::vector<BenchmarkSpec> Variants() {
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : kRows) {
    BenchmarkSpec spec(row.name, row.role, {.promise = row.promise});
    spec.contract.bounds = {
        {"tries_max", Bound::Relation::kAtMost, static_cast<double>(lost_reply::kMaxTries)}};
    spec.workers = {10, 50};
    spec.floor.round_trips = row.floor_round_trips;
    spec.floor.requests = static_cast<int64_t>(row.floor_round_trips);
    spec.trial.operations = 10;
    if (row.has_locks) spec.trial.death = TrialContract::Death::kOthersGoOn;
    spec.residue = {.is_judged = row.role == Role::kSafe, .keys = {{.name = "counter:{number}"}}};
    if (row.has_tokens) {
      spec.residue.keys.push_back({.name = "token:{worker}-{number}", .expires = true});
    }
    Declare(row.needs, spec);
    spec.needs.own_server = true;
    spec.needs.proxy = true;
    spec.needs.own_connections = Requirements::Own::kByOperations;
    spec.make = [row](const RunPlan& plan) {
      return std::make_unique<LostReplyScenario>(plan, row);
    };
    specs.push_back(std::move(spec));
  }
  return specs;
}

std::vector<Metric> Metrics() {
  constexpr Direction kLower = Direction::kLowerIsBetter;
  return {
      {"losses_per_op", "1", Direction::kNeither, MetricClass::kInfo,
       "requests and replies that were lost on purpose, per operation"},
      {"unknown_ratio", "ratio", kLower, MetricClass::kNoisy,
       "writes of which their client never knew whether they were done, over all writes"},
      {"tries_max", "1", kLower, MetricClass::kNoisy,
       "how often one request was sent at most, until a reply came"},
  };
}

}  // namespace

Family LostReplyFamily() {
  return {
      .name = "LostReply",
      .metrics = Metrics(),
      .columns = {{"lost", "losses_per_op"}, {"unknown", "unknown_ratio"}},
      .variants = Variants,
  };
}

}  // namespace rcb
