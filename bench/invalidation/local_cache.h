// Caches in the memory of the clients, in front of a cache in Redis: they are told what has
// changed, by messages on another connection.

#ifndef RCB_BENCH_INVALIDATION_LOCAL_CACHE_H_
#define RCB_BENCH_INVALIDATION_LOCAL_CACHE_H_

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "bench/invalidation/cache.h"
#include "bench/invalidation/invalidation.h"
#include "common/harness/worker.h"
#include "common/redis/command.h"
#include "common/redis/connection.h"
#include "common/redis/subscriber.h"

namespace rcb::invalidation {

// Makes sure that the cache of this client is told of changes. False while another operation is
// about that: then nothing may be kept.
using Listening = Task<absl::StatusOr<bool>>;

// pubsub_local: by a channel on which writers tell the keys that they wrote.
inline Listening ListenToChannel(Worker& worker, Cache& cache) {
  LocalCache& local = cache.local(worker);
  if (local.listener() != 0) co_return true;
  if (!local.BeginListening()) co_return false;
  const absl::Status joined = co_await Try(local.subscriber().Subscribe(cache.channel()));
  local.EndListening(joined.ok() ? 1 : 0);
  if (!joined.ok()) co_return joined;
  co_return true;
}

// A connection that listens can say little, so that it leaves first what it has joined. Yields its
// number, by which others have the server tell it things.
inline Operation LeaveAndTellNumber(Subscriber& subscriber) {
  if (subscriber.connection().connected()) {
    co_await subscriber.Unsubscribe();
  } else {
    co_await subscriber.connection().Connect();
  }
  const Reply number = co_await subscriber.connection().Run(Command("CLIENT", "ID"));
  co_return number.integer();
}

constexpr char kInvalidations[] = "__redis__:invalidate";  // a channel of the server's own

// tracking_bcast: the server tells which keys under the prefix change. The connection that is told
// has asked for that itself. https://redis.io/docs/manual/client-side-caching
inline Operation JoinBroadcasts(Subscriber& subscriber, const std::string& prefix) {
  const int64_t number = co_await LeaveAndTellNumber(subscriber);
  const Command off("CLIENT", "TRACKING", "OFF");
  const Command on("CLIENT", "TRACKING", "ON", "REDIRECT", number, "BCAST", "PREFIX", prefix);
  co_await subscriber.connection().Pipeline(off.Then(on));
  co_await subscriber.Subscribe(kInvalidations);
  co_return number;
}
inline Listening ListenToBroadcasts(Worker& worker, Cache& cache) {
  LocalCache& local = cache.local(worker);
  if (local.listener() != 0) co_return true;
  if (!local.BeginListening()) co_return false;
  const absl::StatusOr<int64_t> number =
      co_await Try(JoinBroadcasts(local.subscriber(), cache.prefix()));
  local.EndListening(number.ok() ? *number : 0);
  if (!number.ok()) co_return number.status();
  co_return true;
}

// tracking: the server remembers which keys a connection has read, and tells the listening one,
// once for each, when they change. It forgets what it remembers of a connection that is lost.
inline Operation JoinTracking(Subscriber& subscriber) {
  const int64_t number = co_await LeaveAndTellNumber(subscriber);
  co_await subscriber.Subscribe(kInvalidations);
  co_return number;
}
inline Listening ListenToTracking(Worker& worker, Cache& cache) {
  LocalCache& local = cache.local(worker);
  if (local.listener() == 0) {
    if (!local.BeginListening()) co_return false;
    const absl::StatusOr<int64_t> number = co_await Try(JoinTracking(local.subscriber()));
    local.EndListening(number.ok() ? *number : 0);
    if (!number.ok()) co_return number.status();
  }
  Tracking& tracking = cache.tracking(worker);
  const int64_t losses = worker.redis().losses();
  const int64_t listener = local.listener();
  if (tracking.listener != listener || tracking.losses != losses) {
    if (tracking.losses != losses) local.Flush();
    co_await worker.redis().Pipeline(
        Command("CLIENT", "TRACKING", "OFF")
            .Then(Command("CLIENT", "TRACKING", "ON", "REDIRECT", listener)));
    tracking = {listener, losses};
  }
  co_return listener == local.listener();
}

// Reads of all of these: what the client has itself takes no round trip. It keeps what it reads,
// unless a message about the key came meanwhile: that may have overtaken the reply, which is older
// then.
template <Listening (*Listen)(Worker& worker, Cache& cache)>
Operation ReadLocal(Worker& worker, Cache& cache, size_t index) {
  LocalCache& local = cache.local(worker);
  const bool is_told = co_await Listen(worker, cache);
  ++worker.tally->lookups;
  if (const int64_t version = local.Find(index); is_told && version != 0) {
    ++worker.tally->hits;
    co_return version;
  }
  const int64_t placeholder = local.PutPlaceholder(index);
  const Reply held = co_await worker.redis().Run(cache.key(index).get);
  const Entry cached = Entry::Parse(held.text());
  int64_t version = cached.version;
  if (!cached.is_value()) version = co_await FillVersioned(worker, cache, index);
  if (is_told && cache.settings().has_placeholders) {
    local.ReplacePlaceholder(index, placeholder, version);
  } else if (is_told) {
    local.Put(index, version);
  }
  co_return version;
}

// lockfree/tracking, lockfree/tracking_bcast: the server tells of the change by itself. The
// message may come after the reply.
// unsafe/tracking_race: without placeholders, a value is kept that changed while it was read.
inline Operation WriteTracked(Worker& worker, Cache& cache, size_t index) {
  const int64_t version = co_await WriteVersioned(worker, cache, index);
  cache.local(worker).Drop(index);
  co_return version;
}

// Leaves a tombstone as versioned does, and tells all clients which key changed.
inline constexpr Script kBuryAndTell{R"lua(
  local held = redis.call('GET', KEYS[1])
  if not held or tonumber(string.match(held, '^%d+')) < tonumber(ARGV[1]) then
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  end
  return redis.call('PUBLISH', ARGV[4], KEYS[1]))lua"};

// lockfree/pubsub_local: as tracking, but the writer tells.
inline Operation WriteAndTell(Worker& worker, Cache& cache, size_t index) {
  const int64_t version = co_await cache.WriteOrigin(worker, index);
  co_await AfterWrite(worker.redis().Eval(kBuryAndTell, cache.key(index).name, version,
                                          Gone(version), cache.settings().ttl_ms, cache.channel()));
  cache.local(worker).Drop(index);
  co_return version;
}

}  // namespace rcb::invalidation

#endif  // RCB_BENCH_INVALIDATION_LOCAL_CACHE_H_
