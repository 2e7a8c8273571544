#include "common/report/ledger.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace rcb {
namespace {

std::string Plural(size_t count, absl::string_view noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

// ", 2 silent: a, b" or the good news.
std::string Named(const std::set<std::string>& names, absl::string_view what,
                  absl::string_view none) {
  if (names.empty()) return std::string(none);
  return absl::StrCat(", ", names.size(), " ", what, ": ", absl::StrJoin(names, ", "));
}

}  // namespace

std::string LedgerEntry::Error() const {
  if (!abort_reason.empty()) return abort_reason;
  if (errors == 0 && timeouts == 0) return "";
  return absl::StrCat(Plural(static_cast<size_t>(errors), "error"), ", ",
                      Plural(static_cast<size_t>(timeouts), "timeout"), "; first: ", first_error);
}

const LedgerEntry* Ledger::Find(const std::string& name) const {
  auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

Verdict Ledger::Conclude() const {
  std::set<std::string> safe, controls, broken, silent, errored;
  int64_t violations = 0;
  for (const auto& [name, entry] : entries_) {
    if (!entry.Error().empty()) errored.insert(name);
    if (!entry.finished || entry.role == Role::kMeasurement) continue;
    if (entry.interrupted && entry.violations.none()) continue;  // it is too early to say
    (entry.role == Role::kControl ? controls : safe).insert(entry.variant);
    if (entry.IsUnproven()) silent.insert(name);
    if (entry.IsBroken()) {
      broken.insert(name);
      violations += entry.violations.count;
    }
  }
  Verdict verdict;
  verdict.failed = !broken.empty() || !silent.empty() || !errored.empty();
  verdict.line = absl::StrCat(
      "verdict: ", Plural(safe.size(), "safe variant"), ", ",
      Plural(static_cast<size_t>(violations), "violation"), Named(broken, "broken", ""), "; ",
      Plural(controls.size(), "unsafe control"),
      Named(silent, "that caught nothing, so its detector is unproven",
            controls.empty()       ? ""
            : controls.size() == 1 ? ", caught"
                                   : ", all caught"),
      errored.empty() ? "" : absl::StrCat("; errors in ", absl::StrJoin(errored, ", ")));
  return verdict;
}

std::string LedgerName(absl::string_view function, absl::string_view args, int64_t threads) {
  return absl::StrCat(function, args.empty() ? "" : "/", args, "/threads:", threads);
}

}  // namespace rcb
