#include "bench/outage/outage_check.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/measure/histogram.h"

namespace rcb::outage {
namespace {

// Reads that began within some time.
struct Window {
  int64_t reads = 0;
  int64_t hits = 0;
  int64_t served = 0;
  int64_t copies = 0;
  Histogram latency;

  void Add(const SeenRead& read) {
    ++reads;
    hits += read.source == Source::kCache ? 1 : 0;
    served += read.source == Source::kNothing ? 0 : 1;
    copies += read.source == Source::kCopy ? 1 : 0;
    latency.Record(read.return_ns - read.invoke_ns);
  }
  double Share(int64_t part) const {
    return static_cast<double>(part) / static_cast<double>(std::max<int64_t>(reads, 1));
  }
  int64_t p95_ns() const { return latency.ValueAtQuantile(0.95); }
};

Window WindowOf(const std::vector<SeenRead>& reads, int64_t begin_ns, int64_t end_ns) {
  Window window;
  for (const SeenRead& read : reads) {
    if (read.invoke_ns >= begin_ns && read.invoke_ns < end_ns) window.Add(read);
  }
  return window;
}

double Us(int64_t ns) { return static_cast<double>(ns) / 1e3; }

}  // namespace

int64_t PeakOf(std::vector<int64_t> connects_ns) {
  std::sort(connects_ns.begin(), connects_ns.end());
  size_t peak = 0;
  size_t first = 0;
  for (size_t i = 0; i < connects_ns.size(); ++i) {
    while (connects_ns[i] - connects_ns[first] >= kPeakNs) ++first;
    peak = std::max(peak, i - first + 1);
  }
  return static_cast<int64_t>(peak);
}

Violations CheckConnects(int64_t peak, int64_t clients) {
  constexpr int64_t kMostOfClient = 3;
  constexpr int64_t kSpare = 10;  // where clients are few, chance is large
  Violations violations;
  const int64_t most = kMostOfClient * clients + kSpare;
  violations.Add(std::max<int64_t>(peak - most, 0),
                 absl::StrCat(clients, " clients tried to connect ", peak, " times within ",
                              kPeakNs / 1'000'000, " ms, and not at most ", most, " times"));
  return violations;
}

Violations CheckWaits(const std::vector<SeenRead>& reads) {
  constexpr int64_t kSlackNs = 20'000'000;
  std::vector<int64_t> begins_ns;
  for (const SeenRead& read : reads) begins_ns.push_back(read.invoke_ns);
  std::sort(begins_ns.begin(), begins_ns.end());
  int64_t still_ns = 0;
  for (size_t i = 1; i < begins_ns.size(); ++i) {
    still_ns = std::max(still_ns, begins_ns[i] - begins_ns[i - 1]);
  }
  Violations violations;
  for (const SeenRead& read : reads) {
    if (read.waited_ns <= kPatienceNs + kSlackNs + still_ns) continue;
    violations.Add(1, absl::StrCat("a read waited ", read.waited_ns / 1000, " us for its turn"));
  }
  return violations;
}

Violations CheckService(const std::vector<SeenRead>& reads, const Times& times) {
  constexpr int64_t kKeptNs = 9'000'000'000;  // in a gutter, and somewhat longer
  std::vector<SeenRead> meanwhile;
  for (const SeenRead& read : reads) {
    const bool is_within = read.invoke_ns >= times.gone_ns && read.return_ns <= times.back_ns;
    if (is_within) meanwhile.push_back(read);
  }
  std::sort(meanwhile.begin(), meanwhile.end(),
            [](const SeenRead& a, const SeenRead& b) { return a.return_ns < b.return_ns; });
  Violations violations;
  std::map<std::pair<int, uint32_t>, std::vector<int64_t>> served_ns;  // by thread and key
  for (const SeenRead& read : meanwhile) {
    std::vector<int64_t>& before = served_ns[{read.thread, read.key}];
    if (read.source != Source::kNothing) {
      before.push_back(read.return_ns);
      continue;
    }
    const auto later = std::lower_bound(before.begin(), before.end(), read.invoke_ns);
    if (later == before.begin() || *(later - 1) < read.invoke_ns - kKeptNs) continue;
    violations.Add(1, absl::StrCat("a read of key ", read.key, " was not served, though one was ",
                                   (read.invoke_ns - *(later - 1)) / 1000, " us before"));
  }
  return violations;
}

Recovery RecoveryOf(const std::vector<SeenRead>& reads, const Times& times) {
  constexpr double kOfHits = 0.95;
  constexpr int64_t kSlackNs = 1'000'000;
  const Window before = WindowOf(reads, times.calm_ns, times.gone_ns);
  const double least_hits = kOfHits * before.Share(before.hits);
  const int64_t most_ns = std::max(2 * before.p95_ns(), kSlackNs);
  std::vector<Window> windows(
      static_cast<size_t>(std::max<int64_t>(times.end_ns - times.back_ns, 0) / kWindowNs) + 1);
  for (const SeenRead& read : reads) {
    if (read.invoke_ns < times.back_ns) continue;
    const auto place = static_cast<size_t>((read.invoke_ns - times.back_ns) / kWindowNs);
    if (place < windows.size()) windows[place].Add(read);
  }
  Recovery recovery;
  for (size_t i = 0; i < windows.size(); ++i) {
    const int64_t end_ns = static_cast<int64_t>(i + 1) * kWindowNs;
    if (windows[i].reads == 0) continue;
    if (windows[i].Share(windows[i].hits) < least_hits) recovery.hits_ns = end_ns;
    if (windows[i].p95_ns() > most_ns) recovery.p95_ns = end_ns;
  }
  return recovery;
}

Counters CountReads(const std::vector<SeenRead>& reads, const Times& times) {
  const Window before = WindowOf(reads, times.calm_ns, times.gone_ns);
  const Window during = WindowOf(reads, times.gone_ns, times.back_ns);
  const Window after = WindowOf(reads, times.back_ns, INT64_MAX);
  const Recovery recovery = RecoveryOf(reads, times);
  return {{"during_served_ratio", during.Share(during.served)},
          {"after_served_ratio", after.Share(after.served)},
          {"during_stale_ratio", during.Share(during.copies)},
          {"before_p95_us", Us(before.p95_ns())},
          {"during_p95_us", Us(during.p95_ns())},
          {"after_p95_us", Us(after.p95_ns())},
          {"hits_back_us", Us(recovery.hits_ns)},
          {"p95_back_us", Us(recovery.p95_ns)}};
}

}  // namespace rcb::outage
