// What a checker found wrong: how many times, and the first case in words.

#ifndef RCB_COMMON_CHECK_VIOLATIONS_H_
#define RCB_COMMON_CHECK_VIOLATIONS_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace rcb {

// The sum of two counts, neither of which is negative. It stops at INT64_MAX, because an absurd
// value in a history can imply that many violations at once.
inline int64_t AddCounts(int64_t a, int64_t b) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  return a > kMax - b ? kMax : a + b;
}

// Not thread-safe.
struct Violations {
  int64_t count = 0;  // stops at INT64_MAX
  std::string first;  // one line about the violation that was added first; empty without any

  // Counts `violations` more; `what` describes them in one line.
  void Add(int64_t violations, absl::string_view what) {
    if (violations == 0) return;
    count = AddCounts(count, violations);
    if (first.empty()) first = std::string(what);
  }
  // Counts the violations of another checker after those that are here.
  void Merge(const Violations& other) { Add(other.count, other.first); }

  bool none() const { return count == 0; }
};

// Keeps, of the findings of a checker that does not meet them in the order of time, the one that
// came to light first. A finding is put into words only in the end, for most are not the first.
// Not thread-safe.
template <typename Finding>
class EarliestFinding {
 public:
  // `at_ns` is when the finding came to light; of two at one instant the one noted first stays.
  void Note(int64_t at_ns, const Finding& finding) {
    if (finding_ && at_ns >= at_ns_) return;
    at_ns_ = at_ns;
    finding_ = finding;
  }

  // Empty until one is noted.
  const std::optional<Finding>& finding() const { return finding_; }

 private:
  int64_t at_ns_ = 0;
  std::optional<Finding> finding_;
};

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_VIOLATIONS_H_
