// What the clients of Invalidation keep in their own memory.

#ifndef RCB_BENCH_INVALIDATION_CLIENT_MEMORY_H_
#define RCB_BENCH_INVALIDATION_CLIENT_MEMORY_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "common/harness/worker.h"
#include "common/measure/clock.h"
#include "common/redis/reply.h"
#include "common/redis/subscriber.h"

namespace rcb::invalidation {

// The values that some clients have together, as those of one process would, until messages
// invalidate them. The messages come to the second connection of one of them, the owner. Loop
// thread only; it is destroyed while no loop runs, and the connections live longer.
class LocalCache {
 public:
  LocalCache() = default;
  LocalCache(const LocalCache&) = delete;
  LocalCache& operator=(const LocalCache&) = delete;
  ~LocalCache() {
    if (owner_ != nullptr) subscriber().set_on_message(nullptr);
  }

  // The first client that uses it becomes its owner.
  void Use(Worker& worker, const std::string& prefix, size_t keys) {
    if (owner_ != nullptr) return;
    owner_ = &worker;
    prefix_ = prefix;
    slots_.resize(keys);
    subscriber().set_on_message(
        [this](const absl::StatusOr<Reply>& message) { OnMessage(message); });
  }
  // Null before anybody uses it.
  Worker* owner() const { return owner_; }
  Subscriber& subscriber() { return *owner_->subscriber; }

  // Under which number of the server it is told of changes; 0: it is not, and has nothing.
  int64_t listener() const { return listener_; }
  // False if an operation has begun to listen and not ended that, or the network is down.
  bool BeginListening() {
    return NowNs() >= down_until_ns_ && !std::exchange(begins_to_listen_, true);
  }
  // 0: in vain.
  void EndListening(int64_t listener) {
    Flush();
    begins_to_listen_ = false;
    listener_ = subscriber().connection().connected() ? listener : 0;
  }
  // As if the network had failed between the server and the connection that is told.
  void LoseListener(int64_t down_until_ns) {
    down_until_ns_ = down_until_ns;
    subscriber().connection().Close();
  }
  // Forgets everything, as changes may have gone untold.
  void Flush() {
    for (size_t key = 0; key < slots_.size(); ++key) Drop(key);
  }

  // The version of a value that is here, or 0.
  int64_t Find(size_t key) const { return slots_[key].version; }
  // How often the key has been invalidated: the placeholder of who reads it.
  int64_t PutPlaceholder(size_t key) const { return slots_[key].invalidations; }
  // Keeps what was read unless the key was invalidated meanwhile.
  void ReplacePlaceholder(size_t key, int64_t placeholder, int64_t version) {
    if (slots_[key].invalidations == placeholder) Put(key, version);
  }
  // Of two that were read at the same time, the newer one stays.
  void Put(size_t key, int64_t version) {
    slots_[key].version = std::max(slots_[key].version, version);
  }
  void Drop(size_t key) {
    slots_[key].version = 0;
    ++slots_[key].invalidations;
  }

  // Of invalidation, so far.
  int64_t messages() const { return messages_; }

 private:
  struct Slot {
    int64_t version = 0;
    int64_t invalidations = 0;
  };

  // The payload is a key, an array of keys, or nil for all of them.
  void OnMessage(const absl::StatusOr<Reply>& message) {
    if (!message.ok()) {  // what is told from now on does not come
      listener_ = 0;
      return Flush();
    }
    ++messages_;
    const Reply& payload = (*message)[2];
    if (payload.is_nil()) Flush();
    DropNamed(payload.text());
    for (const Reply& name : payload.elements()) DropNamed(name.text());
  }
  void DropNamed(absl::string_view name) {
    size_t key = 0;
    if (!absl::StartsWith(name, prefix_)) return;
    if (absl::SimpleAtoi(name.substr(prefix_.size()), &key) && key < slots_.size()) Drop(key);
  }

  Worker* owner_ = nullptr;
  std::string prefix_;
  int64_t listener_ = 0;
  bool begins_to_listen_ = false;
  int64_t down_until_ns_ = 0;
  std::vector<Slot> slots_;
  int64_t messages_ = 0;
};

// Which connection is told of what another one reads: see tracking in local_cache.h.
struct Tracking {
  int64_t listener = 0;
  int64_t losses = 0;  // of the connection that reads, when that was arranged
};

// A DEL that is still to come.
struct Deletion {
  size_t key;
  int64_t due_ns;
};

}  // namespace rcb::invalidation

#endif  // RCB_BENCH_INVALIDATION_CLIENT_MEMORY_H_
