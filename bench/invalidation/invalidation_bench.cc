#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/random/distributions.h"
#include "absl/strings/str_cat.h"
#include "bench/families.h"
#include "bench/invalidation/invalidation_check.h"
#include "bench/invalidation/invalidation_rows.h"
#include "bench/needs.h"
#include "common/measure/per_worker.h"

namespace rcb {
namespace {

using invalidation::Cache;
using invalidation::OpNote;
using invalidation::Promises;
using invalidation::Row;
using invalidation::Second;
using invalidation::Settings;

constexpr uint8_t kRead = 0;  // in op_classes
constexpr uint8_t kWrite = 1;
constexpr double kTrialWriteShare = 0.3;  // of few operations
constexpr size_t kTrialKeys = 4;
constexpr double kMinControlRunS = 0.5;
constexpr int64_t kNsPerMs = 1'000'000;
// Of the worker that is told of changes: how often it loses the connection by which it is told of
// changes.
constexpr int32_t kOperationsPerLoss = 64;
constexpr int32_t kLossAt = 8;
constexpr int64_t kLossMs = 20;
// Before all is called quiet: the server counts in milliseconds when a key expires.
constexpr int64_t kSettleMs = 5;

class InvalidationScenario : public Scenario {
 public:
  InvalidationScenario(const RunPlan& plan, const Settings& settings, const Row& row)
      : cache_(plan.key_prefix, settings, plan.workers, plan.threads),
        workers_(plan.workers),
        round_trip_ns_(plan.round_trip_ns),
        row_(row) {}

  // The cache is empty, as after a restart.
  absl::Status Prepare(BlockingClient&) override { return absl::OkStatus(); }

  Operation Operate(Worker& worker) override {
    workers_[worker.index] = &worker;
    if (row_.second == Second::kListens) LoseListener(worker);
    const auto index = absl::Uniform<size_t>(*worker.random, 0, cache_.size());
    cache_.notes().For(worker) = {.key = static_cast<uint32_t>(index), .late_ns = worker.late_ns};
    if (!absl::Bernoulli(*worker.random, cache_.settings().write_share)) {
      worker.op_class = kRead;
      return row_.read(worker, cache_, index);
    }
    worker.op_class = kWrite;
    return row_.write(worker, cache_, index);
  }

  absl::StatusOr<Findings> Check(absl::Span<const OpRecord> history, BlockingClient&) override {
    if (!cache_.failure().ok()) return cache_.failure();
    const std::vector<VersionedOp> ops = VersionedOps(history);
    const std::vector<invalidation::Fill> fills = cache_.fills();
    Findings findings;
    invalidation::JudgeReads(ops, row_.promises, fills, LatenessNs(history), &findings);
    absl::StatusOr<std::vector<VersionedOp>> quiet = ReadWhenQuiet();
    if (!quiet.ok()) return quiet.status();
    invalidation::JudgeQuiet(ops, *std::move(quiet), row_.promises, fills, &findings);
    if (row_.second == Second::kDrains) {
      invalidation::JudgeQueue(ops, cache_.applied(), cache_.settings().max_queued, &findings);
    }
    if (row_.second == Second::kListens) CountMessages(ops, &findings);
    return findings;
  }

 private:
  void LoseListener(Worker& worker) {
    invalidation::LocalCache& local = cache_.local(worker);
    if (local.owner() != &worker || worker.operation % kOperationsPerLoss != kLossAt) return;
    local.LoseListener(NowNs() + kLossMs * kNsPerMs);
  }

  // What an operation does besides asking the origin takes microseconds, where nothing stands
  // still. A thread that stood still begins operations before it looks at messages.
  int64_t LatenessNs(absl::Span<const OpRecord> history) const {
    int64_t lateness_ns = 0;
    for (const OpRecord& record : history) {
      const OpNote note = cache_.notes().Of(record);
      const int64_t took_ns = record.return_ns - record.invoke_ns;
      lateness_ns = std::max({lateness_ns, note.late_ns, took_ns - note.origin_ns});
    }
    return lateness_ns;
  }

  std::vector<VersionedOp> VersionedOps(absl::Span<const OpRecord> history) const {
    std::vector<VersionedOp> ops;
    ops.reserve(history.size());
    for (const OpRecord& record : history) {
      const OpNote note = cache_.notes().Of(record);
      VersionedOp op;
      op.invoke_ns = record.invoke_ns;
      op.return_ns = record.return_ns;
      op.key = note.key;
      op.client = record.worker;
      op.is_write = record.op_class == kWrite;
      op.version = op.is_write ? note.written : record.value;
      op.outcome = record.outcome;
      ops.push_back(op);
    }
    return ops;
  }

  void CountMessages(const std::vector<VersionedOp>& ops, Findings* findings) const {
    const auto writes =
        std::count_if(ops.begin(), ops.end(), [](const VersionedOp& op) { return op.is_write; });
    findings->counters.emplace_back(
        "messages_per_write",
        static_cast<double>(cache_.messages()) / static_cast<double>(std::max<int64_t>(writes, 1)));
    double stale_p95_us = 0;
    for (const auto& [name, value] : findings->counters) {
      if (name == "stale_p95_us") stale_p95_us = value;
    }
    if (round_trip_ns_ == 0) return;
    const double floor_us = static_cast<double>(round_trip_ns_) / 2 / 1e3;
    findings->counters.emplace_back("stale_x_floor", stale_p95_us / floor_us);
  }

  // Reads every key once more, as the application would, and what is in the memory of clients.
  absl::StatusOr<std::vector<VersionedOp>> ReadWhenQuiet() {
    std::vector<VersionedOp> reads;
    absl::Status failure = absl::UnavailableError("nobody could read when all was quiet");
    for (int i = 0; i < workers_.size(); ++i) {
      if (workers_[i] == nullptr || !workers_[i]->redis().connected()) continue;
      Worker& worker = *workers_[i];
      const Tally before = *worker.tally;
      if (row_.second == Second::kListens) worker.loop->RunUntilDone(Peek(worker, &reads));
      if (!failure.ok()) worker.loop->RunUntilDone(ReadAll(worker, &reads, &failure));
      *worker.tally = before;
    }
    if (!failure.ok()) return failure;
    return reads;
  }

  // What a client would read without a round trip, once all messages have come: they come before
  // the reply on the same connection.
  Task<void> Peek(Worker& worker, std::vector<VersionedOp>* reads) {
    const invalidation::LocalCache& local = cache_.local(worker);
    if (local.owner() != &worker) co_return;
    static_cast<void>(co_await Try(worker.subscriber->connection().Run(Command("PING"))));
    for (size_t index = 0; index < cache_.size(); ++index) {
      VersionedOp read;
      read.invoke_ns = NowNs();
      read.return_ns = read.invoke_ns;
      read.key = static_cast<uint32_t>(index);
      read.client = static_cast<uint16_t>(worker.index);
      read.version = local.Find(index);
      if (read.version != 0) reads->push_back(read);
    }
  }

  Task<void> ReadAll(Worker& worker, std::vector<VersionedOp>* reads, absl::Status* failure) {
    const int64_t settle_ns = (row_.promises.stale_ms + kSettleMs) * kNsPerMs;
    *failure = co_await Try(worker.loop->Sleep(settle_ns));
    for (size_t index = 0; index < cache_.size() && failure->ok(); ++index) {
      VersionedOp read;
      read.invoke_ns = NowNs();
      const absl::StatusOr<int64_t> version = co_await Try(row_.read(worker, cache_, index));
      read.return_ns = NowNs();
      read.key = static_cast<uint32_t>(index);
      read.client = static_cast<uint16_t>(worker.index);
      if (version.ok()) read.version = *version;
      *failure = version.status();
      reads->push_back(read);
    }
  }

  Cache cache_;
  PerWorker<Worker*> workers_;  // those that took part
  const int64_t round_trip_ns_;
  const Row row_;
};

// The settings of a run: in a trial few meet on few keys.
Settings SettingsOf(const Row& row, const RunPlan& plan) {
  Settings settings = row.settings;
  if (plan.trial) {
    settings.keys = kTrialKeys;
    settings.write_share = kTrialWriteShare;
  }
  settings.lease_ms = plan.LeaseMs(settings.lease_ms);
  return settings;
}

// The counters that the promises bound.
std::vector<Bound> BoundsOf(const Promises& promises) {
  std::vector<Bound> bounds = {{"permanent", Bound::Relation::kEqual, 0}};
  if (promises.stale_ms == 0) bounds.push_back({"stale_read_ratio", Bound::Relation::kEqual, 0});
  if (promises.forward) bounds.push_back({"backward_reads", Bound::Relation::kEqual, 0});
  if (promises.own_write) bounds.push_back({"own_write_misses", Bound::Relation::kEqual, 0});
  return bounds;
}

void DeclareKeys(const Row& row, BenchmarkSpec& spec) {
  for (size_t i = 0; i < row.settings.keys; ++i) {
    spec.needs.keys.push_back(absl::StrCat(i));
    if (row.has_lease) spec.needs.keys.push_back(absl::StrCat(i, ":lease"));
  }
  if (row.second == Second::kDrains) spec.needs.keys.push_back("queue");
}

std::vector<BenchmarkSpec> Variants() {
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : invalidation::Rows()) {
    BenchmarkSpec spec(row.name, row.role, {row.promise, BoundsOf(row.promises)});
    spec.workers = {10, 50};
    // Of a read that hits: in the memory of the client it takes no round trip.
    const bool has_memory = row.second == Second::kListens;
    spec.rate_per_second = row.rate;
    // A tenth of a second would be too short for a race to be lost for certain.
    if (row.role == Role::kControl) spec.min_run_s = kMinControlRunS;
    spec.floor.round_trips = has_memory ? 0 : 1;
    spec.floor.requests = has_memory ? 0 : row.least_requests;
    spec.needs.subscriber = row.second != Second::kNone;
    spec.op_classes = {"lookup", "update"};
    spec.trial = row.trial;
    spec.trial.operations = 10;
    spec.residue.is_judged = row.role == Role::kSafe;
    spec.residue.keys = {{.name = "{number}", .expires = row.second != Second::kDrains},
                         {.name = "{number}:lease", .expires = true}};
    spec.residue.stays_subscribed = row.second == Second::kListens;
    Declare(row.needs, spec);
    DeclareKeys(row, spec);
    spec.make = [row](const RunPlan& plan) {
      return std::make_unique<InvalidationScenario>(plan, SettingsOf(row, plan), row);
    };
    specs.push_back(std::move(spec));
  }
  return specs;
}

std::vector<Metric> Metrics() {
  constexpr Direction kLower = Direction::kLowerIsBetter;
  constexpr MetricClass kNoisy = MetricClass::kNoisy;
  return {
      {"stale_read_ratio", "ratio", kLower, kNoisy,
       "reads of what had been overwritten before they began, over all reads"},
      {"stale_p50_us", "us", kLower, kNoisy,
       "median of how long ago the write had returned that made a read stale"},
      {"stale_p95_us", "us", kLower, kNoisy,
       "95th percentile of how long ago the write had returned that made a read stale"},
      {"stale_max_us", "us", kLower, kNoisy,
       "longest time since the return of the write that made a read stale"},
      {"backward_reads", "1", kLower, kNoisy,
       "reads of an older version than the same client had read before"},
      {"own_write_misses", "1", kLower, kNoisy,
       "reads of an older version than the same client had written before"},
      {"permanent", "1", kLower, kNoisy, "what was still stale in a cache when all was quiet"},
      {"messages_per_write", "1", kLower, kNoisy,
       "messages of invalidation that clients received, over writes"},
      {"stale_x_floor", "1", kLower, kNoisy,
       "stale_p95_us over half a round trip, in which no message can come sooner"},
      {"origin_lag_p95_us", "us", kLower, kNoisy,
       "95th percentile of how long after a write had returned the origin had it"},
      {"lookup_p95_us", "us", kLower, kNoisy, "95th percentile of the latency of a read"},
      {"update_p95_us", "us", kLower, kNoisy, "95th percentile of the latency of a write"},
  };
}

}  // namespace

Family InvalidationFamily() {
  return {
      .name = "Invalidation",
      .metrics = Metrics(),
      .columns = {{"stale", "stale_read_ratio"},
                  {"stale p95", "stale_p95_us"},
                  {"stuck", "permanent"},
                  {"hits", "hit_ratio"}},
      .variants = Variants,
  };
}

}  // namespace rcb
