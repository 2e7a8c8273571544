// What places a result: server, versions, machine and flags, for the JSON's context.

#ifndef RCB_BENCH_CONTEXT_H_
#define RCB_BENCH_CONTEXT_H_

#include <string>

#include "common/harness/flags.h"
#include "common/harness/options.h"
#include "common/report/catalogue.h"
#include "common/server/deployment/deployment.h"

namespace rcb {

// What was built, for --version.
std::string VersionLine();

// Adds it to Google Benchmark's context, with what the counters are. It has no password.
void AddContext(const Options& options, const FlagSet& flags, const Catalogue& catalogue,
                const Deployment& deployment);

// The same in a line, for people: ends with the version of Google Benchmark.
std::string ContextLine(const Options& options, const Deployment& deployment);

}  // namespace rcb

#endif  // RCB_BENCH_CONTEXT_H_
