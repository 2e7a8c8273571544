// A latency histogram as the percentile text of HdrHistogram (.hgrm), which public plotters read.

#ifndef RCB_COMMON_REPORT_PERCENTILE_TEXT_H_
#define RCB_COMMON_REPORT_PERCENTILE_TEXT_H_

#include <string>

#include "common/measure/histogram.h"

namespace rcb {

// The layout of HdrHistogram's outputPercentileDistribution, with values in microseconds: a header,
// one line for each percentile, five for each halving of what is left to 100 %, and three lines
// that begin with '#'. The values are those of Histogram::ValueAtQuantile, as in the rows.
// Gil Tene: https://github.com/HdrHistogram.
std::string ToPercentileText(const Histogram& latency);

}  // namespace rcb

#endif  // RCB_COMMON_REPORT_PERCENTILE_TEXT_H_
