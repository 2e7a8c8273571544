// Google Benchmark on one side, patterns and workers on the other.

#ifndef RCB_COMMON_HARNESS_SUITE_H_
#define RCB_COMMON_HARNESS_SUITE_H_

#include <benchmark/benchmark.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/harness/ledger.h"
#include "common/harness/options.h"
#include "common/harness/run.h"
#include "common/harness/scenario.h"
#include "common/harness/session.h"
#include "common/redis/blocking_client.h"
#include "common/server/node_group.h"
#include "common/server/target.h"

namespace rcb {

// Owned by main; the benchmarks that it registers refer to it.
class Suite {
 public:
  using Selector = std::function<bool(const std::string& name)>;
  using OnProgress = std::function<void(const std::string& benchmark, const Run& run)>;

  // `options` and `target` outlive the suite. `selects` tells whether a benchmark of that name, as
  // Google Benchmark prints it, is going to run. `on_progress` is called many times a second.
  Suite(const Options& options, Target& target, Selector selects, OnProgress on_progress);
  ~Suite();

  // Registers a variant with Google Benchmark: once for each number of workers and of threads.
  void Register(const BenchmarkSpec& spec);
  // Registers what is no variant, such as the cost of a histogram record, for each number of
  // workers; none: just once. `body` runs the state's loop, never calls SkipWithError, and returns
  // what went wrong. One thread.
  using Body = std::function<absl::Status(benchmark::State& state)>;
  void RegisterPlain(const std::string& name, const std::vector<int64_t>& workers,
                     const Body& body);

  const Options& options() const { return options_; }
  Target& target() { return target_; }
  Ledger& ledger() { return ledger_; }
  // Of the benchmarks registered so far and selected to run: how many, the names of those that have
  // no rate, the most connections that one opens to the server, and the same with those to nodes.
  int64_t selected() const { return selected_; }
  const std::vector<std::string>& without_rate() const { return without_rate_; }
  int64_t most_connections() const { return most_connections_; }
  int64_t most_sockets() const { return most_sockets_; }
  // Makes sure that the server lives, and does `work` on the harness's connection to it; not timed.
  absl::Status Prepare(const std::function<absl::Status(BlockingClient& redis)>& work);
  // How workers connect to the target as it is now.
  absl::StatusOr<ConnectionOptions> Connecting() const;

  // Closes all connections; no benchmark may be running.
  void CloseSession();

 private:
  struct Instance {  // what is the same for all runs of a row
    BenchmarkSpec spec;
    std::string name;
    int workers;
    int threads;
  };

  void Note(const std::string& name, bool has_rate, int64_t connections, int64_t to_nodes);
  void RegisterPlainOnce(const std::string& name, int64_t workers, const Body& body);
  void RunInstance(const Instance& instance, benchmark::State& state);
  Run* Join(const Instance& instance, int64_t iterations, int thread);
  void BeginUnlessTroubled(const Instance& instance, int64_t iterations);
  absl::Status Begin(const Instance& instance, int64_t iterations);
  absl::Status OpenSession(const Instance& instance);
  absl::StatusOr<std::vector<ConnectionOptions>> ConnectingToNodes(const Instance& instance);
  absl::Status Connect();
  void Finish(const Instance& instance, benchmark::State& state);
  void Publish(const Instance& instance, const Findings& findings, benchmark::State& state);

  const Options& options_;
  Target& target_;
  Selector selects_;
  OnProgress on_progress_;
  Ledger ledger_;
  int64_t selected_ = 0;
  std::vector<std::string> without_rate_;
  int64_t most_connections_ = 0;
  int64_t most_sockets_ = 0;

  std::mutex joining_;
  std::condition_variable begun_;
  int expected_ = 0;  // threads that the run that was begun waits for; guarded by joining_
  NodeGroup nodes_;
  std::optional<BlockingClient> redis_;
  int redis_generation_ = -1;
  int generation_ = 0;        // of the target when we last made sure of it
  bool troubled_ = false;     // since then, a run has shown that something is wrong with it
  std::string session_name_;  // the benchmark and server that session_ was opened for
  std::unique_ptr<Session> session_;
  std::unique_ptr<Run> run_;
  int64_t runs_ = 0;
};

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_SUITE_H_
