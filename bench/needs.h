// What each variant of a family asks of a server.

#ifndef RCB_BENCH_NEEDS_H_
#define RCB_BENCH_NEEDS_H_

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "common/harness/spec.h"

namespace rcb {

// A line of a family's table. A variant without one is never left out beforehand, but for users who
// may not SCAN.
struct Needs {
  const char* variant;   // the last part of its name
  const char* commands;  // as Requirements::commands, with blanks between them
  const char* keys;      // as Requirements::keys, with blanks between them
};

// Finds the spec's line among `table`, and declares what it says.
template <typename Table>
void DeclareNeeds(const Table& table, BenchmarkSpec& spec) {
  for (const Needs& needs : table) {
    if (spec.name.substr(spec.name.rfind('/') + 1) != needs.variant) continue;
    spec.needs.commands = absl::StrSplit(needs.commands, ' ', absl::SkipEmpty());
    spec.needs.keys = absl::StrSplit(needs.keys, ' ', absl::SkipEmpty());
  }
}

}  // namespace rcb

#endif  // RCB_BENCH_NEEDS_H_
