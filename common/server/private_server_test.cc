// With the real server of this machine.

#include "common/server/private_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/redis/blocking_client.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

namespace fs = std::filesystem;

constexpr int kTimeoutMs = 5000;

std::unique_ptr<PrivateServer> MustStart(const PrivateServerOptions& options) {
  absl::StatusOr<std::unique_ptr<PrivateServer>> server = PrivateServer::Start(options);
  EXPECT_TRUE(server.ok()) << server.status();
  return server.ok() ? *std::move(server) : nullptr;
}

// Waits for an orphan's end; its status, or -1 if it lives on.
int ReapOrphan(pid_t pid) {
  for (int i = 0; i < 1000; ++i) {
    int wait_status = 0;
    if (waitpid(pid, &wait_status, WNOHANG) == pid) return wait_status;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return -1;
}

void ExpectGone(pid_t pid) {
  EXPECT_EQ(kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

// A loopback port with a listener that answers nothing.
class OccupiedPort {
 public:
  OccupiedPort() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(fd_, 1), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~OccupiedPort() { close(fd_); }
  int port() const { return port_; }

 private:
  int fd_;
  int port_ = 0;
};

// Makes every private server's directory in a folder of the test, so that what is left shows.
class PrivateServerTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(mkdtemp(parent_.data()), nullptr);
    Remember("TMPDIR", &tmpdir_);
    Remember("PATH", &path_);
    setenv("TMPDIR", parent_.c_str(), 1);
  }
  void TearDown() override {
    EXPECT_EQ(Left(), std::set<std::string>()) << "left behind";
    Restore("TMPDIR", tmpdir_);
    Restore("PATH", path_);
    fs::remove_all(parent_);
  }

  static void Remember(const char* name, std::string* value) {
    if (const char* const now = getenv(name)) *value = now;
  }
  static void Restore(const char* name, const std::string& value) {
    value.empty() ? unsetenv(name) : setenv(name, value.c_str(), 1);
  }
  // Names of the servers' directories that exist.
  std::set<std::string> Left() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(parent_)) {
      const std::string name = entry.path().filename();
      if (absl::StartsWith(name, "rcb-")) names.insert(name);
    }
    return names;
  }
  std::string Script(const std::string& name, const std::string& body) const {
    std::string path = absl::StrCat(parent_, "/", name);
    std::ofstream(path) << "#!/bin/sh\n" << body;
    chmod(path.c_str(), 0700);
    return path;
  }
  // Starting with this binary must fail, in one line that names the flag.
  absl::Status Failure(const PrivateServerOptions& options) const {
    const absl::Status status = PrivateServer::Start(options).status();
    EXPECT_FALSE(status.ok());
    EXPECT_TRUE(absl::StartsWith(status.message(), "--redis_server")) << status;
    EXPECT_FALSE(absl::StrContains(status.message(), "\n")) << status;
    return status;
  }

  std::string parent_ = "/tmp/server_test_XXXXXX";
  std::string tmpdir_;
  std::string path_;
};

TEST_F(PrivateServerTest, AnswersOnBothTransportsAndLeavesNothing) {
  std::unique_ptr<PrivateServer> server = MustStart({});
  ASSERT_NE(server, nullptr);
  EXPECT_TRUE(server->IsAlive());
  struct stat facts = {};
  ASSERT_EQ(stat(server->directory().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0700u);
  for (const Endpoint& endpoint : {server->tcp_endpoint(), server->unix_endpoint()}) {
    absl::StatusOr<BlockingClient> client = BlockingClient::Connect(endpoint, kTimeoutMs);
    ASSERT_TRUE(client.ok()) << client.status();
    const absl::StatusOr<ServerFacts> told = FetchServerFacts(*client);
    ASSERT_TRUE(told.ok()) << told.status();
    EXPECT_EQ(told->process_id, server->pid());
    EXPECT_EQ(told->mode, "standalone");
    EXPECT_NE(told->version, "");
    EXPECT_GE(told->io_threads, 1);
  }
  EXPECT_TRUE(absl::StrContains(server->LogTail(), "eady to accept connections"))
      << server->LogTail();
  const pid_t pid = server->pid();
  server.reset();
  ExpectGone(pid);
}

TEST_F(PrivateServerTest, KeepsNothingOnDisk) {
  const std::unique_ptr<PrivateServer> server = MustStart({});
  ASSERT_NE(server, nullptr);
  absl::StatusOr<BlockingClient> client =
      BlockingClient::Connect(server->unix_endpoint(), kTimeoutMs);
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ((*client->Command({"CONFIG", "GET", "save"}))[1].text(), "");
  EXPECT_EQ((*client->Command({"CONFIG", "GET", "appendonly"}))[1].text(), "no");
}

TEST_F(PrivateServerTest, TwoServersDoNotMeet) {
  const std::unique_ptr<PrivateServer> one = MustStart({});
  const std::unique_ptr<PrivateServer> other = MustStart({});
  ASSERT_TRUE(one != nullptr && other != nullptr);
  EXPECT_NE(one->directory(), other->directory());
  EXPECT_NE(one->tcp_endpoint().port, other->tcp_endpoint().port);
}

TEST_F(PrivateServerTest, TakesAnotherPortWhereTheFirstIsTaken) {
  const OccupiedPort occupied;
  PrivateServerOptions options;
  options.first_port = occupied.port();
  const std::unique_ptr<PrivateServer> server = MustStart(options);
  ASSERT_NE(server, nullptr);
  EXPECT_NE(server->tcp_endpoint().port, occupied.port());
}

TEST_F(PrivateServerTest, GivesUpWhereEveryPortIsTaken) {
  const OccupiedPort occupied;
  PrivateServerOptions options;
  options.extra_arguments = {"--port", absl::StrCat(occupied.port())};
  const absl::Status status = Failure(options);
  EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "Address already in use")) << status;
}

TEST_F(PrivateServerTest, RefusesAServerThatListensElsewhere) {
  PrivateServerOptions options;
  options.extra_arguments = {"--port", "0"};
  EXPECT_TRUE(absl::StrContains(Failure(options).message(), "cannot connect"));
}

TEST_F(PrivateServerTest, IsNotFooledByAnotherServerOnItsPort) {
  const std::unique_ptr<PrivateServer> other = MustStart({});
  ASSERT_NE(other, nullptr);
  PrivateServerOptions options;
  options.first_port = other->tcp_endpoint().port;
  options.extra_arguments = {"--port", "0"};
  EXPECT_TRUE(absl::StrContains(Failure(options).message(), "cannot connect"));
}

TEST_F(PrivateServerTest, IsFullAtItsMaxClients) {
  PrivateServerOptions options;
  options.max_clients = 3;
  const std::unique_ptr<PrivateServer> server = MustStart(options);
  ASSERT_NE(server, nullptr);
  for (const Endpoint& endpoint : {server->tcp_endpoint(), server->unix_endpoint()}) {
    std::vector<BlockingClient> clients;
    absl::Status status;
    while (status.ok() && clients.size() <= 3) {
      absl::StatusOr<BlockingClient> client = BlockingClient::Connect(endpoint, kTimeoutMs);
      status = client.status();
      if (client.ok()) clients.push_back(*std::move(client));
    }
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "maxclients")) << status;
  }
}

TEST_F(PrivateServerTest, RefusesAServerThatTakesFewerClientsThanNeeded) {
  PrivateServerOptions options;
  options.max_clients = 100;
  options.extra_arguments = {"--maxclients", "10"};
  const absl::Status status = Failure(options);
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "10 of the 100 clients")) << status;
}

TEST_F(PrivateServerTest, TellsWhichBinaryIsMissing) {
  EXPECT_TRUE(absl::IsNotFound(Failure({.binary = "/no/such/server"})));
  EXPECT_TRUE(absl::IsNotFound(Failure({.binary = "no-such-server-on-path"})));
  EXPECT_TRUE(absl::IsNotFound(Failure({.binary = parent_ + "/"})));
  EXPECT_TRUE(absl::IsNotFound(Failure({.binary = "/etc/passwd"})));
  setenv("PATH", parent_.c_str(), 1);
  const absl::Status status = Failure({});
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "--redis_server=PATH")) << status;
}

TEST_F(PrivateServerTest, ShowsTheLastWordsOfABinaryThatExitsAtOnce) {
  const absl::Status silent = Failure({.binary = "/bin/false"});
  EXPECT_TRUE(absl::StrContains(silent.message(), "/bin/false: exited with status 1")) << silent;
  EXPECT_TRUE(absl::StrContains(silent.message(), "log is empty")) << silent;

  const absl::Status talking = Failure({.binary = Script("s", "echo one; echo two >&2; exit 4")});
  EXPECT_TRUE(absl::StrContains(talking.message(), "exited with status 4")) << talking;
  EXPECT_TRUE(absl::StrContains(talking.message(), "one | two")) << talking;

  const std::string data = Script("data", "");
  std::ofstream(data) << "no program";
  const absl::Status not_a_program = Failure({.binary = data});
  EXPECT_TRUE(absl::StrContains(not_a_program.message(), "cannot be executed")) << not_a_program;

  PrivateServerOptions options;
  options.extra_arguments = {"--no-such-option", "1"};
  const absl::Status refused = Failure(options);
  EXPECT_TRUE(absl::StrContains(refused.message(), "no-such-option")) << refused;
}

TEST_F(PrivateServerTest, GivesUpOnABinaryThatNeverListens) {
  PrivateServerOptions options;
  options.binary = Script("sleeper", "echo zzz; exec sleep 100");
  options.start_timeout_ms = 200;
  const absl::Status status = Failure(options);
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "zzz")) << status;
}

TEST_F(PrivateServerTest, FindsDebiansServersUnderTheirOtherNames) {
  setenv("PATH", parent_.c_str(), 1);
  int found = 0;
  for (const char* name : {"redis-check-rdb", "valkey-check-rdb"}) {
    for (const char* folder : {"/usr/bin/", "/usr/local/bin/"}) {
      const std::string checker = absl::StrCat(folder, name);
      if (!fs::exists(checker)) continue;
      ++found;
      fs::create_symlink(checker, fs::path(parent_) / name);
      EXPECT_NE(MustStart({}), nullptr) << checker;
      EXPECT_NE(MustStart({.binary = checker}), nullptr);
      EXPECT_NE(MustStart({.binary = name}), nullptr);
      fs::remove(fs::path(parent_) / name);
      break;
    }
  }
  ASSERT_GT(found, 0) << "needs Debian's redis-tools or valkey-tools";
  Script("redis-server", "exit 9");
  EXPECT_TRUE(absl::StrContains(Failure({}).message(), "status 9")) << "a true name comes first";
}

TEST_F(PrivateServerTest, RefusesAWrapperThatDoesNotExecAndLeavesNoProcess) {
  const std::unique_ptr<PrivateServer> real = MustStart({});
  ASSERT_NE(real, nullptr);
  const std::string executable = fs::read_symlink(absl::StrCat("/proc/", real->pid(), "/exe"));
  fs::create_symlink(executable, fs::path(parent_) / "redis-server");
  const std::string note = absl::StrCat(parent_, "/note");
  const std::string script =
      absl::StrCat(parent_, "/redis-server \"$@\" & echo $! > ", note, "; wait");
  // Orphans come to us, so that a dead one can be told from a zombie that init has not reaped.
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  const absl::Status status = Failure({.binary = Script("wrapper", script)});
  EXPECT_TRUE(absl::StrContains(status.message(), "must exec")) << status;
  pid_t server = 0;
  std::ifstream(note) >> server;
  ASSERT_GT(server, 0);
  EXPECT_EQ(ReapOrphan(server), SIGKILL);
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

TEST_F(PrivateServerTest, NoticesAKilledServerAndKillsAStoppedOne) {
  std::unique_ptr<PrivateServer> server = MustStart({});
  ASSERT_NE(server, nullptr);
  ASSERT_EQ(kill(server->pid(), SIGSTOP), 0);
  EXPECT_TRUE(server->IsAlive());
  pid_t pid = server->pid();
  server.reset();
  ExpectGone(pid);

  server = MustStart({});
  ASSERT_NE(server, nullptr);
  pid = server->pid();
  ASSERT_EQ(kill(pid, SIGKILL), 0);
  for (int i = 0; server->IsAlive() && i < 1000; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_FALSE(server->IsAlive());
  ExpectGone(pid);
}

// In a forked process: starts a server, tells its number, and dies without a chance to clean up.
[[noreturn]] void StartServerAndDie(int pipe_fd) {
  absl::StatusOr<std::unique_ptr<PrivateServer>> server = PrivateServer::Start({});
  const pid_t pid = server.ok() ? (*server)->pid() : 0;
  if (write(pipe_fd, &pid, sizeof(pid)) != sizeof(pid)) _exit(1);
  kill(getpid(), SIGKILL);
  _exit(1);
}

TEST_F(PrivateServerTest, DiesWithAParentThatIsKilledAndItsDirectoryIsSweptLater) {
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  const pid_t parent = fork();
  if (parent == 0) StartServerAndDie(fds[1]);
  close(fds[1]);
  pid_t server = 0;
  EXPECT_EQ(read(fds[0], &server, sizeof(server)), static_cast<ssize_t>(sizeof(server)));
  close(fds[0]);
  ASSERT_EQ(waitpid(parent, nullptr, 0), parent);
  ASSERT_GT(server, 0);

  EXPECT_EQ(ReapOrphan(server), SIGKILL) << "the server outlived its parent";
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);

  EXPECT_EQ(Left().size(), 1u);
  EXPECT_NE(MustStart({}), nullptr);
  EXPECT_EQ(Left().size(), 0u);
}

}  // namespace
}  // namespace rcb
