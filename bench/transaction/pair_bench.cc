#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/needs.h"
#include "bench/transaction/transaction.h"
#include "bench/transaction/variants.h"
#include "common/harness/notes.h"
#include "common/measure/per_worker.h"

namespace rcb::transaction {
namespace {

struct Row {
  const char* name;
  Role role;
  Task<absl::StatusOr<PairValues>> (*read)(Worker& worker, const Pair& pair);
  Needs needs;
};

constexpr Row kRows[] = {
    {"Transaction/unsafe/read_skew",
     Role::kControl,
     GetAndGet,
     {"MSET GET", "pair:first pair:second"}},
    {"Transaction/lockfree/mset_mget", Role::kSafe, Mget, {"MSET MGET", "pair:first pair:second"}},
};

// An operation that reads yields what it saw, or kSkewed where the keys differed.
class PairScenario : public Scenario {
 public:
  PairScenario(const RunPlan& plan, const Row& row)
      : pair_(plan.key_prefix), row_(row), written_(plan.workers), value_of_(plan.workers) {}

  absl::Status Prepare(BlockingClient& redis) override {
    return redis.Command({"MSET", pair_.first, "0", pair_.second, "0"}).status();
  }

  Operation Operate(Worker& worker) override {
    if (absl::Bernoulli(*worker.random, 0.5)) {
      const int64_t value = NextValue(worker.index);
      value_of_.For(worker) = value;
      co_await Mset(worker, pair_, value);
      co_return 0;
    }
    value_of_.For(worker) = kRead;
    const PairValues seen = co_await row_.read(worker, pair_);
    co_return seen.first == seen.second ? seen.first : kSkewed;
  }

  absl::StatusOr<Findings> Check(absl::Span<const OpRecord> history, BlockingClient&) override {
    Violations skewed;
    ModelHistory pair;
    pair.model = HistoryModel::kRegister;
    pair.ops.reserve(history.size());
    for (const OpRecord& record : history) {
      const int64_t written = value_of_.Of(record);
      const bool is_read = written == kRead;
      if (record.outcome == Outcome::kOk && record.value == kSkewed) {
        skewed.Add(1, absl::StrCat("worker ", record.worker, " read two different values"));
      }
      pair.ops.push_back(ToHistoryOp(record,
                                     is_read ? HistoryFunction::kRead : HistoryFunction::kWrite,
                                     is_read ? record.value : written));
    }
    // To the register, a skewed read is one of a value that nobody wrote.
    Findings findings = JudgeRecorded(std::move(pair), "by_register");
    if (!skewed.none()) findings.violations.first = skewed.first;
    return findings;
  }

 private:
  static constexpr int64_t kSkewed = -1;
  static constexpr int64_t kRead = 0;

  // Written once, by this worker.
  int64_t NextValue(int worker) { return ++written_[worker] * written_.size() + worker; }

  const Pair pair_;
  const Row row_;
  PerWorker<int64_t> written_;  // how many values
  Notes<int64_t> value_of_;     // that each operation writes, or kRead
};

}  // namespace

std::vector<BenchmarkSpec> PairVariants() {
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : kRows) {
    BenchmarkSpec spec(row.name, row.role,
                       {.promise = "both keys always equal, as one linearizable register"});
    spec.floor.round_trips = 1;
    spec.floor.requests = 1;
    spec.trial.operations = 10;
    spec.residue = {.is_judged = row.role == Role::kSafe,
                    .keys = {{.name = "pair:first"}, {.name = "pair:second"}}};
    Declare(row.needs, spec);
    spec.make = [row](const RunPlan& plan) { return std::make_unique<PairScenario>(plan, row); };
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace rcb::transaction
