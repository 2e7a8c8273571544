#include "bench/transaction/bank_check.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace rcb::transaction {
namespace {

constexpr size_t kMaxSearched = 20;

void CheckBalances(const char* what, const Balances& balances, bool is_guarded,
                   Violations& violations) {
  const std::string listed = absl::StrCat(" (", absl::StrJoin(balances, " "), ")");
  const int64_t total = std::accumulate(balances.begin(), balances.end(), int64_t{0});
  if (total != kTotal) {
    violations.Add(1, absl::StrCat(what, " has a total of ", total, ", not ", kTotal, listed));
  }
  if (!is_guarded) return;
  for (int account = 0; account < kAccounts; ++account) {
    const int cover = CoverOf(account);
    if (cover < account) continue;  // a pair counts once
    int64_t held = balances[static_cast<size_t>(account)];
    if (cover != account) held += balances[static_cast<size_t>(cover)];
    if (held < 0) {
      violations.Add(1,
                     absl::StrCat(what, ": the owner of account ", account, " has ", held, listed));
    }
  }
}

void Apply(const Transfer& transfer, int64_t sign, Balances& missing) {
  missing[static_cast<size_t>(transfer.from)] += sign * transfer.amount;
  missing[static_cast<size_t>(transfer.to)] -= sign * transfer.amount;
}

bool IsZero(const Balances& balances) {
  return std::all_of(balances.begin(), balances.end(), [](int64_t value) { return value == 0; });
}

// Whether some of `unknown`, from `next` on, make up for what is missing.
bool CanExplain(const std::vector<Transfer>& unknown, size_t next, Balances& missing) {
  if (next == unknown.size()) return IsZero(missing);
  if (CanExplain(unknown, next + 1, missing)) return true;
  Apply(unknown[next], 1, missing);
  const bool explained = CanExplain(unknown, next + 1, missing);
  Apply(unknown[next], -1, missing);
  return explained;
}

// Accounts whose missing amount is beyond all that `unknown` could have moved there or away.
int64_t Inexplicable(const std::vector<Transfer>& unknown, const Balances& missing) {
  Balances min{};
  Balances max{};
  for (const Transfer& transfer : unknown) {
    min[static_cast<size_t>(transfer.from)] -= transfer.amount;
    max[static_cast<size_t>(transfer.to)] += transfer.amount;
  }
  int64_t count = 0;
  for (size_t i = 0; i < missing.size(); ++i) {
    if (missing[i] < min[i] || missing[i] > max[i]) ++count;
  }
  return count;
}

void CheckFinal(absl::Span<const TransferOp> transfers, const Balances& final_balances,
                Violations& violations) {
  Balances missing = final_balances;  // what no acknowledged transfer explains
  for (int64_t& balance : missing) balance -= kOpening;
  std::vector<Transfer> unknown;
  for (const TransferOp& op : transfers) {
    if (op.outcome == Outcome::kOk && op.is_moved) Apply(op.transfer, 1, missing);
    if (op.outcome == Outcome::kUnknown) unknown.push_back(op.transfer);
  }
  int64_t wrong = Inexplicable(unknown, missing);
  if (wrong == 0 && unknown.size() <= kMaxSearched && !CanExplain(unknown, 0, missing)) wrong = 1;
  violations.Add(wrong,
                 absl::StrCat("at the end, the balances differ from the acknowledged transfers by ",
                              absl::StrJoin(missing, " "), ", and ", unknown.size(),
                              " transfers of unknown outcome do not explain it"));
}

}  // namespace

Violations CheckBank(absl::Span<const TransferOp> transfers, absl::Span<const Balances> snapshots,
                     const Balances& final_balances, bool is_guarded) {
  Violations violations;
  for (const Balances& snapshot : snapshots) {
    CheckBalances("a snapshot", snapshot, is_guarded, violations);
  }
  CheckBalances("the end", final_balances, is_guarded, violations);
  CheckFinal(transfers, final_balances, violations);
  return violations;
}

}  // namespace rcb::transaction
