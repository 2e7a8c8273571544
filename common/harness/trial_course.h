// What is tried of a row in its trial, in which order, and what came of it.

#ifndef RCB_COMMON_HARNESS_TRIAL_COURSE_H_
#define RCB_COMMON_HARNESS_TRIAL_COURSE_H_

#include <functional>
#include <string>

#include "common/harness/scenario.h"
#include "common/harness/session.h"
#include "common/harness/spec.h"
#include "common/redis/blocking_client.h"

namespace rcb {

struct TrialOutcome {
  Findings findings;      // only violations count
  std::string not_tried;  // why not, in a few words; empty where it was tried
  bool session_is_spent = false;
};

// Where a trial takes place.
struct TrialGround {
  ThreadSlot& slot;
  BlockingClient& redis;
  // Yields a prefix for the keys of another scenario.
  std::function<std::string()> make_prefix;
  // Deletes what is under the prefix.
  std::function<void(const std::string& prefix)> delete_keys;
};

// Tries what the contract of `spec` says about clients that misbehave, in up to some 300 ms. Where
// this process or the server stood still for a good part of a lease, nothing follows from what
// went wrong, and it is tried again with longer leases; after three tries it counts as not tried.
// All loops must be idle.
TrialOutcome RunTrial(const BenchmarkSpec& spec, const RunPlan& plan, const TrialGround& ground);

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_TRIAL_COURSE_H_
