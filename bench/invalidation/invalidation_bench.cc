#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/random/distributions.h"
#include "absl/strings/str_cat.h"
#include "bench/families.h"
#include "bench/invalidation/invalidation.h"
#include "bench/invalidation/invalidation_check.h"
#include "bench/needs.h"
#include "common/measure/per_worker.h"

namespace rcb {
namespace {

using invalidation::Cache;
using invalidation::OpNote;
using invalidation::Promises;
using invalidation::Settings;

constexpr uint8_t kRead = 0;  // in op_classes
constexpr uint8_t kWrite = 1;
constexpr double kOperationsPerSecond = 2000;
constexpr size_t kTrialKeys = 4;
constexpr int64_t kNsPerMs = 1'000'000;

using Variant = Operation (*)(Worker& worker, Cache& cache, size_t index);

struct Row {
  const char* name;
  Role role;
  Variant read;
  Variant write;
  Needs needs;
  const char* promise;
  Promises promises = {};
  TrialContract trial = {};
};

constexpr char kFresh[] =
    "once a write has returned, nobody reads an older version, and nobody reads less than before";

constexpr Row kRows[] = {
    {.name = "Invalidation/unsafe/delete_after_write",
     .role = Role::kControl,
     .read = invalidation::ReadAside,
     .write = invalidation::DeleteAfterWrite,
     .needs = {"GET SET DEL"},
     .promise = kFresh},
    {.name = "Invalidation/lockfree/versioned",
     .role = Role::kSafe,
     .read = invalidation::ReadVersioned,
     .write = invalidation::WriteVersioned,
     .needs = {"GET SET EVAL"},
     .promise = kFresh,
     .trial = {.stalls = true, .requests_while_holding = 1}},
};

class InvalidationScenario : public Scenario {
 public:
  InvalidationScenario(const RunPlan& plan, const Settings& settings, const Row& row)
      : cache_(plan.key_prefix, settings, plan.workers), workers_(plan.workers), row_(row) {}

  // The cache is empty, as after a restart.
  absl::Status Prepare(BlockingClient&) override { return absl::OkStatus(); }

  Operation Operate(Worker& worker) override {
    workers_[worker.index] = &worker;
    const auto index = absl::Uniform<size_t>(*worker.random, 0, cache_.size());
    cache_.notes().For(worker) = {static_cast<uint32_t>(index), 0};
    if (!absl::Bernoulli(*worker.random, cache_.settings().write_share)) {
      worker.op_class = kRead;
      return row_.read(worker, cache_, index);
    }
    worker.op_class = kWrite;
    return row_.write(worker, cache_, index);
  }

  absl::StatusOr<Findings> Check(absl::Span<const OpRecord> history, BlockingClient&) override {
    const std::vector<VersionedOp> ops = VersionedOps(history);
    Findings findings;
    invalidation::JudgeReads(ops, row_.promises, &findings);
    absl::StatusOr<std::vector<VersionedOp>> quiet = ReadWhenQuiet();
    if (!quiet.ok()) return quiet.status();
    invalidation::JudgeQuiet(ops, *std::move(quiet), &findings);
    return findings;
  }

 private:
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

  // Reads every key once more, as the application would.
  absl::StatusOr<std::vector<VersionedOp>> ReadWhenQuiet() {
    std::vector<VersionedOp> reads;
    absl::Status failure = absl::UnavailableError("nobody could read when all was quiet");
    for (int i = 0; i < workers_.size(); ++i) {
      if (workers_[i] == nullptr || !workers_[i]->redis().connected()) continue;
      Worker& worker = *workers_[i];
      const Tally before = *worker.tally;
      worker.loop->RunUntilDone(ReadAll(worker, &reads, &failure));
      *worker.tally = before;
      if (failure.ok()) return reads;
    }
    return failure;
  }

  Task<void> ReadAll(Worker& worker, std::vector<VersionedOp>* reads, absl::Status* failure) {
    reads->clear();
    const int64_t settle_ns = std::max<int64_t>(row_.promises.stale_ms, 0) * kNsPerMs;
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
  const Row row_;
};

// The settings of a run: in a trial few meet on few keys.
Settings SettingsOf(const RunPlan& plan) {
  Settings settings;
  if (plan.trial) settings.keys = kTrialKeys;
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

std::vector<BenchmarkSpec> Variants() {
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : kRows) {
    BenchmarkSpec spec(row.name, row.role, {row.promise, BoundsOf(row.promises)});
    spec.workers = {50};
    spec.rate_per_second = kOperationsPerSecond;
    spec.floor.round_trips = 1;
    spec.floor.requests = 1;
    spec.op_classes = {"lookup", "update"};
    spec.trial = row.trial;
    spec.trial.operations = 10;
    spec.residue.is_judged = row.role == Role::kSafe;
    spec.residue.keys = {{.name = "{number}", .expires = true}};
    Declare(row.needs, spec);
    for (size_t i = 0; i < Settings().keys; ++i) spec.needs.keys.push_back(absl::StrCat(i));
    spec.make = [row](const RunPlan& plan) {
      return std::make_unique<InvalidationScenario>(plan, SettingsOf(plan), row);
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
