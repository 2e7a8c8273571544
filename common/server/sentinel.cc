#include "common/server/sentinel.h"

#include <chrono>
#include <fstream>
#include <random>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/redis/blocking_client.h"
#include "common/server/private_server.h"

namespace rcb {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPoll{5};
constexpr milliseconds kStartLimit{10'000};
constexpr int kAnswerTimeoutMs = 2000;

}  // namespace

SentinelName MakeSentinelName() {
  std::random_device random;
  std::string id;
  while (id.size() < 40) absl::StrAppend(&id, absl::Hex(random(), absl::kZeroPad8));
  return {FreePort(), id};
}

absl::StatusOr<std::unique_ptr<Sentinel>> Sentinel::Start(const SentinelName& name,
                                                          const SentinelOptions& options) {
  const absl::StatusOr<std::string> binary = FindServerBinary(options.binary);
  if (!binary.ok()) return binary.status();
  absl::StatusOr<ScratchDirectory> directory = ScratchDirectory::Make();
  if (!directory.ok()) return directory.status();
  std::unique_ptr<Sentinel> sentinel(new Sentinel(*std::move(directory), name, options.site));
  const absl::Status status = sentinel->Launch(*binary, options);
  if (status.ok()) return sentinel;
  return absl::Status(status.code(), absl::StrCat("--redis_server=", *binary,
                                                  ", as a Sentinel: ", status.message()));
}

// Sentinels keep what they learn in their configuration file.
absl::Status Sentinel::Launch(const std::string& binary, const SentinelOptions& options) {
  const std::string path = absl::StrCat(directory_.path(), "/sentinel.conf");
  const std::string& name = options.primary_name;
  std::ofstream file(path);
  file << "port " << name_.port << "\nbind " << site_.address << "\ndir " << directory_.path()
       << "\n"
       << "sentinel monitor " << name << " " << options.primary.host << " " << options.primary.port
       << " " << options.quorum << "\n"
       << "sentinel down-after-milliseconds " << name << " " << options.down_after_ms << "\n"
       << "sentinel failover-timeout " << name << " " << options.failover_timeout_ms << "\n"
       << "sentinel parallel-syncs " << name << " 2\n"
       << "sentinel myid " << name_.id << "\n";
  for (const SentinelName& other : options.others) {
    file << "sentinel known-sentinel " << name << " " << site_.address << " " << other.port << " "
         << other.id << "\n";
  }
  file.close();
  if (!file) return absl::UnavailableError(absl::StrCat("cannot write ", path));
  absl::StatusOr<std::unique_ptr<ChildProcess>> process = ChildProcess::Spawn(
      binary, {ServerNameToRunAs(binary), path, "--sentinel"}, LogPath(), site_.space);
  if (!process.ok()) return process.status();
  process_ = *std::move(process);
  return AwaitAnswer();
}

absl::Status Sentinel::AwaitAnswer() {
  const steady_clock::time_point deadline = steady_clock::now() + kStartLimit;
  while (steady_clock::now() < deadline) {
    const bool is_alive = process_->IsAlive();
    absl::StatusOr<BlockingClient> client = BlockingClient::Connect(endpoint(), kAnswerTimeoutMs);
    if (client.ok()) return absl::OkStatus();
    if (!is_alive) {
      const std::string problem = absl::StrCat(process_->Describe(), "; ", LastWordsOf(LogPath()));
      return absl::StrContains(problem, "Address already in use")
                 ? absl::AlreadyExistsError(problem)
                 : absl::FailedPreconditionError(problem);
    }
    std::this_thread::sleep_for(kPoll);
  }
  return absl::DeadlineExceededError(
      absl::StrCat("takes no connections; ", LastWordsOf(LogPath())));
}

Endpoint Sentinel::endpoint() const {
  Endpoint endpoint;
  endpoint.host = site_.address;
  endpoint.port = name_.port;
  return endpoint;
}

std::string Sentinel::LogPath() const { return absl::StrCat(directory_.path(), "/log"); }

}  // namespace rcb
