#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/counter/counter.h"
#include "bench/families.h"

namespace rcb {
namespace {

using counter::Keys;

struct Row {
  const char* name;
  Role role;
  Operation (*variant)(Worker& worker, const Keys& keys);
  double floor_round_trips;
  bool is_sharded = false;      // each shard is a counter of its own to the checker
  bool calls_function = false;  // that the server has to be given first
};

constexpr Row kRows[] = {
    {"Counter/unsafe/get_set", Role::kControl, counter::GetSet, 2},
    {"Counter/locking/token_lock", Role::kSafe, counter::TokenLock, 4},
    {"Counter/lockfree/incr", Role::kSafe, counter::Incr, 1},
    {"Counter/lockfree/lua", Role::kSafe, counter::Lua, 1},
    {"Counter/lockfree/watch", Role::kSafe, counter::Watch, 2},
    {"Counter/lockfree/function", Role::kSafe, counter::Function, 1, false, true},
    {"Counter/lockfree/sharded", Role::kSafe, counter::Sharded, 1, true},
};

class CounterScenario : public Scenario {
 public:
  CounterScenario(const RunPlan& plan, const Row& row)
      : keys_(plan.key_prefix, plan.library_name),
        library_(plan.library_name),
        workers_(plan.workers),
        row_(row) {}

  absl::Status Prepare(BlockingClient& redis) override {
    if (!row_.calls_function) return absl::OkStatus();
    return redis.Command({"FUNCTION", "LOAD", "REPLACE", counter::FunctionCode(library_)}).status();
  }

  Operation Operate(Worker& worker) override { return row_.variant(worker, keys_); }

  absl::StatusOr<Findings> Check(absl::Span<const OpRecord> history,
                                 BlockingClient& redis) override {
    const std::vector<std::string> keys =
        row_.is_sharded ? keys_.shards : std::vector<std::string>{keys_.counter};
    ModelHistory counted;
    counted.ops.reserve(history.size() + keys.size());
    for (const OpRecord& record : history) {
      HistoryOp op = ToHistoryOp(record, HistoryFunction::kAdd, record.value);
      op.key = row_.is_sharded ? counter::ShardOf(record.worker) : 0;
      counted.ops.push_back(op);
    }
    for (size_t i = 0; i < keys.size(); ++i) {
      const absl::Status read =
          AddFinalRead(keys[i], static_cast<int64_t>(i), workers_, redis, &counted);
      if (!read.ok()) return read;
    }
    return JudgeRecorded(std::move(counted));
  }

 private:
  const Keys keys_;
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
    spec.needs.functions = row.calls_function;
    spec.make = [row](const RunPlan& plan) { return std::make_unique<CounterScenario>(plan, row); };
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace

Family CounterFamily() { return {.name = "Counter", .variants = Variants}; }

}  // namespace rcb
