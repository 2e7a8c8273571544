// The waits of a coroutine for anything but another coroutine: for a reply, a time or an event.

#ifndef RCB_COMMON_RUNTIME_COMPLETION_H_
#define RCB_COMMON_RUNTIME_COMPLETION_H_

#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/runtime/task.h"

namespace rcb {

// One wait of one coroutine. It lives in that coroutine's frame and completes exactly once. Loop
// thread only.
class Completion {
 public:
  Completion() = default;
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;

  // Resumes or ends the waiting coroutine. *this may be gone when this returns.
  void Complete(absl::Status status) { Settle(std::move(status)).resume(); }

 protected:
  ~Completion() = default;
  std::coroutine_handle<> Settle(absl::Status status) {
    status_ = std::move(status);
    return waiter_.Next(status_);
  }

  Waiter waiter_;
  absl::Status status_;
};

// Base of the awaiters. Derived, which befriends it, has
//     std::optional<absl::Status> Begin();  // starts the wait; a status means that it is over
//     Value Take();                         // yields the value of a wait that succeeded
template <typename Derived, typename Value>
class Awaiter : public Completion {
 public:
  using ValueType = Value;

  bool await_ready() const { return false; }
  template <FalliblePromise P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> caller) {
    return Start(Waiter::EndingOnFailure(caller));
  }
  Value await_resume() { return self().Take(); }

 private:
  template <typename D, typename V>
  friend class TryAwaiter;

  std::coroutine_handle<> Start(Waiter waiter) {
    waiter_ = waiter;
    std::optional<absl::Status> over = self().Begin();
    if (!over.has_value()) return std::noop_coroutine();
    return Settle(*std::move(over));
  }
  Derived& self() { return static_cast<Derived&>(*this); }
};

// See Try.
template <typename Derived, typename Value>
class TryAwaiter {
 public:
  explicit TryAwaiter(Awaiter<Derived, Value>& inner) : inner_(inner) {}

  bool await_ready() const { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) {
    return inner_.Start(Waiter(caller));
  }
  auto await_resume() {
    if constexpr (std::is_void_v<Value>) {
      return std::move(inner_.status_);
    } else {
      if (!inner_.status_.ok()) return absl::StatusOr<Value>(std::move(inner_.status_));
      return absl::StatusOr<Value>(inner_.self().Take());
    }
  }

 private:
  Awaiter<Derived, Value>& inner_;
};

// `co_await Try(wait)` yields what happened, a Status or StatusOr, and never ends the caller.
// The argument lives until the end of the full expression, which is as long as the wait.
template <typename Derived>
auto Try(Derived&& wait) requires std::is_base_of_v<Completion, Derived> {
  return TryAwaiter<Derived, typename Derived::ValueType>(wait);
}

}  // namespace rcb

#endif  // RCB_COMMON_RUNTIME_COMPLETION_H_
