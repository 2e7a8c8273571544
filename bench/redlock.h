// Redlock: a lock on several servers that know nothing of each other, which is held where a
// majority has granted it, soon enough for some of the lease to be left.
// https://redis.io/docs/manual/patterns/distributed-locks

#ifndef RCB_BENCH_REDLOCK_H_
#define RCB_BENCH_REDLOCK_H_

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "bench/token_lock.h"
#include "common/measure/clock.h"
#include "common/redis/connection.h"
#include "common/runtime/event.h"
#include "common/runtime/loop.h"
#include "common/runtime/task.h"

namespace rcb {

inline constexpr size_t kMaxInstances = 16;

// What a command to all instances came to, by their places.
struct Votes {
  std::bitset<kMaxInstances> answered;
  std::bitset<kMaxInstances> granted;  // answered something else than nil
};

// A command to all instances, until each has answered or failed.
struct Ballot {
  explicit Ballot(Loop& loop) : counted(loop) {}

  Event counted;
  size_t missing = 0;
  Votes votes;
};

inline Task<void> Ask(Connection& instance, Command command, size_t place,
                      std::shared_ptr<Ballot> ballot) {
  const absl::StatusOr<Reply> answer = co_await Try(instance.Run(command));
  ballot->votes.answered[place] = answer.ok();
  ballot->votes.granted[place] = answer.ok() && !answer->is_nil();
  if (--ballot->missing == 0) ballot->counted.Set();
}

// Sends `command` to all instances at once and waits for each, at most for its own deadline.
inline Task<absl::StatusOr<Votes>> AskAll(Loop& loop, absl::Span<Connection* const> instances,
                                          const Command& command) {
  constexpr int64_t kGiveUpNs = 20'000'000'000;  // longer than any deadline
  auto ballot = std::make_shared<Ballot>(loop);
  ballot->missing = instances.size();
  for (size_t place = 0; place < instances.size(); ++place) {
    loop.Spawn(Ask(*instances[place], command, place, ballot));
  }
  co_await ballot->counted.Wait(NowNs() + kGiveUpNs);
  co_return ballot->votes;
}

// How many of so many instances are a majority.
inline size_t QuorumOf(size_t instances) { return instances / 2 + 1; }

// What one client sends to lock `key`, and to release it.
struct RedlockRequests {
  RedlockRequests(const std::string& key, const std::string& token, int64_t lease)
      : acquire("SET", key, token, "NX", "PX", lease),
        release("EVAL", kReleaseToken.body, 1, key, token),
        lease_ms(lease) {}

  Command acquire;
  Command release;
  int64_t lease_ms;
};

// What a try to lock came to.
struct Grant {
  bool is_held = false;
  int64_t valid_until_ns = 0;  // if it is held; NowNs clock
  Votes votes;
};

// Tries once to lock on all instances. The lease counts from before the request, and is shorter by
// what the clocks of servers may differ. What was granted to no avail, the caller releases.
inline Task<absl::StatusOr<Grant>> AskForLock(Loop& loop, absl::Span<Connection* const> instances,
                                              const RedlockRequests& lock) {
  constexpr int64_t kNsPerMs = 1'000'000;
  const int64_t drift_ms = lock.lease_ms / 100 + 2;
  Grant grant;
  grant.valid_until_ns = NowNs() + (lock.lease_ms - drift_ms) * kNsPerMs;
  grant.votes = co_await AskAll(loop, instances, lock.acquire);
  grant.is_held =
      grant.votes.granted.count() >= QuorumOf(instances.size()) && NowNs() < grant.valid_until_ns;
  co_return grant;
}

// Connects again to the instances that were lost, where fewer than `needed` are left.
inline Task<absl::Status> EnsureConnected(absl::Span<Connection* const> instances, size_t needed) {
  size_t connected = 0;
  for (const Connection* instance : instances) connected += instance->connected() ? 1 : 0;
  if (connected >= needed) co_return absl::OkStatus();
  for (Connection* const instance : instances) {
    if (!instance->connected()) static_cast<void>(co_await Try(instance->Connect()));
  }
  co_return absl::OkStatus();
}

}  // namespace rcb

#endif  // RCB_BENCH_REDLOCK_H_
