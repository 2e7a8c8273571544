#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "bench/families.h"
#include "bench/pool/pool.h"
#include "bench/pool/pool_check.h"
#include "bench/pool/pool_times.h"

namespace rcb {
namespace {

using pool::Exchange;
using pool::Ground;
using pool::Settings;
using Own = Requirements::Own;
using Order = PoolOptions::Order;

constexpr int64_t kDefaultPool = 50;
constexpr int64_t kSmallPool = 5;  // of controls that need a crowd, also where workers are few
constexpr int64_t kMaxPool = 200;

struct Row {
  const char* name;
  Role role;
  pool::Attempt attempt;
  const char* promise;
  Settings settings = {};
  int64_t default_pool = kDefaultPool;
};

constexpr char kFifo[] =
    "each reply is the one to its request, first come first served, no connection lost";
constexpr char kMatched[] = "each reply is the one to its request, no connection lost";

constexpr Row kRows[] = {
    {.name = "Pool/unsafe/reuse_after_timeout",
     .role = Role::kControl,
     .attempt = pool::ReuseAfterTimeout,
     .promise = kMatched,
     .settings = {.slow_every_ms = 20},
     .default_pool = kSmallPool},
    {.name = "Pool/locking/fifo", .role = Role::kSafe, .attempt = pool::Borrowed, .promise = kFifo},
};

class PoolScenario : public Scenario {
 public:
  PoolScenario(const RunPlan& plan, int64_t connections, const Row& row)
      : ground_(plan, row.settings), workers_(plan.workers), connections_(connections), row_(row) {}

  absl::Status Prepare(BlockingClient& redis) override {
    for (int32_t i = 0; i < pool::kKeys; ++i) {
      const std::string& key = ground_.keys()[static_cast<size_t>(i)];
      absl::Status filled = redis.Command({"SET", key, absl::StrCat(i)}).status();
      if (!filled.ok()) return filled;
    }
    return absl::OkStatus();
  }

  Operation Operate(Worker& worker) override {
    return pool::AskUntilAnswered(worker, ground_, row_.attempt);
  }

  absl::StatusOr<Findings> Check(absl::Span<const OpRecord>, BlockingClient&) override {
    const std::vector<Exchange> exchanges = Concatenate(ground_.exchanges());
    Findings findings;
    const Violations cross_talk = pool::CheckReplies(exchanges);
    findings.Detect("by_reply", cross_talk);
    findings.counters.emplace_back("cross_talk", static_cast<double>(cross_talk.count));
    if (row_.settings.pool.order == Order::kOldestFirst) {
      findings.Detect("by_order", pool::CheckOldestFirst(exchanges));
    }
    CountConnections(findings);
    const Counters times = pool::MeasureTimes(exchanges, workers_, connections_);
    findings.counters.insert(findings.counters.end(), times.begin(), times.end());
    return findings;
  }

 private:
  // Every operation has ended, so that nothing may be lent any more.
  void CountConnections(Findings& findings) const {
    int64_t lost = 0;
    for (const Pool* const pool : ground_.pools()) {
      lost += pool->size() - pool->idle() - pool->closed();
    }
    Violations violations;
    violations.Add(lost, absl::StrCat(lost, " connections never came back to the pool"));
    findings.Detect("by_balance", violations);
    findings.counters.emplace_back("connections_lost", static_cast<double>(lost));
  }

  Ground ground_;
  const int workers_;
  const int64_t connections_;
  const Row row_;
};

BenchmarkSpec SpecOf(const Row& row, int64_t connections) {
  BenchmarkSpec spec(row.name, row.role, {.promise = row.promise});
  spec.contract.bounds = {{"cross_talk", Bound::Relation::kAtMost, 0},
                          {"connections_lost", Bound::Relation::kAtMost, 0}};
  spec.contract.evidence = Evidence::kRecordAndMemory;
  spec.workers = {200, 500};
  spec.args = {{"pool", connections}};
  spec.floor.round_trips = 1;
  spec.needs.own_connections = Own::kNone;
  spec.needs.shared_connections = static_cast<int>(connections);
  spec.needs.history = false;
  spec.needs.commands = {"SET", "GET", "ECHO", "BLPOP"};
  for (int32_t i = 0; i < pool::kKeys; ++i) {
    spec.needs.keys.push_back(absl::StrCat("key:", i));
  }
  spec.residue.is_judged = row.role == Role::kSafe;
  spec.residue.keys = {{.name = "key:{number}"}};
  spec.make = [row, connections](const RunPlan& plan) {
    return std::make_unique<PoolScenario>(plan, connections, row);
  };
  return spec;
}

std::vector<BenchmarkSpec> Variants(const std::vector<int64_t>& sizes) {
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : kRows) {
    for (const int64_t connections : sizes.empty() ? std::vector{row.default_pool} : sizes) {
      specs.push_back(SpecOf(row, connections));
    }
  }
  return specs;
}

// Different numbers with commas, as for --workers.
bool ParseSizes(absl::string_view text, std::vector<int64_t>* sizes) {
  std::vector<int64_t> parsed;
  for (absl::string_view piece : absl::StrSplit(text, ',')) {
    int64_t size = 0;
    if (!ParseInteger(piece, 1, kMaxPool, &size)) return false;
    if (std::find(parsed.begin(), parsed.end(), size) != parsed.end()) return false;
    parsed.push_back(size);
  }
  *sizes = std::move(parsed);
  return true;
}

Flag PoolFlag(std::vector<int64_t>* sizes) {
  return {"pool", "different numbers from 1 to 200, with commas",
          "how many connections all workers share (default 50; controls 5)",
          [sizes](absl::string_view v) { return ParseSizes(v, sizes); },
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
