// The flags of families with a keyspace: how many keys, how popular, and how large their values.

#ifndef RCB_BENCH_WORKLOAD_FLAGS_H_
#define RCB_BENCH_WORKLOAD_FLAGS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/harness/flags.h"
#include "common/workload/key_distribution.h"
#include "common/workload/value_sizes.h"

namespace rcb {

// The size of what a family's keys hold, where that is free. `sizes` outlives the flag.
inline Flag ValueBytesFlag(ValueSizes* sizes) {
  return {"value_bytes", ValueSizes::kTakes,
          "the size of cached values; those that tell more are longer (default: what they tell)",
          [sizes](absl::string_view v) {
            const std::optional<ValueSizes> parsed = ValueSizes::Parse(v);
            if (parsed) *sizes = *parsed;
            return parsed.has_value();
          },
          [sizes] { return sizes->ToText(); }};
}

// The length of a run of rounds or epochs. `rounds` outlives the flag; 0 is the family's own.
inline Flag RoundsFlag(int64_t* rounds) {
  return {"rounds", "a number from 1 to 100000", "rounds or expiry epochs of a run",
          [rounds](absl::string_view v) { return ParseInteger(v, 1, 100'000, rounds); },
          [rounds] { return absl::StrCat(*rounds); }};
}

// How often a family that breaks servers does so in a run. `faults` outlives the flag; 0 is the
// family's own number.
inline Flag FaultsFlag(int64_t* faults) {
  return {"faults", "a number from 1 to 1000", "crashes, failovers and the like of a run",
          [faults](absl::string_view v) { return ParseInteger(v, 1, 1000, faults); },
          [faults] { return absl::StrCat(*faults); }};
}

// Each field is a flag of the same name.
struct KeyspaceOptions {
  int64_t keys = 0;                                 // 0: the family's own
  std::optional<KeyDistribution> key_distribution;  // none: the family's own
  ValueSizes value_bytes;                           // the family's own unless is_given()

  int64_t KeysOr(int64_t own) const { return keys > 0 ? keys : own; }
  KeyDistribution DistributionOr(const KeyDistribution& own) const {
    return key_distribution.value_or(own);
  }
};

// The flags that set `o`, which outlives them.
inline std::vector<Flag> KeyspaceFlags(KeyspaceOptions* o) {
  return {
      {"keys", "a number from 1 to 10000000", "how many keys the workers use (default: per family)",
       [o](absl::string_view v) { return ParseInteger(v, 1, 10'000'000, &o->keys); },
       [o] { return absl::StrCat(o->keys); }},
      {"key_distribution", KeyDistribution::kTakes,
       "how popular the keys are (default: per family)",
       [o](absl::string_view v) {
         const std::optional<KeyDistribution> parsed = KeyDistribution::Parse(v);
         if (parsed) o->key_distribution = parsed;
         return parsed.has_value();
       },
       [o] { return o->key_distribution ? o->key_distribution->ToText() : "0"; }},
      ValueBytesFlag(&o->value_bytes),
  };
}

}  // namespace rcb

#endif  // RCB_BENCH_WORKLOAD_FLAGS_H_
