#include "bench/observers.h"

#include "common/report/output_files.h"

namespace rcb {

absl::Status CheckOutputs(const Options& options) {
  absl::Status good;
  if (!options.histograms.empty()) good = PrepareDirectory("--histograms", options.histograms);
  if (good.ok() && !options.series.empty()) good = CheckWritable("--series", options.series);
  return good;
}

Observers::Observers(const Options& options, bool wants_live)
    : feed_(options.series_interval_ms * 1'000'000) {
  if (wants_live) feed_.AddListener(&live_);
  if (options.series.empty()) return;
  series_.emplace(options.series);
  feed_.AddListener(&*series_);
}

bool Observers::Close() { return !series_ || series_->Close(); }

}  // namespace rcb
