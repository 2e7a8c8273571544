// One direction of a connection through a proxy: what it reads from one stream it writes to the
// other, later or spoiled.

#ifndef RCB_COMMON_FAULT_FLOW_H_
#define RCB_COMMON_FAULT_FLOW_H_

#include <uv.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <random>
#include <string>

#include "absl/strings/string_view.h"
#include "common/fault/link_faults.h"
#include "common/runtime/loop.h"

namespace rcb {

// Loop thread only. It must outlive what is being written to its sink, which ends when the sink is
// closed.
class Flow {
 public:
  // More than this is not held for a sink that is slower than its source, which then has to wait.
  static constexpr size_t kMaxHeldBytes = size_t{4} << 20;

  struct Listener {
    std::function<void(size_t bytes)> on_passed;  // so many bytes were sent on
    std::function<void()> on_lost;                // a chunk was lost
    std::function<void()> on_end;                 // the source has ended, and all of it is sent on
    std::function<void()> on_broken;              // a stream failed; close both
  };

  Flow(Loop& loop, uint64_t seed, Listener listener);
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;

  // Replaces the faults. Those hold for what is read from now on; what waits keeps its time.
  void SetFaults(const LinkFaults& faults);
  // Begins to read from `source`, whose data pointer must be `this`.
  void Start(uv_stream_t* source, uv_stream_t* sink);
  // Forgets what waits. Close the streams next.
  void Stop();

 private:
  // What waits for its time. No bytes: the end of the source.
  struct Chunk {
    int64_t due_ns;
    std::string bytes;
  };
  struct PendingWrite;

  void OnRead(ssize_t size);
  void Take(absl::string_view bytes);
  int64_t DueNs(size_t bytes, int64_t gap_ns);
  void Forward(int64_t due_ns, absl::string_view bytes);
  void OnDue();
  void Send(absl::string_view bytes);
  void End();
  // Reads as long as the faults and the room allow it.
  void UpdateReading();

  Loop& loop_;
  std::mt19937_64 random_;
  const double place_;  // in [0, 1): the share of affected connections that includes this one
  Listener listener_;
  LinkFaults faults_;
  uv_stream_t* source_ = nullptr;
  uv_stream_t* sink_ = nullptr;
  uv_shutdown_t shutdown_;
  std::deque<Chunk> waiting_;
  Timer timer_;  // for the first of them
  size_t waiting_bytes_ = 0;
  size_t unsent_bytes_ = 0;  // that the kernel did not take yet
  int64_t last_due_ns_ = 0;
  int64_t busy_until_ns_ = 0;  // by the limit of bytes per second
  bool is_reading_ = false;
  bool is_lost_ = false;  // all that follows is
  bool has_ended_ = false;
  bool is_end_held_ = false;  // by a blackhole, until that is over
};

}  // namespace rcb

#endif  // RCB_COMMON_FAULT_FLOW_H_
