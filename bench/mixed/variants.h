// The variants of Mixed, each a technique for every class of operation.

#ifndef RCB_BENCH_MIXED_VARIANTS_H_
#define RCB_BENCH_MIXED_VARIANTS_H_

#include <cstdint>

#include "bench/mixed/lock_free.h"
#include "bench/mixed/locking.h"
#include "bench/mixed/naive.h"
#include "bench/mixed/store.h"
#include "bench/transaction/transaction.h"
#include "common/harness/worker.h"

namespace rcb::mixed {

struct Techniques {
  Operation (*get)(Worker& worker, Store& store, Key key);
  Operation (*set)(Worker& worker, Store& store, Key key,
                   int64_t number);  // yields what it replaced
  Operation (*incr)(Worker& worker, Store& store, Key key);
  Operation (*get_or_compute)(Worker& worker, Store& store, Key key);  // yields the computation
  Operation (*transfer)(Worker& worker, const transaction::Bank& bank,
                        const transaction::Transfer& transfer);
  // These yield whether, or how much, they took away. `version`: that of the origin from now on.
  Operation (*invalidate)(Worker& worker, Store& store, Key key, int64_t version);
  Operation (*expire)(Worker& worker, Store& store, Key key);
};

inline constexpr Techniques kNaive = {.get = naive::Get,
                                      .set = naive::Set,
                                      .incr = naive::Incr,
                                      .get_or_compute = naive::GetOrCompute,
                                      .transfer = naive::Transfer,
                                      .invalidate = naive::Invalidate,
                                      .expire = naive::Expire};
inline constexpr Techniques kLockFree = {.get = lock_free::Get,
                                         .set = lock_free::Set,
                                         .incr = lock_free::Incr,
                                         .get_or_compute = lock_free::GetOrCompute,
                                         .transfer = transaction::Lua,
                                         .invalidate = lock_free::Invalidate,
                                         .expire = lock_free::Expire};
inline constexpr Techniques kLocking = {.get = locking::Get,
                                        .set = locking::Set,
                                        .incr = locking::Incr,
                                        .get_or_compute = locking::GetOrCompute,
                                        .transfer = transaction::OrderedLocks,
                                        .invalidate = locking::Invalidate,
                                        .expire = locking::Expire};

}  // namespace rcb::mixed

#endif  // RCB_BENCH_MIXED_VARIANTS_H_
