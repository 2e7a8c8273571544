// The families of this suite.

#ifndef RCB_BENCH_FAMILIES_H_
#define RCB_BENCH_FAMILIES_H_

#include <vector>

#include "common/harness/options.h"
#include "common/harness/scenario.h"
#include "common/harness/suite.h"
#include "common/server/server_facts.h"

namespace rcb {

// The variants of each pattern, to be registered with Suite::Register.
std::vector<BenchmarkSpec> CounterVariants(const Options& options, const ServerFacts& facts);
std::vector<BenchmarkSpec> ListAppendVariants(const Options& options);
std::vector<BenchmarkSpec> LockVariants(const Options& options);
std::vector<BenchmarkSpec> StampedeVariants(const Options& options);
std::vector<BenchmarkSpec> StampedeExpiryVariants(const Options& options);
std::vector<BenchmarkSpec> TransactionVariants(const Options& options, const ServerFacts& facts);

// Registers what the suite itself costs.
void RegisterHarness(Suite& suite);

}  // namespace rcb

#endif  // RCB_BENCH_FAMILIES_H_
