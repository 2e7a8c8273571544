// What the clients of Failover share: what they write, and how each of them reaches the primary.

#ifndef RCB_BENCH_FAILOVER_GROUND_H_
#define RCB_BENCH_FAILOVER_GROUND_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "bench/failover/section.h"
#include "bench/write_log.h"
#include "common/harness/scenario.h"
#include "common/harness/worker.h"
#include "common/measure/per_worker.h"
#include "common/redis/primary_watch.h"
#include "common/runtime/task.h"
#include "common/server/deployment/replicated.h"

namespace rcb::failover {

// Where a client is when the primary is cut off.
enum class Place {
  kBesideSentinels,  // it reaches the primary as the Sentinels do
  kBesidePrimary,    // it goes on to reach it; nobody tells it of another,
  kBetween,          // or it reaches both
};

// Which clients are where.
struct Places {
  Place even = Place::kBetween;  // of the workers with even numbers
  Place odd = Place::kBetween;
};

// Of one run.
class Ground {
 public:
  // `servers` outlives it.
  Ground(const RunPlan& plan, const Places& places, ReplicatedDeployment& servers)
      : log_(plan),
        lock_key_(plan.key_prefix + "lock"),
        fence_key_(plan.key_prefix + "fence"),
        places_(places),
        servers_(servers),
        threads_(plan.threads),
        watches_(static_cast<size_t>(plan.threads)),
        clients_(plan.workers) {}

  WriteLog& log() { return log_; }
  Section& section() { return section_; }
  const Section& section() const { return section_; }
  const std::string& lock_key() const { return lock_key_; }
  const std::string& fence_key() const { return fence_key_; }

  // Connects the worker to what it takes for the primary, where it is not connected.
  Task<absl::Status> Reach(Worker& worker);
  // The course is over: who has not been served by now ends without that.
  void End() { is_over_ = true; }
  bool over() const { return is_over_; }
  // How many replicas its primary has, as far as the worker knows: one is the primary after a
  // failover.
  int ReplicasFor(const Worker& worker) const {
    return ReplicatedDeployment::kReplicas - (clients_[worker.index].follows ? 1 : 0);
  }
  // The primary has answered the worker's request.
  void NoteServed(const Worker& worker);

  // The primary has given the worker a lock that the majority refused. It counts where that is the
  // announced one.
  void NoteOutvoted(const Worker& worker) { outvoted_ += clients_[worker.index].follows ? 1 : 0; }

  // The Sentinels' announcements, as they come to the worker's thread; null before it has listened.
  const PrimaryWatch* WatchOf(const Worker& worker) const {
    return watches_[static_cast<size_t>(worker.index % threads_)].get();
  }
  // How many clients the announced primary has served. Any thread.
  int64_t served() const { return served_; }
  // How often it was outvoted. Any thread.
  int64_t outvoted() const { return outvoted_; }

  // After the run, of each client that found another primary: how long after the announcement, and
  // when that one had first answered it.
  std::vector<int64_t> found_ns() const;
  std::vector<int64_t> served_ns() const;

 private:
  struct Client {
    bool has_begun = false;
    bool follows = false;   // the announced primary
    int64_t found_ns = -1;  // after the announcement; -1: not yet
    int64_t served_ns = 0;
  };

  Task<absl::Status> ReachAnnounced(Worker& worker, PrimaryWatch& watch);
  Place PlaceOf(const Worker& worker) const {
    return worker.index % 2 == 0 ? places_.even : places_.odd;
  }
  absl::Status MakeWatch(Worker& worker);

  WriteLog log_;
  Section section_;
  const std::string lock_key_;
  const std::string fence_key_;
  const Places places_;
  ReplicatedDeployment& servers_;
  const int threads_;
  std::vector<std::unique_ptr<PrimaryWatch>> watches_;  // by thread
  std::atomic<int64_t> served_{0};
  std::atomic<int64_t> outvoted_{0};
  std::atomic<bool> is_over_{false};
  PerWorker<Client> clients_;
};

}  // namespace rcb::failover

#endif  // RCB_BENCH_FAILOVER_GROUND_H_
