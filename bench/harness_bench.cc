#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/random/distributions.h"
#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "bench/families.h"
#include "bench/harness_costs.h"
#include "common/harness/interrupt.h"
#include "common/measure/histogram.h"
#include "common/redis/raw_loop.h"
#include "common/runtime/loop.h"
#include "common/server/redis_benchmark.h"

namespace rcb {
namespace {

const std::vector<int64_t>& WorkersOfHarness() {
  static const std::vector<int64_t> kWorkers = {1, 50, 500};
  return kWorkers;
}

void RegisterEngine(Suite& suite, const std::string& name, const std::string& key,
                    const Command& command) {
  BenchmarkSpec spec;
  spec.name = name;
  spec.contract = "one command per operation";
  spec.workers = WorkersOfHarness();
  spec.floor_round_trips = 1;
  spec.keeps_history = false;
  spec.make = [key, command](const RunPlan&) {
    return std::make_unique<harness::OneCommand>(key, command);
  };
  suite.Register(spec);
}

absl::Status LimitOfEpoll(Suite& suite, const std::string& key, benchmark::State& state) {
  absl::Status status = suite.Prepare([&key](BlockingClient& redis) {
    return redis.Command({"SET", key, harness::kValue}).status();
  });
  absl::StatusOr<ConnectionOptions> connecting = suite.Connecting();
  if (status.ok()) status = connecting.status();
  std::unique_ptr<RawLoop> loop;
  if (status.ok()) {
    auto opened = RawLoop::Open(connecting->address, static_cast<int>(state.range(0)));
    status = opened.status();
    if (status.ok()) loop = *std::move(opened);
  }
  const Command get("GET", key);
  const size_t reply_size = sizeof(harness::kValueReply) - 1;
  while (state.KeepRunningBatch(state.max_iterations)) {
    if (!status.ok()) continue;
    status = loop->Drive(get.bytes(), reply_size, state.max_iterations,
                         static_cast<int>(suite.options().op_timeout_ms), IsInterrupted);
  }
  state.SetItemsProcessed(state.max_iterations);
  return status;
}

absl::Status PeerRedisBenchmark(Suite& suite, const std::string& path, benchmark::State& state) {
  constexpr int64_t kRequests = 200'000;
  absl::Status ready = suite.Prepare([](BlockingClient&) { return absl::OkStatus(); });
  absl::StatusOr<PeerFigures> figures = absl::InternalError("it did not run");
  while (state.KeepRunningBatch(state.max_iterations)) {
    if (!ready.ok()) continue;
    figures = RunRedisBenchmark(path, *suite.target().private_server(), state.range(0), kRequests,
                                IsInterrupted);
  }
  if (!ready.ok()) return ready;
  if (!figures.ok()) return figures.status();
  state.counters["items_per_second"] = figures->operations_per_second;
  state.counters["p50_us"] = figures->p50_us;
  state.counters["p95_us"] = figures->p95_us;
  state.counters["p99_us"] = figures->p99_us;
  state.SetLabel("as redis-benchmark reports it");
  return absl::OkStatus();
}

absl::Status CostOfCoroutineSwitch(benchmark::State& state) {
  Loop loop;
  int64_t value = 0;
  // In short tasks: compilers may let the stack grow with calls that end at once.
  constexpr int64_t kCallsPerTask = 1000;
  while (state.KeepRunningBatch(state.max_iterations)) {
    for (int64_t left = state.max_iterations; left > 0; left -= kCallsPerTask) {
      loop.RunUntilDone(harness::CallRepeatedly(std::min(left, kCallsPerTask), value));
    }
  }
  benchmark::DoNotOptimize(value);
  return absl::OkStatus();
}

// Latencies as they come: log-normal around 200 us, drawn outside the timed region.
std::vector<int64_t> Latencies() {
  absl::InsecureBitGen random(std::seed_seq{1});
  std::vector<int64_t> latencies_ns(65'536);
  for (int64_t& ns : latencies_ns) {
    ns = static_cast<int64_t>(2e5 * std::exp(absl::Gaussian(random, 0.0, 0.5)));
  }
  return latencies_ns;
}

absl::Status CostOfRecord(benchmark::State& state) {
  const std::vector<int64_t> latencies_ns = Latencies();
  Histogram histogram;
  size_t next = 0;
  for (auto _ : state) {
    histogram.Record(latencies_ns[next]);
    next = (next + 1) % latencies_ns.size();
  }
  benchmark::DoNotOptimize(histogram.count());
  return absl::OkStatus();
}

absl::Status CostOfMerge(benchmark::State& state) {
  Histogram part;
  for (const int64_t ns : Latencies()) part.Record(ns);
  Histogram whole;
  for (auto _ : state) whole.Merge(part);
  benchmark::DoNotOptimize(whole.count());
  return absl::OkStatus();
}

}  // namespace

void RegisterHarness(Suite& suite) {
  const std::string key = absl::StrCat(suite.target().key_prefix(), "harness");
  if (suite.target().is_private()) {  // a raw loop can't log in, nor choose a database
    suite.RegisterPlain(
        "Harness/limit/epoll", WorkersOfHarness(),
        [&suite, key](benchmark::State& state) { return LimitOfEpoll(suite, key, state); });
  }
  RegisterEngine(suite, "Harness/engine/get", key, Command("GET", key));
  RegisterEngine(suite, "Harness/engine/ping", key, Command("PING"));
  const std::string peer = FindRedisBenchmark();
  if (!peer.empty() && suite.target().is_private()) {
    suite.RegisterPlain(
        "Harness/peer/redis_benchmark", WorkersOfHarness(),
        [&suite, peer](benchmark::State& state) { return PeerRedisBenchmark(suite, peer, state); });
  }
  suite.RegisterPlain("Harness/cost/coroutine_switch", {}, CostOfCoroutineSwitch);
  suite.RegisterPlain("Harness/cost/record", {}, CostOfRecord);
  suite.RegisterPlain("Harness/cost/histogram_merge", {}, CostOfMerge);
}

}  // namespace rcb
