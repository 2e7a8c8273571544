// The last second of the row that runs, for a person who looks on.

#ifndef RCB_COMMON_REPORT_LIVE_WINDOW_H_
#define RCB_COMMON_REPORT_LIVE_WINDOW_H_

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "common/measure/histogram.h"
#include "common/report/interval_feed.h"

namespace rcb {

struct LiveFigures {
  double operations_per_second = 0;
  int64_t p95_ns = 0;                 // 0: no operation ended
  std::optional<int64_t> violations;  // of the row so far; none until a run of it was judged
};

// Any thread.
class LiveWindow : public IntervalListener {
 public:
  void OnInterval(const Interval& interval) override;
  void OnMark(const Mark& mark) override;

  // Of the last whole second, or of what there is of the first one; none before that.
  std::optional<LiveFigures> figures() const;

 private:
  void Close();

  mutable std::mutex mutex_;  // guards all that follows
  std::string row_;
  int64_t duration_ns_ = 0;  // of what was gathered,
  int64_t operations_ = 0;
  Histogram latency_;
  std::optional<int64_t> violations_;
  bool has_second_ = false;  // one has gone by since the row began
  std::optional<LiveFigures> figures_;
};

}  // namespace rcb

#endif  // RCB_COMMON_REPORT_LIVE_WINDOW_H_
