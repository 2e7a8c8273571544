#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/counter.h"
#include "bench/families.h"
#include "common/check/counter_check.h"

namespace rcb {
namespace {

using counter::Keys;

using Variant = Task<absl::StatusOr<int64_t>> (*)(Worker& worker, const Keys& keys);

// One key, or as many as there are shards: each is a counter of its own to the checker.
class CounterScenario : public Scenario {
 public:
  CounterScenario(const RunPlan& plan, Variant variant)
      : keys_(plan.key_prefix, plan.library_name),
        library_(plan.library_name),
        variant_(variant),
        is_sharded_(variant == counter::Sharded) {}

  absl::Status Prepare(BlockingClient& redis) override {
    absl::Status deleted = DeleteKeys(redis);
    if (!deleted.ok() || variant_ != counter::Function) return deleted;
    return redis.Command({"FUNCTION", "LOAD", "REPLACE", counter::FunctionCode(library_)}).status();
  }

  Task<absl::StatusOr<int64_t>> Operate(Worker& worker) override { return variant_(worker, keys_); }

  Findings Check(absl::Span<const OpRecord> history, BlockingClient& redis) override {
    std::vector<std::vector<CounterOp>> histories(is_sharded_ ? Keys::kShards : 1);
    for (const OpRecord& record : history) {
      CounterOp op;
      op.invoke_ns = record.invoke_ns;
      op.return_ns = record.return_ns;
      op.value = record.value;
      op.outcome = record.outcome;
      const int shard = is_sharded_ ? counter::ShardOf(record.worker) : 0;
      histories[static_cast<size_t>(shard)].push_back(op);
    }
    Findings findings;
    for (size_t i = 0; i < histories.size(); ++i) {
      const std::string& key = is_sharded_ ? keys_.shards[i] : keys_.counter;
      const absl::StatusOr<Reply> value = redis.Command({"GET", key});
      if (!value.ok()) {
        ++findings.violations;
        findings.first = std::string(value.status().message());
        continue;
      }
      CounterVerdict verdict =
          CheckCounter(std::move(histories[i]), /*initial=*/0, value->integer());
      findings.violations += verdict.violations;
      if (findings.first.empty()) findings.first = std::move(verdict.first);
    }
    if (absl::Status deleted = DeleteKeys(redis); !deleted.ok() && findings.first.empty()) {
      findings.first = std::string(deleted.message());
    }
    return findings;
  }

 private:
  absl::Status DeleteKeys(BlockingClient& redis) {
    std::vector<std::string> command = {"DEL", keys_.counter, keys_.lock};
    command.insert(command.end(), keys_.shards.begin(), keys_.shards.end());
    return redis.Command(command).status();
  }

  const Keys keys_;
  const std::string library_;
  const Variant variant_;
  const bool is_sharded_;
};

}  // namespace

std::vector<BenchmarkSpec> CounterVariants(const Options&, const ServerFacts& facts) {
  struct Row {
    const char* name;
    Variant variant;
    double floor_round_trips;
  };
  const Row rows[] = {
      {"Counter/unsafe/get_set", counter::GetSet, 2},
      {"Counter/locking/token_lock", counter::TokenLock, 4},
      {"Counter/lockfree/incr", counter::Incr, 1},
      {"Counter/lockfree/lua", counter::Lua, 1},
      {"Counter/lockfree/watch", counter::Watch, 2},
      {"Counter/lockfree/function", counter::Function, 1},
      {"Counter/lockfree/sharded", counter::Sharded, 1},
  };
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : rows) {
    if (row.variant == counter::Function && !SupportsFunctions(facts)) continue;
    BenchmarkSpec spec;
    spec.name = row.name;
    spec.contract = "no update lost or counted twice, in real-time order";
    spec.workers = {10, 50, 100, 500};
    spec.floor_round_trips = row.floor_round_trips;
    spec.make = [variant = row.variant](const RunPlan& plan) {
      return std::make_unique<CounterScenario>(plan, variant);
    };
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace rcb
