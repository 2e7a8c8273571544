#include "common/server/split_network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/server/child_process.h"
#include "common/server/private_server.h"

namespace rcb {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr uint32_t kRange = 0xC6120000;  // 198.18.0.0/15
constexpr uint32_t kBlocks = 8192;
constexpr uint32_t kBlockSize = 16;
constexpr int kBlockBits = 28;
constexpr uint32_t kBlockMask = ~(kBlockSize - 1);
constexpr int kAttempts = 5;
constexpr int kOurs = -1;  // our own namespace, in place of a descriptor
constexpr milliseconds kToolLimit{5000};
constexpr milliseconds kPoll{1};

// The addresses of a block, in three networks of four: of the cable,
constexpr int kLinkBits = 30;
constexpr uint32_t kCable = 0;
constexpr uint32_t kIslandAtCable = 1;
constexpr uint32_t kMainlandAtCable = 2;
// of our link to the island,
constexpr uint32_t kWeAtIsland = 5;
constexpr uint32_t kIslandAtUs = 6;
// and of that to the mainland.
constexpr uint32_t kMainlandLink = 8;
constexpr uint32_t kWeAtMainland = 9;
constexpr uint32_t kMainlandAtUs = 10;

// The path of a program that a user's PATH may lack; empty where there is none.
std::string FindTool(const std::string& name) {
  const std::string path = FindOnPath(name);
  if (!path.empty()) return path;
  const std::string in_sbin = absl::StrCat("/usr/sbin/", name);
  return IsExecutable(in_sbin) ? in_sbin : "";
}

// Runs a program in a namespace up to its end.
absl::Status RunTool(const std::string& path, const std::vector<std::string>& arguments,
                     const std::string& log_path, int space) {
  absl::StatusOr<std::unique_ptr<ChildProcess>> child =
      ChildProcess::Spawn(path, arguments, log_path, space);
  if (!child.ok()) return child.status();
  const steady_clock::time_point deadline = steady_clock::now() + kToolLimit;
  while ((*child)->IsAlive() && steady_clock::now() < deadline) std::this_thread::sleep_for(kPoll);
  const std::string end = (*child)->Describe();
  if (end == "exited with status 0") return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(path, " ", end, "; ", LastWordsOf(log_path)));
}

// Whether no network here but the default one has any of the block's addresses.
bool IsFree(uint32_t block) {
  std::ifstream routes("/proc/net/route");
  std::string line;
  std::getline(routes, line);  // the heads of the columns
  while (std::getline(routes, line)) {
    std::istringstream fields(line);
    std::string skipped;
    uint32_t destination = 0;
    uint32_t mask = 0;
    fields >> skipped >> std::hex >> destination;
    for (int i = 0; i < 5; ++i) fields >> skipped;
    fields >> mask;
    const uint32_t common = ntohl(mask) & kBlockMask;
    if (common != 0 && ((ntohl(destination) ^ block) & common) == 0) return false;
  }
  return true;
}

// A setting of the namespace of the calling thread.
absl::Status SwitchOn(const std::string& setting) {
  const std::string path = absl::StrCat("/proc/sys/net/ipv4/", setting);
  const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  const bool is_on = file >= 0 && write(file, "1", 1) == 1;
  const int error = errno;
  if (file >= 0) close(file);
  if (is_on) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path, " can't be written: ", std::strerror(error)));
}

}  // namespace

SplitNetwork::Space::~Space() {
  if (name >= 0) close(name);
  if (control >= 0) close(control);
}

// A thread of its own enters it, and leaves a descriptor of it.
absl::StatusOr<SplitNetwork::Space> SplitNetwork::MakeSpace(bool forwards) {
  Space space;
  absl::Status made;
  std::thread maker([&space, &made, forwards] {
    if (unshare(CLONE_NEWNET) != 0) {
      made = absl::PermissionDeniedError(absl::StrCat(
          "a network namespace can't be made: ", std::strerror(errno), "; it takes root"));
      return;
    }
    space.name = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    space.control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (space.name < 0 || space.control < 0) {
      made = absl::FailedPreconditionError(
          absl::StrCat("a network namespace can't be opened: ", std::strerror(errno)));
      return;
    }
    // What a killed process has not got rid of would otherwise keep the namespace for minutes.
    made = SwitchOn("tcp_orphan_retries");
    if (made.ok() && forwards) made = SwitchOn("ip_forward");
  });
  maker.join();
  if (!made.ok()) return made;
  return space;
}

absl::StatusOr<std::unique_ptr<SplitNetwork>> SplitNetwork::Make() {
  std::random_device random;
  absl::Status status = absl::FailedPreconditionError("the addresses of 198.18.0.0/15 are in use");
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const uint32_t block = kRange + random() % kBlocks * kBlockSize;
    if (!IsFree(block)) continue;
    absl::StatusOr<std::unique_ptr<SplitNetwork>> network = MakeAt(block);
    if (network.ok()) return network;
    status = network.status();
    // The names of our devices tell the block, so that another process that has it keeps it.
    if (!absl::StrContains(status.message(), "File exists")) break;
  }
  return status;
}

absl::StatusOr<std::unique_ptr<SplitNetwork>> SplitNetwork::MakeAt(uint32_t block) {
  std::string ip = FindTool("ip");
  if (ip.empty()) {
    return absl::FailedPreconditionError("there is no program ip; install Debian's iproute2");
  }
  absl::StatusOr<Space> island = MakeSpace(/*forwards=*/false);
  if (!island.ok()) return island.status();
  absl::StatusOr<Space> mainland = MakeSpace(/*forwards=*/true);
  if (!mainland.ok()) return mainland.status();
  absl::StatusOr<ScratchDirectory> directory = ScratchDirectory::Make();
  if (!directory.ok()) return directory.status();
  std::unique_ptr<SplitNetwork> network(new SplitNetwork(
      *std::move(island), *std::move(mainland), *std::move(directory), std::move(ip), block));
  const absl::Status wired = network->Wire();
  if (!wired.ok()) return wired;
  return network;
}

SplitNetwork::~SplitNetwork() {
  // Our connections into it would go on asking for answers that can't come any more.
  const std::string ss = FindTool("ss");
  if (!ss.empty()) {
    RunTool(ss, {"ss", "--kill", "--tcp", "dst", Network(0, kBlockBits)}, LogPath(), kOurs)
        .IgnoreError();
  }
  // With its one end, a veth pair goes as a whole, and at once, not some time after its namespace.
  RunIp(island_.name, {"link del shore"}).IgnoreError();
  RunIp(mainland_.name, {"link del shore"}).IgnoreError();
}

absl::Status SplitNetwork::Wire() const {
  const std::string us = absl::StrCat("/proc/", getpid());
  const std::string to_island = absl::StrCat("rcb", absl::Hex(block_), "i");
  const std::string to_mainland = absl::StrCat("rcb", absl::Hex(block_), "m");
  // A veth pair with its other end in another namespace.
  const auto link = [](const std::string& device, const std::string& other,
                       const std::string& space) {
    return absl::StrCat("link add ", device, " type veth peer name ", other, " netns ", space);
  };
  const auto address = [this](uint32_t number, const std::string& device) {
    return absl::StrCat("addr add ", Network(number, kLinkBits), " dev ", device);
  };
  const auto up = [](const std::string& device) {
    return absl::StrCat("link set ", device, " up");
  };
  absl::Status status = RunIp(
      island_.name, {up("lo"), link("cable", "cable", absl::StrCat(us, "/fd/", mainland_.name)),
                     link("shore", to_island, us + "/ns/net"), address(kIslandAtCable, "cable"),
                     address(kIslandAtUs, "shore"), up("cable"), up("shore"), RouteToUs()});
  if (!status.ok()) return status;
  status = RunIp(mainland_.name, {up("lo"), link("shore", to_mainland, us + "/ns/net"),
                                  address(kMainlandAtCable, "cable"),
                                  address(kMainlandAtUs, "shore"), up("cable"), up("shore")});
  if (!status.ok()) return status;
  return RunIp(kOurs, {address(kWeAtIsland, to_island), address(kWeAtMainland, to_mainland),
                       up(to_island), up(to_mainland),
                       absl::StrCat("route add ", Network(kCable, kLinkBits), " via ",
                                    AddressOf(kMainlandAtUs))});
}

// From the island, by way of the mainland.
std::string SplitNetwork::RouteToUs() const {
  return absl::StrCat("route replace ", Network(kMainlandLink, kLinkBits), " via ",
                      AddressOf(kMainlandAtCable));
}

absl::Status SplitNetwork::RunIp(int space, const std::vector<std::string>& commands) const {
  const std::string path = absl::StrCat(directory_.path(), "/batch");
  std::ofstream file(path);
  file << absl::StrJoin(commands, "\n") << "\n";
  file.close();
  if (!file) return absl::UnavailableError(absl::StrCat("cannot write ", path));
  return RunTool(ip_, {"ip", "-batch", path}, LogPath(), space);
}

Site SplitNetwork::island() const {
  return {island_.name, AddressOf(kIslandAtUs), AddressOf(kIslandAtCable)};
}

Site SplitNetwork::mainland() const { return {mainland_.name, AddressOf(kMainlandAtCable), ""}; }

// Not by ip, which would keep the caller waiting: a loop may call it.
absl::Status SplitNetwork::Cut() {
  ifreq device = {};
  std::strncpy(device.ifr_name, "cable", IFNAMSIZ - 1);
  bool is_cut = ioctl(island_.control, SIOCGIFFLAGS, &device) == 0;
  device.ifr_flags = static_cast<int16_t>(device.ifr_flags & ~IFF_UP);
  is_cut = is_cut && ioctl(island_.control, SIOCSIFFLAGS, &device) == 0;
  if (is_cut) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("the primary can't be cut off: ", std::strerror(errno)));
}

// With the device, its routes went too.
absl::Status SplitNetwork::Mend() {
  return RunIp(island_.name, {"link set cable up", RouteToUs()});
}

std::string SplitNetwork::AddressOf(uint32_t number) const {
  const uint32_t address = block_ + number;
  return absl::StrCat(address >> 24, ".", address >> 16 & 255, ".", address >> 8 & 255, ".",
                      address & 255);
}

std::string SplitNetwork::Network(uint32_t number, int bits) const {
  return absl::StrCat(AddressOf(number), "/", bits);
}

}  // namespace rcb
