// Those who look on while benchmarks run: files, Prometheus, and a person at a terminal.

#ifndef RCB_BENCH_OBSERVERS_H_
#define RCB_BENCH_OBSERVERS_H_

#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/harness/options.h"
#include "common/report/audit_log.h"
#include "common/report/error_bell.h"
#include "common/report/interval_feed.h"
#include "common/report/live_window.h"
#include "common/report/metrics_exporter.h"
#include "common/report/series.h"

namespace rcb {

// Whether all that the flags name for output can be written; in one line, why not. Makes
// directories, and no file.
absl::Status CheckOutputs(const Options& options);

// Owned by main; outlives the suite.
class Observers {
 public:
  // Those that the flags ask for. `wants_live`: somebody looks at live(). kInvalidArgument: in one
  // line, why nobody can listen on --metrics_port.
  static absl::StatusOr<std::unique_ptr<Observers>> Open(const Options& options, bool wants_live);

  // What they hear from; null where there are none, which costs nothing.
  IntervalFeed* feed() { return feed_.has_listeners() ? &feed_ : nullptr; }
  // Null where none is kept.
  AuditLog* log() { return log_ ? &*log_ : nullptr; }
  const LiveWindow& live() const { return live_; }

  // Once the last benchmark has ended. False where not all could be written, as standard error
  // says.
  bool CloseSeries() { return !series_ || series_->Close(); }
  bool CloseLog() { return !log_ || log_->Close(); }

 private:
  explicit Observers(const Options& options);

  IntervalFeed feed_;
  LiveWindow live_;
  std::optional<ErrorBell> bell_;
  std::optional<SeriesFile> series_;
  std::optional<AuditLog> log_;
  std::unique_ptr<MetricsExporter> exporter_;
};

}  // namespace rcb

#endif  // RCB_BENCH_OBSERVERS_H_
