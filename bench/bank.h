// The bank of Transaction: accounts, what a transfer may do, and the keys that hold the balances.

#ifndef RCB_BENCH_BANK_H_
#define RCB_BENCH_BANK_H_

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
inline constexpr int64_t kMostAmount = 50;

using Balances = std::array<int64_t, kAccounts>;

// The account whose balance covers a debit as well: the partner's, or the account's own.
inline int CoverOf(int account) { return account < kSingles ? account : account ^ 1; }
inline int OwnerOf(int account) {
  return account < kSingles ? account : kSingles + (account - kSingles) / 2;
}

struct Transfer {
  int from = 0;
  int to = 0;
  int64_t amount = 0;

  bool IsCoveredBy(int64_t from_balance, int64_t cover_balance) const {
    const bool is_single = from < kSingles;
    return (is_single ? from_balance : from_balance + cover_balance) >= amount;
  }

  // For the record of an operation.
  int64_t Encode() const { return amount << 16 | to << 8 | from; }
  static Transfer Decode(int64_t code) {
    return {static_cast<int>(code & 0xff), static_cast<int>(code >> 8 & 0xff), code >> 16};
  }

  // Between two accounts, which may be of one owner.
  static Transfer Draw(absl::InsecureBitGen& random) {
    Transfer transfer;
    transfer.from = absl::Uniform(random, 0, kAccounts);
    transfer.to = (transfer.from + absl::Uniform(random, 1, kAccounts)) % kAccounts;
    transfer.amount = absl::Uniform<int64_t>(absl::IntervalClosed, random, 1, kMostAmount);
    return transfer;
  }
  // A large one between the two pairs, where one account covers for another.
  static Transfer DrawBetweenPairs(absl::InsecureBitGen& random) {
    Transfer transfer = Draw(random);
    transfer.from = absl::Uniform(random, kSingles, kAccounts);
    transfer.amount = kMostAmount;
    transfer.to = (transfer.from ^ 2) ^ absl::Uniform(random, 0, 2);  // 4 or 5 to 6 or 7, or back
    return transfer;
  }
};

// The keys of one run.
struct Bank {
  Bank(const std::string& prefix, const std::string& library)
      : function(absl::StrCat(library, "_transfer")) {
    for (int i = 0; i < kAccounts; ++i) accounts.push_back(absl::StrCat(prefix, "account:", i));
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
  std::vector<std::string> locks;  // by owner
};

}  // namespace rcb::transaction

#endif  // RCB_BENCH_BANK_H_
