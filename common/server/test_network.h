// For tests that lay networks: one of their own to do it in, and what is left in it.

#ifndef RCB_COMMON_SERVER_TEST_NETWORK_H_
#define RCB_COMMON_SERVER_TEST_NETWORK_H_

#include <net/if.h>
#include <sched.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace rcb {

// Moves this test program, which has one thread yet, into a network namespace of its own, so that
// all that is left there is its own. Tells why networks can't be laid here, found out by other
// means than those of the suite; empty where they can.
inline std::string EnterOwnNetwork() {
  const auto can = [](const std::string& commands) {
    return std::system(absl::StrCat("PATH=$PATH:/usr/sbin; ", commands).c_str()) == 0;
  };
  if (!can("unshare --net ip link add probe type veth peer name probed")) {
    return "no veth link can be added to a network namespace here";
  }
  const bool is_in = unshare(CLONE_NEWNET) == 0 && can("ip link set lo up");
  return is_in ? "" : "no network namespace can be entered here";
}

// The devices that join us to networks of ours, and the TCP connections into those. One that both
// sides have closed is none (TIME_WAIT).
inline std::vector<std::string> NetworkLeftovers() {
  std::vector<std::string> found;
  struct if_nameindex* const devices = if_nameindex();
  for (auto* device = devices; device != nullptr && device->if_index != 0; ++device) {
    if (absl::StartsWith(device->if_name, "rcb")) found.emplace_back(device->if_name);
  }
  if_freenameindex(devices);
  std::ifstream sockets("/proc/thread-self/net/tcp");
  for (std::string line; std::getline(sockets, line);) {
    const bool is_closed = absl::StrContains(line, " 06 ");
    // 198.18 and 198.19, with their bytes the other way round.
    const bool is_into = absl::StrContains(line, "12C6:") || absl::StrContains(line, "13C6:");
    if (is_into && !is_closed) found.push_back(line);
  }
  return found;
}

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_TEST_NETWORK_H_
