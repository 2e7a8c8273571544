// One-shot events. An Event is for the tasks of one loop, a SharedEvent for tasks of any loop.

#ifndef RCB_COMMON_RUNTIME_EVENT_H_
#define RCB_COMMON_RUNTIME_EVENT_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "common/runtime/completion.h"
#include "common/runtime/loop.h"
#include "common/runtime/task.h"

namespace rcb {

// Is set once. It then wakes every task of its loop that waits, and lets later ones pass. Loop
// thread only.
class Event {
 public:
  explicit Event(Loop& loop) : loop_(loop) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void Set();
  bool is_set() const { return set_; }

  // Waits for Set. Fails with kDeadlineExceeded at `deadline_ns` (NowNs clock), or kCancelled.
  class [[nodiscard]] WaitAwaiter : public Awaiter<WaitAwaiter, void> {
   public:
    WaitAwaiter(Event& event, int64_t deadline_ns);

   private:
    friend class Event;
    friend class Awaiter<WaitAwaiter, void>;
    friend class TryAwaiter<WaitAwaiter, void>;
    std::optional<absl::Status> Begin();
    void Take() {}
    void GiveUp();

    Event& event_;
    int64_t deadline_ns_;
    Timer timer_;
  };
  WaitAwaiter Wait(int64_t deadline_ns) { return WaitAwaiter(*this, deadline_ns); }

 private:
  Loop& loop_;
  bool set_ = false;
  std::vector<WaitAwaiter*> waiters_;
};

// An event across threads: any thread may set it, and a task waits on the loop that runs it.
class SharedEvent {
 public:
  SharedEvent() = default;
  SharedEvent(const SharedEvent&) = delete;
  SharedEvent& operator=(const SharedEvent&) = delete;

  // Set happens before what a waiter does once it is woken.
  void Set();

  // Waits as Event::Wait does. `loop` is the caller's own. The event must outlive the wait.
  Task<absl::Status> Wait(Loop& loop, int64_t deadline_ns);

 private:
  struct Listener {
    Loop* loop;
    std::shared_ptr<Event> local;
  };
  std::mutex mutex_;
  bool set_ = false;                 // guarded by mutex_
  std::vector<Listener> listeners_;  // guarded by mutex_
};

}  // namespace rcb

#endif  // RCB_COMMON_RUNTIME_EVENT_H_
