#include "common/check/list_append_history.h"

namespace rcb {

void ListHistory::Append(int64_t key, int64_t value) {
  ops_.push_back({.key = key, .value = value});
}

void ListHistory::Read(int64_t key, absl::Span<const int64_t> values) {
  ops_.push_back({.key = key,
                  .values_begin = values_.size(),
                  .values_size = static_cast<int32_t>(values.size()),
                  .is_read = true});
  values_.insert(values_.end(), values.begin(), values.end());
}

void ListHistory::End(int64_t invoke_ns, int64_t return_ns, Outcome outcome) {
  const size_t begin = transactions_.empty() ? 0 : transactions_.back().ops_end;
  transactions_.push_back({invoke_ns, return_ns, begin, ops_.size(), outcome});
}

void ListHistory::Add(const ListHistory& other) {
  const size_t ops_before = ops_.size();
  const size_t values_before = values_.size();
  for (ListTransaction transaction : other.transactions_) {
    transaction.ops_begin += ops_before;
    transaction.ops_end += ops_before;
    transactions_.push_back(transaction);
  }
  for (ListOp op : other.ops_) {
    op.values_begin += values_before;
    ops_.push_back(op);
  }
  values_.insert(values_.end(), other.values_.begin(), other.values_.end());
}

}  // namespace rcb
