#include "bench/cold/cold_check.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/measure/histogram.h"

namespace rcb::cold {
namespace {

constexpr int64_t kTenthNs = 100 * kNsPerMs;

// Reads that began within equal parts of the time after the loss, by part.
struct Window {
  int64_t reads = 0;
  int64_t hits = 0;

  double Share() const {
    return static_cast<double>(hits) / static_cast<double>(std::max<int64_t>(reads, 1));
  }
};

std::vector<Window> WindowsOf(const std::vector<SeenRead>& reads, const Times& times,
                              int64_t window_ns) {
  // A part that is cut short by the end would be as chance has it.
  std::vector<Window> windows(
      static_cast<size_t>(std::max<int64_t>(times.end_ns - times.lost_ns, 0) / window_ns));
  for (const SeenRead& read : reads) {
    if (read.invoke_ns < times.lost_ns) continue;
    const auto place = static_cast<size_t>((read.invoke_ns - times.lost_ns) / window_ns);
    if (place >= windows.size()) continue;
    ++windows[place].reads;
    windows[place].hits += read.was_hit ? 1 : 0;
  }
  return windows;
}

int64_t LongestGapNs(const std::vector<SeenRead>& reads, int64_t from_ns) {
  std::vector<int64_t> begins_ns;
  for (const SeenRead& read : reads) {
    if (read.invoke_ns >= from_ns) begins_ns.push_back(read.invoke_ns);
  }
  std::sort(begins_ns.begin(), begins_ns.end());
  int64_t longest_ns = 0;
  for (size_t i = 1; i < begins_ns.size(); ++i) {
    longest_ns = std::max(longest_ns, begins_ns[i] - begins_ns[i - 1]);
  }
  return longest_ns;
}

}  // namespace

Counts CountComputations(const std::vector<Computed>& computed, size_t keys) {
  std::vector<int64_t> by_key(keys);
  for (const Computed& one : computed) ++by_key[one.key];
  Counts counts;
  int64_t computed_keys = 0;
  for (size_t key = 0; key < keys; ++key) {
    if (by_key[key] == 0) continue;
    ++computed_keys;
    counts.max = std::max(counts.max, by_key[key]);
    counts.too_many.Add(by_key[key] - 1, absl::StrCat("key ", key, " was lost once and computed ",
                                                      by_key[key], " times"));
  }
  counts.mean = static_cast<double>(computed.size()) /
                static_cast<double>(std::max<int64_t>(computed_keys, 1));
  return counts;
}

Violations CheckPace(const std::vector<Computed>& computed, double per_second, int lanes) {
  std::vector<int64_t> begins_ns;
  for (const Computed& one : computed) {
    if (one.is_warm_up) begins_ns.push_back(one.begin_ns);
  }
  std::sort(begins_ns.begin(), begins_ns.end());
  const int64_t most = static_cast<int64_t>(per_second * kTenthNs / 1e9) + lanes;
  Violations violations;
  size_t first = 0;
  for (size_t i = 0; i < begins_ns.size(); ++i) {
    while (begins_ns[i] - begins_ns[first] >= kTenthNs) ++first;
    const auto count = static_cast<int64_t>(i - first + 1);
    if (count <= most) continue;
    violations.Add(1, absl::StrCat("the warm-up began ", count, " computations within 100 ms, and ",
                                   most, " are its pace"));
  }
  return violations;
}

Warmth MeasureWarmth(const std::vector<SeenRead>& reads, const Times& times) {
  constexpr int64_t kColdNs = 200 * kNsPerMs;
  constexpr int64_t kStepNs = 50 * kNsPerMs;
  constexpr double kOfBefore = 0.95;
  Histogram warm;
  Histogram cold;
  Window before;
  for (const SeenRead& read : reads) {
    const int64_t took_ns = read.return_ns - read.invoke_ns;
    if (read.invoke_ns >= times.calm_ns && read.invoke_ns < times.lost_ns) {
      warm.Record(took_ns);
      ++before.reads;
      before.hits += read.was_hit ? 1 : 0;
    } else if (read.invoke_ns >= times.lost_ns && read.invoke_ns < times.lost_ns + kColdNs) {
      cold.Record(took_ns);
    }
  }
  Warmth warmth;
  warmth.warm_p95_us = static_cast<double>(warm.ValueAtQuantile(0.95)) / 1e3;
  warmth.cold_p95_us = static_cast<double>(cold.ValueAtQuantile(0.95)) / 1e3;
  for (const Window& window : WindowsOf(reads, times, kTenthNs)) {
    if (window.reads > 0) warmth.worst_hit_ratio = std::min(warmth.worst_hit_ratio, window.Share());
  }
  warmth.longest_gap_ns = LongestGapNs(reads, times.lost_ns);
  const std::vector<Window> steps = WindowsOf(reads, times, kStepNs);
  for (size_t i = 0; i < steps.size(); ++i) {
    const bool is_cold = steps[i].reads > 0 && steps[i].Share() < kOfBefore * before.Share();
    if (is_cold) warmth.back_ns = static_cast<int64_t>(i + 1) * kStepNs;
  }
  return warmth;
}

}  // namespace rcb::cold
