// What the checkers ask of an operation's stamps. An `Op` is anything that has the invoke_ns,
// return_ns and outcome of history.h.

#ifndef RCB_COMMON_CHECK_INTERVAL_H_
#define RCB_COMMON_CHECK_INTERVAL_H_

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>

#include "absl/strings/str_format.h"
#include "common/check/history.h"

namespace rcb {

inline constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

// When `op` returned; kNever unless it was acknowledged.
template <typename Op>
int64_t ReturnOf(const Op& op) {
  return op.outcome == Outcome::kOk ? op.return_ns : kNever;
}

// When `op` came to light: at its return, or when it was sent if that is all there is of it.
template <typename Op>
int64_t ShownAt(const Op& op) {
  return op.outcome == Outcome::kOk ? op.return_ns : op.invoke_ns;
}

// Aborts unless 0 <= invoke_ns <= return_ns < INT64_MAX; of an operation that was not acknowledged
// return_ns does not count. `checker` names the caller in the message.
template <typename Op>
void AbortOnBadStamps(const char* checker, const Op& op) {
  const int64_t last_ns = ShownAt(op);
  if (0 <= op.invoke_ns && op.invoke_ns <= last_ns && last_ns < kNever) return;
  std::fprintf(stderr, "%s: an operation runs from %" PRId64 " to %" PRId64 " ns\n", checker,
               op.invoke_ns, op.return_ns);
  std::abort();
}

// The stamps in words, such as "[0.500, 2.250 us]": in microseconds since `origin_ns`.
template <typename Op>
std::string TimesInWords(const Op& op, int64_t origin_ns) {
  const auto us = [origin_ns](int64_t ns) { return static_cast<double>(ns - origin_ns) / 1e3; };
  if (op.outcome != Outcome::kOk) return absl::StrFormat("[%.3f us, unknown]", us(op.invoke_ns));
  return absl::StrFormat("[%.3f, %.3f us]", us(op.invoke_ns), us(op.return_ns));
}

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_INTERVAL_H_
