#include "bench/observers.h"

#include <utility>

#include "common/report/output_files.h"

namespace rcb {

absl::Status CheckOutputs(const Options& options) {
  absl::Status good;
  if (!options.histograms.empty()) good = PrepareDirectory("--histograms", options.histograms);
  if (good.ok() && !options.series.empty()) good = CheckWritable("--series", options.series);
  if (good.ok() && !options.log.empty()) good = CheckWritable("--log", options.log);
  return good;
}

Observers::Observers(const Options& options) : feed_(options.series_interval_ms * 1'000'000) {
  if (options.duration_ms > 0) feed_.AddListener(&bell_.emplace());
  if (!options.series.empty()) feed_.AddListener(&series_.emplace(options.series));
  if (!options.log.empty()) feed_.AddListener(&log_.emplace(options.log));
}

absl::StatusOr<std::unique_ptr<Observers>> Observers::Open(const Options& options,
                                                           bool wants_live) {
  std::unique_ptr<Observers> observers(new Observers(options));
  if (wants_live) observers->feed_.AddListener(&observers->live_);
  if (options.metrics_port == 0) return observers;
  absl::StatusOr<std::unique_ptr<MetricsExporter>> exporter =
      MetricsExporter::Listen(options.metrics_address, static_cast<int>(options.metrics_port));
  if (!exporter.ok()) return exporter.status();
  observers->exporter_ = *std::move(exporter);
  observers->feed_.AddListener(observers->exporter_.get());
  return observers;
}

}  // namespace rcb
