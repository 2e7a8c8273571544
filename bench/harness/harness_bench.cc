#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/random/distributions.h"
#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "bench/computation_flags.h"
#include "bench/families.h"
#include "bench/harness/costs.h"
#include "common/harness/interrupt.h"
#include "common/harness/suite.h"
#include "common/measure/histogram.h"
#include "common/redis/address.h"
#include "common/redis/raw_loop.h"
#include "common/runtime/loop.h"
#include "common/server/redis_benchmark.h"

namespace rcb {
namespace {

const std::vector<int64_t>& WorkersOfHarness() {
  static const std::vector<int64_t> kWorkers = {1, 50, 500};
  return kWorkers;
}

BenchmarkSpec Engine(const char* name, bool is_on_key, int64_t value_bytes) {
  BenchmarkSpec spec(name, Role::kMeasurement, {.promise = "one command per operation"});
  spec.workers = WorkersOfHarness();
  spec.floor.round_trips = 1;
  spec.floor.requests = 1;
  spec.needs.history = false;
  spec.needs.commands = {"SET", is_on_key ? "GET" : "PING"};
  spec.needs.keys = {"harness"};
  spec.make = [is_on_key, value_bytes](const RunPlan& plan) {
    return std::make_unique<harness::OneCommand>(plan, is_on_key, value_bytes);
  };
  return spec;
}

absl::StatusOr<std::unique_ptr<RawLoop>> OpenRawLoop(Suite& suite, const std::string& key,
                                                     const std::string& value, int connections) {
  const absl::Status ready = suite.Prepare([&key, &value](BlockingClient& redis) {
    return redis.Command({"SET", key, value}).status();
  });
  if (!ready.ok()) return ready;
  const absl::StatusOr<Address> address = Resolve(suite.deployment().endpoint());
  if (!address.ok()) return address.status();
  return RawLoop::Open(*address, connections);
}

absl::Status LimitOfEpoll(Suite& suite, const std::string& key, const std::string& value,
                          benchmark::State& state, int64_t iterations) {
  absl::StatusOr<std::unique_ptr<RawLoop>> loop =
      OpenRawLoop(suite, key, value, static_cast<int>(state.range(0)));
  absl::Status status = loop.status();
  const Command get("GET", key);
  const size_t reply_size = absl::StrCat("$", value.size(), "\r\n", value, "\r\n").size();
  while (state.KeepRunningBatch(iterations)) {
    if (!status.ok()) continue;
    status = (*loop)->Drive(get.bytes(), reply_size, iterations,
                            static_cast<int>(suite.options().op_timeout_ms), IsInterrupted);
  }
  state.SetItemsProcessed(iterations);
  return status;
}

absl::Status PeerRedisBenchmark(Suite& suite, const std::string& path, benchmark::State& state,
                                int64_t iterations) {
  absl::Status ready = suite.Prepare([](BlockingClient&) { return absl::OkStatus(); });
  absl::StatusOr<PeerFigures> figures = absl::InternalError("it did not run");
  while (state.KeepRunningBatch(iterations)) {
    if (!ready.ok()) continue;
    figures = RunRedisBenchmarkBriefly(path, *suite.deployment().private_server(), state.range(0),
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

absl::Status CostOfCoroutineSwitch(benchmark::State& state, int64_t iterations) {
  Loop loop;
  int64_t value = 0;
  // In short tasks: compilers may let the stack grow with calls that end at once.
  constexpr int64_t kCallsPerTask = 1000;
  while (state.KeepRunningBatch(iterations)) {
    for (int64_t left = iterations; left > 0; left -= kCallsPerTask) {
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

absl::Status CostOfRecord(benchmark::State& state, int64_t iterations) {
  const std::vector<int64_t> latencies_ns = Latencies();
  Histogram histogram;
  size_t next = 0;
  while (state.KeepRunningBatch(iterations)) {
    for (int64_t i = 0; i < iterations; ++i) {
      histogram.Record(latencies_ns[next]);
      next = (next + 1) % latencies_ns.size();
    }
  }
  int64_t count = histogram.count();
  benchmark::DoNotOptimize(count);
  return absl::OkStatus();
}

absl::Status CostOfMerge(benchmark::State& state, int64_t iterations) {
  Histogram part;
  for (const int64_t ns : Latencies()) part.Record(ns);
  Histogram whole;
  while (state.KeepRunningBatch(iterations)) {
    for (int64_t i = 0; i < iterations; ++i) whole.Merge(part);
  }
  int64_t count = whole.count();
  benchmark::DoNotOptimize(count);
  return absl::OkStatus();
}

void RegisterCosts(Suite& suite, int64_t value_bytes) {
  Deployment& deployment = suite.deployment();
  const std::string key = absl::StrCat(deployment.identity().key_prefix, "harness");
  if (deployment.is_ours()) {  // a raw loop can't log in, nor choose a database
    const std::string value = harness::Value(value_bytes);
    suite.RegisterPlain("Harness/limit/epoll", WorkersOfHarness(),
                        [&suite, key, value](benchmark::State& state, int64_t iterations) {
                          return LimitOfEpoll(suite, key, value, state, iterations);
                        });
  }
  suite.Register(Engine("Harness/engine/get", /*is_on_key=*/true, value_bytes));
  suite.Register(Engine("Harness/engine/ping", /*is_on_key=*/false, value_bytes));
  const std::string peer = FindRedisBenchmark();
  if (!peer.empty() && deployment.is_ours()) {
    suite.RegisterPlain("Harness/peer/redis_benchmark", WorkersOfHarness(),
                        [&suite, peer](benchmark::State& state, int64_t iterations) {
                          return PeerRedisBenchmark(suite, peer, state, iterations);
                        });
  }
  suite.RegisterPlain("Harness/cost/coroutine_switch", {}, CostOfCoroutineSwitch);
  suite.RegisterPlain("Harness/cost/record", {}, CostOfRecord);
  suite.RegisterPlain("Harness/cost/histogram_merge", {}, CostOfMerge);
}

}  // namespace

Family HarnessFamily() {
  const auto value_bytes = std::make_shared<int64_t>(0);
  return {
      .name = "Harness",
      .flags = {ValueBytesFlag(value_bytes.get())},
      .register_costs = [value_bytes](Suite& suite) { RegisterCosts(suite, *value_bytes); },
  };
}

}  // namespace rcb
