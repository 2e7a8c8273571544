#include "bench/bank_check.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace rcb::transaction {
namespace {

constexpr size_t kMostSearched = 20;

void Violate(BankVerdict& verdict, const std::string& what) {
  ++verdict.violations;
  if (verdict.first.empty()) verdict.first = what;
}

void CheckBalances(const char* what, const Balances& balances, bool guarded, BankVerdict& verdict) {
  const std::string listed = absl::StrCat(" (", absl::StrJoin(balances, " "), ")");
  const int64_t total = std::accumulate(balances.begin(), balances.end(), int64_t{0});
  if (total != kTotal) {
    Violate(verdict, absl::StrCat(what, " has a total of ", total, ", not ", kTotal, listed));
  }
  if (!guarded) return;
  for (int account = 0; account < kAccounts; ++account) {
    const int cover = CoverOf(account);
    if (cover < account) continue;  // a pair counts once
    int64_t held = balances[static_cast<size_t>(account)];
    if (cover != account) held += balances[static_cast<size_t>(cover)];
    if (held < 0) {
      Violate(verdict,
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
  Balances least{};
  Balances most{};
  for (const Transfer& transfer : unknown) {
    least[static_cast<size_t>(transfer.from)] -= transfer.amount;
    most[static_cast<size_t>(transfer.to)] += transfer.amount;
  }
  int64_t count = 0;
  for (size_t i = 0; i < missing.size(); ++i) {
    if (missing[i] < least[i] || missing[i] > most[i]) ++count;
  }
  return count;
}

void CheckFinal(absl::Span<const OpRecord> history, const Balances& final_balances,
                BankVerdict& verdict) {
  Balances missing = final_balances;  // what no acknowledged transfer explains
  for (int64_t& balance : missing) balance -= kOpening;
  std::vector<Transfer> unknown;
  for (const OpRecord& op : history) {
    if (op.argument == kSnapshot) continue;
    const Transfer transfer = Transfer::Decode(op.argument);
    if (op.outcome == Outcome::kOk && op.value == 1) Apply(transfer, 1, missing);
    if (op.outcome == Outcome::kUnknown) unknown.push_back(transfer);
  }
  int64_t wrong = Inexplicable(unknown, missing);
  if (wrong == 0 && unknown.size() <= kMostSearched && !CanExplain(unknown, 0, missing)) wrong = 1;
  if (wrong == 0) return;
  Violate(verdict,
          absl::StrCat("at the end, the balances differ from the acknowledged transfers by ",
                       absl::StrJoin(missing, " "), ", and ", unknown.size(),
                       " transfers of unknown outcome do not explain it"));
  verdict.violations += wrong - 1;
}

}  // namespace

BankVerdict CheckBank(absl::Span<const OpRecord> history, absl::Span<const Balances> snapshots,
                      const Balances& final_balances, bool guarded) {
  BankVerdict verdict;
  for (const Balances& snapshot : snapshots) {
    CheckBalances("a snapshot", snapshot, guarded, verdict);
  }
  CheckBalances("the end", final_balances, guarded, verdict);
  CheckFinal(history, final_balances, verdict);
  return verdict;
}

}  // namespace rcb::transaction
