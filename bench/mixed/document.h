// How the variants of Mixed look a document up.

#ifndef RCB_BENCH_MIXED_DOCUMENT_H_
#define RCB_BENCH_MIXED_DOCUMENT_H_

#include "absl/status/statusor.h"
#include "bench/mixed/store.h"
#include "common/harness/worker.h"
#include "common/redis/connection.h"
#include "common/runtime/task.h"

namespace rcb::mixed {

// The document of `key`; of version 0 where there is none.
inline Task<absl::StatusOr<Document>> LookUp(Worker& worker, const Store& store, Key key) {
  const Reply cached = co_await worker.redis().Run(Command("GET", store.document(key)));
  co_return Document::Parse(cached.text());
}

// Whether the first look-up of an operation has found a document, which makes it a hit.
inline bool IsHit(Worker& worker, const Document& found) {
  ++worker.tally->lookups;
  if (found.version == 0) return false;
  ++worker.tally->hits;
  worker.op_class = kHit;
  return true;
}

}  // namespace rcb::mixed

#endif  // RCB_BENCH_MIXED_DOCUMENT_H_
