// What the variants of Outage share: the keys, the cache and how a client gets back to it, the
// origin, and the record of what each read was served from.

#ifndef RCB_BENCH_OUTAGE_GROUND_H_
#define RCB_BENCH_OUTAGE_GROUND_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "bench/outage/breaker.h"
#include "bench/outage/course.h"
#include "common/harness/notes.h"
#include "common/harness/scenario.h"
#include "common/harness/worker.h"
#include "common/measure/per_worker.h"
#include "common/redis/command.h"
#include "common/redis/connection.h"
#include "common/workload/backoff.h"
#include "common/workload/key_chooser.h"
#include "common/workload/limited_origin.h"

namespace rcb::outage {

inline constexpr size_t kKeys = 100;
inline constexpr int64_t kCapacity = 4;             // requests that the origin can work on at once,
inline constexpr int64_t kServiceNs = 5'000'000;    // each for so long
inline constexpr int64_t kPatienceNs = 25'000'000;  // of a user, and so of a client

// What a read was served from.
enum class Source : uint8_t { kNothing, kCache, kGutter, kCopy, kOrigin };
enum class Found : uint8_t { kUnreachable, kMiss, kValue };

struct Read {
  uint32_t key = 0;
  Source source = Source::kNothing;
  bool is_wrong = false;  // it got the value of something else
  int64_t waited_ns = 0;  // for its turn to ask the origin
};

// At most so many clients ask the origin at once, all of this process.
class Permits {
 public:
  // Gives it back at the end of its scope. False where there was none left.
  class Permit {
   public:
    explicit Permit(Permits& permits) : permits_(permits), has_(permits.TryTake()) {}
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;
    ~Permit() {
      if (has_) permits_.left_.fetch_add(1);
    }
    explicit operator bool() const { return has_; }
    void TryAgain() { has_ = has_ || permits_.TryTake(); }

   private:
    Permits& permits_;
    bool has_;
  };

  int64_t left() const { return left_; }

 private:
  bool TryTake() {
    int64_t left = left_;
    while (left > 0) {
      if (left_.compare_exchange_weak(left, left - 1)) return true;
    }
    return false;
  }
  std::atomic<int64_t> left_{kCapacity};
};

// Of one run.
struct Ground {
  // `waits_to_reconnect`: clients that lost the cache try again after pauses with full jitter;
  // otherwise at once, and again.
  Ground(const RunPlan& plan, const Parts& parts, bool waits_to_reconnect, bool breaker_probes)
      : course(parts, *plan.proxy),
        origin(kCapacity, kServiceNs),
        breaker(breaker_probes),
        reads(plan.workers),
        connects(plan.workers),
        waits_to_reconnect_(waits_to_reconnect),
        threads_(static_cast<size_t>(plan.threads)),
        copies_(threads_, std::vector<std::string>(kKeys)),
        clients_(plan.workers) {
    const KeyChooser prototype(KeyDistribution::Zipf(0.99), kKeys);
    for (int i = 0; i < plan.workers; ++i) choosers_.push_back(prototype);
    for (size_t i = 0; i < kKeys; ++i) {
      keys.push_back(absl::StrCat(plan.key_prefix, "key:", i));
      values.push_back(absl::StrCat("value of ", i));
      get.emplace_back("GET", keys.back());
      set.emplace_back("SET", keys.back(), values.back());
      set_in_gutter.emplace_back("SET", keys.back(), values.back(), "PX", kGutterMs);
    }
  }

  static constexpr int64_t kGutterMs = 10'000;

  // The key that an operation reads.
  size_t AnyKey(Worker& worker) {
    return choosers_[static_cast<size_t>(worker.index)].Next(*worker.random);
  }
  // Copies of what this process has read, by key, of the worker's thread; empty: none.
  std::vector<std::string>& CopiesOf(const Worker& worker) {
    return copies_[static_cast<size_t>(worker.index) % threads_];
  }

  // Asks the cache, which is out of reach while its client is not connected.
  Task<absl::StatusOr<Found>> LookUp(Worker& worker, size_t key) {
    Client& client = clients_[worker.index];
    if (!client.has_connected) {  // as when an application starts
      client.has_connected = true;
      static_cast<void>(co_await Try(worker.redis().ConnectOnce()));
    }
    ++worker.tally->lookups;
    if (!client.reconnects) {
      const absl::StatusOr<Reply> value = co_await Try(worker.redis().Run(get[key]));
      if (value.ok() && value->is_nil()) co_return Found::kMiss;
      if (value.ok() && value->text() != values[key]) {
        co_return absl::DataLossError(absl::StrCat(keys[key], " holds ", value->text()));
      }
      if (value.ok()) {
        ++worker.tally->hits;
        co_return Found::kValue;
      }
      if (!absl::IsUnavailable(value.status())) co_return value.status();
      client.reconnects = true;
      worker.loop->Spawn(Reconnect(worker, client));
    }
    co_return Found::kUnreachable;
  }

  // How many clients that lost the cache have not got back to it. After the run.
  int64_t CountLost() const {
    int64_t lost = 0;
    clients_.ForEach([&lost](const Client& client) { lost += client.reconnects ? 1 : 0; });
    return lost;
  }

  // Stores what the origin said, where the cache is there.
  Task<absl::Status> Fill(Worker& worker, size_t key) {
    const Client& client = clients_[worker.index];
    if (!client.reconnects && worker.redis().connected()) {
      static_cast<void>(co_await Try(worker.redis().Run(set[key])));
    }
    co_return absl::OkStatus();
  }

  // Asks the origin, and waits for as long as a user does. False: there was no answer by then.
  Task<absl::StatusOr<bool>> AskOrigin(Worker& worker, int64_t deadline_ns) {
    const int64_t now_ns = NowNs();
    if (now_ns >= deadline_ns) co_return false;  // for nobody
    const int64_t answer_ns = now_ns + origin.Ask(now_ns);
    co_await worker.loop->SleepUntil(std::min(answer_ns, deadline_ns));
    co_return answer_ns <= deadline_ns;
  }
  // The same, by one who holds a permit, and keeps it for as long as the origin is at work. That is
  // short, for those with permits are few.
  Task<absl::StatusOr<bool>> AskOrigin(Worker& worker, int64_t deadline_ns,
                                       const Permits::Permit&) {
    const int64_t now_ns = NowNs();
    if (now_ns >= deadline_ns) co_return false;  // for nobody
    const int64_t answer_ns = now_ns + origin.Ask(now_ns);
    co_await worker.loop->SleepUntil(answer_ns);
    co_return answer_ns <= deadline_ns;
  }

  Course course;
  LimitedOrigin origin;
  Permits permits;
  Breaker breaker;
  std::vector<std::string> keys;
  std::vector<std::string> values;
  std::vector<Command> get;
  std::vector<Command> set;
  std::vector<Command> set_in_gutter;
  Notes<Read> reads;
  PerWorker<std::vector<int64_t>> connects;  // when each try to get back to the cache began

 private:
  struct Client {
    bool has_connected = false;
    bool reconnects = false;
  };

  // Goes on in the background until the cache is back.
  Task<void> Reconnect(Worker& worker, Client& client) {
    Backoff backoff(/*first_ms=*/50, /*max_ms=*/200, /*give_up_ms=*/3'600'000);
    while (client.reconnects && !course.IsOver() && !worker.loop->cancelled()) {
      if (waits_to_reconnect_) {
        static_cast<void>(co_await Try(backoff.Wait(*worker.loop, *worker.random)));
      }
      connects[worker.index].push_back(NowNs());
      client.reconnects = !(co_await Try(worker.redis().ConnectOnce())).ok();
    }
  }

  const bool waits_to_reconnect_;
  const size_t threads_;
  std::vector<KeyChooser> choosers_;
  std::vector<std::vector<std::string>> copies_;
  PerWorker<Client> clients_;
};

}  // namespace rcb::outage

#endif  // RCB_BENCH_OUTAGE_GROUND_H_
