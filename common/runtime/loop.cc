#include "common/runtime/loop.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <coroutine>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "common/measure/clock.h"

namespace rcb {
namespace {

// Aborts after calls that fail only if the machine has nothing left for us, or by our own mistake.
void MustSucceed(int result, const char* call) {
  if (result >= 0) return;
  std::fprintf(stderr, "bench: %s: %s\n", call, std::strerror(errno != 0 ? errno : -result));
  std::abort();
}

}  // namespace

void Timer::Start(int64_t when_ns) {
  Stop();
  place_ = loop_.timers_.emplace(when_ns, this);
  started_ = true;
  loop_.ArmTimer();
}

void Timer::Stop() {
  if (!started_) return;
  loop_.timers_.erase(place_);
  started_ = false;
}

SweepListener::SweepListener(Loop& loop) : loop_(loop), place_(loop.sweep_listeners_.size()) {
  loop.sweep_listeners_.push_back(this);
}

SweepListener::~SweepListener() {
  SweepListener* last = loop_.sweep_listeners_.back();
  loop_.sweep_listeners_[place_] = last;
  last->place_ = place_;
  loop_.sweep_listeners_.pop_back();
}

// A coroutine that no other awaits. It starts at once and frees itself when it ends.
struct Loop::Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::abort(); }
  };
};

Loop::Loop() : sweep_timer_(*this, [this] { Sweep(); }) {
  std::signal(SIGPIPE, SIG_IGN);  // libuv writes without MSG_NOSIGNAL
  MustSucceed(uv_loop_init(&uv_), "uv_loop_init");
  async_.data = this;
  MustSucceed(
      uv_async_init(&uv_, &async_, [](uv_async_t* a) { static_cast<Loop*>(a->data)->RunPosted(); }),
      "uv_async_init");
  errno = 0;
  timer_fd_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  MustSucceed(timer_fd_, "timerfd_create");
  timer_poll_.data = this;
  MustSucceed(uv_poll_init(&uv_, &timer_poll_, timer_fd_), "uv_poll_init");
  MustSucceed(
      uv_poll_start(&timer_poll_, UV_READABLE,
                    [](uv_poll_t* poll, int, int) { static_cast<Loop*>(poll->data)->OnTimer(); }),
      "uv_poll_start");
}

Loop::~Loop() {
  uv_close(reinterpret_cast<uv_handle_t*>(&async_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_poll_), nullptr);
  uv_run(&uv_, UV_RUN_DEFAULT);  // frees the transports that are closing
  uv_loop_close(&uv_);
  close(timer_fd_);
}

Loop::Detached Loop::Drive(Task<void> task) {
  ++running_tasks_;
  co_await std::move(task);
  --running_tasks_;
}

void Loop::Spawn(Task<void> task) { Drive(std::move(task)); }

void Loop::Run() {
  if (running_tasks_ == 0) return;
  sweep_timer_.Start(NowNs() + kSweepNs);
  while (running_tasks_ > 0) {
    uv_run(&uv_, UV_RUN_ONCE);
    if (timers_are_due_) FireTimers();
  }
  sweep_timer_.Stop();
}

void Loop::RunUntilDone(Task<void> task) {
  Spawn(std::move(task));
  Run();
}

void Loop::Cancel() {
  cancelled_ = true;
  sweep_timer_.Stop();
  while (!timers_.empty()) {
    Timer* timer = timers_.begin()->second;
    timer->Stop();
    timer->on_due_();
  }
  sweep_timer_.Start(NowNs());  // ends the waits of all SweepListeners
}

void Loop::Reset() {
  if (running_tasks_ != 0) std::abort();
  cancelled_ = false;
}

void Loop::Post(std::function<void()> work) {
  {
    std::lock_guard<std::mutex> lock(posted_mutex_);
    posted_.push_back(std::move(work));
  }
  uv_async_send(&async_);
}

void Loop::RunPosted() {
  std::vector<std::function<void()>> work;
  {
    std::lock_guard<std::mutex> lock(posted_mutex_);
    work.swap(posted_);
  }
  for (const std::function<void()>& item : work) item();
}

void Loop::ArmTimer() {
  if (timers_are_due_) return;  // FireTimers does it
  const int64_t earliest_ns = timers_.begin()->first;
  if (earliest_ns >= armed_ns_) return;  // it fires early at worst, and is then set anew
  armed_ns_ = earliest_ns;
  const int64_t when_ns = earliest_ns > 0 ? earliest_ns : 1;  // zero would disarm it
  itimerspec spec = {};
  spec.it_value.tv_sec = when_ns / 1'000'000'000;
  spec.it_value.tv_nsec = when_ns % 1'000'000'000;
  MustSucceed(timerfd_settime(timer_fd_, TFD_TIMER_ABSTIME, &spec, nullptr), "timerfd_settime");
}

void Loop::OnTimer() {
  uint64_t expirations = 0;
  if (read(timer_fd_, &expirations, sizeof(expirations)) < 0) return;  // it was set anew meanwhile
  armed_ns_ = INT64_MAX;
  timers_are_due_ = true;
}

void Loop::FireTimers() {
  const int64_t now_ns = NowNs();
  while (!timers_.empty() && timers_.begin()->first <= now_ns) {
    Timer* timer = timers_.begin()->second;
    timer->Stop();
    timer->on_due_();
  }
  timers_are_due_ = false;
  if (!timers_.empty()) ArmTimer();
}

void Loop::Sweep() {
  if (on_sweep_) on_sweep_();
  const int64_t now_ns = NowNs();
  // A listener may add and remove others. We go downwards, because a removal then moves only those
  // that were already called.
  for (size_t i = sweep_listeners_.size(); i-- > 0;) {
    if (i < sweep_listeners_.size()) sweep_listeners_[i]->OnSweep(now_ns);
  }
  sweep_timer_.Start(now_ns + kSweepNs);
}

Loop::SleepAwaiter::SleepAwaiter(Loop& loop, int64_t when_ns)
    : loop_(loop), when_ns_(when_ns), timer_(loop, [this] {
        Complete(loop_.cancelled() ? absl::CancelledError("cancelled") : absl::OkStatus());
      }) {}

std::optional<absl::Status> Loop::SleepAwaiter::Begin() {
  if (loop_.cancelled()) return absl::CancelledError("cancelled");
  timer_.Start(when_ns_);
  return std::nullopt;
}

Loop::SleepAwaiter Loop::SleepUntil(int64_t when_ns) { return SleepAwaiter(*this, when_ns); }

Loop::SleepAwaiter Loop::Sleep(int64_t duration_ns) {
  return SleepAwaiter(*this, NowNs() + duration_ns);
}

}  // namespace rcb
