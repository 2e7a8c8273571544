// The record of transactions over lists that CheckListAppend reads: which values each appended to
// which lists, and what it read there.

#ifndef RCB_COMMON_CHECK_LIST_APPEND_HISTORY_H_
#define RCB_COMMON_CHECK_LIST_APPEND_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/check/history.h"

namespace rcb {

// One step of a transaction: an append of `value` to the list `key`, or a read of that list.
struct ListOp {
  int64_t key = 0;
  int64_t value = 0;        // what an append appends
  size_t values_begin = 0;  // where a read's values begin, among those of all reads
  int32_t values_size = 0;
  bool is_read = false;
};

struct ListTransaction {
  int64_t invoke_ns = 0;
  int64_t return_ns = 0;
  size_t ops_begin = 0;
  size_t ops_end = 0;
  Outcome outcome = Outcome::kOk;
};

// Transactions in the order in which they were added: transaction 0, 1, ... To record one, call
// Append and Read once for each of its steps, in their order, and then End: for MULTI/EXEC, once
// the replies are there. Not thread-safe: give each worker its own and join them with Add.
class ListHistory {
 public:
  void Append(int64_t key, int64_t value);
  // `values` is what the read returned, the oldest first; it counts for kOk only.
  void Read(int64_t key, absl::Span<const int64_t> values);
  // Makes the steps since the last End one transaction. return_ns counts for kOk only.
  void End(int64_t invoke_ns, int64_t return_ns, Outcome outcome);
  // Adds the transactions of `other` behind those that are here; no transaction may be half
  // recorded in either.
  void Add(const ListHistory& other);

  const std::vector<ListTransaction>& transactions() const { return transactions_; }
  // The steps of all transactions; ListTransaction says which are whose.
  const std::vector<ListOp>& ops() const { return ops_; }
  absl::Span<const int64_t> ValuesOf(const ListOp& read) const {
    return absl::MakeConstSpan(values_).subspan(read.values_begin,
                                                static_cast<size_t>(read.values_size));
  }

 private:
  std::vector<ListTransaction> transactions_;
  std::vector<ListOp> ops_;
  std::vector<int64_t> values_;
};

}  // namespace rcb

#endif  // RCB_COMMON_CHECK_LIST_APPEND_HISTORY_H_
