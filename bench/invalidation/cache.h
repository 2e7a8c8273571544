// What the variants of Invalidation share: the keys, what a key holds, and what they note.

#ifndef RCB_BENCH_INVALIDATION_CACHE_H_
#define RCB_BENCH_INVALIDATION_CACHE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/random/distributions.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bench/invalidation/client_memory.h"
#include "common/harness/notes.h"
#include "common/harness/worker.h"
#include "common/measure/clock.h"
#include "common/measure/per_worker.h"
#include "common/redis/connection.h"
#include "common/runtime/task.h"
#include "common/workload/origin.h"

namespace rcb::invalidation {

struct Settings {
  size_t keys = 8;           // so few that readers and writers meet often
  double write_share = 0.2;  // of the operations
  OriginDelays delays = {};
  int64_t ttl_ms = 60'000;       // of what is cached, and of tombstones
  int64_t delete_again_ms = 0;   // double_delete: after the write
  int64_t lease_ms = 30'000;     // of the right to fill a key
  int64_t max_queued = 4;        // write_behind: writes that wait for the origin
  int64_t value_bytes = 0;       // at least, of what is cached
  bool has_placeholders = true;  // of what a local cache is reading
  bool has_one_writer = true;    // write_behind: to the origin
};

// What a key holds: "7", or "7 gone", which says that the cache has no value but that version 7 was
// written.
struct Entry {
  int64_t version = 0;  // 0: the key is not there
  bool is_gone = false;

  bool is_value() const { return version != 0 && !is_gone; }
  static Entry Parse(absl::string_view text) {
    Entry entry;
    const std::vector<absl::string_view> words = absl::StrSplit(text, ' ', absl::SkipEmpty());
    if (words.empty() || !absl::SimpleAtoi(words[0], &entry.version)) return Entry();
    entry.is_gone = words.size() > 1 && words[1] == "gone";
    return entry;
  }
};
inline std::string Gone(int64_t version) { return absl::StrCat(version, " gone"); }

struct Key {
  Key(const std::string& prefix, size_t number)
      : name(absl::StrCat(prefix, number)),
        lease(absl::StrCat(name, ":lease")),
        get("GET", name),
        del("DEL", name) {}

  const std::string name;
  const std::string lease;  // who may fill it
  const Command get;
  const Command del;
};

// A value that a reader took from the origin to the cache.
struct Fill {
  size_t key;
  int64_t version;
  int64_t took_ns;  // from the question to the origin until the cache had it
};

// A change that was queued, and is now in the origin.
struct Applied {
  int64_t ns;
  size_t key;
  int64_t version;
};

// What an operation notes for the checker.
struct OpNote {
  uint32_t key = 0;
  int64_t written = 0;    // the version that it wrote, also where the rest of it failed
  int64_t origin_ns = 0;  // how long the origin was meant to take
  int64_t late_ns = 0;    // see Worker
};

// What all workers of a run share.
class Cache {
 public:
  Cache(const std::string& prefix, const Settings& settings, int workers, int threads)
      : prefix_(prefix),
        settings_(settings),
        queue_(absl::StrCat(prefix, "queue")),
        channel_(absl::StrCat(prefix, "written")),
        origin_(settings.keys, settings.delays),
        notes_(workers),
        fills_(workers),
        own_(workers),
        threads_(threads),
        locals_(threads * kProcesses) {
    for (size_t i = 0; i < settings.keys; ++i) keys_.emplace_back(prefix, i);
  }

  const Settings& settings() const { return settings_; }
  const std::string& prefix() const { return prefix_; }
  const Key& key(size_t index) const { return keys_[index]; }
  size_t size() const { return keys_.size(); }

  const std::string& queue() const { return queue_; }      // of changes
  const std::string& channel() const { return channel_; }  // of keys that were written
  Notes<OpNote>& notes() { return notes_; }
  const Notes<OpNote>& notes() const { return notes_; }

  // What the key of a value holds.
  std::string Value(int64_t version) const {
    std::string text = absl::StrCat(version);
    const auto size = static_cast<size_t>(settings_.value_bytes);
    if (text.size() < size) text.resize(size, ' ');
    return text;
  }

  // Asks the origin.
  Task<absl::StatusOr<int64_t>> ReadOrigin(Worker& worker, size_t index) {
    ++worker.tally->computations;
    const int64_t takes_ns = origin_.DrawReadNs(*worker.random);
    notes_.For(worker).origin_ns += takes_ns;
    return origin_.Read(*worker.loop, index, takes_ns);
  }
  // Has the origin write, and yields the version that it has now.
  Task<absl::StatusOr<int64_t>> WriteOrigin(Worker& worker, size_t index) {
    const int64_t takes_ns = origin_.DrawWriteNs(*worker.random);
    OpNote& note = notes_.For(worker);
    note.origin_ns += takes_ns;
    return origin_.Write(*worker.loop, index, takes_ns, &note.written);
  }
  void NoteFill(const Worker& worker, const Fill& fill) { fills_[worker.index].push_back(fill); }

  // Of the process that the worker stands for. Workers are dealt to the threads in turn, and those
  // of a thread to its processes.
  LocalCache& local(Worker& worker) {
    const int thread = worker.index % threads_;
    const int process = worker.index / threads_ % kProcesses;
    LocalCache& local = locals_[thread * kProcesses + process];
    local.Use(worker, prefix_, size());
    return local;
  }
  Tracking& tracking(const Worker& worker) { return own_[worker.index].tracking; }
  // The DELs that are still to come.
  std::deque<Deletion>& deletions(const Worker& worker) { return own_[worker.index].deletions; }

  // Whether somebody drains the queue.
  std::atomic<bool>& drains(const Worker& worker) {
    return settings_.has_one_writer ? drains_ : own_[worker.index].drains;
  }
  // How often somebody has queued something.
  int64_t queued() const { return queued_; }
  void NoteQueued() { queued_.fetch_add(1); }
  // "KEY VERSION", as it is in the queue.
  static std::pair<size_t, int64_t> ParseChange(absl::string_view text) {
    std::pair<size_t, int64_t> change = {0, 0};
    const std::vector<absl::string_view> words = absl::StrSplit(text, ' ');
    static_cast<void>(absl::SimpleAtoi(words[0], &change.first));
    static_cast<void>(absl::SimpleAtoi(words.back(), &change.second));
    return change;
  }
  Task<absl::Status> StoreInOrigin(Worker& worker,
                                   const std::vector<std::pair<size_t, int64_t>>& changes) {
    co_await origin_.Store(*worker.loop, changes, origin_.DrawWriteNs(*worker.random));
    for (const auto& [key, version] : changes) {
      own_[worker.index].applied.push_back({NowNs(), key, version});
    }
    co_return absl::OkStatus();
  }

  // What a worker does in the background has failed.
  void NoteFailure(const Worker& worker, const absl::Status& failure) {
    own_[worker.index].failure.Update(failure);
  }

  // After the run.
  std::vector<Fill> fills() const { return Concatenate(fills_); }
  std::vector<Applied> applied() const {
    std::vector<Applied> all;
    own_.ForEach(
        [&all](const Own& own) { all.insert(all.end(), own.applied.begin(), own.applied.end()); });
    return all;
  }
  // The first failure of what was done in the background.
  absl::Status failure() const {
    absl::Status first;
    own_.ForEach([&first](const Own& own) { first.Update(own.failure); });
    return first;
  }
  int64_t messages() const {
    int64_t sum = 0;
    locals_.ForEach([&sum](const LocalCache& local) { sum += local.messages(); });
    return sum;
  }

 private:
  static constexpr int kProcesses = 4;  // on each thread, that have a local cache each

  struct Own {  // of each worker
    Tracking tracking;
    std::deque<Deletion> deletions;
    std::atomic<bool> drains{false};
    std::vector<Applied> applied;
    absl::Status failure;
  };

  const std::string prefix_;
  const Settings settings_;
  const std::string queue_;
  const std::string channel_;
  std::vector<Key> keys_;
  Origin origin_;
  Notes<OpNote> notes_;
  PerWorker<std::vector<Fill>> fills_;
  PerWorker<Own> own_;
  const int threads_;
  PerWorker<LocalCache> locals_;
  std::atomic<bool> drains_{false};
  std::atomic<int64_t> queued_{0};
};

// Looks the key up.
inline Task<absl::StatusOr<Entry>> LookUp(Worker& worker, const Key& key) {
  const Reply cached = co_await worker.redis().Run(key.get);
  const Entry entry = Entry::Parse(cached.text());
  ++worker.tally->lookups;
  if (entry.is_value()) ++worker.tally->hits;
  co_return entry;
}

}  // namespace rcb::invalidation

#endif  // RCB_BENCH_INVALIDATION_CACHE_H_
