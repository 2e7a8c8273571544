// What the suite writes for machines: strict JSON, and CSV.

#ifndef RCB_COMMON_HARNESS_FILE_REPORTERS_H_
#define RCB_COMMON_HARNESS_FILE_REPORTERS_H_

#include <benchmark/benchmark.h>

#include <vector>

#include "common/harness/ledger.h"
#include "common/harness/rows.h"

namespace rcb {

// Google Benchmark's JSON, of the rows as the ledger puts them right.
class JsonReporter : public benchmark::JSONReporter {
 public:
  explicit JsonReporter(const Ledger& ledger) : ledger_(ledger) {}
  void ReportRuns(const std::vector<Row>& rows) override;

 private:
  const Ledger& ledger_;
};

// One line per row, with a column for every counter that any family has: Google Benchmark's own CSV
// aborts when families differ in their counters, and is deprecated.
class CsvReporter : public benchmark::BenchmarkReporter {
 public:
  explicit CsvReporter(const Ledger& ledger) : ledger_(ledger) {}
  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Row>& rows) override;

 private:
  const Ledger& ledger_;
};

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_FILE_REPORTERS_H_
