#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/needs.h"
#include "bench/transaction/list_append.h"
#include "bench/transaction/variants.h"
#include "common/check/list_append_history.h"
#include "common/measure/clock.h"
#include "common/measure/per_worker.h"

namespace rcb::transaction {
namespace {

struct Row {
  const char* name;
  Role role;
  StepReplies (*variant)(Worker& worker, const std::vector<Step>& steps);
  Needs needs;
};

constexpr Row kRows[] = {
    {"Transaction/unsafe/list_separate", Role::kControl, ListSeparate, {"RPUSH LRANGE", ""}},
    {"Transaction/lockfree/list_append", Role::kSafe, ListAppend, {"MULTI RPUSH LRANGE EXEC", ""}},
};

class ListAppendScenario : public Scenario {
 public:
  ListAppendScenario(const RunPlan& plan, const Row& row)
      : lists_(plan.key_prefix), row_(row), books_(plan.workers) {}

  absl::Status Prepare(BlockingClient&) override { return absl::OkStatus(); }  // keys are new

  Operation Operate(Worker& worker) override {
    Book& book = books_[worker.index];
    std::vector<Step> steps;
    for (int left = absl::Uniform(*worker.random, 1, 5); left > 0; --left) {
      steps.push_back(lists_.Draw(*worker.random, NextValue(book, worker.index)));
    }
    const int64_t invoke_ns = NowNs();
    const absl::StatusOr<std::vector<Reply>> replies = co_await Try(row_.variant(worker, steps));
    Record(steps, replies, invoke_ns, book.history);
    if (!replies.ok()) co_return replies.status();
    co_return 0;
  }

  absl::StatusOr<Findings> Check(absl::Span<const OpRecord>, BlockingClient&) override {
    ModelHistory history;
    history.model = HistoryModel::kListAppend;
    for (int worker = 0; worker < books_.size(); ++worker) {
      const ListHistory& own = books_[worker].history;
      history.lists.Add(own);
      for (const ListTransaction& transaction : own.transactions()) {
        HistoryOp op;
        op.invoke_ns = transaction.invoke_ns;
        op.return_ns = transaction.return_ns;
        op.process = worker;
        op.function = HistoryFunction::kTxn;
        op.outcome = transaction.outcome;
        history.ops.push_back(op);
      }
    }
    return JudgeRecorded(std::move(history), "by_lists");
  }

 private:
  // What a worker did.
  struct Book {
    ListHistory history;
    int64_t values = 0;
  };

  int64_t NextValue(Book& book, int worker) const { return ++book.values * books_.size() + worker; }

  static void Record(const std::vector<Step>& steps,
                     const absl::StatusOr<std::vector<Reply>>& replies, int64_t invoke_ns,
                     ListHistory& history) {
    std::vector<int64_t> values;
    for (size_t i = 0; i < steps.size(); ++i) {
      if (steps[i].value != 0) {
        history.Append(steps[i].list, steps[i].value);
        continue;
      }
      values.clear();
      if (replies.ok()) {
        for (const Reply& value : (*replies)[i].elements()) values.push_back(value.integer());
      }
      history.Read(steps[i].list, values);
    }
    history.End(invoke_ns, NowNs(), OutcomeOf(replies.status()));
  }

  Lists lists_;
  const Row row_;
  PerWorker<Book> books_;
};

}  // namespace

std::vector<BenchmarkSpec> ListAppendVariants() {
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : kRows) {
    BenchmarkSpec spec(row.name, row.role, {.promise = "strictly serializable"});
    spec.floor.round_trips = 1;
    spec.floor.requests = 1;
    spec.trial.operations = 10;
    spec.residue = {.is_judged = row.role == Role::kSafe,
                    .keys = {{.name = "list:{number}", .type = "list"}}};
    Declare(row.needs, spec);
    spec.make = [row](const RunPlan& plan) {
      return std::make_unique<ListAppendScenario>(plan, row);
    };
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace rcb::transaction
