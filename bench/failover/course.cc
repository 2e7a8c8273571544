#include "bench/failover/course.h"

#include "common/measure/clock.h"

namespace rcb::failover {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;
constexpr int64_t kLookNs = 2 * kNsPerMs;
// For holders to go, and for the replicas to hear of the slow one.
constexpr int64_t kSettleNs = 100 * kNsPerMs;
constexpr int64_t kMaxHoldNs = 5'000 * kNsPerMs;
constexpr int64_t kMaxFailoverNs = 20'000 * kNsPerMs;

}  // namespace

Task<void> Course::Run(Worker& worker) {
  status_ = co_await Try(Break(worker));
  if (status_.ok()) status_ = co_await Try(Follow(worker));
  ground_.End();
}

Task<absl::Status> Course::Break(Worker& worker) {
  co_await worker.loop->Sleep(plan_.before_ms * kNsPerMs);
  Section& section = ground_.section();
  if (plan_.slow_holder == SlowHolder::kAfterCut) section.SetGate(false);
  if (plan_.slow_holder == SlowHolder::kBeforeCut) co_await AwaitSlowHolder(worker);
  if (plan_.slow_holder != SlowHolder::kNone) co_await worker.loop->Sleep(kSettleNs);
  cut_ns_ = NowNs();
  if (plan_.fault == Fault::kPlanned) {
    run_.AddMark("fault", "a Sentinel is asked for another primary");
    fault_ns_ = cut_ns_;
    co_return servers_.FailOver();
  }
  run_.AddMark("fault", "the primary is cut off");
  const absl::Status cut = servers_.CutOff();
  if (plan_.slow_holder == SlowHolder::kAfterCut) co_await AwaitSlowHolder(worker);
  fault_ns_ = cut_ns_;
  if (!cut.ok() || plan_.fault == Fault::kCutOff) co_return cut;
  co_await worker.loop->Sleep(plan_.links_down_ms * kNsPerMs);
  fault_ns_ = NowNs();
  run_.AddMark("fault", "the primary is killed");
  co_return servers_.KillPrimary();
}

// Opens the gate and waits until somebody holds the lock who is slow.
Task<absl::Status> Course::AwaitSlowHolder(Worker& worker) {
  const int64_t give_up_ns = NowNs() + kMaxHoldNs;
  Section& section = ground_.section();
  section.WantSlowHolder();
  section.SetGate(true);
  while (section.wants_slow()) {
    if (NowNs() > give_up_ns) {
      co_return absl::DeadlineExceededError("no client came to hold the lock within 5 s");
    }
    co_await worker.loop->Sleep(kLookNs);
  }
  co_return absl::OkStatus();
}

// Waits until clients are served by another primary.
Task<absl::Status> Course::Follow(Worker& worker) {
  const int64_t give_up_ns = NowNs() + kMaxFailoverNs;
  while (ground_.served() == 0) {
    const PrimaryWatch* const watch = ground_.WatchOf(worker);
    if (watch != nullptr) announced_ns_ = watch->announced_ns();
    if (NowNs() > give_up_ns) {
      co_return absl::DeadlineExceededError(
          announced_ns_ == 0 ? "the Sentinels announced no other primary within 20 s"
                             : "no client was served by the new primary within 20 s");
    }
    co_await worker.loop->Sleep(kLookNs);
  }
  announced_ns_ = ground_.WatchOf(worker)->announced_ns();
  co_await worker.loop->Sleep(plan_.after_ms * kNsPerMs);
  co_await worker.loop->SleepUntil(cut_ns_ + plan_.cut_off_ms * kNsPerMs);
  co_return absl::OkStatus();
}

}  // namespace rcb::failover
