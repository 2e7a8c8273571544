#include "common/report/live_window.h"

namespace rcb {
namespace {

constexpr int64_t kWindowNs = 1'000'000'000;

}  // namespace

void LiveWindow::OnInterval(const Interval& interval) {
  const std::lock_guard<std::mutex> lock(mutex_);
  duration_ns_ += interval.end_ns - interval.start_ns;
  operations_ += interval.counts.operations;
  latency_.Merge(interval.latency);
  violations_ = interval.violations;
  if (duration_ns_ < kWindowNs && has_second_) return;
  figures_ = LiveFigures();
  if (duration_ns_ > 0) {
    figures_->operations_per_second =
        static_cast<double>(operations_) * 1e9 / static_cast<double>(duration_ns_);
  }
  figures_->p95_ns = latency_.ValueAtQuantile(0.95);
  if (duration_ns_ >= kWindowNs) Close();
}

void LiveWindow::Close() {
  has_second_ = true;
  duration_ns_ = 0;
  operations_ = 0;
  latency_.Clear();
}

void LiveWindow::OnMark(const Mark& mark) {
  const std::lock_guard<std::mutex> lock(mutex_);
  violations_ = mark.violations;
  if (mark.row == row_) return;
  row_ = mark.row;
  Close();
  has_second_ = false;
  figures_.reset();
}

std::optional<LiveFigures> LiveWindow::figures() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!figures_) return figures_;
  LiveFigures figures = *figures_;
  figures.violations = violations_;
  return figures;
}

}  // namespace rcb
