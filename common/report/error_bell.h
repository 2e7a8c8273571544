// Tells at once that operations fail, where a run is long.

#ifndef RCB_COMMON_REPORT_ERROR_BELL_H_
#define RCB_COMMON_REPORT_ERROR_BELL_H_

#include <cstdint>
#include <string>

#include "common/report/interval_feed.h"

namespace rcb {

// A line on standard error, for each row at most one in ten seconds of its time.
class ErrorBell : public IntervalListener {
 public:
  void OnInterval(const Interval& interval) override;
  void OnRunEnd() override;

 private:
  void Ring();

  std::string row_;
  int64_t errors_ = 0;   // that were not told
  int64_t last_ns_ = 0;  // the end of the interval with the last of them
  int64_t silent_until_ns_ = 0;
};

}  // namespace rcb

#endif  // RCB_COMMON_REPORT_ERROR_BELL_H_
