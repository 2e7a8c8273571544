#include "common/harness/histogram_out.h"

#include <cstdio>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/report/output_files.h"
#include "common/report/percentile_text.h"

namespace rcb {

void HistogramOut::Keep(const std::string& row, bool is_repetition, const Histogram& latency) {
  Latencies& kept = latencies_[row];
  if (!is_repetition) kept.latest.Clear();
  kept.latest.Merge(latency);
  Histogram all = kept.earlier;
  all.Merge(kept.latest);
  const std::string path = absl::StrCat(directory_, "/", FileNameOfRow(row), ".hgrm");
  const absl::Status written = WriteWholeFile(path, ToPercentileText(all));
  if (written.ok()) return;
  failed_ = true;
  std::fprintf(stderr, "bench: --histograms: %s\n", std::string(written.message()).c_str());
}

void HistogramOut::BeginPass() {
  for (auto& [row, kept] : latencies_) {
    kept.earlier.Merge(kept.latest);
    kept.latest.Clear();
  }
}

}  // namespace rcb
