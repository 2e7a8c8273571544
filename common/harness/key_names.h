// The names of a run's keys, of which "{round}" or another word in braces is a number.

#ifndef RCB_COMMON_HARNESS_KEY_NAMES_H_
#define RCB_COMMON_HARNESS_KEY_NAMES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/harness/scenario.h"

namespace rcb {

// What `patterns` (see Requirements::keys) stand for in this run.
std::vector<std::string> KeyNames(const std::vector<std::string>& patterns, const RunPlan& plan);

// Whether `name`, behind the prefix of a run, is `pattern` with a number in the place of each word
// in braces.
bool MatchesName(absl::string_view pattern, absl::string_view name);

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_KEY_NAMES_H_
