// The event loop of one thread, and the tasks that it runs. libuv serves its sockets, and one
// timerfd all its timers, because the steps of libuv's own timers, milliseconds, are too coarse for
// back-off and open-loop arrivals. What has come on sockets is read before timers fire, so that who
// is woken by one knows of all that had come by then.

#ifndef RCB_COMMON_RUNTIME_LOOP_H_
#define RCB_COMMON_RUNTIME_LOOP_H_

#include <uv.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "common/runtime/completion.h"
#include "common/runtime/task.h"

namespace rcb {

class Loop;

// A timer that calls back once: when it is due, or early when the loop is cancelled, which the
// callback sees from Loop::cancelled(). Loop thread only.
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> on_due) : loop_(loop), on_due_(std::move(on_due)) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { Stop(); }

  // Makes it call back at `when_ns` (NowNs clock). Replaces an earlier Start.
  void Start(int64_t when_ns);
  void Stop();

 private:
  friend class Loop;
  Loop& loop_;
  std::function<void()> on_due_;
  bool started_ = false;
  std::multimap<int64_t, Timer*>::iterator place_;
};

// The time limit of one wait. Starting it costs two stores and no look at the clock: the first
// sweep that asks whether it has expired starts the clock. It never expires early, and at most two
// sweeps late. Loop thread only.
class LazyTimeout {
 public:
  void Start(int64_t timeout_ns) {
    timeout_ns_ = timeout_ns;
    deadline_ns_ = kNotSeenYet;
  }
  // Every sweep asks this. `now_ns` is on the NowNs clock.
  bool HasExpired(int64_t now_ns) {
    if (deadline_ns_ == kNotSeenYet) deadline_ns_ = now_ns + timeout_ns_;
    return deadline_ns_ <= now_ns;
  }

 private:
  static constexpr int64_t kNotSeenYet = -1;  // the next sweep starts the clock

  int64_t timeout_ns_ = 0;
  int64_t deadline_ns_ = INT64_MAX;  // it never expires unless it is started
};

// Has the loop look at it every kSweepNs, so that it can end the waits that have taken too long.
class SweepListener {
 public:
  explicit SweepListener(Loop& loop);
  SweepListener(const SweepListener&) = delete;
  SweepListener& operator=(const SweepListener&) = delete;

 protected:
  virtual ~SweepListener();
  // Called on the loop thread, also soon after the loop was cancelled: then it must end all waits
  // with kCancelled. May create and destroy listeners, this one included.
  virtual void OnSweep(int64_t now_ns) = 0;
  Loop& loop() { return loop_; }

 private:
  friend class Loop;
  Loop& loop_;
  size_t place_;  // in Loop::sweep_listeners_
};

// Not thread-safe, except Post. Any one thread at a time may run it.
class Loop {
 public:
  // How often the loop sweeps: it calls `on_sweep` and the SweepListeners.
  static constexpr int64_t kSweepNs = 20'000'000;

  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  // Starts `task` now, up to its first wait; Run lasts until it has ended.
  void Spawn(Task<void> task);
  // Runs until every spawned task has ended.
  void Run();
  // Spawns and runs, for set-up code that is not a coroutine.
  void RunUntilDone(Task<void> task);

  // Waits until `when_ns` on the NowNs clock. Fails only when the loop is cancelled.
  class SleepAwaiter;
  SleepAwaiter SleepUntil(int64_t when_ns);
  SleepAwaiter Sleep(int64_t duration_ns);

  // Ends every wait with kCancelled, and until Reset those to come, so that each task ends soon.
  void Cancel();
  bool cancelled() const { return cancelled_; }
  // Takes new work again. No task may be running.
  void Reset();

  // Called every kSweepNs while the loop runs, before the SweepListeners.
  void set_on_sweep(std::function<void()> on_sweep) { on_sweep_ = std::move(on_sweep); }

  // Runs `work` on the loop's thread soon. Any thread may call it. Some task must be waiting for
  // what `work` does, because the loop must not end before that has run.
  void Post(std::function<void()> work);

  uv_loop_t* uv() { return &uv_; }
  // The transports of this loop share it: each uses up what it has read before the next reads.
  std::array<char, 65536>& read_buffer() { return read_buffer_; }

 private:
  friend class Timer;
  friend class SweepListener;
  struct Detached;

  Detached Drive(Task<void> task);
  void ArmTimer();
  void OnTimer();
  void FireTimers();
  void Sweep();
  void RunPosted();

  std::array<char, 65536> read_buffer_;
  uv_loop_t uv_;
  uv_async_t async_;
  uv_poll_t timer_poll_;
  int timer_fd_ = -1;
  int64_t armed_ns_ = INT64_MAX;  // timer_fd_ is set to this
  bool timers_are_due_ = false;   // they fire once all that has come is read
  std::multimap<int64_t, Timer*> timers_;
  std::vector<SweepListener*> sweep_listeners_;
  std::function<void()> on_sweep_;
  Timer sweep_timer_;
  int64_t running_tasks_ = 0;
  bool cancelled_ = false;

  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;  // guarded by posted_mutex_
};

class [[nodiscard]] Loop::SleepAwaiter : public Awaiter<Loop::SleepAwaiter, void> {
 public:
  SleepAwaiter(Loop& loop, int64_t when_ns);

 private:
  friend class Awaiter<SleepAwaiter, void>;
  friend class TryAwaiter<SleepAwaiter, void>;
  std::optional<absl::Status> Begin();
  void Take() {}

  Loop& loop_;
  int64_t when_ns_;
  Timer timer_;
};

}  // namespace rcb

#endif  // RCB_COMMON_RUNTIME_LOOP_H_
