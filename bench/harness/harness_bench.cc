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
#include "bench/harness/costs.h"
#include "bench/workload_flags.h"
#include "common/fault/proxy.h"
#include "common/harness/interrupt.h"
#include "common/harness/suite.h"
#include "common/measure/histogram.h"
#include "common/redis/address.h"
#include "common/redis/raw_loop.h"
#include "common/runtime/loop.h"
#include "common/server/redis_benchmark.h"
#include "common/workload/key_chooser.h"

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

// GET without a client library, of a key that holds `value`.
struct RawGet {
  std::string key;
  std::string value;
  bool through_proxy = false;
};

// A raw loop and what it runs through.
struct RawPath {
  std::unique_ptr<Proxy> proxy;  // without faults; null: straight to the server
  std::unique_ptr<RawLoop> loop;
};

absl::StatusOr<RawPath> OpenRawPath(Suite& suite, const RawGet& get, int connections) {
  const absl::Status ready = suite.Prepare([&get](BlockingClient& redis) {
    return redis.Command({"SET", get.key, get.value}).status();
  });
  if (!ready.ok()) return ready;
  absl::StatusOr<Address> address = Resolve(suite.deployment().endpoint());
  if (!address.ok()) return address.status();
  RawPath path;
  if (get.through_proxy) {
    absl::StatusOr<std::unique_ptr<Proxy>> proxy = Proxy::Start(*address, /*seed=*/1);
    if (!proxy.ok()) return proxy.status();
    path.proxy = *std::move(proxy);
    address = path.proxy->address();
  }
  absl::StatusOr<std::unique_ptr<RawLoop>> loop = RawLoop::Open(*address, connections);
  if (!loop.ok()) return loop.status();
  path.loop = *std::move(loop);
  return path;
}

absl::Status RunRawGet(Suite& suite, const RawGet& raw, benchmark::State& state,
                       int64_t iterations) {
  absl::StatusOr<RawPath> path = OpenRawPath(suite, raw, static_cast<int>(state.range(0)));
  absl::Status status = path.status();
  const Command get("GET", raw.key);
  const size_t reply_size = absl::StrCat("$", raw.value.size(), "\r\n", raw.value, "\r\n").size();
  while (state.KeepRunningBatch(iterations)) {
    if (!status.ok()) continue;
    status = path->loop->Drive(get.bytes(), reply_size, iterations,
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

// What it costs a worker to choose its next key, of a million whose popularity is Zipf's.
absl::Status CostOfZipfKey(benchmark::State& state, int64_t iterations) {
  constexpr uint64_t kKeys = 1'000'000;
  KeyChooser chooser(KeyDistribution::Zipf(0.99), kKeys);
  absl::InsecureBitGen random(std::seed_seq{1});
  uint64_t sum = 0;
  while (state.KeepRunningBatch(iterations)) {
    for (int64_t i = 0; i < iterations; ++i) sum += chooser.Next(random);
  }
  benchmark::DoNotOptimize(sum);
  return absl::OkStatus();
}

void RegisterCosts(Suite& suite, int64_t value_bytes) {
  Deployment& deployment = suite.deployment();
  const std::string key = absl::StrCat(deployment.identity().key_prefix, "harness");
  if (deployment.is_ours()) {  // a raw loop can't log in, nor choose a database
    const RawGet direct = {key, harness::Value(value_bytes)};
    suite.RegisterPlain("Harness/limit/epoll", WorkersOfHarness(),
                        [&suite, direct](benchmark::State& state, int64_t iterations) {
                          return RunRawGet(suite, direct, state, iterations);
                        });
    const RawGet proxied = {direct.key, direct.value, /*through_proxy=*/true};
    suite.RegisterPlain("Harness/cost/proxy", {1, 50},
                        [&suite, proxied](benchmark::State& state, int64_t iterations) {
                          return RunRawGet(suite, proxied, state, iterations);
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
  suite.RegisterPlain("Harness/cost/zipf_key", {}, CostOfZipfKey);
}

}  // namespace

Family HarnessFamily() {
  const auto value_bytes = std::make_shared<ValueSizes>();
  return {
      .name = "Harness",
      .flags = {ValueBytesFlag(value_bytes.get())},
      .register_costs = [value_bytes](Suite& suite) { RegisterCosts(suite, value_bytes->Of(0)); },
  };
}

}  // namespace rcb
