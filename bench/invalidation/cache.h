// What the variants of Invalidation share: the keys, what a key holds, and what they note.

#ifndef RCB_BENCH_INVALIDATION_CACHE_H_
#define RCB_BENCH_INVALIDATION_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/harness/notes.h"
#include "common/harness/worker.h"
#include "common/redis/connection.h"
#include "common/runtime/task.h"
#include "common/workload/origin.h"

namespace rcb::invalidation {

struct Settings {
  size_t keys = 8;           // so few that readers and writers meet often
  double write_share = 0.2;  // of the operations
  OriginDelays delays;
  int64_t ttl_ms = 60'000;  // of what is cached, and of tombstones
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
      : name(absl::StrCat(prefix, number)), get("GET", name), del("DEL", name) {}

  const std::string name;
  const Command get;
  const Command del;
};

// What an operation notes for the checker.
struct OpNote {
  uint32_t key = 0;
  int64_t written = 0;  // the version that it wrote, also where the rest of it failed
};

// What all workers of a run share.
class Cache {
 public:
  Cache(const std::string& prefix, const Settings& settings, int workers)
      : settings_(settings), origin_(settings.keys, settings.delays), notes_(workers) {
    for (size_t i = 0; i < settings.keys; ++i) keys_.emplace_back(prefix, i);
  }

  const Settings& settings() const { return settings_; }
  const Key& key(size_t index) const { return keys_[index]; }
  size_t size() const { return keys_.size(); }
  Notes<OpNote>& notes() { return notes_; }
  const Notes<OpNote>& notes() const { return notes_; }

  // What the key of a value holds.
  static std::string Value(int64_t version) { return absl::StrCat(version); }

  // Asks the origin.
  Task<absl::StatusOr<int64_t>> ReadOrigin(Worker& worker, size_t index) const {
    return origin_.Read(*worker.loop, *worker.random, index);
  }
  // Has the origin write, and yields the version that it has now.
  Task<absl::StatusOr<int64_t>> WriteOrigin(Worker& worker, size_t index) {
    return origin_.Write(*worker.loop, *worker.random, index, &notes_.For(worker).written);
  }

 private:
  const Settings settings_;
  std::vector<Key> keys_;
  Origin origin_;
  Notes<OpNote> notes_;
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
