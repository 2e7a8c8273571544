// The bank of Transaction: accounts, what a transfer may do, and the keys that hold the balances.

#ifndef RCB_BENCH_TRANSACTION_BANK_H_
#define RCB_BENCH_TRANSACTION_BANK_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/random/distributions.h"
#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "common/redis/command.h"

namespace rcb::transaction {

inline constexpr int kAccounts = 8;
// Accounts below this stand alone and may not go below zero; of the others two and two (4 and 5, 6
// and 7) have one owner, and only their sum may not.
inline constexpr int kSingles = 4;
inline constexpr int64_t kOpening = 50;  // each balance at first
inline constexpr int64_t kTotal = kAccounts * kOpening;
inline constexpr int64_t kMaxAmount = 50;

using Balances = std::array<int64_t, kAccounts>;

// The account whose balance covers a debit as well: the partner's, or the account's own.
inline int CoverOf(int account) { return account < kSingles ? account : account ^ 1; }
inline int OwnerOf(int account) {
  return account < kSingles ? account : kSingles + (account - kSingles) / 2;
}

// What a transfer yields: it was made, or refused because it was not covered.
inline constexpr int64_t kMoved = 1;
inline constexpr int64_t kRefused = 0;

struct Transfer {
  int from = 0;
  int to = 0;
  int64_t amount = 0;

  bool IsCoveredBy(int64_t from_balance, int64_t cover_balance) const {
    const bool is_single = from < kSingles;
    return (is_single ? from_balance : from_balance + cover_balance) >= amount;
  }

  // Draws one between two accounts, which may be of one owner.
  static Transfer Draw(absl::InsecureBitGen& random) {
    Transfer transfer;
    transfer.from = absl::Uniform(random, 0, kAccounts);
    transfer.to = (transfer.from + absl::Uniform(random, 1, kAccounts)) % kAccounts;
    transfer.amount = absl::Uniform<int64_t>(absl::IntervalClosed, random, 1, kMaxAmount);
    return transfer;
  }
  // Draws a large one between the two pairs, where one account covers for another.
  static Transfer DrawBetweenPairs(absl::InsecureBitGen& random) {
    Transfer transfer = Draw(random);
    transfer.from = absl::Uniform(random, kSingles, kAccounts);
    transfer.amount = kMaxAmount;
    transfer.to = (transfer.from ^ 2) ^ absl::Uniform(random, 0, 2);  // 4 or 5 to 6 or 7, or back
    return transfer;
  }
};

// The keys of one run.
struct Bank {
  Bank(const std::string& prefix, const std::string& library)
      : function(absl::StrCat(library, "_transfer")) {
    for (int i = 0; i < kAccounts; ++i) accounts.push_back(absl::StrCat(prefix, "account:", i));
    snapshot = Command("MGET", account(0), account(1), account(2), account(3), account(4),
                       account(5), account(6), account(7));
    for (int i = 0; i <= OwnerOf(kAccounts - 1); ++i) {
      locks.push_back(absl::StrCat(prefix, "owner:", i, ":lock"));
    }
  }

  const std::string& account(int index) const { return accounts[static_cast<size_t>(index)]; }
  const std::string& lock(int owner) const { return locks[static_cast<size_t>(owner)]; }
  const std::string& from(const Transfer& transfer) const { return account(transfer.from); }
  const std::string& to(const Transfer& transfer) const { return account(transfer.to); }
  const std::string& cover(const Transfer& transfer) const {
    return account(CoverOf(transfer.from));
  }

  std::string function;
  std::vector<std::string> accounts;
  Command snapshot{"MGET"};        // of all balances
  std::vector<std::string> locks;  // by owner
  int64_t lease_ms = 30'000;       // of a lock: far longer than the work, also on a stalled machine
};

}  // namespace rcb::transaction

#endif  // RCB_BENCH_TRANSACTION_BANK_H_
