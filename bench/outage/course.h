// The course of a run of Outage: for a while all is well, then the cache is gone, then it is back,
// and has forgotten everything.

#ifndef RCB_BENCH_OUTAGE_COURSE_H_
#define RCB_BENCH_OUTAGE_COURSE_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "common/fault/proxy.h"
#include "common/harness/worker.h"
#include "common/measure/clock.h"
#include "common/redis/blocking_client.h"
#include "common/runtime/task.h"

namespace rcb::outage {

// How long each part takes.
struct Parts {
  int64_t before_ns = 0;
  int64_t during_ns = 0;
  int64_t after_ns = 0;
};

// As a server that dies and is started again elsewhere: connections are reset, new ones refused,
// and in the end there is an empty server. The proxy does it; behind it, FLUSHALL.
class Course {
 public:
  Course(const Parts& parts, Proxy& proxy) : parts_(parts), proxy_(proxy) {}

  // `server` is ours, and is flushed.
  void set_server(BlockingClient server) { server_.emplace(std::move(server)); }

  // Each operation calls it; the first one sets the course going.
  void Begin(const Worker& worker) {
    int64_t unset = 0;
    if (start_ns_.load(std::memory_order_relaxed) != 0) return;
    if (!start_ns_.compare_exchange_strong(unset, NowNs())) return;
    worker.loop->Spawn(Run(*worker.loop));
  }

  bool IsOver() const { return start_ns() > 0 && NowNs() >= end_ns(); }
  // Of the part that begins then. Before the first operation, 0.
  int64_t start_ns() const { return start_ns_.load(std::memory_order_relaxed); }
  int64_t gone_ns() const { return start_ns() + parts_.before_ns; }
  int64_t back_ns() const { return gone_ns() + parts_.during_ns; }
  int64_t end_ns() const { return back_ns() + parts_.after_ns; }
  // When the cache was really out of reach, and back.
  int64_t really_gone_ns() const { return really_gone_ns_; }
  int64_t really_back_ns() const { return really_back_ns_; }
  // Why the course went otherwise than it should. After the run.
  const absl::Status& status() const { return status_; }

 private:
  // The proxy is whole again whatever happens.
  Task<void> Run(Loop& loop) {
    static_cast<void>(co_await Try(loop.SleepUntil(gone_ns())));
    ProxyFaults faults;
    faults.refuse = true;
    status_.Update(proxy_.Set(faults));
    proxy_.ResetConnections();
    really_gone_ns_ = NowNs();
    static_cast<void>(co_await Try(loop.SleepUntil(back_ns())));
    status_.Update(server_->Command({"FLUSHALL"}).status());
    status_.Update(proxy_.Set(ProxyFaults()));
    really_back_ns_ = NowNs();
  }

  const Parts parts_;
  Proxy& proxy_;
  std::optional<BlockingClient> server_;
  std::atomic<int64_t> start_ns_{0};
  std::atomic<int64_t> really_gone_ns_{0};
  std::atomic<int64_t> really_back_ns_{0};
  absl::Status status_;
};

}  // namespace rcb::outage

#endif  // RCB_BENCH_OUTAGE_COURSE_H_
