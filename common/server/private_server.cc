#include "common/server/private_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/redis/blocking_client.h"

namespace rcb {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kPortAttempts = 5;
constexpr milliseconds kStartPollInterval{5};
constexpr int kAnswerTimeoutMs = 2000;
constexpr size_t kTailLines = 20;
constexpr size_t kLastWordLines = 6;

std::vector<std::string> LastLines(const std::string& path, size_t count) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  std::vector<std::string> lines = absl::StrSplit(text.str(), '\n', absl::SkipWhitespace());
  const size_t surplus = lines.size() - std::min(count, lines.size());
  lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(surplus));
  return lines;
}

// What a server at `site` has to be told of it. Nobody reaches it in another namespace but by the
// links that we lay there, so that it need not mistrust all that is not loopback.
std::vector<std::string> SiteArguments(const Site& site) {
  std::vector<std::string> arguments = {"--bind"};
  // The first is also the one from which Redis 6 connects to others.
  if (!site.other_address.empty()) arguments.push_back(site.other_address);
  arguments.push_back(site.address);
  if (site.space >= 0) arguments.insert(arguments.end(), {"--protected-mode", "no"});
  return arguments;
}

}  // namespace

absl::StatusOr<std::string> FindServerBinary(const std::string& requested) {
  if (absl::StrContains(requested, "/")) {
    if (IsExecutable(requested)) return requested;
    return absl::NotFoundError(
        absl::StrCat("--redis_server=", requested, ": no executable file of this name"));
  }
  if (!requested.empty()) {
    std::string path = FindOnPath(requested);
    if (!path.empty()) return path;
    return absl::NotFoundError(absl::StrCat("--redis_server=", requested, ": not found on PATH"));
  }
  for (const char* const name :
       {"redis-server", "valkey-server", "redis-check-rdb", "valkey-check-rdb"}) {
    std::string path = FindOnPath(name);
    if (!path.empty()) return path;
  }
  return absl::NotFoundError(
      "--redis_server: neither redis-server nor valkey-server on PATH; install Debian's "
      "redis-tools or valkey-tools, or name a server: --redis_server=PATH");
}

std::string ServerNameToRunAs(const std::string& path) {
  return absl::StrContains(path.substr(path.rfind('/') + 1), "-check-") ? "redis-server" : path;
}

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return 0;
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  const bool ok = bind(fd, generic, size) == 0 && getsockname(fd, generic, &size) == 0;
  close(fd);
  return ok ? ntohs(address.sin_port) : 0;
}

std::string LastWordsOf(const std::string& path) {
  const std::vector<std::string> lines = LastLines(path, kLastWordLines);
  return lines.empty() ? "its log is empty"
                       : absl::StrCat("its log: ", absl::StrJoin(lines, " | "));
}

PrivateServer::PrivateServer(ScratchDirectory directory, int port, const Site& site)
    : directory_(std::move(directory)), port_(port), site_(site) {}

absl::StatusOr<std::unique_ptr<PrivateServer>> PrivateServer::Start(
    const PrivateServerOptions& options) {
  const absl::StatusOr<std::string> binary = FindServerBinary(options.binary);
  if (!binary.ok()) return binary.status();
  absl::Status status;
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    const int port = attempt == 0 && options.first_port != 0 ? options.first_port : FreePort();
    absl::StatusOr<ScratchDirectory> directory = ScratchDirectory::Make();
    if (!directory.ok()) return directory.status();
    std::unique_ptr<PrivateServer> server(
        new PrivateServer(*std::move(directory), port, options.site));
    status = server->Launch(*binary, options);
    if (status.ok()) return server;
    if (!absl::IsAlreadyExists(status)) break;
  }
  return absl::Status(status.code(),
                      absl::StrCat("--redis_server=", *binary, ": ", status.message()));
}

absl::Status PrivateServer::Launch(const std::string& binary, const PrivateServerOptions& options) {
  binary_ = binary;
  start_timeout_ms_ = options.start_timeout_ms;
  arguments_ = {
      ServerNameToRunAs(binary),
      // clang-format off
      "--port", absl::StrCat(port_),
      "--unixsocket", unix_endpoint().path, "--unixsocketperm", "700",
      "--dir", directory_.path(), "--save", "", "--appendonly", "no", "--daemonize", "no",
      "--maxclients", absl::StrCat(options.max_clients),
      // Hundreds of workers connect at once, and a unix socket refuses at once when this is full.
      "--tcp-backlog", "4096",
      // clang-format on
  };
  for (const auto& more : {SiteArguments(site_), options.extra_arguments}) {
    arguments_.insert(arguments_.end(), more.begin(), more.end());
  }
  absl::StatusOr<std::unique_ptr<ChildProcess>> process =
      ChildProcess::Spawn(binary_, arguments_, LogPath(), site_.space);
  if (!process.ok()) return process.status();
  process_ = *std::move(process);
  const absl::Status ready = AwaitReady(options.start_timeout_ms);
  return ready.ok() ? VerifyIdentity(options) : ready;
}

absl::Status PrivateServer::Relaunch() {
  process_->Kill().IgnoreError();  // it is dead already, unless Kill was forgotten
  absl::StatusOr<std::unique_ptr<ChildProcess>> process =
      ChildProcess::SpawnFromAnyThread(binary_, arguments_, LogPath(), site_.space);
  if (!process.ok()) return process.status();
  process_ = *std::move(process);
  return absl::OkStatus();
}

absl::Status PrivateServer::AwaitAnswer() { return AwaitReady(start_timeout_ms_); }

absl::Status PrivateServer::AwaitReady(int timeout_ms) {
  const steady_clock::time_point deadline = steady_clock::now() + milliseconds(timeout_ms);
  while (steady_clock::now() < deadline) {
    const bool alive = process_->IsAlive();
    absl::StatusOr<BlockingClient> client =
        BlockingClient::Connect(unix_endpoint(), kAnswerTimeoutMs);
    absl::StatusOr<ServerFacts> facts = client.ok() ? FetchServerFacts(*client) : client.status();
    if (facts.ok()) {
      facts_ = *std::move(facts);
      return absl::OkStatus();
    }
    if (!alive) {
      const std::string words = LastWords();
      const std::string problem =
          absl::StrCat(process_->Describe(), " before it took connections; ", words);
      return absl::StrContains(words, "Address already in use")
                 ? absl::AlreadyExistsError(problem)
                 : absl::FailedPreconditionError(problem);
    }
    std::this_thread::sleep_for(kStartPollInterval);
  }
  return absl::DeadlineExceededError(
      absl::StrCat("took no connections within ", timeout_ms, " ms; ", LastWords()));
}

absl::Status PrivateServer::VerifyIdentity(const PrivateServerOptions& options) {
  if (facts_.process_id != pid()) {
    return absl::FailedPreconditionError(absl::StrCat("started as process ", pid(),
                                                      " but serves as ", facts_.process_id,
                                                      "; a wrapper script must exec the server"));
  }
  if (facts_.max_clients < options.max_clients) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "takes ", facts_.max_clients, " of the ", options.max_clients,
        " clients needed; raise the hard limit of open files (ulimit -Hn) or use fewer workers"));
  }
  absl::StatusOr<BlockingClient> client = BlockingClient::Connect(tcp_endpoint(), kAnswerTimeoutMs);
  const absl::StatusOr<ServerFacts> over_tcp =
      client.ok() ? FetchServerFacts(*client) : client.status();
  if (!over_tcp.ok()) return over_tcp.status();
  if (over_tcp->process_id != pid()) {
    return absl::AlreadyExistsError(absl::StrCat("another server answers on port ", port_));
  }
  return absl::OkStatus();
}

Endpoint PrivateServer::tcp_endpoint() const {
  Endpoint endpoint;
  endpoint.host = site_.address;
  endpoint.port = port_;
  return endpoint;
}

Endpoint PrivateServer::unix_endpoint() const {
  Endpoint endpoint;
  endpoint.transport = Endpoint::Transport::kUnix;
  endpoint.path = absl::StrCat(directory_.path(), "/redis.sock");
  return endpoint;
}

std::string PrivateServer::LogPath() const { return absl::StrCat(directory_.path(), "/log"); }

std::string PrivateServer::LogTail() const {
  return absl::StrJoin(LastLines(LogPath(), kTailLines), "\n");
}

}  // namespace rcb
