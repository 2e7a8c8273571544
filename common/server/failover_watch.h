// Notices that a user's Sentinels have failed over, while a run keeps everybody else busy.

#ifndef RCB_COMMON_SERVER_FAILOVER_WATCH_H_
#define RCB_COMMON_SERVER_FAILOVER_WATCH_H_

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "common/redis/primary_finder.h"
#include "common/redis/sentinel_uri.h"

namespace rcb {

// Asks a Sentinel a few times a second, in a thread of its own. Any thread may call.
class FailoverWatch {
 public:
  // `known` is where the primary is.
  FailoverWatch(const SentinelUri& uri, const PrimaryPlace& known);
  FailoverWatch(const FailoverWatch&) = delete;
  FailoverWatch& operator=(const FailoverWatch&) = delete;
  // Waits for the answer that is under way, within its deadline.
  ~FailoverWatch();

  // Whether a Sentinel names another primary than the known one.
  bool has_news() const { return has_news_.load(std::memory_order_relaxed); }
  // The last one that was named, or the known one.
  PrimaryPlace newest() const;
  // Has `place` be the known one from now on.
  void SetKnown(const PrimaryPlace& place);

 private:
  void Work();
  bool IsStopping() const;
  void Compare();

  PrimaryFinder finder_;  // the thread's
  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  bool is_stopping_ = false;  // this and what follows is guarded by mutex_
  PrimaryPlace known_;
  PrimaryPlace newest_;
  std::atomic<bool> has_news_{false};
  std::thread thread_;  // last: it uses the others
};

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_FAILOVER_WATCH_H_
