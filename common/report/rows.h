// Rows as they are reported: Google Benchmark's, corrected by what the ledger knows.

#ifndef RCB_COMMON_REPORT_ROWS_H_
#define RCB_COMMON_REPORT_ROWS_H_

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/report/ledger.h"

namespace rcb {

using Row = benchmark::BenchmarkReporter::Run;

// The rows to report: it leaves interrupted benchmarks out, marks those with errors, and replaces
// values that JSON does not know (1.7.1 writes the coefficient of variation of zeros as NaN).
std::vector<Row> Sanitize(const Ledger& ledger, const std::vector<Row>& rows);

// The ledger's entry for the row's benchmark, or null.
const LedgerEntry* EntryOf(const Ledger& ledger, const Row& row);

// What is wrong with the row, or empty. Up to 1.7 a row has error_occurred, from 1.8 on skipped.
std::string ErrorOf(const Row& row);

// The value of a counter, or `otherwise`.
double CounterOf(const Row& row, absl::string_view name, double otherwise);

}  // namespace rcb

#endif  // RCB_COMMON_REPORT_ROWS_H_
