// What the workers of a run of Mixed did, sorted out by what judges it.

#ifndef RCB_BENCH_MIXED_RECORD_H_
#define RCB_BENCH_MIXED_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "bench/mixed/document_check.h"
#include "bench/mixed/store.h"
#include "bench/stampede_expiry/expiry_check.h"
#include "bench/transaction/bank_check.h"
#include "common/check/counter_check.h"
#include "common/check/history.h"
#include "common/check/swap_check.h"

namespace rcb::mixed {

// What an operation notes before its first command.
struct Note {
  uint32_t key = 0;
  uint8_t from = 0;  // a transfer's accounts,
  uint8_t to = 0;
  uint16_t amount = 0;
  int64_t number = 0;  // that a set writes, or the version that an invalidation tells of

  void Keep(const transaction::Transfer& transfer) {
    from = static_cast<uint8_t>(transfer.from);
    to = static_cast<uint8_t>(transfer.to);
    amount = static_cast<uint16_t>(transfer.amount);
  }
  transaction::Transfer transfer() const { return {from, to, amount}; }
};

template <typename T>
struct Keyed {
  Key key = 0;
  T op{};
};

// By what judges it.
struct Record {
  std::vector<Keyed<SwapOp>> swaps;                       // get and set
  std::vector<Keyed<CounterOp>> counts;                   // incr
  std::vector<Keyed<transaction::TransferOp>> transfers;  // by bank
  // get-or-compute:
  std::vector<expiry::GenerationRead> versions;
  std::vector<DocumentRead> documents;
  // What takes documents away:
  std::vector<expiry::Acknowledged> changes;
  std::vector<Loss> invalidations;
  std::vector<Loss> expirations;  // that took effect
  std::vector<Expiration> acknowledged_expirations;
  int64_t effective_losses = 0;   // among those that were acknowledged
  int64_t unknown_documents = 0;  // reads of a document that no computation yielded
};

// All that was there was taken away at once, at some time between the two.
struct Flush {
  int64_t invoke_ns = 0;
  int64_t return_ns = 0;
};

// What of `history` may have taken effect after `epoch` of the `flushes` and before the next, which
// are in their order. What may as well have taken effect before or after that has an unknown
// outcome.
std::vector<OpRecord> EpochOf(absl::Span<const OpRecord> history, absl::Span<const Flush> flushes,
                              size_t epoch);

// `note_of` yields the note of a recorded operation, `bank_of` the bank of a key. What a document
// was that a computation from before one of the `flushes` has stored after it is not judged: the
// cache had forgotten that it was overtaken.
Record SortOut(absl::Span<const OpRecord> history, const Store& store,
               absl::Span<const Flush> flushes, const std::function<Note(const OpRecord&)>& note_of,
               const std::function<Key(Key)>& bank_of);

// All computations; of each key that is judged, what was there before the run comes first.
std::vector<Fill> FillsOf(const Store& store, bool refreshes_only);

}  // namespace rcb::mixed

#endif  // RCB_BENCH_MIXED_RECORD_H_
