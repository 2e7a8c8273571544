// The one table of what the suite measures: the console's columns, the CSV, the context of results,
// scripts/metrics.tsv and the documents come from it.

#ifndef RCB_COMMON_REPORT_CATALOGUE_H_
#define RCB_COMMON_REPORT_CATALOGUE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace rcb {

enum class Direction { kHigherIsBetter, kLowerIsBetter, kNeither };

// How a change of the metric is judged.
enum class MetricClass {
  kNoisy,     // by statistics
  kContract,  // without: any worsening counts
  kInfo,      // not at all
};

// One counter of a row.
struct Metric {
  std::string name;
  const char* unit;  // "us", "ns", "1/s", "ratio", "MiB", or "1" for a plain number
  Direction better;
  MetricClass metric_class;
  std::string meaning;  // one line
};

// A figure that stands in brackets behind another: "2.6 (~2.72)".
struct Companion {
  const char* mark;     // "~"
  const char* counter;  // the companion is left out where a row lacks it
};

// A column of the console that only some families have. The unit of the counter says how it is
// printed; a row without the counter gets a dash.
struct Column {
  const char* heading;
  const char* counter;
  std::vector<Companion> companions = {};
};

// Owned by main, which adds every family before anything runs; read-only afterwards.
class Catalogue {
 public:
  struct Entry {
    Metric metric;
    std::vector<std::string> families;  // that have it; empty: any row may
  };

  // Knows what any row may have.
  Catalogue();

  // Adds what the rows of a family have besides. Aborts where a name is already taken by a metric
  // that differs, or where a column names no metric.
  void AddFamily(const std::string& family, const std::vector<Metric>& metrics,
                 const std::vector<Column>& columns);

  // In the order of the table.
  const std::vector<Entry>& entries() const { return entries_; }
  // The names of those that stand among the counters of a row; the rest are Google Benchmark's own
  // fields.
  std::vector<std::string> CounterNames() const;
  // Null where there is no such metric.
  const Metric* Find(absl::string_view name) const;
  // The console's columns of a family, none for one that has only those that all share.
  const std::vector<Column>& ColumnsOf(const std::string& family) const;

  // The text of scripts/metrics.tsv.
  std::string ToTsv() const;
  // The rows of a Markdown table, for the documents.
  std::string ToMarkdown() const;
  // "NAME UNIT DIRECTION CLASS;..." in one line, for the context of results, so that a script can
  // judge counters that its own table does not have.
  std::string ToContext() const;

 private:
  std::vector<Entry> entries_;
  std::map<std::string, std::vector<Column>> columns_;
  std::vector<Column> no_columns_;
};

}  // namespace rcb

#endif  // RCB_COMMON_REPORT_CATALOGUE_H_
