// What the variants of Stampede ask of a server: see bench/needs.h. bench/needs_test.cc compares it
// with what they do.

#ifndef RCB_BENCH_STAMPEDE_NEEDS_H_
#define RCB_BENCH_STAMPEDE_NEEDS_H_

#include "bench/needs.h"

namespace rcb::stampede {

inline constexpr Needs kNeeds[] = {
    {"none", "GET SET", "{round}"},
    {"short_lock", "GET SET EVAL DEL", "{round} {round}:lock"},
    {"setnx_poll", "GET SETNX SETEX DEL", "{round} {round}:lock"},
    {"token_lock", "GET SET EVAL DEL", "{round} {round}:lock"},
    {"pubsub", "EVAL GET SET PUBLISH DEL SUBSCRIBE", "{round} {round}:lock"},
    {"blpop", "EVAL GET SET INCR PEXPIRE RPUSH DEL BLPOP",
     "{round} {round}:lock {round}:waiters {round}:wake"},
    {"single_flight", "GET SET", "{round}"},
    {"lease", "EVAL GET SET DEL", "{round} {round}:lock"},
};

}  // namespace rcb::stampede

#endif  // RCB_BENCH_STAMPEDE_NEEDS_H_
