// A TCP proxy between clients and a server, which spoils what passes as it is told to.

#ifndef RCB_COMMON_FAULT_PROXY_H_
#define RCB_COMMON_FAULT_PROXY_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/fault/link_faults.h"
#include "common/redis/address.h"
#include "common/redis/uri.h"
#include "common/runtime/event.h"
#include "common/runtime/loop.h"

namespace rcb {

// What has passed through a proxy so far.
struct ProxyCounts {
  std::atomic<int64_t> connections = 0;  // that were accepted
  std::atomic<int64_t> bytes_to_server = 0;
  std::atomic<int64_t> bytes_to_client = 0;
  std::atomic<int64_t> lost_chunks = 0;  // by lose_probability
};

// It listens on a loopback port of its own and works in a thread of its own. All calls but those to
// counts() belong to one thread.
class Proxy {
 public:
  // Starts a proxy to `server`, without faults. All chances are drawn from `seed`, connection by
  // connection in the order in which they come. Fails with kUnavailable where no port is to be had.
  static absl::StatusOr<std::unique_ptr<Proxy>> Start(const Address& server, uint64_t seed);
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;
  // Breaks all connections off.
  ~Proxy();

  // Where clients connect to instead of to the server.
  const Address& address() const { return address_; }
  int port() const;

  // Replaces the faults of all connections, also of those that are open. They are in force when it
  // returns. Fails with kUnavailable where it can't listen, for want of descriptors.
  absl::Status Set(const ProxyFaults& faults);
  // Breaks all open connections off with RST, on both sides.
  void ResetConnections();
  // The same; those that follow are to `server` instead.
  void SwitchTo(const Address& server);

  const ProxyCounts& counts() const { return counts_; }

 private:
  class Link;

  Proxy(const Address& server, uint64_t seed);

  absl::Status Bind();
  Task<void> Serve();
  // Runs `work` on the proxy's thread and waits until it is done.
  void RunThere(const std::function<void()>& work);
  absl::Status Listen();
  void StopListening();
  void Accept();
  void BreakOff();

  Address address_;
  int reserved_ = -1;  // a socket that keeps our port while nothing listens there
  ProxyCounts counts_;
  std::thread thread_;

  // All that follows belongs to the thread.
  Loop loop_;
  Event stop_{loop_};
  Address server_;
  std::mt19937_64 seeds_;
  ProxyFaults faults_;
  uv_tcp_t* listener_ = nullptr;  // frees itself when it is closed
  std::set<Link*> links_;         // each frees itself when it is closed
};

}  // namespace rcb

#endif  // RCB_COMMON_FAULT_PROXY_H_
