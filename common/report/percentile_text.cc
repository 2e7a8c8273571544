#include "common/report/percentile_text.h"

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"

namespace rcb {
namespace {

constexpr int64_t kTicksPerHalfDistance = 5;

double Microseconds(double ns) { return ns / 1e3; }

// Percentile number `tick`: five on the way to 0.5, five more to 0.75, and so on, each computed
// anew, so that no rounding adds up.
double Level(int64_t tick) {
  const int64_t halvings = tick / kTicksPerHalfDistance;
  const double left = std::exp2(static_cast<double>(-halvings));
  const auto step = static_cast<double>(tick % kTicksPerHalfDistance);
  return 1 - left + step * left / (2.0 * kTicksPerHalfDistance);
}

}  // namespace

std::string ToPercentileText(const Histogram& latency) {
  std::string text = absl::StrFormat("%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount",
                                     "1/(1-Percentile)");
  const auto count = static_cast<double>(latency.count());
  int64_t tick = 0;
  double level = Level(tick);
  int64_t until_here = 0;
  latency.ForEachBucket([&](int64_t ns, int64_t in_bucket) {
    until_here += in_bucket;
    // One bucket may be the answer to several percentiles; the last one answers all the rest.
    while (static_cast<double>(until_here) >= level * count) {
      absl::StrAppendFormat(&text, "%12.3f %2.12f %10d %14.2f\n",
                            Microseconds(static_cast<double>(ns)), level, until_here,
                            1 / (1 - level));
      level = Level(++tick);
      if (until_here == latency.count()) break;
    }
  });
  if (latency.count() > 0) {
    absl::StrAppendFormat(&text, "%12.3f %2.12f %10d\n",
                          Microseconds(static_cast<double>(latency.max())), 1.0, latency.count());
  }
  absl::StrAppendFormat(&text, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n",
                        Microseconds(latency.Mean()), Microseconds(latency.StdDeviation()));
  absl::StrAppendFormat(&text, "#[Max     = %12.3f, Total count    = %12d]\n",
                        Microseconds(static_cast<double>(latency.max())), latency.count());
  absl::StrAppendFormat(&text, "#[Buckets = %12d, SubBuckets     = %12d]\n", Histogram::kRanges,
                        Histogram::kBucketsOfRange);
  return text;
}

}  // namespace rcb
