// What the variants of Eviction share: the keys, what they hold, and what each operation saw.

#ifndef RCB_BENCH_EVICTION_CACHE_H_
#define RCB_BENCH_EVICTION_CACHE_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/harness/notes.h"
#include "common/harness/scenario.h"
#include "common/harness/worker.h"
#include "common/measure/clock.h"
#include "common/measure/per_worker.h"
#include "common/redis/connection.h"
#include "common/workload/key_chooser.h"
#include "common/workload/value_sizes.h"

namespace rcb::eviction {

// An iteration is so many operations of all workers together.
inline constexpr int64_t kOperationsPerEpoch = 1000;
// Far longer than a run, so that nothing expires in one.
inline constexpr int64_t kTtlMs = 3'600'000;

struct Settings {
  KeyDistribution distribution;
  uint64_t keys = 0;
  ValueSizes value_bytes;
  int64_t ttl_ms = 0;     // of fills; 0: none
  int64_t shift_at = -1;  // the operation before which popularity shifts; -1: never
  int64_t operations = 0;
};

// What an operation saw and did.
struct Visit {
  enum class Kind : uint8_t {
    kNothing,  // there is no reply to its GET
    kHit,      // it got `version`
    kMiss,     // the key was not there at some time until looked_ns,
    kFilled,   // and then it stored `version`
    kRefused,  // or the server had no memory left for that
  };
  int64_t looked_ns = 0;
  int64_t version = 0;
  uint32_t number = 0;  // among the operations of all workers
  uint32_t key = 0;
  Kind kind = Kind::kNothing;
};

// A value is its version, which no other value of any key has, and blanks behind it.
inline std::string ValueOf(int64_t version, int64_t bytes) {
  std::string value = absl::StrCat(version);
  if (value.size() < static_cast<size_t>(bytes)) value.resize(static_cast<size_t>(bytes), ' ');
  return value;
}
// The version of a key's value before the run. Those of fills come after these.
inline int64_t FirstVersion(uint64_t key) { return static_cast<int64_t>(key) + 1; }

// How many keys there were at some time in the run.
struct SizeSample {
  int64_t operation = 0;
  int64_t keys = 0;
};

// What all workers of a run share.
class Cache {
 public:
  Cache(const RunPlan& plan, const Settings& settings)
      : settings_(settings),
        prefix_(plan.key_prefix),
        workers_(plan.workers),
        visits_(plan.workers),
        own_(plan.workers) {
    const KeyChooser chooser(settings.distribution, settings.keys);
    for (int i = 0; i < plan.workers; ++i) own_[i].choosers.push_back(chooser);
  }

  const Settings& settings() const { return settings_; }
  std::string NameOf(uint64_t key) const { return absl::StrCat(prefix_, key); }
  int64_t BytesOf(uint64_t key) const { return settings_.value_bytes.Of(key); }

  // Begins an operation: counts it, and chooses its key.
  Visit& Begin(Worker& worker) {
    Visit& visit = visits_.For(worker);
    visit.number = static_cast<uint32_t>(begun_.fetch_add(1, std::memory_order_relaxed));
    Own& own = own_[worker.index];
    if (settings_.shift_at >= 0 && visit.number >= settings_.shift_at && !own.has_shifted) {
      own.choosers[0].Rotate(settings_.keys / 2);
      own.has_shifted = true;
    }
    visit.key = static_cast<uint32_t>(own.choosers[0].Next(*worker.random));
    return visit;
  }
  bool IsOver() const { return begun_.load(std::memory_order_relaxed) >= settings_.operations; }

  // Keeps what a GET of the visit's key returned. True where that was a value.
  bool NoteLookUp(Worker& worker, const Reply& cached, Visit& visit) {
    visit.looked_ns = NowNs();
    ++worker.tally->lookups;
    visit.kind = cached.is_nil() ? Visit::Kind::kMiss : Visit::Kind::kHit;
    worker.op_class = cached.is_nil() ? kFillClass : kHitClass;
    if (cached.is_nil()) return false;
    ++worker.tally->hits;
    visit.version = cached.integer();
    return true;
  }
  // Of the value that a worker is about to store.
  int64_t NewVersion(const Worker& worker) const {
    return static_cast<int64_t>(settings_.keys) + 1 +
           static_cast<int64_t>(worker.operation) * workers_ + worker.index;
  }

  // Whether it is this operation's turn to look how many keys there are.
  static bool Samples(const Visit& visit) { return visit.number % kOperationsPerEpoch == 0; }
  void NoteSize(const Worker& worker, const Visit& visit, int64_t keys) {
    own_[worker.index].sizes.push_back({visit.number, keys});
  }

  // What a worker first saw of a key, for the variant that believes it; 0: nothing.
  int64_t& CopyOf(const Worker& worker, uint32_t key) { return own_[worker.index].copies[key]; }

  // After the run.
  const Notes<Visit>& visits() const { return visits_; }
  std::vector<SizeSample> sizes() const {
    std::vector<SizeSample> all;
    own_.ForEach(
        [&all](const Own& own) { all.insert(all.end(), own.sizes.begin(), own.sizes.end()); });
    return all;
  }

  // Classes of operations, by their places in BenchmarkSpec::op_classes.
  static constexpr uint8_t kHitClass = 0;
  static constexpr uint8_t kFillClass = 1;

 private:
  struct Own {
    std::vector<KeyChooser> choosers;  // one; a KeyChooser has no default
    bool has_shifted = false;
    std::vector<SizeSample> sizes;
    std::unordered_map<uint32_t, int64_t> copies;
  };

  const Settings settings_;
  const std::string prefix_;
  const int64_t workers_;
  std::atomic<int64_t> begun_{0};
  Notes<Visit> visits_;
  PerWorker<Own> own_;
};

}  // namespace rcb::eviction

#endif  // RCB_BENCH_EVICTION_CACHE_H_
