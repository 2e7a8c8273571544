// What the variants of Transaction ask of a server: see bench/needs.h. bench/needs_test.cc compares
// it with what they do.

#ifndef RCB_BENCH_TRANSACTION_NEEDS_H_
#define RCB_BENCH_TRANSACTION_NEEDS_H_

#include "bench/needs.h"

namespace rcb::transaction {

inline constexpr char kAccountKeys[] =
    "account:0 account:1 account:2 account:3 account:4 account:5 account:6 account:7";

inline constexpr Needs kNeeds[] = {
    {"separate", "MSET MGET GET SET", kAccountKeys},
    {"write_skew", "MSET MGET UNWATCH WATCH MULTI EXEC", kAccountKeys},
    {"ordered_locks", "MSET MGET SET EVAL GET DEL",
     "account:0 account:1 account:2 account:3 account:4 account:5 account:6 account:7 owner:0:lock "
     "owner:1:lock owner:2:lock owner:3:lock owner:4:lock owner:5:lock"},
    {"multi_exec", "MSET MGET MULTI DECRBY INCRBY EXEC", kAccountKeys},
    {"watch", "MSET MGET UNWATCH WATCH MULTI EXEC", kAccountKeys},
    {"lua", "MSET MGET EVAL GET DECRBY INCRBY", kAccountKeys},
    {"function", "MSET MGET FCALL GET DECRBY INCRBY", kAccountKeys},
    {"read_skew", "MSET GET", "pair:first pair:second"},
    {"mset_mget", "MSET MGET", "pair:first pair:second"},
    {"list_separate", "RPUSH LRANGE", ""},
    {"list_append", "MULTI RPUSH LRANGE EXEC", ""},
};

}  // namespace rcb::transaction

#endif  // RCB_BENCH_TRANSACTION_NEEDS_H_
