#include "common/report/console.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <iterator>
#include <ostream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/measure/clock.h"

namespace rcb {
namespace {

constexpr int64_t kShowEveryNs = 200'000'000;
constexpr size_t kNameWidth = 58;

// The columns that every family has.
struct CommonColumn {
  const char* heading;
  size_t width;
};
constexpr CommonColumn kCommonColumns[] = {
    {"ops/s", 8}, {"p50", 8}, {"p95", 8}, {"p99", 8}, {"violations", 11}};
constexpr CommonColumn kOpenLoopColumns[] = {{"offered", 9}, {"dropped", 9}};

// The spread over repetitions is a share of the mean, whatever the unit.
bool IsShare(const Row& row) {
  return row.run_type == Row::RT_Aggregate && row.aggregate_unit == benchmark::kPercentage;
}

std::string Microseconds(const Row& row, absl::string_view counter) {
  const double value = CounterOf(row, counter, 0);
  return IsShare(row) ? absl::StrFormat("%.1f%%", 100 * value) : FormatDuration(value * 1e3);
}

std::string OperationsPerSecond(const Row& row) {
  const double rate = CounterOf(row, "items_per_second", 0);
  if (IsShare(row)) return absl::StrFormat("%.1f%%", 100 * rate);
  return rate > 0 ? FormatRate(rate) : "-";
}

// In `digits` digits, without any that is worth less than `least`.
std::string Rounded(double value, double least, int digits) {
  const double rounded = std::round(value / least) * least;
  return value < 999.5 ? absl::StrFormat("%.*g", digits, rounded)
                       : absl::StrFormat("%.0f", rounded);
}

std::string Violated(const Row& row) {
  const double value = CounterOf(row, "violations", -1);
  return value < 0 || IsShare(row) ? "-" : Rounded(value, 0.001, 3);
}

// A value of a family's column by its unit; next to a companion in fewer digits.
std::string InUnit(double value, const Metric& metric, bool has_companion) {
  const absl::string_view unit = metric.unit;
  if (unit == "us") return FormatDuration(value * 1e3);
  if (unit == "ns") return FormatDuration(value);
  if (unit == "1/s") return FormatRate(value);
  if (unit == "ratio") return Rounded(100 * value, 0.01, 3) + "%";
  return has_companion ? Rounded(value, 0.01, 3) : Rounded(value, 0.001, 4);
}

// The time of an iteration.
std::string TimeOfEach(const Row& row) {
  if (IsShare(row)) return absl::StrFormat("%.1f%%", 100 * row.real_accumulated_time);
  return FormatDuration(row.GetAdjustedRealTime() * 1e9 /
                        benchmark::GetTimeUnitMultiplier(row.time_unit));
}

// Wide enough for its heading, and for any value that its unit can yield.
size_t WidthOf(const Column& column, const Metric& metric) {
  constexpr size_t kMinWidth = 6;
  constexpr size_t kMinWidthOfUnit = 8;
  constexpr size_t kMinWidthWithCompanions = 16;
  const absl::string_view unit = metric.unit;
  const bool has_unit = unit == "us" || unit == "ns" || unit == "1/s";
  const size_t min_width = !column.companions.empty() ? kMinWidthWithCompanions
                           : has_unit                 ? kMinWidthOfUnit
                                                      : kMinWidth;
  return std::max(absl::string_view(column.heading).size() + 1, min_width);
}

// A line of the table; a name that is too long for its column stands on a line of its own.
std::string Line(const std::string& name, const std::vector<std::string>& cells,
                 const std::vector<size_t>& widths) {
  if (name.size() > kNameWidth) return name + "\n" + Line("", cells, widths);
  std::string line = absl::StrFormat("%-*s", static_cast<int>(kNameWidth), name);
  for (size_t i = 0; i < cells.size(); ++i) {
    absl::StrAppendFormat(&line, "%*s", static_cast<int>(widths[i]), cells[i]);
  }
  return line + "\n";
}

}  // namespace

StatusLine::StatusLine() : on_terminal_(isatty(STDERR_FILENO) != 0) {}

void StatusLine::Show(const std::string& benchmark, const std::optional<LiveFigures>& figures) {
  if (!on_terminal_) return;
  const int64_t now_ns = NowNs();
  if (benchmark != benchmark_) {
    benchmark_ = benchmark;
    benchmark_start_ns_ = last_shown_ns_ = now_ns;
  }
  if (now_ns - last_shown_ns_ < kShowEveryNs) return;
  std::string line = absl::StrFormat("%s  %.1f s", ShortName(benchmark),
                                     static_cast<double>(now_ns - benchmark_start_ns_) / 1e9);
  if (figures) {
    absl::StrAppend(&line, "  ", FormatRate(figures->operations_per_second), " ops/s");
    if (figures->p95_ns > 0) {
      absl::StrAppend(&line, "  p95 ", FormatDuration(static_cast<double>(figures->p95_ns)));
    }
    if (figures->violations) absl::StrAppend(&line, "  violations ", *figures->violations);
  }
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
  std::fflush(stderr);
  last_shown_ns_ = now_ns;
  shown_ = true;
}

void StatusLine::Erase() {
  if (shown_) std::fputs("\r\033[K", stderr);
  shown_ = false;
}

bool ConsoleReporter::ReportContext(const Context& context) {
  // Only the warning that the library is a debug build is wanted of Google Benchmark's header.
  std::ostringstream basic_context;
  PrintBasicContext(&basic_context, context);
  const bool is_debug = absl::StrContains(basic_context.str(), "built as DEBUG");
  GetOutputStream() << header_ << (is_debug ? " (a debug build)" : "") << "\n";
  return true;
}

void ConsoleReporter::ReportRuns(const std::vector<Row>& rows) {
  status_line_.Erase();
  for (const Row& row : Sanitize(ledger_, rows)) PrintRow(row);
  GetOutputStream().flush();
}

void ConsoleReporter::BeginFamily(const std::string& family) {
  family_ = family;
  GetOutputStream() << "\n";
  widths_.clear();
  std::vector<std::string> cells;
  for (const CommonColumn& common : kCommonColumns) {
    cells.emplace_back(common.heading);
    widths_.push_back(common.width);
  }
  for (const CommonColumn& column : kOpenLoopColumns) {
    if (!is_open_loop_) break;
    cells.emplace_back(column.heading);
    widths_.push_back(column.width);
  }
  for (const Column& column : catalogue_.ColumnsOf(family)) {
    cells.emplace_back(column.heading);
    widths_.push_back(WidthOf(column, *catalogue_.Find(column.counter)));
  }
  const std::string heading = Line("benchmark", cells, widths_);
  if (heading != heading_) GetOutputStream() << heading;
  heading_ = heading;
}

std::string ConsoleReporter::FigureLine(const Row& row, const std::string& name) const {
  std::vector<std::string> cells = {OperationsPerSecond(row), Microseconds(row, "p50_us"),
                                    Microseconds(row, "p95_us"), Microseconds(row, "p99_us"),
                                    Violated(row)};
  if (is_open_loop_) {
    cells.push_back(FormatRate(CounterOf(row, "offered_per_second", 0)));
    cells.push_back(absl::StrFormat("%.0f", CounterOf(row, "dropped", 0)));
  }
  const std::vector<Column>& columns = catalogue_.ColumnsOf(family_);
  const auto figure = [this, &row](const char* counter, bool has_companion) -> std::string {
    const auto found = row.counters.find(counter);
    if (found == row.counters.end() || IsShare(row)) return "";
    return InUnit(found->second.value, *catalogue_.Find(counter), has_companion);
  };
  for (const Column& column : columns) {
    std::string companions;
    for (const Companion& companion : column.companions) {
      const std::string text = figure(companion.counter, /*has_companion=*/true);
      if (!text.empty()) absl::StrAppend(&companions, " (", companion.mark, text, ")");
    }
    const std::string text = figure(column.counter, !companions.empty());
    cells.push_back(text.empty() ? "-" : text + companions);
  }
  return Line(name, cells, widths_);
}

void ConsoleReporter::PrintRow(const Row& row) {
  std::ostream& out = GetOutputStream();
  std::string name = ShortName(row.run_name.str());
  if (!row.aggregate_name.empty()) absl::StrAppend(&name, " ", row.aggregate_name);
  const std::string family = name.substr(0, name.find('/'));
  if (family != family_) BeginFamily(family);

  if (row.counters.count("p50_us") != 0) {
    out << FigureLine(row, name);
  } else if (ErrorOf(row).empty()) {
    out << Line(name, {OperationsPerSecond(row), TimeOfEach(row), "each"}, widths_);
  } else {
    out << name << "\n";
  }

  if (!ErrorOf(row).empty()) out << "  ERROR: " << ErrorOf(row) << "\n";
  const LedgerEntry* entry = EntryOf(ledger_, row);
  if (entry == nullptr) return;
  if (!entry->servers.empty()) out << "  NOTE: " << entry->servers << "\n";
  if (!entry->note.empty()) out << "  NOTE: " << entry->note << "\n";
  if (entry->Remark().empty()) return;
  out << "  " << absl::AsciiStrToUpper(ToText(entry->verdict())) << ": " << entry->Remark() << "\n";
  if (!entry->check_again.empty()) out << "  AGAIN: " << entry->check_again << "\n";
}

// Each limit below is where rounding would reach the next one up: 999.6ns is 1.0us.
std::string FormatDuration(double ns) {
  if (ns < 999.5) return absl::StrFormat("%.3gns", ns);
  if (ns < 999.5e3) return absl::StrFormat("%.*fus", ns < 99.95e3 ? 1 : 0, ns / 1e3);
  if (ns < 999.5e6) return absl::StrFormat("%.*fms", ns < 99.995e6 ? 2 : 0, ns / 1e6);
  return absl::StrFormat("%.*fs", ns < 99.995e9 ? 2 : 0, ns / 1e9);
}

std::string FormatRate(double per_second) {
  if (per_second >= 999.95e3) return absl::StrFormat("%.2fM", per_second / 1e6);
  if (per_second >= 9999.5) return absl::StrFormat("%.1fk", per_second / 1e3);
  return absl::StrFormat("%.*f", per_second < 99.95 ? 1 : 0, per_second);
}

std::string ShortName(absl::string_view name) {
  std::vector<absl::string_view> kept;
  for (absl::string_view part : absl::StrSplit(name, '/')) {
    if (part == "real_time" || part == "threads:1" || absl::StartsWith(part, "iterations:")) {
      continue;
    }
    kept.push_back(part);
  }
  return absl::StrJoin(kept, "/");
}

}  // namespace rcb
