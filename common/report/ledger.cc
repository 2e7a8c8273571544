#include "common/report/ledger.h"

#include <map>
#include <set>
#include <utility>

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

// The detectors that found nothing in any row although a control of their family was caught:
// nothing shows that these work. Those of the harness, which all families share, are named where a
// control was looked at with them. By family; "the suite" for the harness.
std::map<std::string, std::set<std::string>> UnprovenDetectors(
    const std::map<std::string, LedgerEntry>& entries) {
  using FamilyAndDetector = std::pair<std::string, std::string>;
  std::set<FamilyAndDetector> provable;
  std::set<FamilyAndDetector> proven;
  std::set<std::string> caught_families;
  const auto family_of = [](const LedgerEntry& entry) {
    return entry.variant.substr(0, entry.variant.find('/'));
  };
  for (const auto& [name, entry] : entries) {
    if (entry.verdict() == RowVerdict::kCaught) caught_families.insert(family_of(entry));
  }
  for (const auto& [name, entry] : entries) {
    const std::string family = family_of(entry);
    for (const auto& [detector, count] : entry.detections) {
      const bool is_shared = detector == kByWait || detector == kByResidue;
      const FamilyAndDetector key(is_shared ? "the suite" : family, detector);
      if (count > 0) proven.insert(key);
      const bool may_show = !is_shared || entry.role == Role::kControl;
      if (may_show && caught_families.count(family) > 0) provable.insert(key);
    }
  }
  std::map<std::string, std::set<std::string>> unproven;
  for (const auto& key : provable) {
    if (proven.count(key) == 0) unproven[key.first].insert(key.second);
  }
  return unproven;
}

}  // namespace

RowVerdict LedgerEntry::verdict() const {
  if (!void_reason.empty()) return RowVerdict::kVoid;
  if (role == Role::kSafe && finished && !violations.none()) return RowVerdict::kBroken;
  if (!Error().empty()) return RowVerdict::kError;
  if (!overload.empty()) return RowVerdict::kOverloaded;
  if (role != Role::kControl || !finished) return RowVerdict::kOk;
  if (!violations.none()) return RowVerdict::kCaught;
  return overlapping < contract.min_overlapping ? RowVerdict::kNotProvable : RowVerdict::kNotCaught;
}

std::string LedgerEntry::Error() const {
  if (!void_reason.empty()) return absl::StrCat("void: ", void_reason);
  if (!abort_reason.empty()) return abort_reason;
  if (errors == 0 && timeouts == 0) return "";
  return absl::StrCat(Plural(static_cast<size_t>(errors), "error"), ", ",
                      Plural(static_cast<size_t>(timeouts), "timeout"), "; first: ", first_error);
}

std::string LedgerEntry::Remark() const {
  switch (verdict()) {
    case RowVerdict::kBroken:
      return violations.first;
    case RowVerdict::kOverloaded:
      return absl::StrCat(overload, "; its latencies are those of a queue that grows");
    case RowVerdict::kNotCaught:
      return absl::StrCat("this control must violate its contract, and did not, though ",
                          overlapping, " of its operations overlapped; raise --workers or ",
                          "--benchmark_min_time, or make the run longer");
    case RowVerdict::kNotProvable:
      if (workers == 1) return "a single worker races with nobody; use --workers=10 or more";
      return absl::StrCat("only ", overlapping, " operations overlapped, and ",
                          contract.min_overlapping, " have to; raise --workers, --rate or ",
                          "--benchmark_min_time");
    default:
      return "";
  }
}

const LedgerEntry* Ledger::Find(const std::string& name) const {
  auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

int64_t Ledger::RetryAborted() {
  int64_t retried = 0;
  for (auto& [name, entry] : entries_) {
    if (entry.abort_reason.empty()) continue;
    ++retried;
    ++entry.errors;
    if (entry.first_error.empty()) entry.first_error = entry.abort_reason;
    entry.abort_reason.clear();
  }
  return retried;
}

Verdict Ledger::Conclude() const {
  std::map<RowVerdict, std::set<std::string>> rows;  // names of rows, of unprovable ones variants
  std::set<std::string> safe, controls;
  int64_t violations = 0;
  for (const auto& [name, entry] : entries_) {
    const RowVerdict verdict = entry.verdict();
    const bool is_too_early = entry.interrupted && entry.violations.none();
    if (verdict == RowVerdict::kVoid || verdict == RowVerdict::kError || !is_too_early) {
      rows[verdict].insert(verdict == RowVerdict::kNotProvable ? entry.variant : name);
    }
    if (verdict != RowVerdict::kError && verdict != RowVerdict::kVoid && !entry.Error().empty()) {
      rows[RowVerdict::kError].insert(name);
    }
    if (!entry.finished || is_too_early || verdict == RowVerdict::kVoid) continue;
    if (verdict == RowVerdict::kNotProvable) continue;
    if (entry.role == Role::kControl) controls.insert(entry.variant);
    if (entry.role != Role::kSafe) continue;
    if (entry.succeeded > 0) safe.insert(entry.variant);
    if (verdict == RowVerdict::kBroken) violations += entry.violations.count;
  }
  const auto more = [&rows](RowVerdict verdict, absl::string_view what) {
    const std::set<std::string>& names = rows[verdict];
    return names.empty() ? "" : absl::StrCat("; ", what, " ", absl::StrJoin(names, ", "));
  };
  Verdict verdict;
  verdict.failed = !rows[RowVerdict::kBroken].empty() || !rows[RowVerdict::kNotCaught].empty() ||
                   !rows[RowVerdict::kVoid].empty() || !rows[RowVerdict::kError].empty();
  verdict.line = absl::StrCat(
      "verdict: ", Plural(safe.size(), "safe variant"), ", ",
      Plural(static_cast<size_t>(violations), "violation"),
      Named(rows[RowVerdict::kBroken], "broken", ""), "; ",
      Plural(controls.size(), "unsafe control"),
      Named(rows[RowVerdict::kNotCaught], "that caught nothing, so its detector is unproven",
            controls.empty()       ? ""
            : controls.size() == 1 ? ", caught"
                                   : ", all caught"),
      more(RowVerdict::kNotProvable, "not provable here:"),
      more(RowVerdict::kOverloaded, "overloaded:"), more(RowVerdict::kVoid, "void:"),
      more(RowVerdict::kError, "errors in"));
  for (const auto& [family, detectors] : UnprovenDetectors(entries_)) {
    absl::StrAppend(&verdict.unproven, "unproven detectors of ", family, ": ",
                    absl::StrJoin(detectors, ", "), "\n");
  }
  return verdict;
}

std::string LedgerName(absl::string_view function, absl::string_view args, int64_t threads) {
  return absl::StrCat(function, args.empty() ? "" : "/", args, "/threads:", threads);
}

}  // namespace rcb
