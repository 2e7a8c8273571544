// What the variants of StampedeExpiry ask of a server: see bench/needs.h. bench/needs_test.cc
// compares it with what they do.

#ifndef RCB_BENCH_STAMPEDE_EXPIRY_NEEDS_H_
#define RCB_BENCH_STAMPEDE_EXPIRY_NEEDS_H_

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "bench/needs.h"

namespace rcb::expiry {

inline constexpr Needs kNeeds[] = {
    {"none", "GET SET EVAL", ""},
    {"token_lock", "GET SET EVAL DEL", ""},
    {"xfetch_lock", "GET SET EVAL DEL", ""},
    {"stale_while_revalidate", "GET SET EVAL DEL", ""},
    {"xfetch", "GET SET EVAL", ""},
    {"ttl_jitter", "GET SET EVAL", ""},
};

// How many keys there are differs among the rows of a variant.
inline void DeclareKeys(size_t count, BenchmarkSpec& spec) {
  for (size_t i = 0; i < count; ++i) {
    for (const char* const part : {"", ":lock", ":newest"}) {
      spec.needs.keys.push_back(absl::StrCat(i, part));
    }
  }
}

}  // namespace rcb::expiry

#endif  // RCB_BENCH_STAMPEDE_EXPIRY_NEEDS_H_
