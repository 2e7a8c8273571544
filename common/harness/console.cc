#include "common/harness/console.h"

#include <unistd.h>

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <ostream>
#include <sstream>

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

// In few digits: none that is worth less than `least`.
std::string Rounded(double value, double least) {
  const double rounded = std::round(value / least) * least;
  return value < 999.5 ? absl::StrFormat("%.3g", rounded) : absl::StrFormat("%.0f", rounded);
}

// Measured computations per round or epoch, with what theory predicts or how many ran at once; of a
// lock, which computes nothing, how long it takes to hand it on.
std::string Computations(const Row& row) {
  const double handoff_us = CounterOf(row, "handoff_p50_us", 0);
  if (handoff_us > 0 && !IsShare(row)) {
    return absl::StrCat("handoff ", FormatDuration(handoff_us * 1e3));
  }
  const double measured = CounterOf(row, "computations", -1);
  const double predicted = CounterOf(row, "predicted_computations", 0);
  const double at_once = CounterOf(row, "computing_at_once_max", 0);
  if (measured < 0 || IsShare(row)) return "-";
  if (predicted > 0) return absl::StrFormat("%.3g (~%.3g)", measured, predicted);
  if (at_once > 0) return absl::StrFormat("%s (peak %.0f)", Rounded(measured, 0.01), at_once);
  return absl::StrFormat("%.4g", measured);
}

std::string Count(const Row& row, absl::string_view counter) {
  const double value = CounterOf(row, counter, -1);
  return value < 0 || IsShare(row) ? "-" : Rounded(value, 0.001);
}

std::string Percent(const Row& row, absl::string_view counter) {
  const double value = CounterOf(row, counter, -1);
  return value < 0 || IsShare(row) ? "-" : Rounded(100 * value, 0.01) + "%";
}

// The time of an iteration.
std::string TimeOfEach(const Row& row) {
  if (IsShare(row)) return absl::StrFormat("%.1f%%", 100 * row.real_accumulated_time);
  return FormatDuration(row.GetAdjustedRealTime() * 1e9 /
                        benchmark::GetTimeUnitMultiplier(row.time_unit));
}

// The columns of the table, 130 wide; a name that is too long stands on a line of its own.
std::string Line(const std::string& name, const std::vector<std::string>& cells) {
  if (name.size() > kNameWidth) return name + "\n" + Line("", cells);
  std::string line = absl::StrFormat("%-*s", static_cast<int>(kNameWidth), name);
  const int widths[] = {8, 8, 8, 8, 16, 11, 7, 6};
  for (size_t i = 0; i < cells.size(); ++i) {
    absl::StrAppendFormat(&line, "%*s", widths[i], cells[i]);
  }
  return line + "\n";
}

}  // namespace

StatusLine::StatusLine() : on_terminal_(isatty(STDERR_FILENO) != 0) {}

void StatusLine::Show(const std::string& benchmark, const Run& run) {
  if (!on_terminal_) return;
  const int64_t now_ns = NowNs();
  if (benchmark != benchmark_) {
    benchmark_ = benchmark;
    benchmark_start_ns_ = last_shown_ns_ = now_ns;
    last_progress_ = 0;
  }
  const int64_t since_ns = now_ns - last_shown_ns_;
  if (since_ns < kShowEveryNs) return;
  if (run.progress() < last_progress_) last_progress_ = 0;  // another run of the same benchmark
  const double rate =
      static_cast<double>(run.progress() - last_progress_) * 1e9 / static_cast<double>(since_ns);
  std::fprintf(stderr, "\r\033[K%s  %.1f s  %s ops/s", ShortName(benchmark).c_str(),
               static_cast<double>(now_ns - benchmark_start_ns_) / 1e9, FormatRate(rate).c_str());
  std::fflush(stderr);
  last_progress_ = run.progress();
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
  GetOutputStream() << header_ << (is_debug ? " (a debug build)" : "") << "\n\n"
                    << Line("benchmark", {"ops/s", "p50", "p95", "p99", "computations",
                                          "violations", "misses", "stale"});
  return true;
}

void ConsoleReporter::ReportRuns(const std::vector<Row>& rows) {
  status_line_.Erase();
  for (const Row& row : PutRight(ledger_, rows)) PrintRow(row);
  GetOutputStream().flush();
}

void ConsoleReporter::PrintRow(const Row& row) {
  std::ostream& out = GetOutputStream();
  std::string name = ShortName(row.run_name.str());
  if (!row.aggregate_name.empty()) absl::StrAppend(&name, " ", row.aggregate_name);
  const std::string family = name.substr(0, name.find('/'));
  if (family != family_ && !family_.empty()) out << "\n";
  family_ = family;

  const std::string ops = OperationsPerSecond(row);
  if (row.counters.count("p50_us") != 0) {
    out << Line(name, {ops, Microseconds(row, "p50_us"), Microseconds(row, "p95_us"),
                       Microseconds(row, "p99_us"), Computations(row), Count(row, "violations"),
                       Count(row, "hard_misses_per_epoch"), Percent(row, "stale_served_ratio")});
  } else if (ErrorOf(row).empty()) {
    out << Line(name, {ops, TimeOfEach(row), "each"});
  } else {
    out << name << "\n";
  }

  if (!ErrorOf(row).empty()) out << "  ERROR: " << ErrorOf(row) << "\n";
  const LedgerEntry* entry = EntryOf(ledger_, row);
  if (entry == nullptr || !entry->finished) return;
  if (!entry->is_control && entry->violations > 0) {
    out << "  BROKEN: " << entry->first_violation << "\n";
  }
  if (entry->is_control && entry->violations == 0) {
    out << "  UNPROVEN: this control must violate its contract, and did not\n";
  }
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
