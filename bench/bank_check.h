// Decides whether the bank of Transaction kept its books.

#ifndef RCB_BENCH_BANK_CHECK_H_
#define RCB_BENCH_BANK_CHECK_H_

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "bench/bank.h"
#include "common/check/history.h"

namespace rcb::transaction {

// OpRecord::argument of a snapshot; of a transfer it is Transfer::Encode. A transfer's value is 1
// where it was made, and 0 where it was not covered.
inline constexpr int64_t kSnapshot = -1;

struct BankVerdict {
  // Snapshots with a wrong total, and overdrawn owners in snapshots and at the end; accounts whose
  // final balance no choice among the transfers of unknown outcome explains.
  int64_t violations = 0;
  std::string first;  // one line about the first violation
};

// `history`: transfers and snapshots, in any order. `guarded`: overdrafts are forbidden.
// `final_balances` were read after the last operation. With up to 20 transfers of unknown outcome
// the search among them is exact; with more, each account by itself must be explicable. Any thread.
BankVerdict CheckBank(absl::Span<const OpRecord> history, absl::Span<const Balances> snapshots,
                      const Balances& final_balances, bool guarded);

}  // namespace rcb::transaction

#endif  // RCB_BENCH_BANK_CHECK_H_
