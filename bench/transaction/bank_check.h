// Decides whether the bank of Transaction kept its books.

#ifndef RCB_BENCH_TRANSACTION_BANK_CHECK_H_
#define RCB_BENCH_TRANSACTION_BANK_CHECK_H_

#include "absl/types/span.h"
#include "bench/transaction/bank.h"
#include "common/check/history.h"
#include "common/check/violations.h"

namespace rcb::transaction {

// A transfer that was asked for, and how it ended.
struct TransferOp {
  Transfer transfer;
  bool is_moved = false;  // counts where the outcome is kOk
  Outcome outcome = Outcome::kOk;
};

// Counts snapshots with a wrong total, owners that are overdrawn in a snapshot or at the end, and
// accounts whose final balance no choice among the transfers of unknown outcome explains.
// `transfers`: in any order. `is_guarded`: overdrafts are forbidden. `final_balances` were read
// after the last operation. With up to 20 transfers of unknown outcome the search among them is
// exact; with more, each account by itself must be explicable. Any thread.
Violations CheckBank(absl::Span<const TransferOp> transfers, absl::Span<const Balances> snapshots,
                     const Balances& final_balances, bool is_guarded);

}  // namespace rcb::transaction

#endif  // RCB_BENCH_TRANSACTION_BANK_CHECK_H_
