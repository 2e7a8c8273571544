// Runs what was selected, once or for as long as --duration says.

#ifndef RCB_BENCH_PASSES_H_
#define RCB_BENCH_PASSES_H_

#include <benchmark/benchmark.h>

#include <string>

#include "common/harness/suite.h"

namespace rcb {

// Reports to `display`, and to `file`, which may be null, what is for the file `out`. With a
// duration, the library must have been told to write to no file of its own.
void RunPasses(Suite& suite, benchmark::BenchmarkReporter& display,
               benchmark::BenchmarkReporter* file, const std::string& out);

}  // namespace rcb

#endif  // RCB_BENCH_PASSES_H_
