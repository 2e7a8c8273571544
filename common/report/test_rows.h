// What the tests of rows and reporters share: rows as Google Benchmark hands them over.

#ifndef RCB_COMMON_REPORT_TEST_ROWS_H_
#define RCB_COMMON_REPORT_TEST_ROWS_H_

#include <benchmark/benchmark.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "common/report/ledger.h"
#include "common/report/rows.h"

namespace rcb {

// One iteration row of 10 operations in 20 ms, named as the suite registers benchmarks.
inline Row MakeRow(const std::string& function, const std::string& args = "workers:10",
                   int threads = 1) {
  Row row;
  row.run_name.function_name = function;
  row.run_name.args = args;
  row.run_name.time_type = "real_time";
  row.run_name.threads = absl::StrCat("threads:", threads);
  row.family_index = 0;
  row.per_family_instance_index = 0;
  row.repetition_index = 0;
  row.repetitions = 1;
  row.threads = threads;
  row.iterations = 10;
  row.time_unit = benchmark::kNanosecond;
  row.real_accumulated_time = 0.02;
  row.cpu_accumulated_time = 0.01;
  return row;
}

// An aggregate of three repetitions: times for "mean", a share for "cv".
inline Row MakeAggregate(const std::string& function, const std::string& aggregate,
                         benchmark::StatisticUnit unit) {
  Row row = MakeRow(function);
  row.run_type = Row::RT_Aggregate;
  row.aggregate_name = aggregate;
  row.aggregate_unit = unit;
  row.iterations = 3;
  row.repetitions = 3;
  return row;
}

// The ledger's entry of a row made above.
inline LedgerEntry& EntryFor(Ledger& ledger, const Row& row) {
  return ledger[LedgerName(row.run_name.function_name, row.run_name.args, row.threads)];
}

}  // namespace rcb

#endif  // RCB_COMMON_REPORT_TEST_ROWS_H_
