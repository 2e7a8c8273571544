// Google Benchmark's flags, checked before anything runs: by itself it ends the program with status
// 0 or 1 on some of them, and starts on others.

#ifndef RCB_BENCH_COMMAND_LINE_H_
#define RCB_BENCH_COMMAND_LINE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"

namespace rcb {

// What main needs to know of them.
struct CommandLine {
  std::string format = "console";                        // --benchmark_format
  std::string out;                                       // --benchmark_out; empty: none
  std::string out_format = "json";                       // --benchmark_out_format
  std::string filter;                                    // --benchmark_filter
  bool list_only = false;                                // --benchmark_list_tests
  double min_time_s = 0.5;                               // --benchmark_min_time=0.5 or 0.5s
  int64_t iterations = 0;                                // --benchmark_min_time=10x; 0: by time
  std::function<bool(const std::string& name)> selects;  // whether the filter does
};

// Hands argv to Google Benchmark, in the words of the version at hand. kInvalidArgument: a bad
// value, an unknown flag, an output file that can't be written; one line that names it. Creates no
// file that was not there. `is_repeated`: the benchmarks run several times, and we see to the file,
// which the library would begin anew each time.
absl::StatusOr<CommandLine> ReadBenchmarkFlags(int argc, char** argv, bool is_repeated);

// The half of --help that tells of these flags.
std::string BenchmarkFlagsHelp();

}  // namespace rcb

#endif  // RCB_BENCH_COMMAND_LINE_H_
