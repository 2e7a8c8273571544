// A row of Eviction at work: fills the server, has the workers use it, and judges what they saw.

#ifndef RCB_BENCH_EVICTION_EVICTION_SCENARIO_H_
#define RCB_BENCH_EVICTION_EVICTION_SCENARIO_H_

#include <cstdint>
#include <memory>

#include "bench/eviction/cache.h"
#include "bench/eviction/eviction.h"
#include "bench/eviction/steady_state.h"
#include "bench/needs.h"
#include "common/harness/scenario.h"
#include "common/report/contract.h"

namespace rcb::eviction {

// What theory says of the hit ratio of a policy.
enum class Theory { kBound, kLru, kRandom };

// One variant, as the table of the family has it.
struct Row {
  const char* name;
  Role role;
  const char* policy;  // maxmemory-policy
  Order order;         // that it goes by
  Theory theory;
  Operation (*variant)(Worker& worker, Cache& cache) = GetOrFill;
  Needs needs = {"GET SET DBSIZE EVAL", ""};
  bool has_ttls = false;
  bool evicts = true;  // otherwise it refuses writes at its limit, and loses nothing
  bool shifts = false;
  double keys_per_held = 5;   // the keyspace is so many times what fits
  int64_t value_bytes = 500;  // unless --value_bytes says otherwise
  int64_t ttl_pct = -1;  // an argument of the name: how many of a hundred keys have a time to live
};

// `settings` are those of the row.
std::unique_ptr<Scenario> MakeScenario(const RunPlan& plan, const Settings& settings,
                                       const Row& row);

}  // namespace rcb::eviction

#endif  // RCB_BENCH_EVICTION_EVICTION_SCENARIO_H_
