// What the variants of Lock ask of a server: see bench/needs.h. bench/needs_test.cc compares it
// with what they do.

#ifndef RCB_BENCH_LOCK_NEEDS_H_
#define RCB_BENCH_LOCK_NEEDS_H_

#include "bench/needs.h"

namespace rcb::lock {

inline constexpr Needs kNeeds[] = {
    {"none", "GET SET", "counter"},
    {"barging_queue",
     "EVAL TIME LINDEX LPOS LREM ZSCORE LPOP ZREM EXISTS SET RPUSH ZADD GET DEL PUBLISH SUBSCRIBE",
     "counter lock:lock lock:queue lock:members"},
    {"unfenced", "EVAL SET INCR GET DEL", "counter lock:lock lock:order lock:serving"},
    {"plain_del", "SET DEL GET", "counter lock:lock"},
    {"setnx_spin", "SETNX DEL GET SET", "counter lock:lock"},
    {"token_backoff", "SET EVAL GET DEL", "counter lock:lock"},
    {"ticket", "INCR GET SET", "counter lock:order lock:serving"},
    {"blpop_queue", "RPUSH BLMOVE LMOVE INCR EVAL GET EXISTS SET",
     "counter lock:queue lock:order lock:queue:held:{worker}"},
    {"pubsub", "EVAL EXISTS HSET PEXPIRE PTTL HEXISTS DEL PUBLISH SUBSCRIBE GET SET",
     "counter lock:lock"},
    {"fair_queue",
     "EVAL TIME LINDEX ZSCORE LPOP ZREM EXISTS SET RPUSH ZADD GET DEL PUBLISH SUBSCRIBE",
     "counter lock:lock lock:queue lock:members"},
    {"read_write", "EVAL EXISTS TIME ZADD PEXPIRE ZREMRANGEBYSCORE SET GET DEL ZREM",
     "counter lock:lock lock:members lock:intent"},
    {"redlock", "GET SET", "counter"},
    {"fenced", "EVAL SET INCR GET DEL", "counter lock:lock lock:order lock:serving"},
    {"lua", "EVAL GET SET", "counter"},
    {"watch", "WATCH GET MULTI SET EXEC", "counter"},
};

}  // namespace rcb::lock

#endif  // RCB_BENCH_LOCK_NEEDS_H_
