#include "bench/invalidation/invalidation_check.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/measure/histogram.h"
#include "common/workload/origin.h"

namespace rcb::invalidation {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;

// The versions that were put into the cache by fills that took longer than a promise allows.
class SlowFills {
 public:
  SlowFills(const std::vector<Fill>& fills, const Promises& promises) {
    for (const Fill& fill : fills) {
      const bool is_slow = promises.fill_ms > 0 && fill.took_ns > promises.fill_ms * kNsPerMs;
      if (is_slow) slow_.emplace(fill.key, fill.version);
    }
  }

  bool Explains(const VersionedOp& read) const {
    return slow_.count({read.key, read.version}) != 0;
  }

 private:
  std::set<std::pair<size_t, int64_t>> slow_;
};

std::string Describe(const VersionedOp& read, const StaleRead& stale, int64_t stale_ns) {
  return absl::StrCat("version ", read.version, " of key ", read.key, " was read ", stale_ns / 1000,
                      " us after the write of a newer one had returned; the ", "newest was ",
                      stale.newest);
}

void Count(const char* counter, double value, Findings* findings) {
  findings->counters.emplace_back(counter, value);
}

}  // namespace

void JudgeReads(absl::Span<const VersionedOp> history, const Promises& promises,
                const std::vector<Fill>& fills, int64_t lateness_ns, Findings* findings) {
  const VersionReport report = CheckVersions(history, Origin::kFirstVersion);
  const SlowFills slow_fills(fills, promises);
  const int64_t bound_ns =
      promises.stale_ms > 0 ? promises.stale_ms * kNsPerMs + lateness_ns : promises.stale_ms;
  Histogram stale_for;
  Violations too_stale;
  for (const StaleRead& stale : report.stale) {
    const VersionedOp& read = history[stale.op];
    const int64_t stale_ns = read.invoke_ns - stale.stale_since_ns;
    stale_for.Record(stale_ns);
    if (promises.stale_ms < 0 || stale_ns <= bound_ns || slow_fills.Explains(read)) continue;
    too_stale.Add(1, Describe(read, stale, stale_ns));
  }
  if (promises.stale_ms >= 0) findings->Detect("by_staleness", too_stale);
  if (promises.forward) findings->Detect("by_order", report.backward);
  if (promises.own_write) findings->Detect("by_own_write", report.own_write);
  findings->Detect("by_version", report.invented);
  const auto reads = static_cast<double>(std::max<int64_t>(report.reads, 1));
  Count("stale_read_ratio", static_cast<double>(report.stale.size()) / reads, findings);
  Count("stale_p50_us", static_cast<double>(stale_for.ValueAtQuantile(0.5)) / 1e3, findings);
  Count("stale_p95_us", static_cast<double>(stale_for.ValueAtQuantile(0.95)) / 1e3, findings);
  Count("stale_max_us", static_cast<double>(stale_for.max()) / 1e3, findings);
  Count("backward_reads", static_cast<double>(report.backward.count), findings);
  Count("own_write_misses", static_cast<double>(report.own_write.count), findings);
}

void JudgeQuiet(absl::Span<const VersionedOp> history, std::vector<VersionedOp> quiet,
                const Promises& promises, const std::vector<Fill>& fills, Findings* findings) {
  const SlowFills slow_fills(fills, promises);
  // All writes count, and of the reads only those that were made when all was quiet.
  const size_t first_write = quiet.size();
  for (const VersionedOp& op : history) {
    if (op.is_write) quiet.push_back(op);
  }
  const VersionReport report = CheckVersions(quiet, Origin::kFirstVersion);
  Violations permanent;
  for (const StaleRead& stale : report.stale) {
    if (stale.op >= first_write || slow_fills.Explains(quiet[stale.op])) continue;
    permanent.Add(
        1, absl::StrCat("when all was quiet, key ", quiet[stale.op].key, " was still at version ",
                        quiet[stale.op].version, ", and ", stale.newest, " was written"));
  }
  Count("permanent", static_cast<double>(permanent.count), findings);
  findings->Detect("by_quiet", permanent);
}

namespace {

Violations CheckOrder(const std::vector<Applied>& applied) {
  Violations violations;
  std::map<size_t, int64_t> newest;
  for (const Applied& change : applied) {
    int64_t& before = newest[change.key];
    if (change.version <= before) {
      violations.Add(1, absl::StrCat("the origin got version ", change.version, " of key ",
                                     change.key, " after version ", before));
    }
    before = change.version;
  }
  return violations;
}

// Acknowledged changes that the origin never got.
Violations CheckLost(absl::Span<const VersionedOp> history, const std::vector<Applied>& applied) {
  std::set<std::pair<size_t, int64_t>> there;
  for (const Applied& change : applied) there.emplace(change.key, change.version);
  Violations violations;
  for (const VersionedOp& op : history) {
    if (!op.is_write || op.outcome != Outcome::kOk) continue;
    if (there.count({op.key, op.version}) != 0) continue;
    violations.Add(1, absl::StrCat("version ", op.version, " of key ", op.key,
                                   " was acknowledged, and the origin never got it"));
  }
  return violations;
}

// More acknowledged changes that wait than may.
Violations CheckWaiting(absl::Span<const VersionedOp> history, const std::vector<Applied>& applied,
                        int64_t max_queued) {
  std::vector<std::pair<int64_t, int>> steps;  // what comes at one instant overlaps
  for (const VersionedOp& op : history) {
    if (op.is_write && op.outcome == Outcome::kOk) steps.emplace_back(op.return_ns, 1);
  }
  for (const Applied& change : applied) steps.emplace_back(change.ns, -1);
  std::sort(steps.begin(), steps.end());
  int64_t waiting = 0;
  Violations violations;
  for (const auto& [ns, step] : steps) {
    waiting += step;
    if (step < 0 || waiting <= max_queued) continue;
    violations.Add(1, absl::StrCat(waiting, " acknowledged changes waited for the origin, not ",
                                   max_queued, " at most"));
  }
  return violations;
}

}  // namespace

void JudgeQueue(absl::Span<const VersionedOp> history, std::vector<Applied> applied,
                int64_t max_queued, Findings* findings) {
  std::stable_sort(applied.begin(), applied.end(),
                   [](const Applied& a, const Applied& b) { return a.ns < b.ns; });
  findings->Detect("by_queue_order", CheckOrder(applied));
  findings->Detect("by_queue_loss", CheckLost(history, applied));
  findings->Detect("by_queue_length", CheckWaiting(history, applied, max_queued));
  std::map<std::pair<size_t, int64_t>, int64_t> arrival_ns;
  for (const Applied& change : applied) arrival_ns[{change.key, change.version}] = change.ns;
  Histogram lag;
  for (const VersionedOp& op : history) {
    const auto arrival = arrival_ns.find({op.key, op.version});
    if (!op.is_write || op.outcome != Outcome::kOk || arrival == arrival_ns.end()) continue;
    lag.Record(std::max<int64_t>(arrival->second - op.return_ns, 0));
  }
  Count("origin_lag_p95_us", static_cast<double>(lag.ValueAtQuantile(0.95)) / 1e3, findings);
}

}  // namespace rcb::invalidation
