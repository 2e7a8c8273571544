// Where the primary is, for clients that ask Sentinels. It is asked for when somebody needs it, and
// the Sentinels announce a new one (+switch-master).
// https://redis.io/docs/reference/sentinel-clients

#ifndef RCB_COMMON_REDIS_PRIMARY_WATCH_H_
#define RCB_COMMON_REDIS_PRIMARY_WATCH_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/redis/address.h"
#include "common/redis/connection.h"
#include "common/redis/connection_options.h"
#include "common/redis/subscriber.h"
#include "common/runtime/loop.h"
#include "common/runtime/single_flight.h"
#include "common/runtime/task.h"

namespace rcb {

// For all connections of a loop. Loop thread only.
class PrimaryWatch {
 public:
  // `sentinels` say where those are; `name` is what they call the primary.
  PrimaryWatch(Loop& loop, std::vector<ConnectionOptions> sentinels, std::string name);
  PrimaryWatch(const PrimaryWatch&) = delete;
  PrimaryWatch& operator=(const PrimaryWatch&) = delete;
  ~PrimaryWatch();

  // Listens to the Sentinels, and asks them, where that has not been done. Fails where none of them
  // can be reached or knows the primary.
  Task<absl::Status> Listen();

  // Connects `connection` to the primary: to the one that was announced, or that the first Sentinel
  // names which answers. Fails where no Sentinel knows it, it can't be reached, or it is no primary
  // any more (ROLE). From then on Follow holds.
  Task<absl::Status> Connect(Connection& connection);
  // Has `connection`, which outlives this and is about to be connected to the present primary by
  // another way, closed as soon as another primary is announced: its request then fails with
  // kUnavailable.
  void Follow(Connection& connection);

  // When we first heard of another primary, by announcement or answer, NowNs clock; 0: never.
  int64_t announced_ns() const { return announced_ns_; }

 private:
  Task<absl::StatusOr<int64_t>> ListenToAll();
  Task<absl::StatusOr<int64_t>> Ask();
  void OnAnnouncement(const std::string& message);
  absl::StatusOr<int64_t> SetPrimary(const std::string& host, const std::string& port);

  Loop& loop_;
  const std::vector<ConnectionOptions> sentinels_;
  const std::string name_;
  ScriptDigests digests_;
  std::vector<std::unique_ptr<Subscriber>> subscribers_;  // one for each Sentinel
  std::vector<std::unique_ptr<Connection>> askers_;       // the same
  SingleFlight once_;
  Address primary_;
  std::string place_;  // of primary_: host and port; empty: it has to be asked for
  std::string known_;  // the last one that was heard of
  std::map<Connection*, std::string> places_;  // that connections are to
  int64_t announced_ns_ = 0;
  bool is_listening_ = false;
};

}  // namespace rcb

#endif  // RCB_COMMON_REDIS_PRIMARY_WATCH_H_
