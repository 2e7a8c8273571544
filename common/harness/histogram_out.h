// Keeps the latencies of rows as files: what --histograms asks for.

#ifndef RCB_COMMON_HARNESS_HISTOGRAM_OUT_H_
#define RCB_COMMON_HARNESS_HISTOGRAM_OUT_H_

#include <map>
#include <string>

#include "common/measure/histogram.h"

namespace rcb {

// Main thread, or the one that finishes a run. What it has to say goes to standard error.
class HistogramOut {
 public:
  // `directory` empty: nothing is kept.
  explicit HistogramOut(std::string directory) : directory_(std::move(directory)) {}

  bool is_wanted() const { return !directory_.empty(); }
  // Writes the latencies of a run of `row`, which is named as in the results, to a file of that
  // row: instead of those of earlier runs, which were only to find the length of this one, or
  // together with them where it is a repetition.
  void Keep(const std::string& row, bool is_repetition, const Histogram& latency);
  // Rows are about to run once more: what their files tell of now is kept, besides what follows.
  void BeginPass();
  // Whether a file is missing that should have been written.
  bool failed() const { return failed_; }

 private:
  struct Latencies {
    Histogram earlier;  // of passes that are over
    Histogram latest;
  };

  const std::string directory_;
  std::map<std::string, Latencies> latencies_;  // by row
  bool failed_ = false;
};

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_HISTOGRAM_OUT_H_
