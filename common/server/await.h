// Waiting for what servers of ours come to, by asking.

#ifndef RCB_COMMON_SERVER_AWAIT_H_
#define RCB_COMMON_SERVER_AWAIT_H_

#include <chrono>
#include <functional>
#include <string>

#include "absl/status/status.h"

namespace rcb {

// How long to ask, and how often.
struct Patience {
  std::chrono::milliseconds limit;
  std::chrono::milliseconds poll;
  std::function<bool()> is_cancelled = nullptr;  // null: never
};

// Asks `is_so` again and again until it yields true; it keeps the calling thread. Errors:
// kDeadlineExceeded, which says that `failure` lasted for the limit, and kCancelled.
absl::Status AwaitThat(const Patience& patience, const std::string& failure,
                       const std::function<bool()>& is_so);

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_AWAIT_H_
