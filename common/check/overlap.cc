#include "common/check/overlap.h"

#include <algorithm>
#include <utility>

namespace rcb {

int64_t CountOverlapping(const std::vector<OpRecord>& history) {
  std::vector<std::pair<int64_t, int64_t>> intervals;
  intervals.reserve(history.size());
  for (const OpRecord& op : history) intervals.emplace_back(op.invoke_ns, op.return_ns);
  std::sort(intervals.begin(), intervals.end());
  int64_t overlapping = 0;
  int64_t last_return_ns = -1;
  for (const auto& [invoke_ns, return_ns] : intervals) {
    if (invoke_ns < last_return_ns) ++overlapping;
    last_return_ns = std::max(last_return_ns, return_ns);
  }
  return overlapping;
}

}  // namespace rcb
