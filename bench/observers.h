// Those who look on while benchmarks run: the file of --series, and a person at a terminal.

#ifndef RCB_BENCH_OBSERVERS_H_
#define RCB_BENCH_OBSERVERS_H_

#include <optional>

#include "absl/status/status.h"
#include "common/harness/options.h"
#include "common/report/interval_feed.h"
#include "common/report/live_window.h"
#include "common/report/series.h"

namespace rcb {

// Whether all that the flags name for output can be written; in one line, why not. Makes
// directories, and no file.
absl::Status CheckOutputs(const Options& options);

// Owned by main; outlives the suite.
class Observers {
 public:
  // `wants_live`: somebody looks at live().
  Observers(const Options& options, bool wants_live);

  // What they hear from; null where there are none, which costs nothing.
  IntervalFeed* feed() { return feed_.has_listeners() ? &feed_ : nullptr; }
  const LiveWindow& live() const { return live_; }

  // Once the last benchmark has ended. False where not all could be written, as standard error
  // says.
  bool Close();

 private:
  IntervalFeed feed_;
  LiveWindow live_;
  std::optional<SeriesFile> series_;
};

}  // namespace rcb

#endif  // RCB_BENCH_OBSERVERS_H_
