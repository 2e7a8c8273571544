#include "common/server/redis_benchmark.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/measure/clock.h"
#include "common/server/child_process.h"

namespace rcb {
namespace {

constexpr int64_t kTimeoutNs = 15'000'000'000;
constexpr std::chrono::milliseconds kLookEvery(20);
constexpr int64_t kTrialRequests = 2000;
constexpr int64_t kMostRequests = 200'000;
constexpr double kBriefSeconds = 2;

std::string ReadFile(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

std::string FindRedisBenchmark() { return FindOnPath("redis-benchmark"); }

absl::StatusOr<PeerFigures> RunRedisBenchmark(const std::string& path, PrivateServer& server,
                                              int64_t connections, int64_t requests,
                                              const std::function<bool()>& is_cancelled) {
  const std::string output = absl::StrCat(server.directory(), "/redis-benchmark.csv");
  const std::vector<std::string> arguments = {"redis-benchmark",
                                              "-h",
                                              "127.0.0.1",
                                              "-p",
                                              absl::StrCat(server.tcp_endpoint().port),
                                              "-c",
                                              absl::StrCat(connections),
                                              "-n",
                                              absl::StrCat(requests),
                                              "-t",
                                              "get",
                                              "--csv"};
  absl::StatusOr<std::unique_ptr<ChildProcess>> child =
      ChildProcess::Spawn(path, arguments, output);
  if (!child.ok()) return child.status();
  const int64_t give_up_ns = NowNs() + kTimeoutNs;
  while ((*child)->IsAlive()) {
    if (is_cancelled()) return absl::CancelledError("cancelled");
    // It would try to connect for ever.
    if (!server.IsAlive()) return absl::UnavailableError("redis-benchmark: the server has died");
    if (NowNs() > give_up_ns) return absl::DeadlineExceededError("redis-benchmark takes too long");
    std::this_thread::sleep_for(kLookEvery);
  }
  const std::string csv = ReadFile(output);
  std::remove(output.c_str());  // the next run would append to it
  return ParseRedisBenchmarkCsv(csv);
}

absl::StatusOr<PeerFigures> RunRedisBenchmarkBriefly(const std::string& path, PrivateServer& server,
                                                     int64_t connections,
                                                     const std::function<bool()>& is_cancelled) {
  const absl::StatusOr<PeerFigures> trial =
      RunRedisBenchmark(path, server, connections, kTrialRequests, is_cancelled);
  if (!trial.ok()) return trial;
  const double requests = trial->operations_per_second * kBriefSeconds;
  return RunRedisBenchmark(
      path, server, connections,
      static_cast<int64_t>(std::clamp<double>(requests, kTrialRequests, kMostRequests)),
      is_cancelled);
}

absl::StatusOr<PeerFigures> ParseRedisBenchmarkCsv(absl::string_view csv) {
  // "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms",...
  std::vector<std::string> names;
  for (absl::string_view line : absl::StrSplit(csv, '\n')) {
    const std::string unquoted = absl::StrReplaceAll(line, {{"\"", ""}, {"\r", ""}});
    const std::vector<std::string> fields = absl::StrSplit(unquoted, ',');
    if (fields[0] == "test") names = fields;
    if (fields[0] != "GET" || fields.size() != names.size()) continue;
    PeerFigures figures;
    for (size_t i = 1; i < fields.size(); ++i) {
      double value = 0;
      if (!absl::SimpleAtod(fields[i], &value)) continue;
      if (names[i] == "rps") figures.operations_per_second = value;
      if (names[i] == "p50_latency_ms") figures.p50_us = value * 1e3;
      if (names[i] == "p95_latency_ms") figures.p95_us = value * 1e3;
      if (names[i] == "p99_latency_ms") figures.p99_us = value * 1e3;
    }
    if (figures.operations_per_second > 0) return figures;
  }
  return absl::InternalError(
      absl::StrCat("redis-benchmark gave no figures for GET: ", csv.substr(0, csv.find('\n'))));
}

}  // namespace rcb
