// What a person reads: one table, a live line while a long benchmark runs, a verdict.

#ifndef RCB_COMMON_HARNESS_CONSOLE_H_
#define RCB_COMMON_HARNESS_CONSOLE_H_

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/harness/ledger.h"
#include "common/harness/rows.h"
#include "common/harness/run.h"

namespace rcb {

// The live line, on standard error and only where that is a terminal.
class StatusLine {
 public:
  StatusLine();
  // Shows which benchmark runs, for how long, and its operations per second; at most 5 times a
  // second.
  void Show(const std::string& benchmark, const Run& run);
  // Makes room for other output.
  void Erase();

 private:
  bool on_terminal_;
  bool shown_ = false;
  std::string benchmark_;
  int64_t benchmark_start_ns_ = 0;
  int64_t last_shown_ns_ = 0;
  int64_t last_progress_ = 0;
};

// The table, at most 130 columns wide, on standard output.
class ConsoleReporter : public benchmark::BenchmarkReporter {
 public:
  // `header`: a line about server and machine, ending with the version of Google Benchmark.
  ConsoleReporter(const Ledger& ledger, StatusLine& status_line, const std::string& header)
      : ledger_(ledger), status_line_(status_line), header_(header) {}
  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Row>& rows) override;

 private:
  void PrintRow(const Row& row);

  const Ledger& ledger_;
  StatusLine& status_line_;
  const std::string header_;
  std::string family_;  // of the row before
};

// For people: 950ns, 12.3us, 4.56ms, 1.20s.
std::string FormatDuration(double ns);
// 1234567 as 1.23M.
std::string FormatRate(double per_second);
// The part of a printed name that tells rows apart: without real_time, iterations and threads:1.
// What is left still selects the row in --benchmark_filter.
std::string ShortName(absl::string_view name);

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_CONSOLE_H_
