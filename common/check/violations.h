// What a checker found wrong: how many times, and the first case in words.

#ifndef RCB_COMMON_CHECK_VIOLATIONS_H_
#define RCB_COMMON_CHECK_VIOLATIONS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace rcb {

// Not thread-safe.
struct Violations {
  int64_t count = 0;
  std::string first;  // one line about the violation that was added first; empty without any

  // Counts `violations` more; `what` describes them in one line.
  void Add(int64_t violations, absl::string_view what) {
    if (violations == 0) return;
    count += violations;
    if (first.empty()) first = std::string(what);
  }
  // Counts the violations of another checker after those that are here.
  void Merge(const Violations& other) { Add(other.count, other.first); }

  bool none() const { return count == 0; }
};

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_VIOLATIONS_H_
