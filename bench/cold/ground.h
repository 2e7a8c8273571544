// What the variants of Cold share: the keys, how they are lost, and the record of computations.

#ifndef RCB_BENCH_COLD_GROUND_H_
#define RCB_BENCH_COLD_GROUND_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/harness/notes.h"
#include "common/harness/scenario.h"
#include "common/harness/worker.h"
#include "common/measure/clock.h"
#include "common/measure/per_worker.h"
#include "common/redis/blocking_client.h"
#include "common/redis/command.h"
#include "common/redis/connection.h"
#include "common/runtime/single_flight.h"
#include "common/workload/computation.h"
#include "common/workload/key_chooser.h"

namespace rcb::cold {

inline constexpr int64_t kNsPerMs = 1'000'000;
inline constexpr int kLanes = 4;  // of a warm-up

struct Settings {
  Computation computation;
  size_t keys = 0;
  KeyDistribution distribution;
  int64_t lease_ms = 0;
  int64_t before_ns = 0;  // from the first operation until the keys are lost
  int64_t after_ns = 0;   // from then until the end
  // The keys are not flushed, but have times to live that end then,
  bool expires = false;
  int64_t spread_ns = 0;       // evenly over so long; 0: all at once
  bool warms_up = false;       // what was lost is computed anew without being asked for,
  double warm_per_second = 0;  // no more than so many keys a second; 0: as fast as it can
};

struct Lookup {
  bool was_hit = false;
};

// One computation of a key.
struct Computed {
  size_t key = 0;
  int64_t begin_ns = 0;
  bool is_warm_up = false;
};

// Of one run.
class Ground {
 public:
  Ground(const RunPlan& plan, const Settings& settings)
      : settings_(settings), lookups_(plan.workers), computed_(plan.workers), lanes_(plan.workers) {
    const KeyChooser prototype(settings.distribution, settings.keys);
    for (int i = 0; i < plan.workers; ++i) choosers_.push_back(prototype);
    for (size_t i = 0; i < settings.keys; ++i) {
      keys_.push_back(absl::StrCat(plan.key_prefix, "key:", i));
      locks_.push_back(absl::StrCat(plan.key_prefix, "lock:", i));
      get_.emplace_back("GET", keys_.back());
      set_.emplace_back("SET", keys_.back(), i);
    }
  }

  const Settings& settings() const { return settings_; }
  const std::string& key(size_t index) const { return keys_[index]; }
  const std::string& lock(size_t index) const { return locks_[index]; }
  const Command& get(size_t index) const { return get_[index]; }
  size_t AnyKey(Worker& worker) {
    return choosers_[static_cast<size_t>(worker.index)].Next(*worker.random);
  }

  // The server is ours, and is flushed.
  void set_server(BlockingClient server) { server_.emplace(std::move(server)); }
  // Where times to live were set, they were set then.
  void set_start_ns(int64_t start_ns) { start_ns_ = start_ns; }

  // Each operation calls it. The first one sets the course going, and the first one of each of some
  // workers a lane of the warm-up.
  void Begin(Worker& worker) {
    if (!has_begun_.load(std::memory_order_relaxed) && !has_begun_.exchange(true)) {
      if (!settings_.expires) start_ns_ = NowNs();
      worker.loop->Spawn(Lose(*worker.loop));
    }
    Lane& lane = lanes_[worker.index];
    if (lane.is_open || !settings_.warms_up || worker.index >= kLanes) return;
    lane.is_open = true;
    worker.loop->Spawn(WarmUp(worker));
  }

  bool IsOver() const { return start_ns_ > 0 && NowNs() >= end_ns(); }
  int64_t start_ns() const { return start_ns_; }
  int64_t lost_ns() const { return start_ns_ + settings_.before_ns; }
  int64_t end_ns() const { return lost_ns() + settings_.after_ns; }
  // Why the keys could not be taken away. After the run.
  const absl::Status& status() const { return status_; }

  // Yields whether the cache has the key.
  Task<absl::StatusOr<bool>> LookUp(Worker& worker, size_t index) {
    Lookup& lookup = lookups_.For(worker);
    ++worker.tally->lookups;
    const Reply value = co_await worker.redis().Run(get_[index]);
    lookup.was_hit = !value.is_nil();
    if (lookup.was_hit && value.integer() != static_cast<int64_t>(index)) {
      co_return absl::DataLossError(absl::StrCat(keys_[index], " holds ", value.text()));
    }
    if (lookup.was_hit) ++worker.tally->hits;
    co_return lookup.was_hit;
  }

  // Computes the value of the key, and stores it.
  Task<absl::StatusOr<int64_t>> Compute(Worker& worker, size_t index) {
    return ComputeOn(worker.redis(), worker, index, /*is_warm_up=*/false);
  }
  // The same once for all of this process who want the key now, unless it is there by now.
  Task<absl::StatusOr<int64_t>> ComputeTogether(Worker& worker, size_t index) {
    return flights_.Do(keys_[index], *worker.loop, NowNs() + kPatienceNs,
                       LookAndCompute(worker.redis(), worker, index, /*is_warm_up=*/false));
  }

  // After the run:
  bool WasHit(const OpRecord& record) const { return lookups_.Of(record).was_hit; }
  std::vector<Computed> AllComputed() const {
    std::vector<Computed> all;
    computed_.ForEach([&all](const std::vector<Computed>& own) {
      all.insert(all.end(), own.begin(), own.end());
    });
    return all;
  }
  int64_t max_running() const { return gauge_.max(); }

 private:
  static constexpr int64_t kPatienceNs = 5000 * kNsPerMs;
  static constexpr int64_t kNoticedNs = 2 * kNsPerMs;  // from the loss until it is noticed

  struct Lane {
    bool is_open = false;
  };

  Task<absl::StatusOr<int64_t>> LookAndCompute(Connection& redis, Worker& worker, size_t index,
                                               bool is_warm_up) {
    const Reply value = co_await redis.Run(get_[index]);
    if (!value.is_nil()) co_return value.integer();
    co_return co_await ComputeOn(redis, worker, index, is_warm_up);
  }

  Task<absl::StatusOr<int64_t>> ComputeOn(Connection& redis, Worker& worker, size_t index,
                                          bool is_warm_up) {
    computed_[worker.index].push_back({index, NowNs(), is_warm_up});
    gauge_.Enter();
    const absl::Status computed = co_await Try(settings_.computation.Run(*worker.loop));
    gauge_.Leave();
    if (!computed.ok()) co_return computed;
    co_await redis.Run(set_[index]);
    co_return static_cast<int64_t>(index);
  }

  // Takes all keys away when it is time.
  Task<void> Lose(Loop& loop) {
    const absl::Status slept = co_await Try(loop.SleepUntil(lost_ns()));
    if (!slept.ok() || settings_.expires) co_return;
    status_.Update(server_->Command({"FLUSHALL"}).status());
  }

  // Computes every so manieth key, the most popular ones first, on a connection of its own.
  Task<void> WarmUp(Worker& worker) {
    static_cast<void>(co_await Try(worker.loop->SleepUntil(lost_ns() + kNoticedNs)));
    const double per_second = settings_.warm_per_second / kLanes;
    const int64_t gap_ns = per_second > 0 ? static_cast<int64_t>(1e9 / per_second) : 0;
    Connection& redis = worker.subscriber->connection();
    for (auto index = static_cast<size_t>(worker.index); index < keys_.size(); index += kLanes) {
      const int64_t next_ns = NowNs() + gap_ns;
      if (worker.loop->cancelled() || NowNs() >= end_ns()) co_return;
      static_cast<void>(co_await Try(flights_.Do(keys_[index], *worker.loop, end_ns(),
                                                 LookAndCompute(redis, worker, index, true))));
      static_cast<void>(co_await Try(worker.loop->SleepUntil(next_ns)));
    }
  }

  const Settings settings_;
  std::vector<std::string> keys_;
  std::vector<std::string> locks_;
  std::vector<Command> get_;
  std::vector<Command> set_;
  std::vector<KeyChooser> choosers_;
  SingleFlight flights_;
  std::optional<BlockingClient> server_;
  std::atomic<bool> has_begun_{false};
  std::atomic<int64_t> start_ns_{0};
  absl::Status status_;
  RunningGauge gauge_;
  Notes<Lookup> lookups_;
  PerWorker<std::vector<Computed>> computed_;
  PerWorker<Lane> lanes_;
};

}  // namespace rcb::cold

#endif  // RCB_BENCH_COLD_GROUND_H_
