#include "common/harness/file_reporters.h"

#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/harness/metrics.h"

namespace rcb {
namespace {

std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}, {"\n", " "}}), "\"");
}

std::string CsvLine(const Row& row) {
  // A share, such as the coefficient of variation, is not per iteration.
  const bool is_time = row.aggregate_unit == benchmark::kTime;
  const double real_time = is_time ? row.GetAdjustedRealTime() : row.real_accumulated_time;
  const double cpu_time = is_time ? row.GetAdjustedCPUTime() : row.cpu_accumulated_time;
  std::string line = absl::StrCat(Quoted(row.benchmark_name()), ",", row.iterations, ",", real_time,
                                  ",", cpu_time, ",", benchmark::GetTimeUnitString(row.time_unit),
                                  ",", Quoted(row.report_label), ",", Quoted(ErrorOf(row)));
  for (const absl::string_view name : kCounterNames) {
    auto found = row.counters.find(std::string(name));
    absl::StrAppend(&line, ",");
    if (found != row.counters.end()) absl::StrAppend(&line, found->second.value);
  }
  return line;
}

}  // namespace

void JsonReporter::ReportRuns(const std::vector<Row>& rows) {
  const std::vector<Row> right = PutRight(ledger_, rows);
  if (!right.empty()) JSONReporter::ReportRuns(right);
}

bool CsvReporter::ReportContext(const Context&) {
  GetOutputStream() << "name,iterations,real_time,cpu_time,time_unit,label,error_message,"
                    << absl::StrJoin(kCounterNames, ",") << "\n";
  return true;
}

void CsvReporter::ReportRuns(const std::vector<Row>& rows) {
  for (const Row& row : PutRight(ledger_, rows)) GetOutputStream() << CsvLine(row) << "\n";
  GetOutputStream().flush();
}

}  // namespace rcb
