// The flags of families with rounds or epochs and an expensive computation.

#ifndef RCB_BENCH_COMPUTATION_FLAGS_H_
#define RCB_BENCH_COMPUTATION_FLAGS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/workload_flags.h"
#include "common/harness/flags.h"
#include "common/workload/computation.h"

namespace rcb {

// Each field is a flag of the same name.
struct ComputationOptions {
  int64_t rounds = 0;  // 0: the family's own
  std::string compute = "wait";
  int64_t compute_ms = 0;  // 0: the family's own
  ValueSizes value_bytes;  // the family's own unless is_given()

  bool burns_cpu() const { return compute == "cpu"; }
  int64_t RoundsOr(int64_t own) const { return rounds > 0 ? rounds : own; }
  // The computation asked for; it takes `own_ms` unless --compute_ms says otherwise.
  Computation Make(int64_t own_ms) const {
    Computation computation;
    computation.duration_ms = compute_ms > 0 ? compute_ms : own_ms;
    computation.value_bytes = value_bytes;
    computation.kind = burns_cpu() ? Computation::Kind::kBurnCpu : Computation::Kind::kWait;
    return computation;
  }
};

// The flags that set `o`, which outlives them.
inline std::vector<Flag> ComputationFlags(ComputationOptions* o) {
  return {
      RoundsFlag(&o->rounds),
      {"compute", "wait or cpu",
       "what the expensive computation does: wait as for a database, or burn the thread's "
       "processor (default wait)",
       [o](absl::string_view v) { return ParseChoice(v, "wait", "cpu", &o->compute); },
       [o] { return o->compute; }},
      {"compute_ms", "milliseconds, from 1 to 10000", "how long the expensive computation takes",
       [o](absl::string_view v) { return ParseInteger(v, 1, 10'000, &o->compute_ms); },
       [o] { return absl::StrCat(o->compute_ms); }},
      ValueBytesFlag(&o->value_bytes),
  };
}

}  // namespace rcb

#endif  // RCB_BENCH_COMPUTATION_FLAGS_H_
