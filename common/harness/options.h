// The suite's own flags, beside Google Benchmark's.

#ifndef RCB_COMMON_HARNESS_OPTIONS_H_
#define RCB_COMMON_HARNESS_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rcb {

// Each field is a flag of the same name; see FlagsHelp for their meaning.
struct Options {
  std::string redis;         // empty: a private server
  std::string redis_server;  // empty: found on PATH
  std::string transport = "tcp";
  std::vector<int64_t> workers;  // empty: each family's own
  std::vector<int64_t> threads = {1};
  double rate = 0;     // operations per second; 0: closed loop
  int64_t rounds = 0;  // 0: each family's own
  std::string compute = "wait";
  int64_t compute_ms = 0;  // 0: each family's own
  int64_t op_timeout_ms = 5000;
  uint64_t seed = 1;
  int64_t history_limit = 4'000'000;  // operations that a run may record
  bool help = false;
};

// Takes our flags out of argv (--name=value, in any order), leaving the others and argv[0].
// kInvalidArgument: one line that names the flag and what it takes.
absl::Status ParseFlags(int* argc, char** argv, Options* options);

// Our half of --help.
std::string FlagsHelp();

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_OPTIONS_H_
