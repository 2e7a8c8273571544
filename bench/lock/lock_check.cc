#include "bench/lock/lock_check.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rcb::lock {
namespace {

void SortByAcquisition(std::vector<Holding>& holdings) {
  std::sort(holdings.begin(), holdings.end(),
            [](const Holding& a, const Holding& b) { return a.acquired_ns < b.acquired_ns; });
}

double QuantileUs(std::vector<int64_t>& values_ns, double q) {
  if (values_ns.empty()) return 0;
  const auto rank = static_cast<size_t>(q * static_cast<double>(values_ns.size() - 1));
  const auto place = values_ns.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(values_ns.begin(), place, values_ns.end());
  return static_cast<double>(*place) / 1e3;
}

}  // namespace

Violations CheckExclusion(std::vector<Holding> holdings) {
  SortByAcquisition(holdings);
  Violations violations;
  int64_t last_exclusive_ns = INT64_MIN;  // when the last of those before is out
  int64_t last_shared_ns = INT64_MIN;
  for (const Holding& holding : holdings) {
    const int64_t free_ns =
        holding.is_shared ? last_exclusive_ns : std::max(last_exclusive_ns, last_shared_ns);
    if (holding.acquired_ns < free_ns) {
      violations.Add(1, absl::StrCat("a holder came in ", (free_ns - holding.acquired_ns) / 1000,
                                     " us before the one before had left"));
    }
    int64_t& last_ns = holding.is_shared ? last_shared_ns : last_exclusive_ns;
    last_ns = std::max(last_ns, holding.released_ns);
  }
  return violations;
}

std::vector<Holding> ShortStays(const std::vector<Holding>& holdings, int64_t max_ns) {
  std::vector<Holding> stays;
  std::copy_if(holdings.begin(), holdings.end(), std::back_inserter(stays),
               [max_ns](const Holding& holding) {
                 return holding.released_ns - holding.acquired_ns <= max_ns;
               });
  return stays;
}

Violations CheckOrder(std::vector<Holding> holdings, int64_t max_wait_ns) {
  SortByAcquisition(holdings);
  Violations violations;
  int64_t first_queued_ns = INT64_MAX;  // of those that came in later
  for (auto later = holdings.rbegin(); later != holdings.rend(); ++later) {
    if (later->wanted_ns > first_queued_ns) {
      violations.Add(
          1, absl::StrCat("a client that asked ", (later->wanted_ns - first_queued_ns) / 1000,
                          " us after another was in the queue was served before it"));
    }
    const bool keeps_place = later->acquired_ns - later->queued_ns <= max_wait_ns;
    if (later->queued_ns != 0 && keeps_place) {
      first_queued_ns = std::min(first_queued_ns, later->queued_ns);
    }
  }
  return violations;
}

HandOffs MeasureHandOffs(std::vector<Holding> holdings) {
  SortByAcquisition(holdings);
  std::vector<int64_t> waits_ns;
  std::vector<int64_t> handoffs_ns;
  for (size_t i = 0; i < holdings.size(); ++i) {
    const Holding& holding = holdings[i];
    waits_ns.push_back(holding.acquired_ns - holding.wanted_ns);
    if (i == 0) continue;
    const int64_t released_ns = holdings[i - 1].released_ns;
    const bool was_waiting = holding.wanted_ns < released_ns && released_ns <= holding.acquired_ns;
    if (was_waiting) handoffs_ns.push_back(holding.acquired_ns - released_ns);
  }
  HandOffs measured;
  measured.acquire_p50_us = QuantileUs(waits_ns, 0.5);
  measured.acquire_p95_us = QuantileUs(waits_ns, 0.95);
  measured.longest_wait_us = QuantileUs(waits_ns, 1);
  measured.handoff_p50_us = QuantileUs(handoffs_ns, 0.5);
  return measured;
}

Violations CheckFences(std::vector<FencedWrite> writes) {
  std::sort(writes.begin(), writes.end(),
            [](const FencedWrite& a, const FencedWrite& b) { return a.value < b.value; });
  Violations late;
  int64_t highest_fence = 0;
  for (const FencedWrite& write : writes) {
    if (write.fence < highest_fence) {
      late.Add(1, absl::StrCat("the resource took a late write: of ", write.value, " with fence ",
                               write.fence, " after fence ", highest_fence));
    }
    highest_fence = std::max(highest_fence, write.fence);
  }
  return late;
}

}  // namespace rcb::lock
