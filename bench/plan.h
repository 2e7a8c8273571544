// What is going to run, and whether it can.

#ifndef RCB_BENCH_PLAN_H_
#define RCB_BENCH_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/harness/family.h"
#include "common/harness/flags.h"
#include "common/harness/options.h"
#include "common/harness/suite.h"
#include "common/server/deployment/deployment.h"

namespace rcb {

// Files, loops, pipes and the harness's own connections; and what a private server keeps back.
inline constexpr int64_t kSpareDescriptors = 128;

// What the filter selects, before there is a server: one that can run everything is assumed.
// Leaves nothing registered with Google Benchmark.
Selection Foresee(const Options& options, const std::vector<Family>& families,
                  const Suite::Selector& selects);

// Whether this process may open as many files as `selection` needs.
absl::Status CheckDescriptors(const Selection& selection, int64_t limit);

// Whether this process can part networks by namespaces, where `selection` wants that by name.
absl::Status CheckNamespaces(const Selection& selection);

// Whether what was selected can run with these flags on this server.
absl::Status CheckPlan(const Suite& suite, const FlagSet& flags, const Deployment& deployment);

// What was left out, for people: a line for each reason in turn.
std::vector<std::string> LeftOutLines(const std::vector<LeftOut>& left_out);
// "; 2 left out: Counter/lockfree/function, ...", for the verdict's line; empty where none was.
std::string LeftOutClause(const std::vector<LeftOut>& left_out);

}  // namespace rcb

#endif  // RCB_BENCH_PLAN_H_
