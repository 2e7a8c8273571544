// What the variants of Stampede share: the round's keys, the computation and its count.

#ifndef RCB_BENCH_STAMPEDE_ROUND_H_
#define RCB_BENCH_STAMPEDE_ROUND_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "bench/token_lock.h"
#include "common/harness/worker.h"
#include "common/redis/connection.h"
#include "common/runtime/single_flight.h"
#include "common/runtime/task.h"
#include "common/workload/backoff.h"
#include "common/workload/computation.h"

namespace rcb::stampede {

inline constexpr int64_t kTtlMs = 60'000;
inline constexpr int64_t kPollMs = 5;         // mean pause between two polls
inline constexpr int kMaxPolls = 100;         // of setnx_poll
inline constexpr int64_t kGiveUpMs = 20'000;  // of the others
inline constexpr int kMaxWinners = 3;         // that a loser waits for, as they may die

// The keys of a round, which are new each time.
struct Round {
  Round(const std::string& prefix, int64_t round_number)
      : number(round_number),
        key(absl::StrCat(prefix, round_number)),
        lock(absl::StrCat(key, ":lock")),
        waiters(absl::StrCat(key, ":waiters")),
        wake(absl::StrCat(key, ":wake")),
        channel(absl::StrCat(key, ":filled")),
        get("GET", key) {}

  int64_t number;
  std::string key;
  std::string lock;
  std::string waiters;
  std::string wake;
  std::string channel;
  Command get;
};

// What all workers of a run share. A value is a number that tells its round and computation: see
// RoundOf.
class Shared {
 public:
  // `rounds`: how many will be started, the warm-up included. `lease_ms`: of locks that expire,
  // which is far longer than the computation except where a test lets a winner die.
  Shared(const std::string& prefix, const Computation& computation, int64_t lease_ms,
         int64_t rounds)
      : prefix_(prefix),
        computation_(computation),
        lease_ms_(lease_ms),
        computations_(static_cast<size_t>(rounds)),
        is_stored_(static_cast<size_t>(rounds)),
        early_(static_cast<size_t>(rounds)),
        late_(static_cast<size_t>(rounds)) {}

  // No operation may be running.
  void StartRound(int64_t number) { round_ = Round(prefix_, number); }
  const Round& round() const { return round_; }

  // The expensive computation of this round's value.
  Operation Compute(Worker& worker) {
    const int64_t number = round_.number;
    const auto place = static_cast<size_t>(number);
    const int64_t before = computations_[place].fetch_add(1);
    ++worker.tally->computations;
    if (before > 0 && !is_stored_[place]) ++early_[place];
    if (worker.Holds()) late_[place] = worker.index + 1;
    co_await computation_.Run(*worker.loop);
    if (abandons_ && before == 0) co_return absl::UnavailableError("the winner died");
    co_return number* kComputationsPerRound + before;
  }
  // Tells that a value of this round has been stored, before its lock is released.
  void NoteStored() { is_stored_[static_cast<size_t>(round_.number)] = true; }
  // For tests: the first worker to compute in each round never tells anyone.
  void AbandonFirst() { abandons_ = true; }

  static int64_t RoundOf(int64_t value) { return value / kComputationsPerRound; }
  // Whether `value` came of a computation of `round`.
  bool IsOfRound(int64_t value, int64_t round) const {
    return RoundOf(value) == round && value % kComputationsPerRound < computations(round);
  }
  int64_t computations(int64_t round) const { return computations_[static_cast<size_t>(round)]; }
  // Computations that began while another had not been stored.
  int64_t early_computations(int64_t round) const { return early_[static_cast<size_t>(round)]; }
  // The worker that stalled or died on purpose once it had computed this round's first value; -1:
  // none did.
  int64_t late_worker(int64_t round) const { return late_[static_cast<size_t>(round)] - 1; }
  // Whether `value` is the first that was computed in its round.
  static bool IsFirst(int64_t value) { return value % kComputationsPerRound == 0; }
  int64_t rounds() const { return static_cast<int64_t>(computations_.size()); }
  int64_t lease_ms() const { return lease_ms_; }
  // What the cache holds of a value, in any way that it travels.
  std::string Cached(int64_t value) const { return computation_.Cached(absl::StrCat(value)); }
  const Computation& computation() const { return computation_; }
  SingleFlight& flights() { return flights_; }

 private:
  static constexpr int64_t kComputationsPerRound = 1'000'000;

  const std::string prefix_;
  const Computation computation_;
  const int64_t lease_ms_;
  Round round_{"", 0};
  std::vector<std::atomic<int64_t>> computations_;  // by round, as are these:
  std::vector<std::atomic<bool>> is_stored_;
  std::vector<std::atomic<int64_t>> early_;
  std::vector<std::atomic<int64_t>> late_;  // the worker that stalled or died on purpose, from 1
  SingleFlight flights_;
  bool abandons_ = false;
};

inline void CountLookup(Worker& worker, bool is_hit) {
  ++worker.tally->lookups;
  if (is_hit) ++worker.tally->hits;
}

// Looks the round's key up in the cache: its value, or nil.
inline Task<absl::StatusOr<Reply>> LookUp(Worker& worker, const Round& round) {
  Reply cached = co_await worker.redis().Run(round.get);
  CountLookup(worker, !cached.is_nil());
  co_return cached;
}

// Whether a script that looked the key up, among other things, found it: {'value', value}.
inline bool IsHit(Worker& worker, const Reply& got) {
  const bool is_hit = got[0].text() == "value";
  CountLookup(worker, is_hit);
  return is_hit;
}

// Tries to lock, with `acquire`, and looks the key up in the same round trip. The lock comes first,
// so that nobody else fills the key between that look and the end of the lock.
struct Attempt {
  bool locked;
  Reply cached;
};
inline Task<absl::StatusOr<Attempt>> LockAndLook(Worker& worker, const Round& round,
                                                 const Command& acquire) {
  std::vector<Reply> replies = co_await worker.redis().Pipeline(acquire.Then(round.get));
  Attempt attempt{!replies[0].is_nil(), std::move(replies[1])};
  if (!attempt.locked) ++worker.tally->retries;
  CountLookup(worker, !attempt.cached.is_nil());
  co_return attempt;
}

inline Backoff Polling() { return Backoff(2.0 * kPollMs, 2.0 * kPollMs, kGiveUpMs); }

}  // namespace rcb::stampede

#endif  // RCB_BENCH_STAMPEDE_ROUND_H_
