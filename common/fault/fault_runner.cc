#include "common/fault/fault_runner.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/measure/clock.h"

namespace rcb {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;

// By the schedule. One that took long to begin is late, and what is not meant to meet it waits.
bool IsOverBefore(const Fault& fault, const Fault& next) {
  return fault.start_ms + fault.length_ms <= next.start_ms;
}

}  // namespace

FaultRunner::FaultRunner(Schedule schedule, FaultMeans& means)
    : schedule_(std::move(schedule)), means_(means), start_ns_(NowNs()) {
  thread_ = std::thread([this] { Work(); });
}

FaultRunner::~FaultRunner() { Stop(); }

void FaultRunner::Stop() {
  {
    const std::lock_guard<std::mutex> lock(stopping_);
    is_stopping_ = true;
  }
  stopped_.notify_all();
  if (thread_.joinable()) thread_.join();
}

// Does what is due next, an end before a beginning, until there is nothing more.
void FaultRunner::Work() {
  size_t next = 0;
  while (next < schedule_.size() || !in_force_.empty()) {
    const auto end_ns = [this](size_t place) {
      return injected_[place].begun_ns + injected_[place].fault.length_ms * kNsPerMs;
    };
    const auto first_end =
        std::min_element(in_force_.begin(), in_force_.end(),
                         [&end_ns](size_t a, size_t b) { return end_ns(a) < end_ns(b); });
    const int64_t next_end_ns = first_end == in_force_.end() ? INT64_MAX : end_ns(*first_end);
    int64_t next_begin_ns = INT64_MAX;
    if (next < schedule_.size()) {
      next_begin_ns = start_ns_ + schedule_[next].start_ms * kNsPerMs;
      for (const size_t place : in_force_) {
        if (IsOverBefore(injected_[place].fault, schedule_[next])) {
          next_begin_ns = std::max(next_begin_ns, end_ns(place));
        }
      }
    }
    if (!WaitUntil(std::min(next_begin_ns, next_end_ns))) break;
    if (next_end_ns <= next_begin_ns) {
      const size_t place = *first_end;
      in_force_.erase(first_end);
      End(place);
    } else {
      Begin(schedule_[next++]);
    }
  }
  for (const size_t place : std::exchange(in_force_, {})) End(place);
}

// False where it is to stop before.
bool FaultRunner::WaitUntil(int64_t time_ns) {
  std::unique_lock<std::mutex> lock(stopping_);
  while (!is_stopping_) {
    const int64_t left_ns = time_ns - NowNs();
    if (left_ns <= 0) return true;
    stopped_.wait_for(lock, std::chrono::nanoseconds(left_ns));
  }
  return false;
}

void FaultRunner::Begin(const Fault& fault) {
  InjectedFault injected;
  injected.fault = fault;
  injected.begin_ns = NowNs();
  const absl::Status begun = means_.Begin(fault);
  if (!begun.ok()) return Fail(fault, begun);
  injected.begun_ns = NowNs();
  injected.ended_ns = injected.begun_ns;
  injected_.push_back(std::move(injected));
  if (fault.length_ms > 0) in_force_.push_back(injected_.size() - 1);
}

void FaultRunner::End(size_t place) {
  const absl::Status ended = means_.End(injected_[place].fault);
  if (!ended.ok()) Fail(injected_[place].fault, ended);
  injected_[place].ended_ns = NowNs();
}

void FaultRunner::Fail(const Fault& fault, const absl::Status& why) {
  if (!status_.ok()) return;
  status_ = absl::Status(why.code(), absl::StrCat(ToText({fault}), ": ", why.message()));
}

}  // namespace rcb
