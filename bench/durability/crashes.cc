#include "bench/durability/crashes.h"

#include "common/measure/clock.h"

namespace rcb::durability {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;
constexpr int64_t kLookNs = 2 * kNsPerMs;
constexpr int64_t kMaxDownNs = 15'000 * kNsPerMs;

}  // namespace

Task<void> Crashes::Run(Loop& loop) {
  for (int64_t i = 0; i < plan_.crashes && status_.ok(); ++i) {
    status_ = co_await Try(CrashOnce(loop));
  }
  is_over_ = true;
}

Task<absl::Status> Crashes::CrashOnce(Loop& loop) {
  co_await loop.Sleep(plan_.up_ms * kNsPerMs);
  const absl::Status killed = server_.Kill();
  if (!killed.ok()) co_return killed;
  killed_ns_.push_back(NowNs());
  run_.AddMark("fault", "the server was killed");
  const absl::Status slept = co_await Try(loop.Sleep(plan_.down_ms * kNsPerMs));
  const absl::Status started = server_.Relaunch();
  if (!slept.ok() || !started.ok()) co_return slept.ok() ? started : slept;
  const int64_t give_up_ns = NowNs() + kMaxDownNs;
  while (!log_.HasAcknowledgedSince(killed_ns_.back())) {
    if (NowNs() > give_up_ns) {
      co_return absl::DeadlineExceededError("no write was acknowledged after the server's restart");
    }
    co_await loop.Sleep(kLookNs);
  }
  co_return absl::OkStatus();
}

}  // namespace rcb::durability
