// What each variant asks of a server. bench/needs_test.cc compares it with what the variant does.

#ifndef RCB_BENCH_NEEDS_H_
#define RCB_BENCH_NEEDS_H_

#include "absl/strings/str_split.h"
#include "common/harness/spec.h"

namespace rcb {

// A column of a family's table of rows.
struct Needs {
  const char* commands = "";  // as Requirements::commands, with blanks between them
  const char* keys = "";      // as Requirements::keys, with blanks between them
};

inline void Declare(const Needs& needs, BenchmarkSpec& spec) {
  spec.needs.commands = absl::StrSplit(needs.commands, ' ', absl::SkipEmpty());
  spec.needs.keys = absl::StrSplit(needs.keys, ' ', absl::SkipEmpty());
}

}  // namespace rcb

#endif  // RCB_BENCH_NEEDS_H_
