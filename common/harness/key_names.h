// The names of a run's keys, where a variant knows them beforehand.

#ifndef RCB_COMMON_HARNESS_KEY_NAMES_H_
#define RCB_COMMON_HARNESS_KEY_NAMES_H_

#include <string>
#include <vector>

#include "common/harness/scenario.h"

namespace rcb {

// What `patterns` (see Requirements::keys) stand for in this run.
std::vector<std::string> KeyNames(const std::vector<std::string>& patterns, const RunPlan& plan);

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_KEY_NAMES_H_
