#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bench/families.h"
#include "bench/pool/pool.h"
#include "bench/pool/pool_check.h"
#include "bench/pool/pool_times.h"

namespace rcb {
namespace {

using pool::Exchange;
using pool::Ground;
using pool::Settings;
using pool::SlowLimit;
using Own = Requirements::Own;
using Order = PoolOptions::Order;

constexpr int64_t kDefaultPool = 50;
constexpr int64_t kSmallPool = 5;  // of controls that need a crowd, also where workers are few
constexpr int64_t kMaxPool = 200;

// How the workers of a row come by connections.
enum class Sharing {
  kPool,  // they share --pool of them
  kOne,   // those of a thread share one
  kNone,  // each has its own
};

// What is judged besides the replies and the balance of the pool.
struct Judged {
  bool oldest_first = false;
  bool newest_first = false;
  int64_t wait_ms = 0;       // nobody waits for longer, 0: not promised,
  double wait_theories = 0;  // and so many times what theory says
};

struct Row {
  const char* name;
  Role role;
  pool::Attempt attempt;
  const char* promise;
  Judged judged = {};
  Settings settings = {};
  Sharing sharing = Sharing::kPool;
  int64_t default_pool = kDefaultPool;
  bool needs_crowd = false;  // it proves nothing unless workers wait
  int min_pool_of_thread = 1;
  int64_t workers[2] = {200, 500};  // unless a flag says otherwise; 0: none
  bool is_reference = false;        // what --pool says is the number of workers here
  int max_clients = 0;              // of the server, which refuses more; 0: it takes all
};

// A client waits for far less, unless somebody keeps connections.
constexpr int64_t kWaitMs = 250;
constexpr int64_t kGiveUpMs = 5;

constexpr char kMatched[] = "each reply is the one to its request; no connection is lost";
constexpr char kFifo[] =
    "each reply is the one to its request; first come first served, within 250 ms and 5 times what "
    "theory says; no connection is lost";
constexpr Row kRows[] = {
    {.name = "Pool/unsafe/reuse_after_timeout",
     .role = Role::kControl,
     .attempt = pool::ReuseAfterTimeout,
     .promise = kMatched,
     .settings = {.slow_every_ms = 20, .slow_from_operations = 0},
     .default_pool = kSmallPool},
    {.name = "Pool/unsafe/leak_on_error",
     .role = Role::kControl,
     .attempt = pool::LeakOnError,
     .promise = kMatched,
     .settings = {.slow_every_ms = 20,
                  .slow_from_operations = 0,
                  .slow_limit = SlowLimit::kConnectionsButOne},
     .default_pool = kSmallPool,
     .min_pool_of_thread = 2},
    {.name = "Pool/unsafe/blocking_in_pool",
     .role = Role::kControl,
     .attempt = pool::BlockingInPool,
     .promise = kFifo,
     .judged = {.oldest_first = true, .wait_ms = kWaitMs, .wait_theories = 5},
     .settings = {.slow_every_ms = 0,
                  .slow_from_operations = 0,
                  .slow_limit = SlowLimit::kConnections,
                  .slow_ms = 600},
     .default_pool = kSmallPool,
     .needs_crowd = true},
    {.name = "Pool/unsafe/barging",
     .role = Role::kControl,
     .attempt = pool::Barging,
     .promise = "each reply is the one to its request; who waits is served in order, the oldest or "
                "the newest first; no connection is lost",
     .judged = {.oldest_first = true, .newest_first = true},
     .settings = {.slow_limit = SlowLimit::kNever},
     .default_pool = kSmallPool,
     .needs_crowd = true},
    {.name = "Pool/locking/fifo",
     .role = Role::kSafe,
     .attempt = pool::Borrowed,
     .promise = kFifo,
     .judged = {.oldest_first = true, .wait_ms = kWaitMs, .wait_theories = 5}},
    {.name = "Pool/locking/fifo",
     .role = Role::kSafe,
     .attempt = pool::BorrowedInACrowd,
     .promise = kFifo,
     .judged = {.oldest_first = true, .wait_ms = kWaitMs, .wait_theories = 5},
     .workers = {200, 0},
     .max_clients = 40},
    {.name = "Pool/locking/lifo",
     .role = Role::kSafe,
     .attempt = pool::Borrowed,
     .promise = "each reply is the one to its request; last come first served; no connection is "
                "lost",
     .judged = {.newest_first = true},
     .settings = {.pool = {.order = Order::kNewestFirst}}},
    {.name = "Pool/locking/bounded_wait",
     .role = Role::kSafe,
     .attempt = pool::Borrowed,
     .promise =
         "each reply is the one to its request; first come first served, or not within 5 ms, "
         "and then asked again; no connection is lost",
     .judged = {.oldest_first = true, .wait_ms = kGiveUpMs},
     .settings = {.pool = {.max_wait_ms = kGiveUpMs}}},
    {.name = "Pool/lockfree/per_worker",
     .role = Role::kSafe,
     .attempt = pool::PerWorkerConnection,
     .promise = "each reply is the one to its request",
     .sharing = Sharing::kNone,
     .workers = {50, 200},
     .is_reference = true},
    {.name = "Pool/lockfree/multiplexed",
     .role = Role::kSafe,
     .attempt = pool::Multiplexed,
     .promise = "each reply is the one to its request",
     .sharing = Sharing::kOne},
    {.name = "Pool/lockfree/connect_each",
     .role = Role::kSafe,
     .attempt = pool::ConnectEach,
     .promise = "each reply is the one to its request",
     .sharing = Sharing::kNone,
     .workers = {200, 0}},
    {.name = "Pool/lockfree/connect_each",
     .role = Role::kSafe,
     .attempt = pool::ConnectEach,
     .promise = "each reply is the one to its request",
     .sharing = Sharing::kNone,
     .workers = {200, 0},
     .max_clients = 100},
};

// The row with as many connections as it has at all: 0 where each worker has its own.
int64_t ConnectionsOf(const Row& row, int64_t pool) {
  if (row.sharing == Sharing::kNone) return 0;
  return row.sharing == Sharing::kOne ? 1 : pool;
}

class PoolScenario : public Scenario {
 public:
  PoolScenario(const RunPlan& plan, const Row& row, int64_t connections)
      : row_(row),
        workers_(plan.workers),
        connections_(connections),
        ground_(plan, row.settings,
                row.sharing == Sharing::kPool ? connections : int64_t{plan.workers}) {}

  absl::Status Prepare(BlockingClient& redis) override {
    std::vector<std::string> fill = {"MSET"};
    for (int32_t i = 0; i < pool::kKeys; ++i) {
      fill.insert(fill.end(), {ground_.keys()[static_cast<size_t>(i)], absl::StrCat(i)});
    }
    return redis.Command(fill).status();
  }

  Operation Operate(Worker& worker) override {
    return row_.judged.wait_ms > 0 ? OperateWatched(worker)
                                   : pool::AskUntilAnswered(worker, ground_, row_.attempt);
  }

  absl::StatusOr<Findings> Check(absl::Span<const OpRecord>, BlockingClient&) override {
    const std::vector<Exchange> exchanges = Concatenate(ground_.exchanges());
    const int64_t in_pool = row_.sharing == Sharing::kPool ? connections_ : 0;
    Findings findings;
    findings.counters = pool::MeasureTimes(exchanges, workers_, in_pool);
    const Violations cross_talk = pool::CheckReplies(exchanges);
    findings.Detect("by_reply", cross_talk);
    findings.counters.emplace_back("cross_talk", static_cast<double>(cross_talk.count));
    if (row_.judged.oldest_first) {
      findings.Detect("by_oldest_first", pool::CheckOldestFirst(exchanges));
    }
    if (row_.judged.newest_first) {
      findings.Detect("by_newest_first", pool::CheckNewestFirst(exchanges));
    }
    if (row_.judged.wait_ms > 0) {
      findings.Detect("by_patience", pool::CheckWaits(exchanges, WaitBoundNs(exchanges)));
    }
    if (row_.sharing == Sharing::kPool) CountConnections(findings);
    if (row_.max_clients > 0) CountRefusals(exchanges, findings);
    return findings;
  }

 private:
  Operation OperateWatched(Worker& worker) {
    const Ground::Presence presence(ground_, worker);
    co_return co_await pool::AskUntilAnswered(worker, ground_, row_.attempt);
  }

  // A timer may be late, and nothing goes on while the machine or the server stands still.
  int64_t WaitBoundNs(const std::vector<Exchange>& exchanges) const {
    constexpr int64_t kSlackMs = 20;
    const int64_t bound_ns = (row_.judged.wait_ms + kSlackMs) * pool::kNsPerMs;
    const double theory_ns =
        row_.judged.wait_theories * pool::WaitFloorNs(exchanges, workers_, connections_);
    return bound_ns + static_cast<int64_t>(theory_ns) + ground_.max_standstill_ns();
  }

  // Every operation has ended, so that nothing may be lent any more.
  void CountConnections(Findings& findings) const {
    int64_t lost = 0;
    Violations violations;
    for (const Pool* const pool : ground_.pools()) {
      const int64_t missing = pool->size() - pool->idle() - pool->closed();
      lost += missing;
      if (missing == pool->in_use()) continue;
      violations.Add(1, absl::StrCat("the pool says that ", pool->in_use(),
                                     " connections are lent, and lacks ", missing));
    }
    violations.Add(lost, absl::StrCat(lost, " connections never came back to the pool"));
    findings.Detect("by_balance", violations);
    findings.counters.emplace_back("connections_lost", static_cast<double>(lost));
  }

  // The next run, and the harness, need the room of a server that is full.
  void CountRefusals(const std::vector<Exchange>& exchanges, Findings& findings) const {
    int64_t refusals = std::count_if(exchanges.begin(), exchanges.end(), [](const Exchange& e) {
      return e.ending == pool::Ending::kRefused;
    });
    for (Pool* const pool : ground_.pools()) {
      refusals += pool->refusals();
      pool->CloseIdle();
    }
    const Counters counters =
        pool::MeasureRefusals(refusals, ground_.recoveries_ns(), exchanges.size());
    findings.counters.insert(findings.counters.end(), counters.begin(), counters.end());
    if (refusals == 0) findings.note = "the server refused nobody: use more workers";
  }

  const Row row_;
  const int workers_;
  const int64_t connections_;
  Ground ground_;
};

BenchmarkSpec SpecOf(const Row& row, int64_t pool) {
  const int64_t connections = ConnectionsOf(row, pool);
  BenchmarkSpec spec(row.name, row.role, {.promise = row.promise});
  spec.contract.bounds = {{"cross_talk", Bound::Relation::kAtMost, 0}};
  spec.workers.clear();
  for (const int64_t workers : row.workers) {
    if (workers > 0) spec.workers.push_back(workers);
  }
  if (row.sharing == Sharing::kPool) {
    spec.contract.bounds.push_back({"connections_lost", Bound::Relation::kAtMost, 0});
    spec.contract.evidence = Evidence::kRecordAndMemory;
    spec.args = {{"pool", pool}};
  }
  if (row.needs_crowd) spec.min_workers = 2 * pool;
  if (row.max_clients > 0) {
    spec.args.emplace_back("max_clients", row.max_clients);
    spec.min_workers = row.max_clients + 1;
    spec.needs.max_clients = row.max_clients;
  }
  spec.floor.round_trips = 1;
  const bool has_own = row.sharing == Sharing::kNone;
  spec.needs.own_connections = has_own ? Own::kByOperations : Own::kNone;
  spec.needs.shared_connections = static_cast<int>(connections);
  spec.needs.min_shared_of_thread = row.min_pool_of_thread;
  spec.needs.commands = {"MSET", "GET", "ECHO", "BLPOP"};
  for (int32_t i = 0; i < pool::kKeys; ++i) {
    spec.needs.keys.push_back(absl::StrCat("key:", i));
  }
  spec.residue.is_judged = row.role == Role::kSafe;
  spec.residue.keys = {{.name = "key:{number}"}};
  spec.make = [row, connections](const RunPlan& plan) {
    return std::make_unique<PoolScenario>(plan, row, connections);
  };
  return spec;
}

std::vector<BenchmarkSpec> Variants(const std::vector<int64_t>& sizes) {
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : kRows) {
    if (row.sharing == Sharing::kPool) {
      for (const int64_t pool : sizes.empty() ? std::vector{row.default_pool} : sizes) {
        const bool is_full = row.max_clients == 0 || pool > row.max_clients;
        if (is_full && pool >= row.min_pool_of_thread) specs.push_back(SpecOf(row, pool));
      }
      continue;
    }
    specs.push_back(SpecOf(row, /*pool=*/0));
    // With as many workers as others have connections, it shows what these can do without a pool.
    if (row.is_reference && !sizes.empty()) specs.back().workers = sizes;
  }
  return specs;
}

Flag PoolFlag(std::vector<int64_t>* sizes) {
  return {"pool", "different numbers from 1 to 200, with commas",
          "how many connections all workers share (default 50; controls 5)",
          [sizes](absl::string_view v) { return ParseIntegers(v, kMaxPool, sizes); },
          [sizes] { return absl::StrJoin(*sizes, ","); }};
}

std::vector<Metric> Metrics() {
  constexpr Direction kLower = Direction::kLowerIsBetter;
  constexpr MetricClass kNoisy = MetricClass::kNoisy;
  constexpr MetricClass kContract = MetricClass::kContract;
  return {
      {"wait_p50_us", "us", kLower, kNoisy, "median time that a request waited for a connection"},
      {"wait_p95_us", "us", kLower, kNoisy,
       "95th percentile of the time that a request waited for a connection"},
      {"service_p50_us", "us", kLower, kNoisy,
       "median time from having a connection to having the reply on it"},
      {"x_wait_floor", "1", kLower, kNoisy,
       "wait_p50_us over (workers / connections - 1) times service_p50_us, which is the least that "
       "a closed loop waits"},
      {"utilisation", "ratio", Direction::kNeither, MetricClass::kInfo,
       "share of the time for which connections were lent"},
      {"cross_talk", "1", kLower, kContract, "replies that went to another request"},
      {"connections_lost", "1", kLower, kContract,
       "connections that were not back in the pool at the end"},
      {"discards_per_op", "1", kLower, kNoisy,
       "requests whose reply was not waited for until it came, per request that was answered"},
      {"give_ups_per_op", "1", kLower, kNoisy,
       "requests that stopped to wait for a connection, per request that was answered"},
      {"refusals_per_op", "1", kLower, kNoisy,
       "connections that a server which was full refused, per request"},
      {"recovery_p95_us", "us", kLower, kNoisy,
       "95th percentile of the time from wanting a connection that was refused to having it"},
  };
}

}  // namespace

Family PoolFamily() {
  const auto sizes = std::make_shared<std::vector<int64_t>>();
  return {
      .name = "Pool",
      .metrics = Metrics(),
      .columns = {{"wait p50", "wait_p50_us"}, {"wait p95", "wait_p95_us"}},
      .flags = {PoolFlag(sizes.get())},
      .variants = [sizes] { return Variants(*sizes); },
  };
}

}  // namespace rcb
