// The store behind a cache, such as a database: it is slow, and it knows the newest version of
// each key. As it lives in this process, what is true is known exactly.

#ifndef RCB_COMMON_WORKLOAD_ORIGIN_H_
#define RCB_COMMON_WORKLOAD_ORIGIN_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/random/distributions.h"
#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/runtime/loop.h"
#include "common/runtime/task.h"

namespace rcb {

// How long requests take: uniform between the two. An answer to a read is as old when it arrives,
// as of one who computes with it first; a write is done in the middle of its time.
struct OriginDelays {
  int64_t read_min_us = 1000;
  int64_t read_max_us = 5000;
  int64_t write_min_us = 1000;
  int64_t write_max_us = 3000;
};

// The versions of a key are 1 (from the beginning), 2, 3 and so on. Any thread.
class Origin {
 public:
  static constexpr int64_t kFirstVersion = 1;

  Origin(size_t keys, const OriginDelays& delays) : delays_(delays), newest_(keys) {
    for (auto& newest : newest_) newest = kFirstVersion;
  }

  // How long a request is to take.
  int64_t DrawReadNs(absl::InsecureBitGen& random) const {
    return Draw(random, delays_.read_min_us, delays_.read_max_us);
  }
  int64_t DrawWriteNs(absl::InsecureBitGen& random) const {
    return Draw(random, delays_.write_min_us, delays_.write_max_us);
  }

  // Yields the version that was the newest when it was asked. Like all of these, it fails only when
  // the loop is cancelled.
  Task<absl::StatusOr<int64_t>> Read(Loop& loop, size_t key, int64_t takes_ns) const {
    const int64_t version = newest_[key];
    co_await loop.Sleep(takes_ns);
    co_return version;
  }

  // Writes the next version, and yields it. `written` has it as soon as it is written, which is
  // before the answer is there; it outlives the call.
  Task<absl::StatusOr<int64_t>> Write(Loop& loop, size_t key, int64_t takes_ns, int64_t* written) {
    const int64_t half_ns = takes_ns / 2;
    co_await loop.Sleep(half_ns);
    *written = newest_[key].fetch_add(1) + 1;
    co_await loop.Sleep(half_ns);
    co_return *written;
  }

  // Stores versions that others have numbered, in this order and by one request. It trusts the
  // order: what comes last is the newest.
  Task<absl::Status> Store(Loop& loop, std::vector<std::pair<size_t, int64_t>> keys_and_versions,
                           int64_t takes_ns) {
    const int64_t half_ns = takes_ns / 2;
    co_await loop.Sleep(half_ns);
    for (const auto& [key, version] : keys_and_versions) newest_[key] = version;
    co_await loop.Sleep(half_ns);
    co_return absl::OkStatus();
  }

  // The truth, at once.
  int64_t newest(size_t key) const { return newest_[key]; }
  const OriginDelays& delays() const { return delays_; }

 private:
  static int64_t Draw(absl::InsecureBitGen& random, int64_t min_us, int64_t max_us) {
    return 1000 * absl::Uniform<int64_t>(absl::IntervalClosed, random, min_us, max_us);
  }

  const OriginDelays delays_;
  std::vector<std::atomic<int64_t>> newest_;  // by key
};

}  // namespace rcb

#endif  // RCB_COMMON_WORKLOAD_ORIGIN_H_
