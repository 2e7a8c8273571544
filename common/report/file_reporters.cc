#include "common/report/file_reporters.h"

#include <ostream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/history/json_string.h"

namespace rcb {
namespace {

std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}, {"\n", " "}}), "\"");
}

std::string CsvLine(const Row& row, const std::vector<std::string>& counter_names) {
  // A share, such as the coefficient of variation, is not per iteration.
  const bool is_time = row.aggregate_unit == benchmark::kTime;
  const double real_time = is_time ? row.GetAdjustedRealTime() : row.real_accumulated_time;
  const double cpu_time = is_time ? row.GetAdjustedCPUTime() : row.cpu_accumulated_time;
  std::string line = absl::StrCat(Quoted(row.benchmark_name()), ",", row.iterations, ",", real_time,
                                  ",", cpu_time, ",", benchmark::GetTimeUnitString(row.time_unit),
                                  ",", Quoted(row.report_label), ",", Quoted(ErrorOf(row)));
  for (const std::string& name : counter_names) {
    const auto found = row.counters.find(name);
    absl::StrAppend(&line, ",");
    if (found != row.counters.end()) absl::StrAppend(&line, found->second.value);
  }
  return line;
}

// What the row is for and what it promises, as further fields of its JSON object, the last one in
// `text`: Google Benchmark's reporter writes none but its own.
std::string WithDeclaration(std::string text, const LedgerEntry* entry) {
  if (entry == nullptr) return text;
  std::string fields = absl::StrCat(",\n      \"role\": \"", ToText(entry->role),
                                    "\",\n      \"verdict\": \"", ToText(entry->verdict()), "\"");
  if (entry->role != Role::kMeasurement) {
    std::vector<std::string> bounds;
    for (const Bound& bound : entry->contract.bounds) {
      bounds.push_back(absl::StrCat("\"", ToText(bound), "\""));
    }
    absl::StrAppend(&fields, ",\n      \"bounds\": [", absl::StrJoin(bounds, ", "),
                    "],\n      \"evidence\": \"", ToText(entry->contract.evidence), "\"");
    std::vector<std::string> detectors;
    for (const auto& [detector, found] : entry->detections) {
      detectors.push_back(absl::StrCat("\"", detector, "\": ", found));
    }
    absl::StrAppend(&fields, ",\n      \"detectors\": {", absl::StrJoin(detectors, ", "), "}");
    if (!entry->trial.empty()) {
      absl::StrAppend(&fields, ",\n      \"trial\": ", JsonString(entry->trial));
    }
  }
  if (!entry->servers.empty()) {
    absl::StrAppend(&fields, ",\n      \"servers\": ", JsonString(entry->servers));
  }
  const size_t end = text.find_last_not_of(" \n", text.rfind('}') - 1);
  return text.insert(end + 1, fields);
}

}  // namespace

void JsonReporter::ReportRuns(const std::vector<Row>& rows) {
  std::ostream& out = GetOutputStream();
  for (const Row& row : Sanitize(ledger_, rows)) {
    std::ostringstream text;
    SetOutputStream(&text);
    JSONReporter::ReportRuns({row});
    SetOutputStream(&out);
    out << WithDeclaration(text.str(), EntryOf(ledger_, row));
  }
}

bool CsvReporter::ReportContext(const Context&) {
  GetOutputStream() << "name,iterations,real_time,cpu_time,time_unit,label,error_message,"
                    << absl::StrJoin(counter_names_, ",") << "\n";
  return true;
}

void CsvReporter::ReportRuns(const std::vector<Row>& rows) {
  for (const Row& row : Sanitize(ledger_, rows)) {
    GetOutputStream() << CsvLine(row, counter_names_) << "\n";
  }
  GetOutputStream().flush();
}

}  // namespace rcb
