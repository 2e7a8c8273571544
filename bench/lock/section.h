// What the variants of Lock share: the protected state, and the watch over those inside.

#ifndef RCB_BENCH_LOCK_SECTION_H_
#define RCB_BENCH_LOCK_SECTION_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/random/distributions.h"
#include "absl/strings/str_cat.h"
#include "bench/counter/counter.h"
#include "common/harness/notes.h"
#include "common/harness/scenario.h"
#include "common/harness/worker.h"
#include "common/measure/clock.h"
#include "common/measure/per_worker.h"

namespace rcb::lock {

// The keys of one run.
struct Keys {
  Keys(const std::string& prefix, const std::string& library)
      : counter(prefix, library),
        lock(absl::StrCat(prefix, "lock:lock")),
        queue(absl::StrCat(prefix, "lock:queue")),
        order(absl::StrCat(prefix, "lock:order")),
        serving(absl::StrCat(prefix, "lock:serving")),
        members(absl::StrCat(prefix, "lock:members")),
        intent(absl::StrCat(prefix, "lock:intent")),
        channel(absl::StrCat(prefix, "lock:released")) {}

  // Where a holder keeps the token of blpop_queue.
  std::string HeldBy(const absl::AlphaNum& worker) const {
    return absl::StrCat(queue, ":held:", worker);
  }

  counter::Keys counter;  // the protected state
  std::string lock;
  std::string queue;
  std::string order;    // counts up: tickets, returns or fences
  std::string serving;  // the ticket whose turn it is; the highest fence that the resource has seen
  std::string members;  // readers inside, or until when waiters keep their places
  std::string intent;
  std::string channel;
};

inline constexpr int64_t kLeaseMs = 30'000;  // far longer than the work, also on a stalled machine
inline constexpr int64_t kQueueLeaseMs = 2000;
inline constexpr int64_t kShortLeaseMs = 20;

// One stay in the critical section.
struct Holding {
  int64_t wanted_ns = 0;  // when the lock was asked for
  int64_t queued_ns = 0;  // when the server had told that its place is in a queue; 0: it never did
  int64_t acquired_ns = 0;  // when it was ours
  int64_t released_ns = 0;  // just before it was given back
  bool is_shared = false;   // a reader among readers
};

// What all workers of a run share.
class Section {
 public:
  explicit Section(const RunPlan& plan)
      : keys_(plan.key_prefix, plan.library_name),
        lease_ms_(plan.LeaseMs(kLeaseMs)),
        queue_lease_ms_(plan.LeaseMs(kQueueLeaseMs)),
        short_lease_ms_(plan.LeaseMs(kShortLeaseMs)),
        has_slow_holders_(!plan.trial),
        read_share_(plan.trial ? 0.25 : 0.8),
        holdings_(plan.workers),
        queued_ns_(plan.workers),
        fences_(plan.workers) {}

  const Keys& keys() const { return keys_; }
  // For how long a lock is held at most,
  int64_t lease_ms() const { return lease_ms_; }
  // a waiter believes in a holder that it hears nothing of,
  int64_t queue_lease_ms() const { return queue_lease_ms_; }
  // and a lock is held that slow holders outlive.
  int64_t short_lease_ms() const { return short_lease_ms_; }
  int workers() const { return holdings_.size(); }
  // How often a worker came in while another was inside that should have kept it out.
  int64_t overlaps() const { return overlaps_; }
  const PerWorker<std::vector<Holding>>& holdings() const { return holdings_; }

  // The server has told that the worker has a place in the queue of those that wait.
  void NoteQueued(const Worker& worker) { queued_ns_[worker.index] = NowNs(); }

  // In variants whose holders may stay too long, the 3rd one to ask does, and then one in 500.
  bool IsSlowHolder() { return has_slow_holders_ && visits_.fetch_add(1) % 500 == 2; }

  // Whether an operation of a variant with readers only reads: four of five do.
  bool IsRead(Worker& worker) const { return absl::Bernoulli(*worker.random, read_share_); }

  // The fence of the worker's operation, noted for the checker.
  void NoteFence(const Worker& worker, int64_t fence) { fences_.For(worker) = fence; }
  const Notes<int64_t>& fences() const { return fences_; }

  // The resource refused a write because a later holder had been there.
  void CountFencedReject() { fenced_rejects_.fetch_add(1); }
  int64_t fenced_rejects() const { return fenced_rejects_; }

 private:
  friend class Visit;

  static constexpr int64_t kExclusive = int64_t{1} << 32;

  const Keys keys_;
  const int64_t lease_ms_;
  const int64_t queue_lease_ms_;
  const int64_t short_lease_ms_;
  const bool has_slow_holders_;     // a trial has its own
  const double read_share_;         // in a trial few workers have two that write
  std::atomic<int64_t> inside_{0};  // 1 for each reader, and kExclusive for each other holder
  std::atomic<int64_t> overlaps_{0};
  std::atomic<int64_t> visits_{0};
  std::atomic<int64_t> fenced_rejects_{0};
  PerWorker<std::vector<Holding>> holdings_;
  PerWorker<int64_t> queued_ns_;  // of the stay that a worker waits for
  Notes<int64_t> fences_;
};

// A worker's stay in the section, from the moment that it believes to hold the lock until Leave, or
// until its operation fails.
class Visit {
 public:
  Visit(Section& section, const Worker& worker, int64_t wanted_ns, bool is_shared = false)
      : section_(section), worker_(worker.index) {
    holding_.wanted_ns = wanted_ns;
    holding_.queued_ns = std::exchange(section_.queued_ns_[worker_], 0);
    holding_.acquired_ns = NowNs();
    holding_.is_shared = is_shared;
    const int64_t before = section_.inside_.fetch_add(Weight());
    if (is_shared ? before >= Section::kExclusive : before != 0) ++section_.overlaps_;
    worker.Holds();
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  ~Visit() { Leave(); }

  // Before the command that releases the lock.
  void Leave() {
    if (has_left_) return;
    has_left_ = true;
    section_.inside_.fetch_sub(Weight());
    holding_.released_ns = NowNs();
    section_.holdings_[worker_].push_back(holding_);
  }

 private:
  int64_t Weight() const { return holding_.is_shared ? 1 : Section::kExclusive; }

  Section& section_;
  const int worker_;
  Holding holding_;
  bool has_left_ = false;
};

}  // namespace rcb::lock

#endif  // RCB_BENCH_LOCK_SECTION_H_
