#include "bench/chaos/chaos_check.h"

#include <algorithm>
#include <cstddef>

#include "common/measure/histogram.h"

namespace rcb::chaos {
namespace {

// The time of a run, in windows.
class Windows {
 public:
  explicit Windows(absl::Span<const SeenOp> ops) {
    if (ops.empty()) return;
    start_ns_ = INT64_MAX;
    int64_t end_ns = 0;
    for (const SeenOp& op : ops) {
      start_ns_ = std::min(start_ns_, op.invoke_ns);
      end_ns = std::max(end_ns, op.return_ns);
    }
    counts_.resize(static_cast<size_t>((end_ns - start_ns_) / kWindowNs) + 1);
    for (const SeenOp& op : ops) {
      Count& count = counts_[static_cast<size_t>((op.return_ns - start_ns_) / kWindowNs)];
      ++(op.is_served ? count.served : count.failed);
    }
  }

  double availability() const {
    if (counts_.empty()) return 0;
    const auto up = std::count_if(counts_.begin(), counts_.end(), IsUp);
    return static_cast<double>(up) / static_cast<double>(counts_.size());
  }

  // The end of the last window without service of those that end after `from_ns` and by `to_ns`;
  // `from_ns` where there is none.
  int64_t LastDownNs(int64_t from_ns, int64_t to_ns) const {
    int64_t last_ns = from_ns;
    for (size_t i = 0; i < counts_.size(); ++i) {
      const int64_t end_ns = start_ns_ + static_cast<int64_t>(i + 1) * kWindowNs;
      if (end_ns > from_ns && end_ns <= to_ns && !IsUp(counts_[i])) last_ns = end_ns;
    }
    return last_ns;
  }

 private:
  struct Count {
    int64_t served = 0;
    int64_t failed = 0;
  };

  static bool IsUp(const Count& count) {
    const auto served = static_cast<double>(count.served);
    return served > kLeastSuccess * static_cast<double>(count.served + count.failed);
  }

  int64_t start_ns_ = 0;
  std::vector<Count> counts_;
};

// A fault with its repair.
struct Trouble {
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
};

bool IsInTrouble(const SeenOp& op, const std::vector<Trouble>& troubles) {
  return std::any_of(troubles.begin(), troubles.end(), [&op](const Trouble& trouble) {
    return op.return_ns >= trouble.begin_ns && op.invoke_ns <= trouble.end_ns;
  });
}

double Share(int64_t part, int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(std::max<int64_t>(whole, 1));
}

}  // namespace

Service MeasureService(absl::Span<const SeenOp> ops, const std::vector<InjectedFault>& injected) {
  const Windows windows(ops);
  Service service;
  service.availability = windows.availability();
  std::vector<Trouble> troubles;
  for (size_t i = 0; i < injected.size(); ++i) {
    const InjectedFault& fault = injected[i];
    const int64_t next_ns = i + 1 < injected.size() ? injected[i + 1].begin_ns : INT64_MAX;
    const int64_t back_ns = windows.LastDownNs(fault.begin_ns, next_ns);
    int64_t& worst_ns = service.repair_ns[fault.fault.kind];
    worst_ns = std::max(worst_ns, back_ns - fault.begin_ns);
    troubles.push_back({fault.begin_ns, std::max(back_ns, fault.ended_ns)});
  }
  Histogram calm;
  Histogram spoilt;
  int64_t served = 0;
  int64_t calm_served = 0;
  int64_t calm_ops = 0;
  for (const SeenOp& op : ops) {
    const bool is_spoilt = IsInTrouble(op, troubles);
    (is_spoilt ? spoilt : calm).Record(op.return_ns - op.invoke_ns);
    if (op.is_served) ++served;
    if (is_spoilt) continue;
    ++calm_ops;
    if (op.is_served) ++calm_served;
  }
  service.served_ratio = Share(served, static_cast<int64_t>(ops.size()));
  service.calm_served_ratio = Share(calm_served, calm_ops);
  service.fault_p95_us = static_cast<double>(spoilt.ValueAtQuantile(0.95)) / 1e3;
  service.calm_p95_us = static_cast<double>(calm.ValueAtQuantile(0.95)) / 1e3;
  return service;
}

}  // namespace rcb::chaos
