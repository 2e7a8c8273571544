// The variants of Invalidation, as data.

#ifndef RCB_BENCH_INVALIDATION_INVALIDATION_ROWS_H_
#define RCB_BENCH_INVALIDATION_INVALIDATION_ROWS_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "bench/invalidation/cache.h"
#include "bench/invalidation/invalidation_check.h"
#include "bench/needs.h"
#include "common/harness/spec.h"
#include "common/harness/worker.h"

namespace rcb::invalidation {

using Variant = Operation (*)(Worker& worker, Cache& cache, size_t index);

// What a worker has its second connection for.
enum class Second { kNone, kDeletes, kDrains, kListens };

struct Row {
  const char* name;
  Role role;
  Variant read;
  Variant write;
  Needs needs;
  const char* promise;
  Promises promises = {};
  Settings settings = {};
  TrialContract trial = {};
  Second second = Second::kNone;
  double rate = 2000;
  bool has_lease = false;
  int64_t least_requests = 1;  // of an operation
};

// One for each benchmark, the controls first.
absl::Span<const Row> Rows();

}  // namespace rcb::invalidation

#endif  // RCB_BENCH_INVALIDATION_INVALIDATION_ROWS_H_
