// Google Benchmark on one side, patterns and workers on the other.

#ifndef RCB_COMMON_HARNESS_SUITE_H_
#define RCB_COMMON_HARNESS_SUITE_H_

#include <benchmark/benchmark.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/harness/family.h"
#include "common/harness/histogram_out.h"
#include "common/harness/history_out.h"
#include "common/harness/options.h"
#include "common/harness/run.h"
#include "common/harness/spec.h"
#include "common/harness/stage.h"
#include "common/report/audit_log.h"
#include "common/report/ledger.h"
#include "common/server/deployment/deployment.h"
#include "common/server/deployment/quorum.h"
#include "common/server/deployment/replicated.h"
#include "common/server/deployment/standalone.h"
#include "common/server/rights.h"

namespace rcb {

// What was registered and is going to run.
struct Selection {
  int64_t benchmarks = 0;
  std::set<std::string> families;            // of these benchmarks
  std::set<std::string> families_with_rate;  // of those that --rate applies to
  std::vector<std::string> names_without_rate;
  int64_t max_connections = 0;    // that one of them opens to the server under test
  int64_t max_sockets = 0;        // the same, with those to nodes
  bool wants_namespaces = false;  // by name: see Partitions
};

// A variant that was selected and cannot run here.
struct LeftOut {
  std::string variant;  // "Family/discipline/variant"
  std::string reason;
};

// Owned by main; the benchmarks that it registers refer to it.
class Suite {
 public:
  using Selector = std::function<bool(const std::string& name)>;
  using OnProgress = std::function<void(const std::string& benchmark, const Run& run)>;

  // `options`, `deployment`, `feed` and `log` outlive the suite. `selects` tells whether a
  // benchmark of that name, as Google Benchmark prints it, is going to run. `on_progress` is called
  // many times a second. `feed` is handed what happens during runs, and `log` what came of them;
  // null: nobody wants to know.
  Suite(const Options& options, Deployment& deployment, Selector selects, OnProgress on_progress,
        IntervalFeed* feed = nullptr, AuditLog* log = nullptr);
  ~Suite();

  // From now on, variants that need something that `rights` does not grant are left out; null:
  // none.
  void RequireRights(Rights* rights) { rights_ = rights; }
  // Registers a family's variants with Google Benchmark, each once for each number of workers and
  // of threads, and its costs.
  void Register(const Family& family);
  void Register(const BenchmarkSpec& spec);
  // Registers what is no variant, such as the cost of a histogram record, for each number of
  // workers; none: just once. `body` runs the state's loop as one batch of `iterations`, never
  // calls SkipWithError, and returns what went wrong. One thread.
  using Body = std::function<absl::Status(benchmark::State& state, int64_t iterations)>;
  void RegisterPlain(const std::string& name, const std::vector<int64_t>& workers,
                     const Body& body);

  const Options& options() const { return options_; }
  Deployment& deployment() { return deployment_; }
  Ledger& ledger() { return ledger_; }
  // Of the benchmarks registered so far.
  const Selection& selection() const { return selection_; }
  const std::vector<LeftOut>& left_out() const { return left_out_; }
  // As Stage::Prepare, for what RegisterPlain registers.
  absl::Status Prepare(const std::function<absl::Status(BlockingClient& redis)>& work) {
    return stage_.Prepare(deployment_, work);
  }

  // All selected benchmarks are about to run once more. Those that have not begun by
  // `last_begin_ns` (NowNs clock) report nothing. How many of them could not run the last time, and
  // are tried again.
  int64_t BeginPass(int64_t last_begin_ns);

  // Closes all connections; no benchmark may be running.
  void CloseSession() { stage_.Close(); }

  // The histories of the runs so far.
  const HistoryOut& history_out() const { return history_out_; }
  const HistogramOut& histogram_out() const { return histogram_out_; }

 private:
  void Select(const std::string& name, bool has_rate, int64_t connections, int64_t to_nodes);
  bool LeavesOut(const BenchmarkSpec& spec);
  void RegisterInstance(Instance instance, int64_t rounds);
  void RegisterPlainOnce(const std::string& name, int64_t workers, const Body& body);
  bool MayHaveExtra(const BenchmarkSpec& spec, int64_t iterations) const;
  int64_t IterationsOf(const benchmark::State& state) const;
  void RunInstance(const Instance& instance, benchmark::State& state);
  Run* Join(const Instance& instance, int64_t iterations, int thread);
  void Begin(const Instance& instance, int64_t iterations);
  void Finish(const Instance& instance, benchmark::State& state);
  bool MayTry(const Instance& instance, const Tally& tally);
  void TellOfRun(const Instance& instance, const Tally& tally, const Findings* judged);
  bool IsTooLate(const std::string& name);
  void KeepHistory(const Instance& instance, Findings& findings);
  void Publish(const Instance& instance, const Findings& findings, benchmark::State& state);
  Deployment& DeploymentFor(const BenchmarkSpec& spec);
  Deployment& PrimaryFor(const Requirements& needs);
  Deployment& ServerFor(const Requirements& needs);
  Deployment& ReplicatedFor(const Requirements& needs);
  DeploymentOptions OwnOptions() const;

  const Options& options_;
  Deployment& deployment_;
  Selector selects_;
  OnProgress on_progress_;
  Ledger ledger_;
  Selection selection_;
  HistoryOut history_out_;
  HistogramOut histogram_out_;
  IntervalFeed* const feed_;
  AuditLog* const log_;
  int64_t pass_ = 1;
  int64_t last_begin_ns_ = 0;         // of the pass: no row begins later; 0: there is no such limit
  std::set<std::string> begun_rows_;  // the rows of the pass, by the ledger's name
  Rights* rights_ = nullptr;
  std::vector<LeftOut> left_out_;

  // Of the last run of a row: iterations of each thread, as the library asked for them, and how
  // many operations there were besides, of all threads.
  struct Length {
    int64_t iterations = 0;
    int64_t extra = 0;
  };
  std::map<std::string, Length> lengths_;  // by name; thread 0's alone
  bool is_repetition_ = false;             // of the run that was begun; thread 0's alone
  int64_t planned_extra_ = 0;              // of the run that was begun; thread 0's alone

  std::mutex joining_;
  std::condition_variable begun_;
  int awaited_threads_ = 0;                    // of the run that was begun; guarded by joining_
  std::unique_ptr<StandaloneDeployment> own_;  // for rows that need settings, or a small server
  std::unique_ptr<ReplicatedDeployment> replicated_;  // for rows that need one
  Settings replicated_settings_;
  std::unique_ptr<QuorumDeployment> quorum_;  // of one of them, or of the server under test
  Settings own_settings_;
  int own_max_clients_ = 0;
  Stage stage_;
};

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_SUITE_H_
