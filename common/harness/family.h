// One contention pattern as main registers it: what it measures, shows and understands, and its
// variants.

#ifndef RCB_COMMON_HARNESS_FAMILY_H_
#define RCB_COMMON_HARNESS_FAMILY_H_

#include <functional>
#include <string>
#include <vector>

#include "common/harness/flags.h"
#include "common/harness/spec.h"
#include "common/report/catalogue.h"

namespace rcb {

class Suite;

struct Family {
  std::string name;                  // with which the names of its benchmarks begin
  std::vector<Metric> metrics = {};  // counters that its rows have and others do not
  std::vector<Column> columns = {};  // of the console, besides those of all families
  std::vector<Flag> flags = {};      // that it understands besides the common ones
  // Its variants, once the flags are parsed.
  std::function<std::vector<BenchmarkSpec>()> variants = nullptr;
  // Registers what is no variant, such as the cost of a histogram record; may be empty.
  std::function<void(Suite& suite)> register_costs = nullptr;
};

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_FAMILY_H_
