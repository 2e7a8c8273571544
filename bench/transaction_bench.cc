#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/bank_check.h"
#include "bench/families.h"
#include "bench/transaction.h"
#include "common/check/register_check.h"

namespace rcb {
namespace {

using transaction::Balances;
using transaction::Bank;
using transaction::kSnapshot;
using transaction::Pair;
using transaction::PairValues;
using transaction::Transfer;

using TransferVariant = transaction::Moved (*)(Worker& worker, const Bank& bank,
                                               const Transfer& transfer);
using PairReader = Task<absl::StatusOr<PairValues>> (*)(Worker& worker, const Pair& pair);

constexpr int kOperationsPerSnapshot = 5;

Balances BalancesOf(const Reply& values) {
  Balances balances;
  for (size_t i = 0; i < balances.size(); ++i) balances[i] = values[i].integer();
  return balances;
}

class BankScenario : public Scenario {
 public:
  BankScenario(const RunPlan& plan, TransferVariant variant)
      : bank_(plan.key_prefix, plan.library_name),
        library_(plan.library_name),
        variant_(variant),
        snapshots_(static_cast<size_t>(plan.workers)),
        retries_(static_cast<size_t>(plan.workers)) {
    mget_.insert(mget_.end(), bank_.accounts.begin(), bank_.accounts.end());
    const auto& keys = bank_.accounts;
    snapshot_ = std::make_unique<Command>("MGET", keys[0], keys[1], keys[2], keys[3], keys[4],
                                          keys[5], keys[6], keys[7]);
  }

  absl::Status Prepare(BlockingClient& redis) override {
    absl::Status ready = DeleteKeys(redis);
    std::vector<std::string> open = {"MSET"};
    for (const std::string& account : bank_.accounts) {
      open.push_back(account);
      open.push_back(absl::StrCat(transaction::kOpening));
    }
    if (ready.ok()) ready = redis.Command(open).status();
    if (!ready.ok() || variant_ != transaction::Function) return ready;
    return redis.Command({"FUNCTION", "LOAD", "REPLACE", transaction::FunctionCode(library_)})
        .status();
  }

  Task<absl::StatusOr<int64_t>> Operate(Worker& worker) override {
    if (absl::Uniform(*worker.random, 0, kOperationsPerSnapshot) == 0) {
      worker.argument = kSnapshot;
      const Reply values = co_await worker.redis().Run(*snapshot_);
      snapshots_[static_cast<size_t>(worker.index)].push_back(BalancesOf(values));
      co_return 0;
    }
    const Transfer transfer = variant_ == transaction::WriteSkew
                                  ? Transfer::DrawBetweenPairs(*worker.random)
                                  : Transfer::Draw(*worker.random);
    worker.argument = transfer.Encode();
    const int64_t retries_before = worker.tally->retries;
    const bool is_moved = co_await variant_(worker, bank_, transfer);
    const auto retries = static_cast<size_t>(worker.tally->retries - retries_before);
    ++retries_[static_cast<size_t>(worker.index)][std::min(retries, kMostRetries)];
    co_return is_moved ? 1 : 0;
  }

  Findings Check(absl::Span<const OpRecord> history, BlockingClient& redis) override {
    Findings findings;
    const absl::StatusOr<Reply> values = redis.Command(mget_);
    if (!values.ok()) {
      findings.violations = 1;
      findings.first = std::string(values.status().message());
      return findings;
    }
    std::vector<Balances> snapshots;
    for (const auto& seen : snapshots_) snapshots.insert(snapshots.end(), seen.begin(), seen.end());
    const bool is_guarded = variant_ != transaction::MultiExec;
    transaction::BankVerdict verdict =
        transaction::CheckBank(history, snapshots, BalancesOf(*values), is_guarded);
    findings.violations = verdict.violations;
    findings.first = std::move(verdict.first);
    findings.counters.emplace_back("attempts_p95", static_cast<double>(AttemptsP95()));
    static_cast<void>(DeleteKeys(redis));
    return findings;
  }

 private:
  absl::Status DeleteKeys(BlockingClient& redis) {
    std::vector<std::string> command = {"DEL"};
    command.insert(command.end(), bank_.accounts.begin(), bank_.accounts.end());
    command.insert(command.end(), bank_.locks.begin(), bank_.locks.end());
    return redis.Command(command).status();
  }

  int64_t AttemptsP95() const {
    std::array<int64_t, kMostRetries + 1> sum{};
    int64_t transfers = 0;
    for (const auto& own : retries_) {
      for (size_t i = 0; i < sum.size(); ++i) sum[i] += own[i];
    }
    for (const int64_t count : sum) transfers += count;
    int64_t at_most = 0;
    for (size_t i = 0; i < sum.size(); ++i) {
      at_most += sum[i];
      if (100 * at_most >= 95 * transfers) return static_cast<int64_t>(i) + 1;
    }
    return 0;
  }

  static constexpr size_t kMostRetries = 63;  // told apart

  const Bank bank_;
  const std::string library_;
  const TransferVariant variant_;
  std::vector<std::string> mget_ = {"MGET"};
  std::unique_ptr<Command> snapshot_;
  std::vector<std::vector<Balances>> snapshots_;  // by worker
  // By worker: how many transfers took so many retries.
  std::vector<std::array<int64_t, kMostRetries + 1>> retries_;
};

// OpRecord::argument is the value to write, or 0 for a read; a read's value is what it saw, or
// kSkewed where the keys differed.
class PairScenario : public Scenario {
 public:
  PairScenario(const RunPlan& plan, PairReader read)
      : pair_(plan.key_prefix), read_(read), written_(static_cast<size_t>(plan.workers)) {}

  absl::Status Prepare(BlockingClient& redis) override {
    return redis.Command({"MSET", pair_.first, "0", pair_.second, "0"}).status();
  }

  Task<absl::StatusOr<int64_t>> Operate(Worker& worker) override {
    if (absl::Bernoulli(*worker.random, 0.5)) {
      worker.argument = NextValue(worker.index);
      co_await transaction::Mset(worker, pair_, worker.argument);
      co_return 0;
    }
    worker.argument = 0;
    const PairValues seen = co_await read_(worker, pair_);
    co_return seen.first == seen.second ? seen.first : kSkewed;
  }

  Findings Check(absl::Span<const OpRecord> history, BlockingClient& redis) override {
    Findings findings;
    std::vector<RegisterOp> ops;
    for (const OpRecord& record : history) {
      if (record.outcome == Outcome::kOk && record.value == kSkewed) {
        ++findings.violations;
        findings.first = absl::StrCat("worker ", record.worker, " read two different values");
        continue;
      }
      RegisterOp op;
      op.invoke_ns = record.invoke_ns;
      op.return_ns = record.return_ns;
      op.is_read = record.argument == 0;
      op.value = op.is_read ? record.value : record.argument;
      op.outcome = record.outcome;
      ops.push_back(op);
    }
    RegisterVerdict verdict = CheckRegister(std::move(ops), /*initial=*/0);
    findings.violations += verdict.violations;
    if (findings.first.empty()) findings.first = std::move(verdict.first);
    static_cast<void>(redis.Command({"DEL", pair_.first, pair_.second}));
    return findings;
  }

 private:
  static constexpr int64_t kSkewed = -1;

  // Written once, by this worker.
  int64_t NextValue(int worker) {
    const int64_t count = ++written_[static_cast<size_t>(worker)];
    return count * static_cast<int64_t>(written_.size()) + worker;
  }

  const Pair pair_;
  const PairReader read_;
  std::vector<int64_t> written_;  // how many, by worker
};

}  // namespace

std::vector<BenchmarkSpec> TransactionVariants(const Options&, const ServerFacts& facts) {
  constexpr char kBooks[] =
      "total kept in every snapshot, no owner overdrawn, balances as acknowledged";
  constexpr char kPair[] = "both keys always equal, as one linearizable register";
  struct Row {
    const char* name;
    TransferVariant transfer;
    PairReader read_pair;
    double floor_round_trips;  // of a transfer, or of a read
    const char* contract;
  };
  const Row rows[] = {
      {"Transaction/unsafe/separate", transaction::Separate, nullptr, 4, kBooks},
      {"Transaction/unsafe/write_skew", transaction::WriteSkew, nullptr, 2, kBooks},
      {"Transaction/unsafe/read_skew", nullptr, transaction::GetAndGet, 1, kPair},
      {"Transaction/locking/ordered_locks", transaction::OrderedLocks, nullptr, 5, kBooks},
      {"Transaction/lockfree/multi_exec", transaction::MultiExec, nullptr, 1,
       "total kept in every snapshot, balances as acknowledged; does not guard against overdrafts"},
      {"Transaction/lockfree/watch", transaction::Watch, nullptr, 2, kBooks},
      {"Transaction/lockfree/lua", transaction::Lua, nullptr, 1, kBooks},
      {"Transaction/lockfree/function", transaction::Function, nullptr, 1, kBooks},
      {"Transaction/lockfree/mset_mget", nullptr, transaction::Mget, 1, kPair},
  };
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : rows) {
    if (row.transfer == transaction::Function && !SupportsFunctions(facts)) continue;
    BenchmarkSpec spec;
    spec.name = row.name;
    spec.contract = row.contract;
    spec.workers = {10, 50, 100, 500};
    spec.floor_round_trips = row.floor_round_trips;
    spec.make = [row](const RunPlan& plan) -> std::unique_ptr<Scenario> {
      if (row.read_pair != nullptr) return std::make_unique<PairScenario>(plan, row.read_pair);
      return std::make_unique<BankScenario>(plan, row.transfer);
    };
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace rcb
