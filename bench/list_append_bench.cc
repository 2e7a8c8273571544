#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/families.h"
#include "bench/list_append.h"
#include "common/check/list_append_check.h"
#include "common/measure/clock.h"

namespace rcb {
namespace {

using transaction::Lists;
using transaction::Step;

using Variant = transaction::StepReplies (*)(Worker& worker, const std::vector<Step>& steps);

class ListAppendScenario : public Scenario {
 public:
  ListAppendScenario(const RunPlan& plan, Variant variant)
      : lists_(absl::StrCat(plan.key_prefix, plan.run, ":")),
        variant_(variant),
        books_(static_cast<size_t>(plan.workers)) {}

  absl::Status Prepare(BlockingClient&) override { return absl::OkStatus(); }  // keys are new

  Task<absl::StatusOr<int64_t>> Operate(Worker& worker) override {
    Book& book = books_[static_cast<size_t>(worker.index)];
    std::vector<Step> steps;
    for (int left = absl::Uniform(*worker.random, 1, 5); left > 0; --left) {
      steps.push_back(lists_.Draw(*worker.random, NextValue(book, worker.index)));
    }
    const int64_t invoke_ns = NowNs();
    const absl::StatusOr<std::vector<Reply>> replies = co_await Try(variant_(worker, steps));
    Record(steps, replies, invoke_ns, book.history);
    if (!replies.ok()) co_return replies.status();
    co_return 0;
  }

  Findings Check(absl::Span<const OpRecord>, BlockingClient& redis) override {
    ListHistory history;
    for (const Book& book : books_) history.Add(book.history);
    ListVerdict verdict = CheckListAppend(history);
    Findings findings;
    findings.violations = verdict.violations;
    findings.first = std::move(verdict.first);
    DeleteKeys(redis);
    return findings;
  }

 private:
  // What a worker did; nobody else touches it while operations run.
  struct Book {
    ListHistory history;
    int64_t values = 0;
  };

  int64_t NextValue(Book& book, int worker) const {
    return ++book.values * static_cast<int64_t>(books_.size()) + worker;
  }

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

  void DeleteKeys(BlockingClient& redis) const {
    constexpr int64_t kAtOnce = 1000;
    for (int64_t list = 0; list < lists_.count();) {
      std::vector<std::string> command = {"UNLINK"};
      for (int64_t i = 0; i < kAtOnce; ++i) command.push_back(lists_.KeyOf(list++));
      if (!redis.Command(command).ok()) return;
    }
  }

  Lists lists_;
  const Variant variant_;
  std::vector<Book> books_;  // by worker
};

}  // namespace

std::vector<BenchmarkSpec> ListAppendVariants(const Options&) {
  struct Row {
    const char* name;
    Variant variant;
    double floor_round_trips;
  };
  const Row rows[] = {
      {"Transaction/unsafe/list_separate", transaction::ListSeparate, 1},
      {"Transaction/lockfree/list_append", transaction::ListAppend, 1},
  };
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : rows) {
    BenchmarkSpec spec;
    spec.name = row.name;
    spec.contract = "strictly serializable";
    spec.workers = {10, 50, 100, 500};
    spec.floor_round_trips = row.floor_round_trips;
    spec.make = [variant = row.variant](const RunPlan& plan) {
      return std::make_unique<ListAppendScenario>(plan, variant);
    };
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace rcb
