#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/random/distributions.h"
#include "absl/strings/str_cat.h"
#include "bench/counter/counter.h"
#include "bench/families.h"
#include "bench/needs.h"

namespace rcb {
namespace {

using counter::Keys;

constexpr uint8_t kReadClass = 1;  // of operations in a trial

struct Row {
  const char* name;
  Role role;
  Operation (*variant)(Worker& worker, const Keys& keys);
  Needs needs;
  double floor_round_trips;
  bool is_sharded = false;      // each shard is a counter of its own to the checker
  bool calls_function = false;  // that the server has to be given first
  bool has_lock = false;
};

constexpr Row kRows[] = {
    {.name = "Counter/unsafe/get_set",
     .role = Role::kControl,
     .variant = counter::GetSet,
     .needs = {"GET SET", "counter"},
     .floor_round_trips = 2},
    {.name = "Counter/locking/token_lock",
     .role = Role::kSafe,
     .variant = counter::TokenLock,
     .needs = {"SET EVAL GET DEL", "counter counter:lock"},
     .floor_round_trips = 4,
     .has_lock = true},
    {.name = "Counter/lockfree/incr",
     .role = Role::kSafe,
     .variant = counter::Incr,
     .needs = {"INCR GET", "counter"},
     .floor_round_trips = 1},
    {.name = "Counter/lockfree/lua",
     .role = Role::kSafe,
     .variant = counter::Lua,
     .needs = {"EVAL GET SET", "counter"},
     .floor_round_trips = 1},
    {.name = "Counter/lockfree/watch",
     .role = Role::kSafe,
     .variant = counter::Watch,
     .needs = {"WATCH GET MULTI SET EXEC", "counter"},
     .floor_round_trips = 2},
    {.name = "Counter/lockfree/function",
     .role = Role::kSafe,
     .variant = counter::Function,
     .needs = {"FCALL GET SET", "counter"},
     .floor_round_trips = 1,
     .calls_function = true},
    {.name = "Counter/lockfree/sharded",
     .role = Role::kSafe,
     .variant = counter::Sharded,
     .needs = {"INCR GET MGET",
               "counter:0 counter:1 counter:2 counter:3 counter:4 counter:5 counter:6 counter:7"},
     .floor_round_trips = 1,
     .is_sharded = true},
};

class CounterScenario : public Scenario {
 public:
  CounterScenario(const RunPlan& plan, const Row& row)
      : keys_(plan.key_prefix, plan.library_name),
        is_trial_(plan.trial),
        library_(plan.library_name),
        workers_(plan.workers),
        row_(row) {
    keys_.lease_ms = plan.LeaseMs(keys_.lease_ms);
  }

  absl::Status Prepare(BlockingClient& redis) override {
    if (!row_.calls_function) return absl::OkStatus();
    return redis.Command({"FUNCTION", "LOAD", "REPLACE", counter::FunctionCode(library_)}).status();
  }

  // In a trial, one operation in five reads the value as a user of the variant would.
  Operation Operate(Worker& worker) override {
    if (!is_trial_ || !absl::Bernoulli(*worker.random, 0.2)) return row_.variant(worker, keys_);
    worker.op_class = kReadClass;
    return row_.is_sharded ? counter::ReadSum(worker, keys_) : counter::Read(worker, keys_);
  }

  absl::StatusOr<Findings> Check(absl::Span<const OpRecord> history,
                                 BlockingClient& redis) override {
    const std::vector<std::string> keys =
        row_.is_sharded ? keys_.shards : std::vector<std::string>{keys_.counter};
    ModelHistory counted;
    counted.ops.reserve(history.size() + keys.size());
    for (const OpRecord& record : history) {
      const bool is_read = record.op_class == kReadClass;
      if (is_read && row_.is_sharded) continue;  // no read of one counter
      HistoryOp op = ToHistoryOp(record, is_read ? HistoryFunction::kRead : HistoryFunction::kAdd,
                                 record.value);
      op.key = row_.is_sharded ? counter::ShardOf(record.worker) : 0;
      counted.ops.push_back(op);
    }
    for (size_t i = 0; i < keys.size(); ++i) {
      const absl::Status read =
          AddFinalRead(keys[i], static_cast<int64_t>(i), workers_, redis, &counted);
      if (!read.ok()) return read;
    }
    Findings findings = JudgeRecorded(std::move(counted), "by_counter");
    if (row_.is_sharded && is_trial_) findings.Detect("by_sum", CheckSums(history));
    return findings;
  }

 private:
  // A sum of shards counts each increment that was acknowledged before it was asked for, and none
  // that began after it was told.
  static Violations CheckSums(absl::Span<const OpRecord> history) {
    Violations violations;
    for (const OpRecord& read : history) {
      if (read.op_class != kReadClass || read.outcome != Outcome::kOk) continue;
      int64_t least = 0;
      int64_t most = 0;
      for (const OpRecord& op : history) {
        if (op.op_class == kReadClass || op.outcome == Outcome::kFailed) continue;
        if (op.outcome == Outcome::kOk && op.return_ns < read.invoke_ns) ++least;
        if (op.invoke_ns <= read.return_ns) ++most;
      }
      if (read.value >= least && read.value <= most) continue;
      violations.Add(
          1, absl::StrCat("the sum of the shards was ", read.value, ", not ", least, " to ", most));
    }
    return violations;
  }

  Keys keys_;
  const bool is_trial_;
  const std::string library_;
  const int workers_;
  const Row row_;
};

std::vector<BenchmarkSpec> Variants() {
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : kRows) {
    BenchmarkSpec spec(row.name, row.role,
                       {.promise = "no update lost or counted twice, in real-time order"});
    spec.floor.round_trips = row.floor_round_trips;
    spec.floor.requests = static_cast<int64_t>(row.floor_round_trips);
    spec.trial.operations = 10;
    if (row.has_lock) spec.trial.death = TrialContract::Death::kOthersGoOn;
    spec.residue = {.is_judged = row.role == Role::kSafe,
                    .keys = {{.name = "counter"}, {.name = "counter:{shard}"}}};
    Declare(row.needs, spec);
    spec.make = [row](const RunPlan& plan) { return std::make_unique<CounterScenario>(plan, row); };
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace

Family CounterFamily() { return {.name = "Counter", .variants = Variants}; }

}  // namespace rcb
