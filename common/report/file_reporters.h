// What the suite writes for machines: strict JSON, and CSV.

#ifndef RCB_COMMON_REPORT_FILE_REPORTERS_H_
#define RCB_COMMON_REPORT_FILE_REPORTERS_H_

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "common/report/catalogue.h"
#include "common/report/ledger.h"
#include "common/report/rows.h"

namespace rcb {

// Google Benchmark's JSON of the sanitized rows. Each row also says what it is for ("role"), what
// came of it ("verdict"), which counters its contract bounds ("bounds") and what that is read from
// ("evidence"): see contract.h.
class JsonReporter : public benchmark::JSONReporter {
 public:
  explicit JsonReporter(const Ledger& ledger) : ledger_(ledger) {}
  void ReportRuns(const std::vector<Row>& rows) override;

 private:
  const Ledger& ledger_;
};

// It writes one line per row, with a column for every counter that any family has: Google
// Benchmark's own CSV aborts when families differ in their counters, and is deprecated.
class CsvReporter : public benchmark::BenchmarkReporter {
 public:
  CsvReporter(const Ledger& ledger, const Catalogue& catalogue)
      : counter_names_(catalogue.CounterNames()), ledger_(ledger) {}
  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Row>& rows) override;

 private:
  const std::vector<std::string> counter_names_;
  const Ledger& ledger_;
};

}  // namespace rcb

#endif  // RCB_COMMON_REPORT_FILE_REPORTERS_H_
