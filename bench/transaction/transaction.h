// Transaction: several keys have to change together, and be read together.
//
// Question: what does each way of making a multi-key change atomic cost, and does it hold?
// Bank:     an operation is a transfer that the debited owner's balances must cover, or (one in
//           five) a snapshot of all balances by MGET.
// Pair:     an operation writes the same value to two keys, or reads both.
// Checked:  each snapshot has the total and no overdrawn owner, the final balances are what the
//           acknowledged transfers made them (bench/transaction/bank_check.h); both keys of a pair
//           are equal, and together one register (common/check/register_check.h).

#ifndef RCB_BENCH_TRANSACTION_TRANSACTION_H_
#define RCB_BENCH_TRANSACTION_TRANSACTION_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "bench/token_lock.h"
#include "bench/transaction/bank.h"
#include "common/harness/worker.h"
#include "common/measure/clock.h"
#include "common/redis/connection.h"
#include "common/runtime/task.h"
#include "common/workload/backoff.h"

namespace rcb::transaction {

inline Backoff Retrying() { return Backoff(/*first_ms=*/0.2, /*max_ms=*/50, 5000); }

// unsafe/separate: between its four round trips there is room for those of everyone else.
inline Operation Separate(Worker& worker, const Bank& bank, const Transfer& transfer) {
  const Reply from = co_await worker.redis().Run(Command("GET", bank.from(transfer)));
  const Reply to = co_await worker.redis().Run(Command("GET", bank.to(transfer)));
  if (from.integer() < transfer.amount) co_return kRefused;
  co_await worker.redis().Run(
      Command("SET", bank.from(transfer), from.integer() - transfer.amount));
  co_await worker.redis().Run(Command("SET", bank.to(transfer), to.integer() + transfer.amount));
  co_return kMoved;
}

// The balances of a transfer's accounts in one command, and the two new ones in another.
inline Command Look(const Bank& bank, const Transfer& transfer) {
  return Command("MGET", bank.from(transfer), bank.cover(transfer), bank.to(transfer));
}
inline bool IsCovered(const Transfer& transfer, const Reply& looked) {
  return transfer.IsCoveredBy(looked[0].integer(), looked[1].integer());
}
inline Command Move(const Bank& bank, const Transfer& transfer, const Reply& looked) {
  return Command("MSET", bank.from(transfer), looked[0].integer() - transfer.amount,
                 bank.to(transfer), looked[2].integer() + transfer.amount);
}

// locking/ordered_locks: it takes both owners' locks, the lower one first, so that no workers wait
// for each other in a circle. Where the second was long in coming, the lease of the first may end
// before the work does, so that it starts again.
inline Operation OrderedLocks(Worker& worker, const Bank& bank, const Transfer& transfer) {
  static constexpr Script kReleaseBoth{R"lua(
    for _, lock in ipairs(KEYS) do
      if redis.call('GET', lock) == ARGV[1] then redis.call('DEL', lock) end
    end
    return 1)lua",
                                       2};
  const std::string& first = bank.lock(std::min(OwnerOf(transfer.from), OwnerOf(transfer.to)));
  const std::string& second = bank.lock(std::max(OwnerOf(transfer.from), OwnerOf(transfer.to)));
  const std::string token = NewToken(worker);
  Backoff backoff = Retrying();
  while (true) {
    co_await AcquireToken(worker, first, token, bank.lease_ms, Retrying());
    const int64_t acquired_ns = NowNs();
    if (second != first) co_await AcquireToken(worker, second, token, bank.lease_ms, Retrying());
    if (NowNs() - acquired_ns < bank.lease_ms * 1'000'000 / 2) break;
    co_await worker.redis().Eval(kReleaseBoth, first, second, token);
    co_await RetryAfter(worker, backoff);
  }
  const Reply looked = co_await worker.redis().Run(Look(bank, transfer));
  const bool is_covered = IsCovered(transfer, looked);
  if (is_covered) co_await worker.redis().Run(Move(bank, transfer, looked));
  co_await AfterWrite(worker.redis().Eval(kReleaseBoth, first, second, token));
  co_return is_covered ? kMoved : kRefused;
}

// lockfree/multi_exec: no other client comes between its commands; it can't look before it changes,
// and a command that fails does not undo the others. https://redis.io/docs/manual/transactions
inline Operation MultiExec(Worker& worker, const Bank& bank, const Transfer& transfer) {
  const std::vector<Reply> replies = co_await worker.redis().Pipeline(
      Command("MULTI")
          .Then(Command("DECRBY", bank.from(transfer), transfer.amount))
          .Then(Command("INCRBY", bank.to(transfer), transfer.amount))
          .Then(Command("EXEC")));
  for (const Reply& done : replies[3].elements()) {
    if (done.is_error()) co_return FailureAfterWrite(ToStatus(done));
  }
  co_return kMoved;
}

// EXEC yields nil where a key that `watch` names has changed since, and the worker tries again. It
// first gives up what an earlier transfer watched and did not use.
inline Operation WatchAndMove(Worker& worker, const Bank& bank, const Transfer& transfer,
                              const Command& watch, Backoff backoff, int64_t think_ns = 0) {
  static const Command kUnwatch("UNWATCH");
  static const Command kMulti("MULTI");
  static const Command kExec("EXEC");
  const Command watch_and_look = kUnwatch.Then(watch).Then(Look(bank, transfer));
  while (true) {
    const std::vector<Reply> watched = co_await worker.redis().Pipeline(watch_and_look);
    const Reply& looked = watched[2];
    if (!IsCovered(transfer, looked)) co_return kRefused;
    if (think_ns > 0) co_await worker.loop->Sleep(think_ns);
    const std::vector<Reply> done =
        co_await worker.redis().Pipeline(kMulti.Then(Move(bank, transfer, looked)).Then(kExec));
    if (!done[2].is_nil()) co_return kMoved;
    co_await RetryAfter(worker, backoff);
  }
}

// lockfree/watch: it watches all that it reads.
inline Operation Watch(Worker& worker, const Bank& bank, const Transfer& transfer) {
  const Command watch("WATCH", bank.from(transfer), bank.cover(transfer), bank.to(transfer));
  co_return co_await WatchAndMove(worker, bank, transfer, watch, Retrying());
}

// unsafe/write_skew: it watches only what it writes, so that the balance that covers the transfer
// may be gone when it writes. It thinks for a moment, so that others are on their way meanwhile.
inline Operation WriteSkew(Worker& worker, const Bank& bank, const Transfer& transfer) {
  const Command watch("WATCH", bank.from(transfer), bank.to(transfer));
  const Backoff eager(/*first_ms=*/0.2, /*max_ms=*/5, 5000);
  constexpr int64_t kThinkNs = 200'000;
  co_return co_await WatchAndMove(worker, bank, transfer, watch, eager, kThinkNs);
}

// lockfree/lua: it looks and moves inside the server.
inline Operation Lua(Worker& worker, const Bank& bank, const Transfer& transfer) {
  static constexpr Script kTransfer{R"lua(
    local covered = tonumber(redis.call('GET', KEYS[1]))
    if KEYS[2] ~= KEYS[1] then covered = covered + tonumber(redis.call('GET', KEYS[2])) end
    if covered < tonumber(ARGV[1]) then return 0 end
    redis.call('DECRBY', KEYS[1], ARGV[1])
    redis.call('INCRBY', KEYS[3], ARGV[1])
    return 1)lua",
                                    3};
  const Reply moved = co_await worker.redis().Eval(
      kTransfer, bank.from(transfer), bank.cover(transfer), bank.to(transfer), transfer.amount);
  co_return moved.integer();
}

// lockfree/function: the script is a function that the server keeps (Redis 7).
// https://redis.io/docs/manual/programmability/functions-intro
inline std::string FunctionCode(const std::string& library) {
  return absl::StrCat("#!lua name=", library, "\nredis.register_function('", library,
                      "_transfer', function(keys, args)\n"
                      "  local covered = tonumber(redis.call('GET', keys[1]))\n"
                      "  if keys[2] ~= keys[1] then\n"
                      "    covered = covered + tonumber(redis.call('GET', keys[2]))\n"
                      "  end\n"
                      "  if covered < tonumber(args[1]) then return 0 end\n"
                      "  redis.call('DECRBY', keys[1], args[1])\n"
                      "  redis.call('INCRBY', keys[3], args[1])\n"
                      "  return 1\n"
                      "end)\n");
}
inline Operation Function(Worker& worker, const Bank& bank, const Transfer& transfer) {
  const Reply moved = co_await worker.redis().Run(Command("FCALL", bank.function, 3,
                                                          bank.from(transfer), bank.cover(transfer),
                                                          bank.to(transfer), transfer.amount));
  co_return moved.integer();
}

// Two keys that are always written together.
struct Pair {
  explicit Pair(const std::string& prefix)
      : first(absl::StrCat(prefix, "pair:first")),
        second(absl::StrCat(prefix, "pair:second")),
        get_first("GET", first),
        get_second("GET", second),
        get_both("MGET", first, second) {}

  std::string first;
  std::string second;
  Command get_first;
  Command get_second;
  Command get_both;
};

struct PairValues {
  int64_t first;
  int64_t second;
};

// lockfree/mset_mget: one command writes or reads both keys. https://redis.io/commands/mset
inline Task<absl::StatusOr<PairValues>> Mget(Worker& worker, const Pair& pair) {
  const Reply values = co_await worker.redis().Run(pair.get_both);
  co_return PairValues{values[0].integer(), values[1].integer()};
}
inline Task<absl::Status> Mset(Worker& worker, const Pair& pair, int64_t value) {
  co_await worker.redis().Run(Command("MSET", pair.first, value, pair.second, value));
  co_return absl::OkStatus();
}

// unsafe/read_skew: the writes are the same, but a reader takes a round trip for each key.
inline Task<absl::StatusOr<PairValues>> GetAndGet(Worker& worker, const Pair& pair) {
  const Reply first = co_await worker.redis().Run(pair.get_first);
  const Reply second = co_await worker.redis().Run(pair.get_second);
  co_return PairValues{first.integer(), second.integer()};
}

}  // namespace rcb::transaction

#endif  // RCB_BENCH_TRANSACTION_TRANSACTION_H_
