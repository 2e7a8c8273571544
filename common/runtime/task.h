// Task<T>: a lazily started coroutine that yields one T to the coroutine that awaits it.
//
// Failure needs no ceremony. Inside a Task<absl::StatusOr<T>> or Task<absl::Status>,
//     Reply reply = co_await connection.Run(get);
// either goes on with the reply or ends this coroutine with the status, as `co_return status`
// would; its locals are destroyed when its owner drops the task. To look at the status instead:
//     absl::StatusOr<Reply> reply = co_await Try(connection.Run(get));

#ifndef RCB_COMMON_RUNTIME_TASK_H_
#define RCB_COMMON_RUNTIME_TASK_H_

#include <coroutine>
#include <cstdlib>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rcb {

template <typename T>
class Task;

// A coroutine promise that can end with a status: those of Task<StatusOr<T>> and Task<Status>.
template <typename P>
concept FalliblePromise = requires(P promise) {
  promise.Fail(absl::Status());
};

// A suspended coroutine, and how it goes on when what it waits for has failed.
class Waiter {
 public:
  Waiter() = default;
  // The coroutine goes on either way, and looks at the status itself.
  explicit Waiter(std::coroutine_handle<> coroutine) : coroutine_(coroutine) {}
  // The coroutine goes on after success, and ends with the status of a failure.
  template <FalliblePromise P>
  static Waiter EndingOnFailure(std::coroutine_handle<P> coroutine) {
    Waiter waiter(coroutine);
    waiter.fail_ = [](void* frame, absl::Status status) {
      return std::coroutine_handle<P>::from_address(frame).promise().Fail(std::move(status));
    };
    return waiter;
  }

  explicit operator bool() const { return coroutine_ != nullptr; }
  // The coroutine to resume now that the wait ended with `status`.
  std::coroutine_handle<> Next(const absl::Status& status) const {
    if (status.ok() || fail_ == nullptr) return coroutine_;
    return fail_(coroutine_.address(), status);
  }

 private:
  std::coroutine_handle<> coroutine_ = nullptr;
  std::coroutine_handle<> (*fail_)(void* frame, absl::Status status) = nullptr;
};

namespace internal {

template <typename T>
struct UnwrappedType {
  using Type = T;
  static constexpr bool kFallible = false;
};
template <typename T>
struct UnwrappedType<absl::StatusOr<T>> {
  using Type = T;
  static constexpr bool kFallible = true;
};
template <>
struct UnwrappedType<absl::Status> {
  using Type = void;
  static constexpr bool kFallible = true;
};

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

struct PromiseBase {
  Waiter waiter = Waiter(std::noop_coroutine());

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <typename P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> self) noexcept {
      return self.promise().Next();
    }
    void await_resume() noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { std::abort(); }  // no code here throws
};

template <typename T>
struct Promise : PromiseBase {
  std::optional<T> value;

  Task<T> get_return_object();
  template <typename U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  std::coroutine_handle<> Next() {
    if constexpr (UnwrappedType<T>::kFallible) {
      return waiter.Next(StatusOf(*value));
    } else {
      return waiter.Next(absl::OkStatus());
    }
  }
  // Ends the suspended coroutine with `status`. Yields the coroutine that goes on.
  std::coroutine_handle<> Fail(absl::Status status) requires UnwrappedType<T>::kFallible {
    value.emplace(std::move(status));
    return Next();
  }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() {}
  std::coroutine_handle<> Next() { return waiter.Next(absl::OkStatus()); }
};

}  // namespace internal

// The return type of every coroutine here. It owns the coroutine, and runs it when it is awaited.
template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::Promise<T>;

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  // Yields the value; of a StatusOr<V> the V, and of a Status nothing. See the top of this file.
  auto operator co_await() && {
    if constexpr (internal::UnwrappedType<T>::kFallible) {
      return UnwrapAwaiter{handle_};
    } else {
      return WholeAwaiter{handle_};
    }
  }

 private:
  friend promise_type;
  template <typename U>
  friend auto Try(Task<U>&& task);

  struct WholeAwaiter {
    std::coroutine_handle<promise_type> task;
    bool await_ready() const { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) {
      task.promise().waiter = Waiter(caller);
      return task;
    }
    T await_resume() {
      if constexpr (!std::is_void_v<T>) return std::move(*task.promise().value);
    }
  };

  struct UnwrapAwaiter {
    std::coroutine_handle<promise_type> task;
    bool await_ready() const { return false; }
    template <FalliblePromise P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> caller) {
      task.promise().waiter = Waiter::EndingOnFailure(caller);
      return task;
    }
    typename internal::UnwrappedType<T>::Type await_resume() {
      if constexpr (!std::is_same_v<T, absl::Status>) return *std::move(*task.promise().value);
    }
  };

  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

// `co_await Try(task)` yields the task's Status or StatusOr and never ends the caller.
template <typename T>
auto Try(Task<T>&& task) {
  return typename Task<T>::WholeAwaiter{task.handle_};
}

namespace internal {

template <typename T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

}  // namespace internal
}  // namespace rcb

#endif  // RCB_COMMON_RUNTIME_TASK_H_
