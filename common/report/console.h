// What a person reads: one table, and a live line while a long benchmark runs.

#ifndef RCB_COMMON_REPORT_CONSOLE_H_
#define RCB_COMMON_REPORT_CONSOLE_H_

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/report/catalogue.h"
#include "common/report/ledger.h"
#include "common/report/live_window.h"
#include "common/report/rows.h"

namespace rcb {

// The live line, on standard error and only where that is a terminal.
class StatusLine {
 public:
  StatusLine();
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  bool is_on_terminal() const { return on_terminal_; }
  // Shows which benchmark runs, for how long, and its last second; at most 5 times a second.
  void Show(const std::string& benchmark, const std::optional<LiveFigures>& figures);
  // Makes room for other output.
  void Erase();

 private:
  bool on_terminal_;
  bool shown_ = false;
  std::string benchmark_;
  int64_t benchmark_start_ns_ = 0;
  int64_t last_shown_ns_ = 0;
};

// The table, at most 130 characters wide, on standard output. The rows of each family stand under a
// heading with the columns that all families share and its own.
class ConsoleReporter : public benchmark::BenchmarkReporter {
 public:
  // `header`: a line about server and machine, ending with the version of Google Benchmark.
  // `is_open_loop`: the table shows also what was offered and dropped, and may be wider.
  ConsoleReporter(const Ledger& ledger, const Catalogue& catalogue, StatusLine& status_line,
                  const std::string& header, bool is_open_loop)
      : ledger_(ledger),
        catalogue_(catalogue),
        status_line_(status_line),
        header_(header),
        is_open_loop_(is_open_loop) {}
  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Row>& rows) override;

 private:
  void PrintRow(const Row& row);
  void BeginFamily(const std::string& family);
  std::string FigureLine(const Row& row, const std::string& name) const;

  const Ledger& ledger_;
  const Catalogue& catalogue_;
  StatusLine& status_line_;
  const std::string header_;
  const bool is_open_loop_;
  std::string family_;          // of the row before
  std::string heading_;         // that was printed last
  std::vector<size_t> widths_;  // of the family's columns
};

// For people: 950ns, 12.3us, 4.56ms, 1.20s.
std::string FormatDuration(double ns);
// 1234567 as 1.23M.
std::string FormatRate(double per_second);
// The part of a printed name that tells rows apart: without real_time, iterations and threads:1.
// What is left still selects the row in --benchmark_filter.
std::string ShortName(absl::string_view name);

}  // namespace rcb

#endif  // RCB_COMMON_REPORT_CONSOLE_H_
