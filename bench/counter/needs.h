// What the variants of Counter ask of a server: see bench/needs.h. bench/needs_test.cc compares it
// with what they do.

#ifndef RCB_BENCH_COUNTER_NEEDS_H_
#define RCB_BENCH_COUNTER_NEEDS_H_

#include "bench/needs.h"

namespace rcb::counter {

inline constexpr Needs kNeeds[] = {
    {"get_set", "GET SET", "counter"},
    {"token_lock", "SET EVAL GET DEL", "counter counter:lock"},
    {"incr", "INCR GET", "counter"},
    {"lua", "EVAL GET SET", "counter"},
    {"watch", "WATCH GET MULTI SET EXEC", "counter"},
    {"function", "FCALL GET SET", "counter"},
    {"sharded", "INCR GET",
     "counter:0 counter:1 counter:2 counter:3 counter:4 counter:5 counter:6 counter:7"},
};

}  // namespace rcb::counter

#endif  // RCB_BENCH_COUNTER_NEEDS_H_
