// What the variants of Mixed share: the names of keys, the origin behind the cached documents, and
// what was computed.

#ifndef RCB_BENCH_MIXED_STORE_H_
#define RCB_BENCH_MIXED_STORE_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "bench/mixed/mix.h"
#include "common/harness/worker.h"
#include "common/measure/clock.h"
#include "common/measure/per_worker.h"
#include "common/redis/reply.h"
#include "common/runtime/task.h"
#include "common/workload/computation.h"
#include "common/workload/value_sizes.h"

namespace rcb::mixed {

// A key of the keyspace, by its popularity. Each type of value at it has a name of its own.
using Key = uint64_t;

// A computation, and what came of it.
struct Fill {
  enum class Fate : uint8_t { kLost, kStored, kOvertaken };

  Key key = 0;
  int64_t version = 1;   // of the origin when the computation began
  int64_t asked_ns = 0;  // just before the request that said that it was wanted
  int64_t began_ns = 0;
  int64_t store_ns = 0;  // just before the request that stores it
  int64_t stored_ns = 0;
  Fate fate = Fate::kLost;  // until its store is acknowledged
  bool is_refresh = false;  // the value before was still there
};

// A cached value as its key holds it.
struct Document {
  enum class Mark : uint8_t { kNone, kExpiring, kRefreshing };

  static constexpr int64_t kFirstFill = -1;  // was there before the run

  int64_t version = 1;  // of the origin
  int64_t fill = kFirstFill;
  Mark mark = Mark::kNone;  // that a script has put behind it

  std::string ToText() const { return absl::StrCat(version, " ", fill); }
  // Version 0 where `text` is no document.
  static Document Parse(absl::string_view text) {
    Document document;
    const std::vector<absl::string_view> fields = absl::StrSplit(text, ' ', absl::SkipEmpty());
    document.version = 0;
    if (fields.size() < 2 || !absl::SimpleAtoi(fields[1], &document.fill)) return document;
    if (fields.size() > 2) {
      document.mark = fields[2] == "expiring" ? Mark::kExpiring : Mark::kRefreshing;
    }
    if (!absl::SimpleAtoi(fields[0], &document.version)) document.version = 0;
    return document;
  }
};

struct Settings {
  Mix mix;
  ValueSizes value_bytes;  // of what is set and of documents, at least
  int64_t lease_ms = 30'000;
  int64_t ttl_ms = 3'600'000;  // of documents: those that expire are told to
};

// One run's. Any thread, but for what belongs to a worker.
class Store {
 public:
  Store(const std::string& prefix, const Settings& settings, int workers)
      : prefix_(prefix),
        settings_(settings),
        versions_(static_cast<size_t>(settings.mix.keys)),
        fills_(workers),
        copies_(workers) {}

  const Settings& settings() const { return settings_; }

  // The documents of the most popular keys are there from the beginning.
  Key keys_filled() const {
    constexpr int64_t kMaxFilled = 100'000;
    return static_cast<Key>(std::min(settings_.mix.keys, kMaxFilled));
  }
  bool WasThere(Key key) const { return key < keys_filled(); }

  std::string value(Key key) const { return absl::StrCat(prefix_, key, ":value"); }
  std::string counter(Key key) const { return absl::StrCat(prefix_, key, ":count"); }
  std::string document(Key key) const { return absl::StrCat(prefix_, key, kDocument); }
  // The pattern of the names of all documents, and the key that one of these names is of.
  std::string documents() const { return absl::StrCat(prefix_, "*", kDocument); }
  std::optional<Key> KeyOfDocument(absl::string_view name) const {
    Key key = 0;
    const bool is_document = absl::ConsumePrefix(&name, prefix_) &&
                             absl::ConsumeSuffix(&name, kDocument) && absl::SimpleAtoi(name, &key);
    return is_document ? std::optional<Key>(key) : std::nullopt;
  }
  // The newest version that the cache knows of.
  std::string newest(Key key) const { return absl::StrCat(prefix_, key, ":newest"); }
  static std::string LockOf(const std::string& name) { return absl::StrCat(name, ":lock"); }

  // `text` as a key holds it, with blanks behind it up to the size asked for.
  std::string Padded(std::string text) const {
    const auto size = static_cast<size_t>(settings_.value_bytes.Of(std::hash<std::string>()(text)));
    if (text.size() < size) text.resize(size, ' ');
    return text;
  }
  // The number that was padded; 0 of nil.
  static int64_t NumberOf(const Reply& reply) {
    int64_t number = 0;
    return absl::SimpleAtoi(reply.text(), &number) ? number : 0;
  }

  // Changes what the documents of `key` are computed from; yields its new version.
  int64_t ChangeOrigin(Key key) { return ++versions_[key] + 1; }

  // Computes the document of `key`, which a request that was sent after `asked_ns` has shown to be
  // wanted.
  Task<absl::StatusOr<Document>> Compute(Worker& worker, Key key, int64_t asked_ns,
                                         bool is_refresh = false) {
    Fill fill;
    fill.key = key;
    fill.version = versions_[key] + 1;
    fill.asked_ns = asked_ns;
    fill.began_ns = NowNs();
    fill.is_refresh = is_refresh;
    ++worker.tally->computations;
    std::vector<Fill>& own = fills_[worker.index];
    const auto place = static_cast<int64_t>(own.size());
    own.push_back(fill);
    const double duration_ms = settings_.mix.computation.DrawMs(*worker.random);
    running_.Enter();
    const absl::Status computed =
        co_await Try(worker.loop->Sleep(static_cast<int64_t>(duration_ms * 1e6)));
    running_.Leave();
    if (!computed.ok()) co_return computed;
    fills_[worker.index].back().store_ns = NowNs();
    Document document;
    document.version = fill.version;
    document.fill = worker.index * kFillsOfWorker + place;
    co_return document;
  }
  // What became of the computation that `worker` did last.
  void NoteStored(const Worker& worker, bool is_stored) {
    Fill& fill = fills_[worker.index].back();
    fill.stored_ns = NowNs();
    fill.fate = is_stored ? Fill::Fate::kStored : Fill::Fate::kOvertaken;
  }

  // A copy that a worker keeps for itself.
  struct Copy {
    int64_t number = 0;
    int64_t until_ns = 0;
  };
  Copy& CopyOf(const Worker& worker, Key key) { return copies_[worker.index][key]; }

  // After the run.
  const PerWorker<std::vector<Fill>>& fills() const { return fills_; }
  // The computation that a document was stored by; null where there is none.
  const Fill* FindFill(int64_t number) const {
    const int64_t worker = number / kFillsOfWorker;
    if (number < 0 || worker >= fills_.size()) return nullptr;
    const std::vector<Fill>& own = fills_[static_cast<int>(worker)];
    const auto place = static_cast<size_t>(number % kFillsOfWorker);
    return place < own.size() ? &own[place] : nullptr;
  }
  int64_t max_running() const { return running_.max(); }

 private:
  static constexpr int64_t kFillsOfWorker = int64_t{1} << 32;
  static constexpr char kDocument[] = ":doc";

  const std::string prefix_;
  const Settings settings_;
  std::vector<std::atomic<int64_t>> versions_;  // how often the origin has changed
  PerWorker<std::vector<Fill>> fills_;
  PerWorker<std::unordered_map<Key, Copy>> copies_;
  RunningGauge running_;
};

}  // namespace rcb::mixed

#endif  // RCB_BENCH_MIXED_STORE_H_
