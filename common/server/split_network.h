// A network of our own that can be parted: two network namespaces, an island and a mainland, which
// a veth pair joins, the cable.
//
//     +-- we --------------+            each line is a veth pair
//     |                    |
//   island --- cable --- mainland
//
// We reach each of them by a link of its own. The mainland, and we by way of it, reach the island
// through the cable. When that is cut, nothing gets through, and nobody is told.
// https://man7.org/linux/man-pages/man4/veth.4.html

#ifndef RCB_COMMON_SERVER_SPLIT_NETWORK_H_
#define RCB_COMMON_SERVER_SPLIT_NETWORK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/server/scratch_directory.h"
#include "common/server/site.h"

namespace rcb {

// What parts a network of ours.
enum class Partitions {
  kAuto,        // namespaces where we can have them, or else a proxy
  kNamespaces,  // a SplitNetwork
  kProxy,       // a TCP proxy
};

// The namespaces have no names and live no longer than this process and what runs in them, however
// it ends. All calls but Cut belong to one thread.
class SplitNetwork {
 public:
  // Makes one with addresses of 198.18.0.0/15, which are for benchmarks (RFC 2544), that nothing
  // here leads to. Takes root, or the right to administer networks (CAP_SYS_ADMIN, CAP_NET_ADMIN),
  // and the program ip. Errors are one line: why it can't be had.
  static absl::StatusOr<std::unique_ptr<SplitNetwork>> Make();
  SplitNetwork(const SplitNetwork&) = delete;
  SplitNetwork& operator=(const SplitNetwork&) = delete;
  // What runs in it must have ended. Breaks off our connections into it.
  ~SplitNetwork();

  // Of servers there. On the island they listen at another address too, at which one reaches them
  // through the cable.
  Site island() const;
  Site mainland() const;

  // From any one thread at a time.
  absl::Status Cut();
  // Undoes it. What was sent meanwhile may still arrive.
  absl::Status Mend();

 private:
  // A namespace, and a socket in it to talk to its devices.
  struct Space {
    Space() = default;
    Space(Space&& other) noexcept
        : name(std::exchange(other.name, -1)), control(std::exchange(other.control, -1)) {}
    Space& operator=(Space&&) = delete;
    ~Space();

    int name = -1;  // an open descriptor
    int control = -1;
  };

  SplitNetwork(Space island, Space mainland, ScratchDirectory directory, std::string ip,
               uint32_t block)
      : island_(std::move(island)),
        mainland_(std::move(mainland)),
        directory_(std::move(directory)),
        ip_(std::move(ip)),
        block_(block) {}

  static absl::StatusOr<std::unique_ptr<SplitNetwork>> MakeAt(uint32_t block);
  static absl::StatusOr<Space> MakeSpace(bool forwards);
  absl::Status Wire() const;
  // Runs ip on them, in the namespace of that descriptor.
  absl::Status RunIp(int space, const std::vector<std::string>& commands) const;
  std::string RouteToUs() const;
  std::string AddressOf(uint32_t number) const;          // of our block
  std::string Network(uint32_t number, int bits) const;  // the same, as "198.18.0.16/30"
  std::string LogPath() const { return directory_.path() + "/log"; }

  const Space island_;
  const Space mainland_;
  const ScratchDirectory directory_;
  const std::string ip_;  // the program
  const uint32_t block_;  // the first of our 16 addresses
};

}  // namespace rcb

#endif  // RCB_COMMON_SERVER_SPLIT_NETWORK_H_
