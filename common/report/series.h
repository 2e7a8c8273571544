// What happened over time, as a file of JSON lines: what --series asks for.

#ifndef RCB_COMMON_REPORT_SERIES_H_
#define RCB_COMMON_REPORT_SERIES_H_

#include <cstdint>
#include <cstdio>
#include <string>

#include "common/report/interval_feed.h"

namespace rcb {

// One line for each interval of each row:
//   {"row": "Counter/lockfree/incr/workers:50/real_time/threads:1", "t_ms": 100.1, "ops": 12070,
//    "errors": 0, "computations": 0, "violations": null, "p50_us": 325.1, "p95_us": 808.4,
//    "p99_us": 886.0, "max_us": 1204.2}
// `row` is the name of the row as in the results, and t_ms, the end of the interval, counts from
// the beginning of its first run, over all its runs. The interval begins with the line before it,
// or with the mark "run" where that is nearer. ops are operations that succeeded; the latencies are
// those of all that ended, or null where none did. `violations` are those known of the row so far,
// from runs that were judged: null until one was.
//
// And one line for each event:
//   {"row": "...", "t_ms": 1.2, "mark": "round", "text": "12"}
// `mark` is "run" (a run begins), "judged" (it was checked; such a line has "violations" too),
// "round", "expiry", "fault", or a word of a family's own. Marks may come after lines of a later
// time.
class SeriesFile : public IntervalListener {
 public:
  explicit SeriesFile(std::string path) : path_(std::move(path)) {}
  SeriesFile(const SeriesFile&) = delete;
  SeriesFile& operator=(const SeriesFile&) = delete;
  ~SeriesFile() override;

  void OnInterval(const Interval& interval) override;
  void OnMark(const Mark& mark) override;
  void OnRunEnd() override { Flush(); }

  // Writes what is left. False, and a line on standard error, where the file is not whole.
  bool Close();

 private:
  void Write(const std::string& line);
  void Flush();

  const std::string path_;
  std::FILE* file_ = nullptr;  // made with the first line
  int64_t flushed_ns_ = 0;
  int error_ = 0;  // errno of the first write that failed
};

}  // namespace rcb

#endif  // RCB_COMMON_REPORT_SERIES_H_
