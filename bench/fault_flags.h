// The flags of families that break something.

#ifndef RCB_BENCH_FAULT_FLAGS_H_
#define RCB_BENCH_FAULT_FLAGS_H_

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/harness/flags.h"
#include "common/server/split_network.h"

namespace rcb {

// `fault_ms` outlives the flag; 0 is the family's own.
inline Flag FaultMsFlag(int64_t* fault_ms) {
  return {"fault_ms", "a number from 1 to 3600000", "how long a fault lasts, in milliseconds",
          [fault_ms](absl::string_view v) { return ParseInteger(v, 1, 3'600'000, fault_ms); },
          [fault_ms] { return absl::StrCat(*fault_ms); }};
}

// `partitions` outlives the flag.
inline Flag PartitionsFlag(Partitions* partitions) {
  const auto text = [](Partitions means) -> absl::string_view {
    if (means == Partitions::kAuto) return "auto";
    return means == Partitions::kProxy ? "proxy" : "namespaces";
  };
  return {"partitions", "auto, namespaces or proxy",
          "what cuts servers off: network namespaces, which takes root, or a TCP proxy (auto: "
          "namespaces where they can be had)",
          [partitions, text](absl::string_view v) {
            for (const Partitions means :
                 {Partitions::kAuto, Partitions::kNamespaces, Partitions::kProxy}) {
              if (text(means) == v) *partitions = means;
            }
            return text(*partitions) == v;
          },
          [partitions, text] { return std::string(text(*partitions)); }};
}

}  // namespace rcb

#endif  // RCB_BENCH_FAULT_FLAGS_H_
