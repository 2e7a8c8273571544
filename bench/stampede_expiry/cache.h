// What the variants of StampedeExpiry share: the keys, their contents, and what happened to them.

#ifndef RCB_BENCH_STAMPEDE_EXPIRY_CACHE_H_
#define RCB_BENCH_STAMPEDE_EXPIRY_CACHE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/random/distributions.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/harness/worker.h"
#include "common/measure/atomic_max.h"
#include "common/measure/clock.h"
#include "common/measure/per_worker.h"
#include "common/redis/connection.h"
#include "common/report/interval_feed.h"
#include "common/runtime/task.h"
#include "common/workload/computation.h"

namespace rcb::expiry {

// A cached value as the key holds it. Times are of this process's NowNs clock; in production they
// would be wall-clock times.
struct Entry {
  int64_t generation = 0;  // how often the value was computed anew, counting from 1
  int64_t delta_ns = 0;    // how long computing it took
  int64_t expiry_ns = 0;

  std::string ToText() const { return absl::StrCat(generation, " ", delta_ns, " ", expiry_ns); }
  // Generation 0 where `text` is no entry.
  static Entry Parse(absl::string_view text) {
    Entry entry;
    const std::vector<absl::string_view> fields =
        absl::StrSplit(absl::StripTrailingAsciiWhitespace(text), ' ');
    if (fields.size() != 3 || !absl::SimpleAtoi(fields[0], &entry.generation) ||
        !absl::SimpleAtoi(fields[1], &entry.delta_ns) ||
        !absl::SimpleAtoi(fields[2], &entry.expiry_ns)) {
      return Entry();
    }
    return entry;
  }
};

// A moment from which on no reader may see an older generation.
struct Acknowledged {
  int64_t ns;
  size_t key;
  int64_t generation;
  int64_t began_ns = 0;     // to be computed
  int64_t expiry_ns = 0;    // the server keeps it at least until then,
  int64_t lifetime_ms = 0;  // and so long, besides the grace, after `ns` at most
};

struct Settings {
  Computation computation;
  int64_t ttl_ms = 100;
  int64_t lease_ms = 30'000;  // of locks
  int64_t grace_ms = 0;       // beyond the expiry, during which a stale value may be served
  int64_t jitter_pct = 0;     // lifetimes are uniform in ttl_ms * (1 +- jitter_pct/100)
  double beta = 1;            // XFetch
  size_t keys = 1;
  int64_t epochs = 1;            // per key
  IntervalFeed* feed = nullptr;  // hears of each expiry that somebody computes for; may be null
};

// Stores a value unless a newer one has been stored, even if that has expired by now: a computation
// that was overtaken must not bring its older value back, as a plain SET would.
inline constexpr Script kStoreUnlessOlder{R"lua(
  local newest = tonumber(redis.call('GET', KEYS[2]) or '0')
  if tonumber(ARGV[1]) < newest then return 0 end
  redis.call('SET', KEYS[2], ARGV[1])
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return 1)lua",
                                          /*keys=*/2};

// One key.
struct Key {
  Key(const std::string& prefix, size_t number, int64_t epochs)
      : name(absl::StrCat(prefix, number)),
        lock(absl::StrCat(name, ":lock")),
        newest(absl::StrCat(name, ":newest")),
        get("GET", name),
        computations(static_cast<size_t>(epochs) + 2) {}

  const std::string name;
  const std::string lock;
  const std::string newest;  // holds the newest generation that was stored
  const Command get;
  std::atomic<int64_t> latest{1};                  // generation that the server acknowledged
  std::vector<std::atomic<int64_t>> computations;  // of each generation, up to the last one wanted
};

// What a worker saw.
struct Sightings {
  int64_t hard_misses = 0;            // look-ups that found nothing at all
  std::vector<int64_t> staleness_ns;  // of each stale value that was served
  std::vector<Acknowledged> acknowledged;
  std::vector<int64_t> lifetimes_ms;  // of values that it computed
  int64_t computing_ns = 0;           // how long its computations took in all,
  int64_t until_stored_ns = 0;        // and how long until their values were stored
};

// What all workers of a run share.
class Cache {
 public:
  Cache(const std::string& prefix, const Settings& settings, int workers)
      : settings_(settings), sightings_(workers) {
    for (size_t i = 0; i < settings.keys; ++i) {
      keys_.push_back(std::make_unique<Key>(prefix, i, settings.epochs));
    }
  }

  const Settings& settings() const { return settings_; }
  size_t AnyKey(Worker& worker) const {
    return keys_.size() == 1 ? 0 : absl::Uniform<size_t>(*worker.random, 0, keys_.size());
  }
  Key& key(size_t index) { return *keys_[index]; }
  const std::vector<std::unique_ptr<Key>>& keys() const { return keys_; }

  // Computes generation `generation` of the key, stores it unless overtaken, and yields it.
  Operation Recompute(Worker& worker, size_t index, int64_t generation) {
    Key& key = *keys_[index];
    const auto slot = static_cast<size_t>(generation);
    ++worker.tally->computations;
    const bool is_judged = slot < key.computations.size();
    if (is_judged && key.computations[slot].fetch_add(1) == 0 && settings_.feed != nullptr) {
      settings_.feed->AddMark("expiry",
                              absl::StrCat("of key ", index, ", generation ", generation));
    }
    if (worker.Holds()) has_misbehaved_ = true;
    const int64_t start_ns = NowNs();
    gauge_.Enter();
    const absl::Status computed = co_await Try(settings_.computation.Run(*worker.loop));
    gauge_.Leave();
    if (!computed.ok()) co_return computed;
    const double jitter = static_cast<double>(settings_.jitter_pct) / 100;
    const double factor = jitter == 0 ? 1 : absl::Uniform(*worker.random, 1 - jitter, 1 + jitter);
    const double lifetime_ms = static_cast<double>(settings_.ttl_ms) * factor;
    Entry entry;
    entry.generation = generation;
    entry.delta_ns = NowNs() - start_ns;
    entry.expiry_ns = NowNs() + static_cast<int64_t>(lifetime_ms * 1e6);
    const auto px = static_cast<int64_t>(lifetime_ms) + settings_.grace_ms;
    const Reply stored =
        co_await worker.redis().Eval(kStoreUnlessOlder, key.name, key.newest, generation,
                                     settings_.computation.Cached(entry.ToText()), px);
    Sightings& mine = sightings_[worker.index];
    mine.lifetimes_ms.push_back(px - settings_.grace_ms);
    mine.computing_ns += entry.delta_ns;
    mine.until_stored_ns += NowNs() - start_ns;
    if (stored.integer() == 1) {
      Acknowledge(worker,
                  {NowNs(), index, generation, start_ns, entry.expiry_ns, px - settings_.grace_ms});
    }
    co_return generation;
  }

  void NoteHardMiss(const Worker& worker) { ++sightings_[worker.index].hard_misses; }
  void NoteStale(const Worker& worker, int64_t staleness_ns) {
    sightings_[worker.index].staleness_ns.push_back(staleness_ns);
  }
  // Every key has lived through its epochs.
  bool IsOver() const {
    return epochs_over_.load(std::memory_order_relaxed) >=
           settings_.epochs * static_cast<int64_t>(keys_.size());
  }

  // After the run.
  const PerWorker<Sightings>& sightings() const { return sightings_; }
  int64_t max_running() const { return gauge_.max(); }
  // Somebody stalled or died on purpose while it computed.
  bool has_misbehaved() const { return has_misbehaved_; }

 private:
  void Acknowledge(const Worker& worker, const Acknowledged& acknowledged) {
    sightings_[worker.index].acknowledged.push_back(acknowledged);
    const int64_t generation = acknowledged.generation;
    if (!RaiseTo(keys_[acknowledged.key]->latest, generation)) return;
    if (generation <= settings_.epochs + 1) epochs_over_.fetch_add(1);
  }

  const Settings settings_;
  std::vector<std::unique_ptr<Key>> keys_;
  std::atomic<int64_t> epochs_over_{0};
  RunningGauge gauge_;
  std::atomic<bool> has_misbehaved_{false};
  PerWorker<Sightings> sightings_;
};

}  // namespace rcb::expiry

#endif  // RCB_BENCH_STAMPEDE_EXPIRY_CACHE_H_
