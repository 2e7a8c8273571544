#include "common/harness/key_names.h"

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

}  // namespace rcb
