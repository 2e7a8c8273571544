#include "common/runtime/event.h"

#include <algorithm>
#include <utility>

namespace rcb {

void Event::Set() {
  set_ = true;
  std::vector<WaitAwaiter*> woken;
  woken.swap(waiters_);
  for (WaitAwaiter* waiter : woken) waiter->timer_.Stop();
  for (WaitAwaiter* waiter : woken) waiter->Complete(absl::OkStatus());
}

Event::WaitAwaiter::WaitAwaiter(Event& event, int64_t deadline_ns)
    : event_(event), deadline_ns_(deadline_ns), timer_(event.loop_, [this] { GiveUp(); }) {}

std::optional<absl::Status> Event::WaitAwaiter::Begin() {
  if (event_.set_) return absl::OkStatus();
  if (event_.loop_.cancelled()) return absl::CancelledError("cancelled");
  event_.waiters_.push_back(this);
  timer_.Start(deadline_ns_);
  return std::nullopt;
}

void Event::WaitAwaiter::GiveUp() {
  std::vector<WaitAwaiter*>& waiters = event_.waiters_;
  waiters.erase(std::find(waiters.begin(), waiters.end(), this));
  Complete(event_.loop_.cancelled() ? absl::CancelledError("cancelled")
                                    : absl::DeadlineExceededError("the event did not come"));
}

void SharedEvent::Set() {
  std::lock_guard<std::mutex> lock(mutex_);
  set_ = true;
  for (Listener& listener : listeners_) {
    listener.loop->Post([local = std::move(listener.local)] { local->Set(); });
  }
  listeners_.clear();
}

Task<absl::Status> SharedEvent::Wait(Loop& loop, int64_t deadline_ns) {
  auto local = std::make_shared<Event>(loop);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (set_) co_return absl::OkStatus();
    listeners_.push_back({&loop, local});
  }
  absl::Status waited = co_await Try(local->Wait(deadline_ns));
  // Once we hold the mutex, Set is not waking us any more, and without our entry it never will: the
  // loop may end.
  std::lock_guard<std::mutex> lock(mutex_);
  std::erase_if(listeners_, [&](const Listener& each) { return each.local == local; });
  co_return waited;
}

}  // namespace rcb
