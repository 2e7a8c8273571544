// Counter: many clients add 1 to one hot key.
//
// Question: what does each way of making read-add-write atomic cost when everyone wants the key?
// Checked:  the results are those of increments done one at a time, in an order that real time
//           allows: no update lost, none counted twice (common/check/counter_check.h).

#ifndef RCB_BENCH_COUNTER_COUNTER_H_
#define RCB_BENCH_COUNTER_COUNTER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/token_lock.h"
#include "common/harness/worker.h"
#include "common/redis/connection.h"
#include "common/workload/backoff.h"

namespace rcb::counter {

// The keys of a run, and the commands on them that never change.
struct Keys {
  static constexpr int kShards = 8;

  Keys(const std::string& prefix, const std::string& library)
      : counter(absl::StrCat(prefix, "counter")),
        lock(absl::StrCat(prefix, "counter:lock")),
        function(absl::StrCat(library, "_increment")),
        get("GET", counter),
        incr("INCR", counter),
        watch_and_get(Command("WATCH", counter).Then(get)),
        call("FCALL", function, 1, counter) {
    for (int shard = 0; shard < kShards; ++shard) {
      shards.push_back(absl::StrCat(counter, ":", shard));
      incr_shard.emplace_back("INCR", shards.back());
    }
    get_shards = Command("MGET", shards[0], shards[1], shards[2], shards[3], shards[4], shards[5],
                         shards[6], shards[7]);
  }

  std::string counter;
  std::string lock;
  std::string function;
  std::vector<std::string> shards;
  Command get;
  Command incr;
  Command watch_and_get;
  Command call;
  Command get_shards{"MGET"};  // of all of them
  std::vector<Command> incr_shard;
  int64_t lease_ms = 30'000;  // of the lock: far longer than the work, also on a stalled machine
};

inline int ShardOf(int worker) { return worker % Keys::kShards; }

// Waits between tries are short, as the key is held for a few round trips at most.
inline Backoff Retrying() { return Backoff(/*first_ms=*/0.2, /*max_ms=*/50, 5000); }

// unsafe/get_set: between its two round trips there is room for those of everyone else.
inline Operation GetSet(Worker& worker, const Keys& keys) {
  const Reply old_value = co_await worker.redis().Run(keys.get);
  const int64_t new_value = old_value.integer() + 1;
  co_await worker.redis().Run(Command("SET", keys.counter, new_value));
  co_return new_value;
}

// lockfree/incr: Redis runs one command at a time. https://redis.io/commands/incr
inline Operation Incr(Worker& worker, const Keys& keys) {
  const Reply new_value = co_await worker.redis().Run(keys.incr);
  co_return new_value.integer();
}

// lockfree/lua: the server does the same read-add-write as get_set inside a script.
inline Operation Lua(Worker& worker, const Keys& keys) {
  static constexpr Script kIncrement{R"lua(
    local value = tonumber(redis.call('GET', KEYS[1]) or '0') + 1
    redis.call('SET', KEYS[1], value)
    return value)lua"};
  const Reply new_value = co_await worker.redis().Eval(kIncrement, keys.counter);
  co_return new_value.integer();
}

// lockfree/function: the script is a function that the server keeps (Redis 7).
// https://redis.io/docs/manual/programmability/functions-intro
inline std::string FunctionCode(const std::string& library) {
  return absl::StrCat("#!lua name=", library, "\nredis.register_function('", library,
                      "_increment', function(keys)\n"
                      "  local value = tonumber(redis.call('GET', keys[1]) or '0') + 1\n"
                      "  redis.call('SET', keys[1], value)\n"
                      "  return value\n"
                      "end)\n");
}
inline Operation Function(Worker& worker, const Keys& keys) {
  const Reply new_value = co_await worker.redis().Run(keys.call);
  co_return new_value.integer();
}

// lockfree/watch: EXEC yields nil where the key changed after WATCH, and the worker tries again.
// https://redis.io/docs/manual/transactions
inline Operation Watch(Worker& worker, const Keys& keys) {
  static const Command kMulti("MULTI");
  static const Command kExec("EXEC");
  Backoff backoff = Retrying();
  while (true) {
    const std::vector<Reply> old_value = co_await worker.redis().Pipeline(keys.watch_and_get);
    const int64_t new_value = old_value[1].integer() + 1;
    const Command set("SET", keys.counter, new_value);
    const std::vector<Reply> done = co_await worker.redis().Pipeline(kMulti.Then(set).Then(kExec));
    if (!done[2].is_nil()) co_return new_value;
    co_await RetryAfter(worker, backoff);
  }
}

// lockfree/sharded: each worker has one of eight counters; the value is their sum, one MGET away.
inline Operation Sharded(Worker& worker, const Keys& keys) {
  const auto shard = static_cast<size_t>(ShardOf(worker.index));
  const Reply new_value = co_await worker.redis().Run(keys.incr_shard[shard]);
  co_return new_value.integer();
}

// What a reader of the value asks for: of all variants but sharded,
inline Operation Read(Worker& worker, const Keys& keys) {
  const Reply value = co_await worker.redis().Run(keys.get);
  co_return value.integer();
}
// and of sharded.
inline Operation ReadSum(Worker& worker, const Keys& keys) {
  const Reply values = co_await worker.redis().Run(keys.get_shards);
  int64_t sum = 0;
  for (const Reply& value : values.elements()) sum += value.integer();
  co_return sum;
}

// locking/token_lock: get_set happens under a lock that only its holder can release.
// https://redis.io/docs/manual/patterns/distributed-locks, for a single instance
inline Operation TokenLock(Worker& worker, const Keys& keys) {
  const std::string token = NewToken(worker);
  co_await AcquireToken(worker, keys.lock, token, keys.lease_ms, Retrying());
  const Reply old_value = co_await worker.redis().Run(keys.get);
  const int64_t new_value = old_value.integer() + 1;
  co_await worker.redis().Run(Command("SET", keys.counter, new_value));
  co_await ReleaseToken(worker, keys.lock, token);
  co_return new_value;
}

}  // namespace rcb::counter

#endif  // RCB_BENCH_COUNTER_COUNTER_H_
