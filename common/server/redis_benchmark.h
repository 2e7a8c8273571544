// Runs redis-benchmark, the load generator that comes with Redis, as a peer in the same run.

#ifndef RCB_COMMON_SERVER_REDIS_BENCHMARK_H_
#define RCB_COMMON_SERVER_REDIS_BENCHMARK_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/server/private_server.h"

namespace rcb {

// What it says of itself.
struct PeerFigures {
  double operations_per_second = 0;
  double p50_us = 0;
  double p95_us = 0;
  double p99_us = 0;
};

// Where it is on PATH; empty where it is not.
std::string FindRedisBenchmark();

// `redis-benchmark -t get -c CONNECTIONS -n REQUESTS` against the server's TCP port. Main thread.
// kDeadlineExceeded after 15 s, kUnavailable once the server has died, kCancelled once
// `is_cancelled` says so.
absl::StatusOr<PeerFigures> RunRedisBenchmark(const std::string& path, PrivateServer& server,
                                              int64_t connections, int64_t requests,
                                              const std::function<bool()>& is_cancelled);

// The same with as many requests as take about two seconds, which a short run tells: a server with
// io-threads on few processors is a hundred times slower than one without.
absl::StatusOr<PeerFigures> RunRedisBenchmarkBriefly(const std::string& path, PrivateServer& server,
                                                     int64_t connections,
                                                     const std::function<bool()>& is_cancelled);

// Reads the output of --csv.
absl::StatusOr<PeerFigures> ParseRedisBenchmarkCsv(absl::string_view csv);

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_REDIS_BENCHMARK_H_
