#include "bench/invalidation/invalidation_check.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/measure/histogram.h"
#include "common/workload/origin.h"

namespace rcb::invalidation {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;

int64_t LongestOperationNs(absl::Span<const VersionedOp> history) {
  int64_t longest_ns = 0;
  for (const VersionedOp& op : history) {
    longest_ns = std::max(longest_ns, op.return_ns - op.invoke_ns);
  }
  return longest_ns;
}

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
                Findings* findings) {
  const VersionReport report = CheckVersions(history, Origin::kFirstVersion);
  const int64_t lateness_ns = promises.stale_ms > 0 ? LongestOperationNs(history) : 0;
  const int64_t bound_ns = promises.stale_ms * kNsPerMs + lateness_ns;
  Histogram stale_for;
  Violations too_stale;
  for (const StaleRead& stale : report.stale) {
    const VersionedOp& read = history[stale.op];
    const int64_t stale_ns = read.invoke_ns - stale.stale_since_ns;
    stale_for.Record(stale_ns);
    if (promises.stale_ms < 0 || stale_ns <= bound_ns) continue;
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
                Findings* findings) {
  // All writes count, and of the reads only those that were made when all was quiet.
  const size_t first_write = quiet.size();
  for (const VersionedOp& op : history) {
    if (op.is_write) quiet.push_back(op);
  }
  const VersionReport report = CheckVersions(quiet, Origin::kFirstVersion);
  Violations permanent;
  for (const StaleRead& stale : report.stale) {
    if (stale.op >= first_write) continue;
    permanent.Add(
        1, absl::StrCat("when all was quiet, key ", quiet[stale.op].key, " was still at version ",
                        quiet[stale.op].version, ", and ", stale.newest, " was written"));
  }
  Count("permanent", static_cast<double>(permanent.count), findings);
  findings->Detect("by_quiet", permanent);
}

}  // namespace rcb::invalidation
