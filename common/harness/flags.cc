#include "common/harness/flags.h"

#include <cstdlib>

#include "absl/algorithm/container.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace rcb {
namespace {

bool IsSwitch(const Flag& flag) { return flag.takes.empty(); }

absl::Status Refusal(const Flag& flag, absl::string_view argument) {
  if (IsSwitch(flag)) {
    return absl::InvalidArgumentError(absl::StrCat("--", flag.name, " takes no value"));
  }
  const size_t equals = argument.find('=');
  // The value of --redis may hold a password.
  const bool is_secret = flag.name == "redis" || equals == absl::string_view::npos;
  const std::string value =
      is_secret ? "" : absl::StrCat(", not '", argument.substr(equals + 1), "'");
  return absl::InvalidArgumentError(absl::StrCat("--", flag.name, "= takes ", flag.takes, value));
}

// "A, B and C".
std::string Enumerate(const std::vector<std::string>& names) {
  if (names.size() == 1) return names[0];
  return absl::StrCat(absl::StrJoin(names.begin(), names.end() - 1, ", "), " and ", names.back());
}

// Whether `argument` sets the flag.
bool Set(const Flag& flag, absl::string_view argument) {
  const size_t equals = argument.find('=');
  if (equals == absl::string_view::npos) return IsSwitch(flag) && flag.parse("");
  return !IsSwitch(flag) && flag.parse(argument.substr(equals + 1));
}

}  // namespace

void FlagSet::Add(const std::string& family, const std::vector<Flag>& flags) {
  for (const Flag& flag : flags) {
    Entry* known = Find(absl::StrCat("--", flag.name));
    if (known == nullptr) {
      Entry entry;
      entry.flags.push_back(flag);
      if (!family.empty()) entry.families.push_back(family);
      entries_.push_back(std::move(entry));
      continue;
    }
    const Flag& other = known->flags.front();
    if (known->families.empty() || other.takes != flag.takes || other.help != flag.help) {
      std::abort();
    }
    known->flags.push_back(flag);
    known->families.push_back(family);
  }
}

FlagSet::Entry* FlagSet::Find(absl::string_view argument) {
  if (!absl::ConsumePrefix(&argument, "--")) return nullptr;
  const absl::string_view name = argument.substr(0, argument.find('='));
  for (Entry& entry : entries_) {
    if (entry.flags.front().name == name) return &entry;
  }
  return nullptr;
}

absl::Status FlagSet::Parse(int* argc, char** argv) {
  int kept = 1;
  for (int i = 1; i < *argc; ++i) {
    const absl::string_view argument = argv[i];
    Entry* entry = Find(argument);
    if (entry == nullptr) {
      argv[kept++] = argv[i];
      continue;
    }
    entry->is_given = true;
    for (const Flag& flag : entry->flags) {
      if (!Set(flag, argument)) return Refusal(flag, argument);
    }
  }
  *argc = kept;
  argv[kept] = nullptr;
  return absl::OkStatus();
}

absl::Status FlagSet::CheckUnderstoodBy(const std::set<std::string>& families) const {
  for (const Entry& entry : entries_) {
    if (!entry.is_given || entry.families.empty()) continue;
    const bool is_understood = absl::c_any_of(
        entry.families, [&families](const std::string& f) { return families.count(f) != 0; });
    if (is_understood) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--", entry.flags.front().name, ": no selected benchmark understands it; ",
                     Enumerate(entry.families), entry.families.size() == 1 ? " does" : " do"));
  }
  return absl::OkStatus();
}

absl::Status FlagSet::CheckForForeignServer() const {
  for (const Entry& entry : entries_) {
    const Flag& flag = entry.flags.front();
    if (!entry.is_given || !flag.is_for_own_server) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--", flag.name,
                     ": it is for a server that is started here, and --redis names one "
                     "that runs: leave one of the two flags out"));
  }
  return absl::OkStatus();
}

std::string FlagSet::Help() const {
  std::string text;
  for (const Entry& entry : entries_) {
    const Flag& flag = entry.flags.front();
    const std::string families =
        entry.families.empty() ? "" : absl::StrCat(" (", absl::StrJoin(entry.families, ", "), ")");
    absl::StrAppendFormat(&text, "  --%s%s%s\n        %s%s\n", flag.name,
                          IsSwitch(flag) ? "" : "=  ", flag.takes, flag.help, families);
  }
  return text;
}

std::vector<std::pair<std::string, std::string>> FlagSet::Values() const {
  std::vector<std::pair<std::string, std::string>> values;
  for (const Entry& entry : entries_) {
    const Flag& flag = entry.flags.front();
    if (!entry.families.empty() && flag.value) values.emplace_back(flag.name, flag.value());
  }
  return values;
}

bool ParseInteger(absl::string_view text, int64_t min, int64_t max, int64_t* value) {
  int64_t parsed = 0;
  if (!absl::SimpleAtoi(text, &parsed) || parsed < min || parsed > max) return false;
  *value = parsed;
  return true;
}

bool ParseIntegers(absl::string_view text, int64_t max, std::vector<int64_t>* values) {
  std::vector<int64_t> parsed;
  for (absl::string_view piece : absl::StrSplit(text, ',')) {
    int64_t value = 0;
    if (!ParseInteger(piece, 1, max, &value)) return false;
    if (absl::c_linear_search(parsed, value)) return false;  // names of benchmarks are unique
    parsed.push_back(value);
  }
  *values = std::move(parsed);
  return true;
}

bool ParseChoice(absl::string_view text, absl::string_view one, absl::string_view other,
                 std::string* choice) {
  if (text != one && text != other) return false;
  *choice = std::string(text);
  return true;
}

}  // namespace rcb
