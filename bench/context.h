// What places a result: server, versions, machine and flags, for the JSON's context.

#ifndef RCB_BENCH_CONTEXT_H_
#define RCB_BENCH_CONTEXT_H_

#include <string>

#include "common/harness/options.h"
#include "common/server/target.h"

namespace rcb {

// Adds it to Google Benchmark's context. No password.
void AddContext(const Options& options, const Target& target);

// The same in a line, for people: ends with the version of Google Benchmark.
std::string ContextLine(const Options& options, const Target& target);

}  // namespace rcb

#endif  // RCB_BENCH_CONTEXT_H_
