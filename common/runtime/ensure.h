// Ends a coroutine early by a status that it has at hand, as a failed wait would.

#ifndef RCB_COMMON_RUNTIME_ENSURE_H_
#define RCB_COMMON_RUNTIME_ENSURE_H_

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "common/runtime/completion.h"

namespace rcb {

// `co_await Ensure(status)` goes on where the status is OK, and ends the coroutine with it
// otherwise.
class [[nodiscard]] Ensure : public Awaiter<Ensure, void> {
 public:
  explicit Ensure(absl::Status status) : given_(std::move(status)) {}

 private:
  friend class Awaiter<Ensure, void>;
  std::optional<absl::Status> Begin() { return std::move(given_); }
  void Take() {}

  absl::Status given_;
};

}  // namespace rcb

#endif  // RCB_COMMON_RUNTIME_ENSURE_H_
