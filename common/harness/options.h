// What the flags that all families share stand for.

#ifndef RCB_COMMON_HARNESS_OPTIONS_H_
#define RCB_COMMON_HARNESS_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "common/harness/flags.h"

namespace rcb {

// Each field is a flag of the same name; see CommonFlags for their meaning.
struct Options {
  std::string redis;                        // empty: a private server
  std::string redis_server;                 // empty: found on PATH
  std::vector<std::string> server_options;  // "name value", of the private server
  bool allow_config_changes = false;
  std::string key_prefix = "rcb:";
  std::string transport = "tcp";
  std::vector<int64_t> workers;  // empty: each family's own
  std::vector<int64_t> threads = {1};
  double rate = 0;  // operations per second; 0: closed loop
  int64_t op_timeout_ms = 5000;
  uint64_t seed = 1;
  std::string trial = "on";           // or off: whether misbehaving clients are tried
  int64_t history_limit = 4'000'000;  // operations that a run may record
  std::string histograms;             // a directory; empty: histograms are not written
  std::string series;                 // a file; empty: no series is written
  int64_t series_interval_ms = 100;
  int64_t metrics_port = 0;  // 0: there are no live metrics
  std::string metrics_address = "127.0.0.1";
  std::string log;              // a file; empty: no log is written
  int64_t duration_ms = 0;      // each row is repeated for so long; 0: it is run once
  std::string history_out;      // a directory; empty: histories are not written
  std::string history_check;    // a file to judge; empty: benchmarks are run
  std::string history_model;    // empty: the one that the file names
  std::string history_initial;  // empty: the one that the file names, or nil
  std::string history_format = "text";
  // --benchmark_min_time: how long a run lasts at least, or else how many iterations it has.
  double min_time_s = 0.5;
  int64_t iterations = 0;  // 0: as many as last min_time_s
  bool help = false;
  bool version = false;
  bool list_metrics = false;
};

// The flags that set `options`, which outlives them.
std::vector<Flag> CommonFlags(Options* options);

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_OPTIONS_H_
