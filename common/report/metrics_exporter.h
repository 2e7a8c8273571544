// Live metrics for Prometheus: what --metrics_port asks for.

#ifndef RCB_COMMON_REPORT_METRICS_EXPORTER_H_
#define RCB_COMMON_REPORT_METRICS_EXPORTER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/report/interval_feed.h"

namespace rcb {

// Answers on http://ADDRESS:PORT/metrics for as long as it lives, with what was heard of each row,
// over all its runs: rcb_operations_total (those that succeeded), rcb_errors_total,
// rcb_violations_total, rcb_computations_total and the histogram rcb_latency_seconds. Rows are told
// apart by the labels family, discipline, variant, workers, and arguments where they have further
// ones.
class MetricsExporter : public IntervalListener {
 public:
  // Listens on the numeric IPv4 address. kInvalidArgument: it cannot; in one line, why.
  static absl::StatusOr<std::unique_ptr<MetricsExporter>> Listen(const std::string& address,
                                                                 int port);
  ~MetricsExporter() override;

  void OnInterval(const Interval& interval) override;
  void OnMark(const Mark& mark) override;

 private:
  struct Rows;  // knows the client library
  explicit MetricsExporter(std::unique_ptr<Rows> rows);

  const std::unique_ptr<Rows> rows_;
};

}  // namespace rcb

#endif  // RCB_COMMON_REPORT_METRICS_EXPORTER_H_
