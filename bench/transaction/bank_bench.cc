#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/needs.h"
#include "bench/transaction/bank_check.h"
#include "bench/transaction/transaction.h"
#include "bench/transaction/variants.h"
#include "common/harness/notes.h"
#include "common/measure/per_worker.h"

namespace rcb::transaction {
namespace {

constexpr int kOperationsPerSnapshot = 5;
constexpr size_t kMaxRetries = 63;  // that are told apart

// The classes of operation.
constexpr uint8_t kTransferClass = 0;
constexpr uint8_t kSnapshotClass = 1;

struct Row {
  const char* name;
  Role role;
  Operation (*variant)(Worker& worker, const Bank& bank, const Transfer& transfer);
  Needs needs;
  double floor_round_trips;  // of a transfer
  const char* promise;
  bool is_guarded = true;            // against overdrafts
  bool moves_between_pairs = false;  // where one account covers for another
  bool calls_function = false;       // that the server has to be given first
  bool has_locks = false;
};

constexpr char kAccountKeys[] =
    "account:0 account:1 account:2 account:3 account:4 account:5 account:6 account:7";
constexpr char kBooks[] =
    "total kept in every snapshot, no owner overdrawn, balances as acknowledged";
constexpr Row kRows[] = {
    {.name = "Transaction/unsafe/separate",
     .role = Role::kControl,
     .variant = Separate,
     .needs = {"MSET MGET GET SET", kAccountKeys},
     .floor_round_trips = 4,
     .promise = kBooks},
    {.name = "Transaction/unsafe/write_skew",
     .role = Role::kControl,
     .variant = WriteSkew,
     .needs = {"MSET MGET UNWATCH WATCH MULTI EXEC", kAccountKeys},
     .floor_round_trips = 2,
     .promise = kBooks,
     .moves_between_pairs = true},
    {.name = "Transaction/locking/ordered_locks",
     .role = Role::kSafe,
     .variant = OrderedLocks,
     .needs = {"MSET MGET SET EVAL GET DEL",
               "account:0 account:1 account:2 account:3 account:4 account:5 account:6 account:7 "
               "owner:0:lock "
               "owner:1:lock owner:2:lock owner:3:lock owner:4:lock owner:5:lock"},
     .floor_round_trips = 5,
     .promise = kBooks,
     .has_locks = true},
    {.name = "Transaction/lockfree/multi_exec",
     .role = Role::kSafe,
     .variant = MultiExec,
     .needs = {"MSET MGET MULTI DECRBY INCRBY EXEC", kAccountKeys},
     .floor_round_trips = 1,
     .promise = "total kept in every snapshot, balances as acknowledged; does not guard against "
                "overdrafts",
     .is_guarded = false},
    {.name = "Transaction/lockfree/watch",
     .role = Role::kSafe,
     .variant = Watch,
     .needs = {"MSET MGET UNWATCH WATCH MULTI EXEC", kAccountKeys},
     .floor_round_trips = 2,
     .promise = kBooks},
    {.name = "Transaction/lockfree/lua",
     .role = Role::kSafe,
     .variant = Lua,
     .needs = {"MSET MGET EVAL GET DECRBY INCRBY", kAccountKeys},
     .floor_round_trips = 1,
     .promise = kBooks},
    {.name = "Transaction/lockfree/function",
     .role = Role::kSafe,
     .variant = Function,
     .needs = {"MSET MGET FCALL GET DECRBY INCRBY", kAccountKeys},
     .floor_round_trips = 1,
     .promise = kBooks,
     .calls_function = true},
};

Balances BalancesOf(const Reply& values) {
  Balances balances;
  for (size_t i = 0; i < balances.size(); ++i) balances[i] = values[i].integer();
  return balances;
}

class BankScenario : public Scenario {
 public:
  BankScenario(const RunPlan& plan, const Row& row)
      : bank_(plan.key_prefix, plan.library_name),
        library_(plan.library_name),
        row_(row),
        transfer_of_(plan.workers),
        snapshots_(plan.workers),
        retries_(plan.workers) {
    bank_.lease_ms = plan.LeaseMs(bank_.lease_ms);
  }

  absl::Status Prepare(BlockingClient& redis) override {
    std::vector<std::string> open = {"MSET"};
    for (const std::string& account : bank_.accounts) {
      open.push_back(account);
      open.push_back(absl::StrCat(kOpening));
    }
    const absl::Status opened = redis.Command(open).status();
    if (!opened.ok() || !row_.calls_function) return opened;
    return redis.Command({"FUNCTION", "LOAD", "REPLACE", FunctionCode(library_)}).status();
  }

  Operation Operate(Worker& worker) override {
    if (absl::Uniform(*worker.random, 0, kOperationsPerSnapshot) == 0) {
      worker.op_class = kSnapshotClass;
      const Reply values = co_await worker.redis().Run(bank_.snapshot);
      snapshots_[worker.index].push_back(BalancesOf(values));
      co_return 0;
    }
    worker.op_class = kTransferClass;
    Transfer& transfer = transfer_of_.For(worker);
    transfer = row_.moves_between_pairs ? Transfer::DrawBetweenPairs(*worker.random)
                                        : Transfer::Draw(*worker.random);
    const int64_t retries_before = worker.tally->retries;
    const int64_t moved = co_await row_.variant(worker, bank_, transfer);
    const auto retries = static_cast<size_t>(worker.tally->retries - retries_before);
    ++retries_[worker.index][std::min(retries, kMaxRetries)];
    co_return moved;
  }

  absl::StatusOr<Findings> Check(absl::Span<const OpRecord> history,
                                 BlockingClient& redis) override {
    std::vector<std::string> mget = {"MGET"};
    mget.insert(mget.end(), bank_.accounts.begin(), bank_.accounts.end());
    const absl::StatusOr<Reply> values = redis.Command(mget);
    if (!values.ok()) return values.status();
    std::vector<TransferOp> transfers;
    for (const OpRecord& op : history) {
      if (op.op_class != kTransferClass) continue;
      transfers.push_back({transfer_of_.Of(op), op.value == kMoved, op.outcome});
    }
    Findings findings;
    findings.Detect("by_books", CheckBank(transfers, Concatenate(snapshots_), BalancesOf(*values),
                                          row_.is_guarded));
    findings.counters.emplace_back("attempts_p95", static_cast<double>(AttemptsP95()));
    return findings;
  }

 private:
  // How many transfers took so many retries.
  using RetryCounts = std::array<int64_t, kMaxRetries + 1>;

  int64_t AttemptsP95() const {
    RetryCounts sum{};
    int64_t transfers = 0;
    retries_.ForEach([&sum, &transfers](const RetryCounts& own) {
      for (size_t i = 0; i < sum.size(); ++i) {
        sum[i] += own[i];
        transfers += own[i];
      }
    });
    int64_t at_most = 0;
    for (size_t i = 0; i < sum.size(); ++i) {
      at_most += sum[i];
      if (100 * at_most >= 95 * transfers) return static_cast<int64_t>(i) + 1;
    }
    return 0;
  }

  Bank bank_;
  const std::string library_;
  const Row row_;
  Notes<Transfer> transfer_of_;  // that each operation of that class makes
  PerWorker<std::vector<Balances>> snapshots_;
  PerWorker<RetryCounts> retries_;
};

}  // namespace

std::vector<BenchmarkSpec> BankVariants() {
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : kRows) {
    BenchmarkSpec spec(row.name, row.role, {.promise = row.promise});
    spec.floor.round_trips = row.floor_round_trips;
    Declare(row.needs, spec);
    spec.op_classes = {"transfer", "snapshot"};
    spec.trial.operations = 10;
    if (row.has_locks) spec.trial.death = TrialContract::Death::kOthersGoOn;
    spec.residue = {.is_judged = row.role == Role::kSafe, .keys = {{.name = "account:{number}"}}};
    spec.make = [row](const RunPlan& plan) { return std::make_unique<BankScenario>(plan, row); };
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace rcb::transaction
