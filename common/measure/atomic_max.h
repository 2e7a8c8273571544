// A maximum that several threads raise.

#ifndef RCB_COMMON_MEASURE_ATOMIC_MAX_H_
#define RCB_COMMON_MEASURE_ATOMIC_MAX_H_

#include <atomic>
#include <cstdint>

namespace rcb {

// Makes `maximum` at least `value`, and tells whether it was less. Any thread.
inline bool RaiseTo(std::atomic<int64_t>& maximum, int64_t value) {
  int64_t before = maximum.load();
  while (before < value) {
    if (maximum.compare_exchange_weak(before, value)) return true;
  }
  return false;
}

}  // namespace rcb

#endif  // RCB_COMMON_MEASURE_ATOMIC_MAX_H_
