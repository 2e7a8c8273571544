// What families under faults write, so that what is lost shows: numbers, each of which is written
// once, into a set of each worker's own.

#ifndef RCB_BENCH_WRITE_LOG_H_
#define RCB_BENCH_WRITE_LOG_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/check/add_check.h"
#include "common/harness/scenario.h"
#include "common/harness/spec.h"
#include "common/harness/worker.h"
#include "common/measure/atomic_max.h"
#include "common/measure/clock.h"
#include "common/measure/per_worker.h"
#include "common/redis/blocking_client.h"
#include "common/report/catalogue.h"

namespace rcb {

// All writes of a run. A worker has one under way at most.
class WriteLog {
 public:
  explicit WriteLog(const RunPlan& plan)
      : prefix_(plan.key_prefix), workers_(plan.workers), adds_(plan.workers) {}

  // The key of a worker's set: "set:<worker>" behind the run's prefix.
  std::string SetOf(int worker) const { return absl::StrCat(prefix_, "set:", worker); }

  // Begins a write, of which nobody knows whether it is done until End. Yields its number.
  int64_t Begin(const Worker& worker) {
    std::vector<AddOp>& own = adds_[worker.index];
    AddOp add;
    add.invoke_ns = NowNs();
    add.element = static_cast<int64_t>(own.size()) * workers_ + worker.index;
    own.push_back(add);
    return add.element;
  }
  // Ends the worker's last one, as its request or the like ended.
  void End(const Worker& worker, const absl::Status& status) {
    AddOp& add = adds_[worker.index].back();
    add.return_ns = NowNs();
    add.outcome = OutcomeOf(status);
    if (status.ok()) RaiseTo(latest_invoke_ns_, add.invoke_ns);
  }

  // Whether a write has been acknowledged that began after `when_ns`. Any thread.
  bool HasAcknowledgedSince(int64_t when_ns) const { return latest_invoke_ns_ > when_ns; }

  // After the run:
  std::vector<AddOp> adds() const { return Concatenate(adds_); }
  // The numbers that are in the sets now.
  absl::StatusOr<std::vector<int64_t>> ReadAll(BlockingClient& redis) const {
    std::vector<int64_t> numbers;
    for (int worker = 0; worker < adds_.size(); ++worker) {
      const absl::StatusOr<Reply> set = redis.Command({"SMEMBERS", SetOf(worker)});
      if (!set.ok()) return set.status();
      for (const Reply& member : set->elements()) {
        int64_t number = -1;
        if (!absl::SimpleAtoi(member.text(), &number)) {
          return absl::DataLossError(absl::StrCat(SetOf(worker), " holds '", member.text(), "'"));
        }
        numbers.push_back(number);
      }
    }
    return numbers;
  }

 private:
  const std::string prefix_;
  const int64_t workers_;
  std::atomic<int64_t> latest_invoke_ns_{0};  // of an acknowledged write
  PerWorker<std::vector<AddOp>> adds_;
};

// A spec of epochs on a server of ours that is started with `settings`, and that the scenario
// breaks. What was written is in the memory of this process.
BenchmarkSpec SpecOnBrokenServer(const std::string& name, Role role, const std::string& promise,
                                 const Settings& settings);

// What became of the writes: counters that the families share.
Counters LossCounters(const AddVerdict& verdict);
// What these counters mean, and `unavailable_us`.
std::vector<Metric> LossMetrics();

}  // namespace rcb

#endif  // RCB_BENCH_WRITE_LOG_H_
