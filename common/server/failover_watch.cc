#include "common/server/failover_watch.h"

#include <chrono>

namespace rcb {
namespace {

// Often enough to end a run in vain early, and too seldom for anybody to feel it.
constexpr std::chrono::milliseconds kInterval{200};
constexpr int kAnswerTimeoutMs = 1000;

}  // namespace

FailoverWatch::FailoverWatch(const SentinelUri& uri, const PrimaryPlace& known)
    : finder_(uri, kAnswerTimeoutMs, [this] { return IsStopping(); }),
      known_(known),
      newest_(known),
      thread_([this] { Work(); }) {}

FailoverWatch::~FailoverWatch() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_stopping_ = true;
  }
  stopped_.notify_all();
  thread_.join();
}

bool FailoverWatch::IsStopping() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return is_stopping_;
}

PrimaryPlace FailoverWatch::newest() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return newest_;
}

void FailoverWatch::SetKnown(const PrimaryPlace& place) {
  const std::lock_guard<std::mutex> lock(mutex_);
  known_ = place;
  if (Supersedes(place, newest_)) newest_ = place;
  Compare();
}

void FailoverWatch::Compare() {
  has_news_.store(Supersedes(newest_, known_), std::memory_order_relaxed);
}

// Where no Sentinel answers, there is no news.
void FailoverWatch::Work() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!is_stopping_) {
    lock.unlock();
    const absl::StatusOr<PrimaryPlace> told = finder_.Ask();
    lock.lock();
    if (told.ok() && Supersedes(*told, newest_)) {
      newest_ = *told;
      Compare();
    }
    stopped_.wait_for(lock, kInterval, [this] { return is_stopping_; });
  }
}

}  // namespace rcb
