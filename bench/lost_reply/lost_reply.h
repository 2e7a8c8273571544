// LostReply: a write is done, and its client never hears of it.
//
// Each operation adds 1 to one of a few counters. Between the workers and the server, a proxy loses
// one reply in ten, and one request in fifty, and breaks the connection off there. The client
// cannot tell the two apart, nor whether its write was done.
//
// Question: who counts twice, who counts what was never done, and what does it cost to know?
// Checked:  the counts that clients were told are those of increments done one at a time
//           (common/check/counter_check.h), and each counter is in the end between what clients say
//           that they did, and that plus what they do not know.

#ifndef RCB_BENCH_LOST_REPLY_LOST_REPLY_H_
#define RCB_BENCH_LOST_REPLY_LOST_REPLY_H_

#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "bench/lost_reply/ground.h"
#include "common/harness/worker.h"
#include "common/workload/backoff.h"

namespace rcb::lost_reply {

// unsafe/retry_incr: INCR is sent again where no reply came, as many client libraries do by
// themselves. If only the reply was lost, it counts twice.
inline Operation RetryIncr(Worker& worker, Ground& ground) {
  Write& write = ground.NewWrite(worker);
  const auto incr = [&] { return worker.redis().Run(ground.incr[write.counter]); };
  const Reply count = co_await WriteUntilAnswered(worker, write, incr);
  co_return write.Done(count.integer());
}

// unsafe/assume_done: nothing is sent again, and a write whose reply is lost counts as done. If the
// request was lost, it was not.
inline Operation AssumeDone(Worker& worker, Ground& ground) {
  Write& write = ground.NewWrite(worker);
  const auto incr = [&] { return worker.redis().Run(ground.incr[write.counter]); };
  const absl::StatusOr<Reply> count = co_await Try(WriteOnce(worker, write, incr));
  if (count.ok()) co_return write.Done(count->integer());
  if (write.outcome == Outcome::kUnknown) write.outcome = Outcome::kOk;
  co_return 0;
}

// lockfree/give_up: nothing is sent again. The client knows that it does not know, and says so.
inline Operation GiveUp(Worker& worker, Ground& ground) {
  Write& write = ground.NewWrite(worker);
  const auto incr = [&] { return worker.redis().Run(ground.incr[write.counter]); };
  const absl::StatusOr<Reply> count = co_await Try(WriteOnce(worker, write, incr));
  if (count.ok()) co_return write.Done(count->integer());
  if (!absl::IsUnavailable(count.status())) co_return count.status();
  co_return 0;
}

// lockfree/idempotency_token: each write has a name. The server keeps it, with what came of the
// write, for as long as the client may send it again, and answers the second time what it answered
// the first time.
inline Operation IdempotencyToken(Worker& worker, Ground& ground) {
  static constexpr int64_t kKeptMs = 10'000;
  static constexpr Script kIncrOnce{R"lua(
    local before = redis.call('GET', KEYS[2])
    if before then return tonumber(before) end
    local count = redis.call('INCR', KEYS[1])
    redis.call('SET', KEYS[2], count, 'PX', ARGV[1])
    return count)lua",
                                    /*keys=*/2};
  Write& write = ground.NewWrite(worker);
  const std::string token = absl::StrCat(ground.token_prefix, Ground::IdOf(worker));
  const auto incr_once = [&] {
    return worker.redis().Eval(kIncrOnce, ground.counters[write.counter], token, kKeptMs);
  };
  const Reply count = co_await WriteUntilAnswered(worker, write, incr_once);
  co_return write.Done(count.integer());
}

// A counter with who counted last: "17 3-42".
struct Version {
  int64_t count = 0;
  std::string writer;

  static Version Parse(const std::string& text) {
    Version version;
    const size_t blank = text.find(' ');
    if (blank == std::string::npos || !absl::SimpleAtoi(text.substr(0, blank), &version.count)) {
      return Version();
    }
    version.writer = text.substr(blank + 1);
    return version;
  }
};

// lockfree/versioned_set: the client reads count and writer, and a script sets the next count only
// where the count is still that. Sent again, it can't count twice, and the writer that stands
// beside the next count tells whose it is. Only if others have counted on since then does nobody
// know.
inline Operation VersionedSet(Worker& worker, Ground& ground) {
  static constexpr Script kSetNext{R"lua(
    local now = redis.call('GET', KEYS[1]) or '0 '
    if string.match(now, '^%d+') ~= ARGV[1] then return now end
    redis.call('SET', KEYS[1], ARGV[2])
    return ARGV[2])lua"};
  Write& write = ground.NewWrite(worker);
  const std::string& key = ground.counters[write.counter];
  const std::string id = Ground::IdOf(worker);
  Backoff backoff(/*first_ms=*/0.2, /*max_ms=*/20, /*give_up_ms=*/5000);
  while (true) {
    const auto get = [&] { return worker.redis().Run(ground.get[write.counter]); };
    const Reply read = co_await SendUntilAnswered(worker, write, get);
    const int64_t next = Version::Parse(read.text()).count + 1;
    const int64_t known = next - 1;
    const std::string text = absl::StrCat(next, " ", id);
    const auto set_next = [&] { return worker.redis().Eval(kSetNext, key, known, text); };
    const int64_t retries_before = worker.tally->retries;
    const Reply reply = co_await WriteUntilAnswered(worker, write, set_next);
    const bool was_sent_again = worker.tally->retries > retries_before;
    const Version now = Version::Parse(reply.text());
    if (now.count == next && now.writer == id) co_return write.Done(next);
    if (was_sent_again && now.count > next) co_return 0;  // the next count may have been ours
    write.outcome = Outcome::kFailed;
    co_await RetryAfter(worker, backoff);
  }
}

// locking/check_before_retry: under a lock nobody else writes, so that a look at the counter tells
// whether the INCR before it was done.
inline Operation CheckBeforeRetry(Worker& worker, Ground& ground) {
  // Both may be sent again.
  static constexpr Script kAcquire{R"lua(
    if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
    if redis.call('GET', KEYS[1]) == ARGV[1] then return 1 end
    return 0)lua"};
  static constexpr Script kRelease{R"lua(
    if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
    return 0)lua"};
  Write& write = ground.NewWrite(worker);
  const std::string& lock = ground.locks[write.counter];
  const std::string id = Ground::IdOf(worker);
  const auto acquire = [&] { return worker.redis().Eval(kAcquire, lock, id, ground.lease_ms); };
  const auto get = [&] { return worker.redis().Run(ground.get[write.counter]); };
  const auto incr = [&] { return worker.redis().Run(ground.incr[write.counter]); };
  const auto release = [&] { return worker.redis().Eval(kRelease, lock, id); };

  Backoff backoff(/*first_ms=*/0.2, /*max_ms=*/20, /*give_up_ms=*/5000);
  while (true) {
    const Reply acquired = co_await SendUntilAnswered(worker, write, acquire);
    if (acquired.integer() == 1) break;
    co_await RetryAfter(worker, backoff);
  }
  worker.Holds();
  const Reply before = co_await SendUntilAnswered(worker, write, get);
  int64_t count = before.integer();
  for (int tries = 1; count == before.integer() && tries <= kMaxTries; ++tries) {
    if (tries > 1) ++worker.tally->retries;
    const absl::StatusOr<Reply> reply = co_await Try(WriteOnce(worker, write, incr));
    if (reply.ok()) {
      count = reply->integer();
    } else if (absl::IsUnavailable(reply.status())) {
      const Reply now = co_await SendUntilAnswered(worker, write, get);
      count = now.integer();
      if (count == before.integer()) write.outcome = Outcome::kFailed;
    } else {
      co_return reply.status();
    }
  }
  if (count > before.integer()) write.Done(count);
  co_await SendUntilAnswered(worker, write, release);
  co_return count;
}

}  // namespace rcb::lost_reply

#endif  // RCB_BENCH_LOST_REPLY_LOST_REPLY_H_
