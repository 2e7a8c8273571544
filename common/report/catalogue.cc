#include "common/report/catalogue.h"

#include <cstdlib>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace rcb {
namespace {

constexpr Direction kHigher = Direction::kHigherIsBetter;
constexpr Direction kLower = Direction::kLowerIsBetter;
constexpr Direction kNeither = Direction::kNeither;
constexpr MetricClass kNoisy = MetricClass::kNoisy;
constexpr MetricClass kContract = MetricClass::kContract;
constexpr MetricClass kInfo = MetricClass::kInfo;

// Any row may have these; the harness and Google Benchmark itself write them.
std::vector<Metric> CommonMetrics() {
  return {
      {"items_per_second", "1/s", kHigher, kNoisy, "operations per second that completed"},
      {"real_time", "ns", kLower, kNoisy,
       "wall-clock time per iteration; with threads, inverse throughput"},
      {"cpu_time", "ns", kLower, kNoisy, "CPU time of the client threads per iteration"},
      {"iterations", "1", kNeither, kInfo,
       "operations (steady families), rounds or epochs in the measured run"},
      {"p50_us", "us", kLower, kNoisy,
       "median latency of an operation, failures and timeouts included"},
      {"p95_us", "us", kLower, kNoisy,
       "95th percentile of the latency of an operation, failures and timeouts included"},
      {"p99_us", "us", kLower, kNoisy,
       "99th percentile of the latency of an operation, failures and timeouts included"},
      {"p999_us", "us", kLower, kNoisy,
       "99.9th percentile of the latency of an operation, failures and timeouts included"},
      {"max_us", "us", kLower, kNoisy,
       "longest latency of an operation, failures and timeouts included"},
      {"x_floor", "1", kLower, kNoisy, "p50 over the least time that the variant could take"},
      {"rtt_us", "us", kNeither, kInfo, "median of PING on the same path just before the run"},
      {"violations", "1", kLower, kContract,
       "observations that the contract forbids, calibration runs included"},
      {"success_rate", "ratio", kHigher, kContract,
       "operations that did what they promised over operations started"},
      {"errors", "1", kLower, kContract, "operations that ended in an error other than a timeout"},
      {"timeouts", "1", kLower, kContract, "operations that reached their deadline"},
      {"retries_per_op", "1", kLower, kNoisy, "attempts beyond the first, per completed operation"},
      {"round_trips_per_op", "1", kLower, kNoisy,
       "round trips to the server, per completed operation"},
      {"hit_ratio", "ratio", kHigher, kNoisy, "cache hits over lookups"},
      {"fairness", "ratio", kHigher, kNoisy,
       "Jain's index over the operations that each worker completed; 1 is even"},
      {"client_cpu", "ratio", kNeither, kInfo,
       "busy share of the client threads; above 0.9 they are the limit, not the server"},
      {"offered_per_second", "1/s", kNeither, kInfo, "operations per second that --rate asked for"},
      {"achieved_per_second", "1/s", kHigher, kNoisy,
       "operations per second that completed under --rate"},
      {"dropped", "1", kLower, kNoisy,
       "operations that --rate asked for and that were never started"},
      {"rss_mib", "MiB", kNeither, kInfo, "resident memory of the benchmark process"},
  };
}

const char* DirectionText(Direction direction) {
  switch (direction) {
    case Direction::kHigherIsBetter:
      return "higher";
    case Direction::kLowerIsBetter:
      return "lower";
    case Direction::kNeither:
      break;
  }
  return "-";
}

const char* ClassText(MetricClass metric_class) {
  switch (metric_class) {
    case MetricClass::kNoisy:
      return "noisy";
    case MetricClass::kContract:
      return "contract";
    case MetricClass::kInfo:
      break;
  }
  return "info";
}

bool AreSame(const Metric& a, const Metric& b) {
  return absl::string_view(a.unit) == b.unit && a.better == b.better &&
         a.metric_class == b.metric_class && a.meaning == b.meaning;
}

std::string FamiliesText(const Catalogue::Entry& entry) {
  return entry.families.empty() ? "all" : absl::StrJoin(entry.families, ",");
}

}  // namespace

Catalogue::Catalogue() {
  for (const Metric& metric : CommonMetrics()) entries_.push_back({metric, {}});
}

void Catalogue::AddFamily(const std::string& family, const std::vector<Metric>& metrics,
                          const std::vector<Column>& columns) {
  for (const Metric& metric : metrics) {
    const auto known = absl::c_find_if(
        entries_, [&metric](const Entry& entry) { return entry.metric.name == metric.name; });
    if (known == entries_.end()) {
      entries_.push_back({metric, {family}});
      continue;
    }
    if (known->families.empty() || !AreSame(known->metric, metric)) std::abort();
    known->families.push_back(family);
  }
  for (const Column& column : columns) {
    if (Find(column.counter) == nullptr) std::abort();
  }
  columns_[family] = columns;
}

std::vector<std::string> Catalogue::CounterNames() const {
  std::vector<std::string> names;
  for (const Entry& entry : entries_) {
    const absl::string_view name = entry.metric.name;
    if (name == "real_time" || name == "cpu_time" || name == "iterations") continue;
    names.emplace_back(name);
  }
  return names;
}

const Metric* Catalogue::Find(absl::string_view name) const {
  for (const Entry& entry : entries_) {
    if (entry.metric.name == name) return &entry.metric;
  }
  return nullptr;
}

const std::vector<Column>& Catalogue::ColumnsOf(const std::string& family) const {
  const auto found = columns_.find(family);
  return found == columns_.end() ? no_columns_ : found->second;
}

std::string Catalogue::ToTsv() const {
  std::string text = "name\tunit\tdirection\tclass\tfamilies\tmeaning\n";
  for (const Entry& entry : entries_) {
    const Metric& metric = entry.metric;
    absl::StrAppend(&text, metric.name, "\t", metric.unit, "\t", DirectionText(metric.better), "\t",
                    ClassText(metric.metric_class), "\t", FamiliesText(entry), "\t", metric.meaning,
                    "\n");
  }
  return text;
}

std::string Catalogue::ToMarkdown() const {
  std::string text =
      "| counter | unit | better | class | families | meaning |\n"
      "|---|---|---|---|---|---|\n";
  for (const Entry& entry : entries_) {
    const Metric& metric = entry.metric;
    absl::StrAppend(&text, "| `", metric.name, "` | ", metric.unit, " | ",
                    DirectionText(metric.better), " | ", ClassText(metric.metric_class), " | ",
                    absl::StrJoin(entry.families, ", "), " | ", metric.meaning, " |\n");
  }
  return text;
}

std::string Catalogue::ToContext() const {
  return absl::StrJoin(entries_, ";", [](std::string* out, const Entry& entry) {
    absl::StrAppend(out, entry.metric.name, " ", entry.metric.unit, " ",
                    DirectionText(entry.metric.better), " ", ClassText(entry.metric.metric_class));
  });
}

}  // namespace rcb
