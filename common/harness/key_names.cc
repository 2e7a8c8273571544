#include "common/harness/key_names.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace rcb {

std::vector<std::string> KeyNames(const std::vector<std::string>& patterns, const RunPlan& plan) {
  std::vector<std::string> names;
  for (const std::string& pattern : patterns) {
    const bool is_per_round = absl::StrContains(pattern, "{round}");
    const bool is_per_worker = absl::StrContains(pattern, "{worker}");
    const int64_t rounds = is_per_round ? plan.budget + 1 : 1;  // with the warm-up
    const int64_t workers = is_per_worker ? plan.workers : 1;
    for (int64_t round = 0; round < rounds; ++round) {
      for (int64_t worker = 0; worker < workers; ++worker) {
        names.push_back(absl::StrCat(
            plan.key_prefix, absl::StrReplaceAll(pattern, {{"{round}", absl::StrCat(round)},
                                                           {"{worker}", absl::StrCat(worker)}})));
      }
    }
  }
  return names;
}

bool MatchesName(absl::string_view pattern, absl::string_view name) {
  while (!pattern.empty() && !name.empty()) {
    const size_t number = pattern[0] == '{' ? pattern.find('}') : absl::string_view::npos;
    if (number == absl::string_view::npos) {
      if (pattern[0] != name[0]) return false;
      pattern.remove_prefix(1);
      name.remove_prefix(1);
    } else {
      const size_t digits = std::min(name.find_first_not_of("0123456789"), name.size());
      if (digits == 0) return false;
      pattern.remove_prefix(number + 1);
      name.remove_prefix(digits);
    }
  }
  return pattern.empty() && name.empty();
}

}  // namespace rcb
