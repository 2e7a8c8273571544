// The flag of families that break something for a while.

#ifndef RCB_BENCH_FAULT_FLAGS_H_
#define RCB_BENCH_FAULT_FLAGS_H_

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "common/harness/flags.h"

namespace rcb {

// `fault_ms` outlives the flag; 0 is the family's own.
inline Flag FaultMsFlag(int64_t* fault_ms) {
  return {"fault_ms", "a number from 1 to 3600000", "how long a fault lasts, in milliseconds",
          [fault_ms](absl::string_view v) { return ParseInteger(v, 1, 3'600'000, fault_ms); },
          [fault_ms] { return absl::StrCat(*fault_ms); }};
}

}  // namespace rcb

#endif  // RCB_BENCH_FAULT_FLAGS_H_
