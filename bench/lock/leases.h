// Variants of Lock for holders that may outlive their lease, and servers that may go: fencing and
// Redlock.

#ifndef RCB_BENCH_LOCK_LEASES_H_
#define RCB_BENCH_LOCK_LEASES_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "bench/lock/lock.h"
#include "common/runtime/event.h"

namespace rcb::lock {

// One operation whose holder gets a number that grows, and shows it to the resource with `read` and
// `write`, which may refuse it. Some holders stay for longer than their lease, as in
// unsafe/plain_del; those that are refused start again.
inline Operation ShowFence(Worker& worker, Section& section, const Script& read,
                           const Script& write, Backoff backoff) {
  static constexpr Script kAcquire{R"lua(
    if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 0 end
    return redis.call('INCR', KEYS[2]))lua",
                                   2};
  const Keys& keys = section.keys();
  const std::string& counter = keys.counter.counter;
  const std::string& seen_fence = keys.serving;
  const std::string token = NewToken(worker);
  int64_t wanted_ns = NowNs();
  while (true) {
    const Reply fence = co_await worker.redis().Eval(kAcquire, keys.lock, keys.order, token,
                                                     section.short_lease_ms());
    if (fence.integer() == 0) {
      co_await RetryAfter(worker, backoff);
      continue;
    }
    section.NoteFence(worker, fence.integer());
    Visit visit(section, worker, wanted_ns);
    const Reply old_value =
        co_await worker.redis().Eval(read, counter, seen_fence, fence.integer());
    if (section.IsSlowHolder()) {
      co_await worker.loop->Sleep(2 * section.short_lease_ms() * kNsPerMs);
    }
    Reply written;
    if (!old_value.is_nil()) {
      written = co_await worker.redis().Eval(write, counter, seen_fence, fence.integer(),
                                             old_value.integer() + 1);
    }
    visit.Leave();
    co_await ReleaseToken(worker, keys.lock, token);
    if (!written.is_nil()) co_return old_value.integer() + 1;
    section.CountFencedReject();
    ++worker.tally->retries;
    wanted_ns = NowNs();
  }
}

// locking/fenced: the resource (here a script) refuses a holder with a lower number than it has
// seen. Exclusion is not promised, nor needed. Kleppmann, "How to do distributed locking", 2016.
inline Operation Fenced(Worker& worker, Section& section) {
  static constexpr Script kRead{R"lua(
    if tonumber(ARGV[1]) < tonumber(redis.call('GET', KEYS[2]) or 0) then return false end
    redis.call('SET', KEYS[2], ARGV[1])
    return redis.call('GET', KEYS[1]) or '0')lua",
                                2};
  static constexpr Script kWrite{R"lua(
    if tonumber(ARGV[1]) < tonumber(redis.call('GET', KEYS[2]) or 0) then return false end
    redis.call('SET', KEYS[1], ARGV[2])
    return 1)lua",
                                 2};
  return ShowFence(worker, section, kRead, kWrite, Retrying());
}

// unsafe/unfenced: the resource looks at nobody's number, and takes what a late holder writes after
// somebody else came soon.
inline Operation Unfenced(Worker& worker, Section& section) {
  static constexpr Script kRead{"return redis.call('GET', KEYS[1]) or '0'", 2};
  static constexpr Script kWrite{"return redis.call('SET', KEYS[1], ARGV[2]) and 1", 2};
  return ShowFence(worker, section, kRead, kWrite, Eager());
}

// What a command to all nodes came to.
struct Votes {
  explicit Votes(Loop& loop) : counted(loop) {}

  Event counted;
  size_t missing = 0;
  int granted = 0;
};

inline Task<void> Ask(Connection& node, Command command, std::shared_ptr<Votes> votes) {
  const absl::StatusOr<Reply> answer = co_await Try(node.Run(command));
  if (answer.ok() && !answer->is_nil()) ++votes->granted;
  if (--votes->missing == 0) votes->counted.Set();
}

// Sends `command` to all nodes at once and waits for each, at most for its deadline: how many
// answered something else than nil.
inline Task<absl::StatusOr<int>> AskAll(Worker& worker, const Command& command) {
  auto votes = std::make_shared<Votes>(*worker.loop);
  votes->missing = worker.nodes.size();
  for (Connection* node : worker.nodes) worker.loop->Spawn(Ask(*node, command, votes));
  co_await votes->counted.Wait(NowNs() + kGiveUpMs * kNsPerMs);
  co_return votes->granted;
}

// Connects again to the nodes that were lost, where too few are left to win.
inline Task<absl::Status> EnsureQuorum(Worker& worker, int quorum) {
  const auto connected = std::count_if(worker.nodes.begin(), worker.nodes.end(),
                                       [](Connection* node) { return node->connected(); });
  if (connected >= quorum) co_return absl::OkStatus();
  for (Connection* node : worker.nodes) {
    if (!node->connected()) static_cast<void>(co_await Try(node->Connect()));
  }
  co_return absl::OkStatus();
}

// locking/redlock: a majority of independent servers must grant the lock, soon enough for some of
// the lease to be left. https://redis.io/docs/manual/patterns/distributed-locks
inline Operation Redlock(Worker& worker, Section& section) {
  const int64_t lease_ms = section.lease_ms();
  const int64_t drift_ms = lease_ms / 100 + 2;
  const Keys& keys = section.keys();
  const int quorum = static_cast<int>(worker.nodes.size()) / 2 + 1;
  const std::string token = NewToken(worker);
  const Command acquire("SET", keys.lock, token, "NX", "PX", lease_ms);
  const Command release("EVAL", kReleaseToken.body, 1, keys.lock, token);
  const int64_t wanted_ns = NowNs();
  Backoff backoff = Retrying();
  while (true) {
    co_await EnsureQuorum(worker, quorum);
    const int64_t asked_ns = NowNs();
    const int granted = co_await AskAll(worker, acquire);
    const int64_t validity_ns = (lease_ms - drift_ms) * kNsPerMs - (NowNs() - asked_ns);
    if (granted >= quorum && validity_ns > 0) break;
    co_await AskAll(worker, release);
    co_await RetryAfter(worker, backoff);
  }
  Visit visit(section, worker, wanted_ns);
  const int64_t value = co_await Work(worker, section);
  visit.Leave();
  // A node that can't be told keeps the lock until the lease ends, which is slow but safe.
  static_cast<void>(co_await Try(AskAll(worker, release)));
  co_return value;
}

}  // namespace rcb::lock

#endif  // RCB_BENCH_LOCK_LEASES_H_
