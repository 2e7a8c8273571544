#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/durability/crashes.h"
#include "bench/durability/durability.h"
#include "bench/families.h"
#include "bench/workload_flags.h"
#include "bench/write_log.h"
#include "common/server/deployment/deployment.h"

namespace rcb {
namespace {

using durability::Crashes;
using durability::CrashPlan;

constexpr int64_t kDefaultCrashes = 2;
constexpr int64_t kDownMs = 50;
constexpr int64_t kNsPerMs = 1'000'000;
// What is read after a write that has been acknowledged is not lost any more, whatever the reply
// of a killed server takes to be read.
constexpr int64_t kReadLateNs = 5'000 * kNsPerMs;

struct Row {
  const char* name;
  Role role;
  const char* promise;
  Settings settings;    // of the server
  int64_t up_ms;        // writes before each crash
  int64_t may_lose_ms;  // writes that were acknowledged so shortly before a crash; 0: none
};

bool IsInMemory(const std::string& directory) {
  struct statfs facts = {};
  return statfs(directory.c_str(), &facts) == 0 && facts.f_type == TMPFS_MAGIC;
}

constexpr char kNoneLost[] = "no acknowledged write is lost when the server's process dies";

std::vector<Row> Rows() {
  return {
      {"Durability/unsafe/no_persistence",
       Role::kControl,
       kNoneLost,
       {{"appendonly", "no"}},
       700,
       0},
      {"Durability/unsafe/snapshot", Role::kControl, kNoneLost, {{"save", "1 1"}}, 1700, 0},
      {"Durability/lockfree/everysec",
       Role::kSafe,
       "no write is lost that was acknowledged more than 2 s before the server's process dies",
       {{"appendonly", "yes"}, {"appendfsync", "everysec"}},
       3000,
       2000},
      {"Durability/lockfree/always",
       Role::kSafe,
       kNoneLost,
       {{"appendonly", "yes"}, {"appendfsync", "always"}},
       700,
       0},
  };
}

// From the oldest lost write to the crash after it.
double LossWindowUs(const std::vector<AddOp>& adds, const AddVerdict& verdict,
                    const std::vector<int64_t>& killed_ns) {
  int64_t window_ns = 0;
  for (const size_t place : verdict.lost) {
    const int64_t return_ns = adds[place].return_ns;
    const auto crash = std::lower_bound(killed_ns.begin(), killed_ns.end(), return_ns);
    if (crash != killed_ns.end()) window_ns = std::max(window_ns, *crash - return_ns);
  }
  return static_cast<double>(window_ns) / 1e3;
}

double UnavailableUs(const std::vector<AddOp>& adds, const std::vector<int64_t>& killed_ns) {
  int64_t longest_ns = 0;
  for (const int64_t when_ns : killed_ns) {
    int64_t back_ns = INT64_MAX;
    for (const AddOp& add : adds) {
      const bool is_after = add.outcome == Outcome::kOk && add.invoke_ns > when_ns;
      if (is_after) back_ns = std::min(back_ns, add.return_ns);
    }
    if (back_ns != INT64_MAX) longest_ns = std::max(longest_ns, back_ns - when_ns);
  }
  return static_cast<double>(longest_ns) / 1e3;
}

class DurabilityScenario : public Scenario {
 public:
  DurabilityScenario(const RunPlan& plan, const Row& row) : plan_(plan), row_(row), log_(plan) {}

  absl::Status Prepare(BlockingClient&) override {
    PrivateServer* const server =
        plan_.deployment == nullptr ? nullptr : plan_.deployment->private_server();
    if (server == nullptr) {
      return absl::FailedPreconditionError("there is no server of ours to kill");
    }
    if (IsInMemory(server->directory())) {
      note_ = "its disk is memory (tmpfs), where fsync costs nothing";
    }
    crashes_.emplace(CrashPlan{plan_.budget, row_.up_ms, kDownMs}, plan_, log_, *server);
    return absl::OkStatus();
  }

  bool IsOver() override { return crashes_->over(); }

  Operation Operate(Worker& worker) override {
    const bool is_first = worker.index == 0 && worker.operation == 0;
    if (is_first) worker.loop->Spawn(crashes_->Run(*worker.loop));
    return durability::Write(worker, log_);
  }

  absl::StatusOr<Findings> Check(absl::Span<const OpRecord>, BlockingClient& redis) override {
    if (!crashes_->status().ok()) return crashes_->status();
    const std::vector<int64_t>& killed_ns = crashes_->killed_ns();
    const absl::StatusOr<std::vector<int64_t>> present = log_.ReadAll(redis);
    if (!present.ok()) return present.status();
    std::vector<LossWindow> may_lose;
    for (const int64_t when_ns : killed_ns) {
      if (row_.may_lose_ms == 0) break;
      may_lose.push_back({when_ns - row_.may_lose_ms * kNsPerMs, when_ns + kReadLateNs});
    }
    const std::vector<AddOp> adds = log_.adds();
    const AddVerdict verdict = CheckAdds(adds, *present, may_lose);
    Findings findings;
    findings.Detect("by_presence", verdict.violations);
    findings.counters = LossCounters(verdict);
    findings.counters.emplace_back("loss_window_us", LossWindowUs(adds, verdict, killed_ns));
    findings.counters.emplace_back("unavailable_us", UnavailableUs(adds, killed_ns));
    findings.note = note_;
    return findings;
  }

 private:
  const RunPlan plan_;
  const Row row_;
  std::string note_;
  WriteLog log_;
  std::optional<Crashes> crashes_;
};

std::vector<BenchmarkSpec> Variants(int64_t faults) {
  std::vector<BenchmarkSpec> specs;
  for (const Row& row : Rows()) {
    BenchmarkSpec spec = SpecOnBrokenServer(row.name, row.role, row.promise, row.settings);
    spec.workers = {50};
    spec.rounds = faults > 0 ? faults : kDefaultCrashes;
    spec.floor.round_trips = 1;
    spec.floor.requests = 1;
    spec.residue.keys = {{.name = "set:{number}", .type = "set"}};
    spec.make = [row](const RunPlan& plan) {
      return std::make_unique<DurabilityScenario>(plan, row);
    };
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace

Family DurabilityFamily() {
  std::vector<Metric> metrics = LossMetrics();
  metrics.push_back({"loss_window_us", "us", Direction::kLowerIsBetter, MetricClass::kNoisy,
                     "longest time from the acknowledgement of a write that was lost to the next "
                     "crash"});
  const auto faults = std::make_shared<int64_t>(0);
  return {
      .name = "Durability",
      .metrics = metrics,
      .columns = {{"lost", "lost_ratio"},
                  {"window", "loss_window_us"},
                  {"outage", "unavailable_us"}},
      .flags = {FaultsFlag(faults.get())},
      .variants = [faults] { return Variants(*faults); },
  };
}

}  // namespace rcb
