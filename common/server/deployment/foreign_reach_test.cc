// How the user's server is reached: names with several addresses, servers that load, TLS.

#include <arpa/inet.h>
#include <netinet/in.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/redis/address.h"
#include "common/redis/command.h"
#include "common/redis/scripted_peer.h"
#include "common/server/child_process.h"
#include "common/server/deployment/test_deployment.h"
#include "common/server/scratch_directory.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

// Two servers on one port, each at an address of its own.
struct Neighbours {
  std::unique_ptr<PrivateServer> server;  // at 127.0.0.1
  std::unique_ptr<PrivateServer> other;   // at 127.0.0.2
};
Neighbours StartNeighbours() {
  Neighbours neighbours;
  neighbours.server = UsersServer();
  if (neighbours.server == nullptr) return neighbours;
  const std::string port = absl::StrCat(neighbours.server->tcp_endpoint().port);
  neighbours.other = UsersServer({"--bind", "127.0.0.1", "127.0.0.2"});
  if (neighbours.other == nullptr) return neighbours;
  BlockingClient admin = Client(neighbours.other->unix_endpoint());
  Must(admin, {"CONFIG", "SET", "bind", "127.0.0.2"});
  Must(admin, {"CONFIG", "SET", "port", port});
  return neighbours;
}

HostLookUp Yielding(const std::vector<std::string>& addresses) {
  return [addresses](const std::string&) { return addresses; };
}

TEST(ForeignDeployment, TriesEveryAddressOfAName) {
  const std::unique_ptr<PrivateServer> server = UsersServer();
  ASSERT_NE(server, nullptr);
  DeploymentOptions options = OptionsFor(*server);
  options.redis_uri = absl::StrCat("redis://two-faced:", server->tcp_endpoint().port);
  options.look_up = Yielding({"::1", "127.0.0.2", "127.0.0.1"});
  const std::unique_ptr<Deployment> deployment = MustOpen(options);
  ASSERT_NE(deployment, nullptr);
  EXPECT_EQ(deployment->endpoint().address, "127.0.0.1");
  EXPECT_EQ(deployment->endpoint().ToString(), options.redis_uri);
  const absl::StatusOr<Address> workers = Resolve(deployment->endpoint());
  ASSERT_TRUE(workers.ok()) << workers.status();
  EXPECT_EQ(workers->tcp.ss_family, AF_INET);

  options.look_up = Yielding({"::1", "127.0.0.2"});
  const absl::Status silent = Refusal(options);
  EXPECT_TRUE(absl::StrContains(silent.message(), "none of ::1, 127.0.0.2 answers")) << silent;
  options.look_up = Yielding({});
  EXPECT_TRUE(absl::StrContains(Refusal(options).message(), "the host has no address"));
}

TEST(ForeignDeployment, StaysWithTheAddressThatAnsweredFirst) {
  const Neighbours neighbours = StartNeighbours();
  ASSERT_NE(neighbours.other, nullptr);
  DeploymentOptions options = OptionsFor(*neighbours.server);
  options.redis_uri = absl::StrCat("redis://two-faced:", neighbours.server->tcp_endpoint().port);
  options.look_up = Yielding({"127.0.0.2", "127.0.0.1"});
  const std::unique_ptr<Deployment> deployment = MustOpen(options);
  ASSERT_NE(deployment, nullptr);
  EXPECT_TRUE(deployment->EnsureAlive().ok());
  EXPECT_EQ(deployment->facts().process_id, neighbours.other->pid());
  const std::string key = deployment->identity().key_prefix + "k";
  BlockingClient checker = Client(deployment->endpoint());
  Must(checker, {"SET", key, "1"});
  BlockingClient first = Client(neighbours.server->unix_endpoint());
  BlockingClient second = Client(neighbours.other->unix_endpoint());
  EXPECT_EQ(Must(first, {"DBSIZE"}).integer(), 0);
  EXPECT_EQ(Must(second, {"DBSIZE"}).integer(), 1);
  EXPECT_TRUE(deployment->CleanUp().ok());
  EXPECT_EQ(Must(second, {"DBSIZE"}).integer(), 0);
}

// A server that takes about two seconds to load its data.
class LoadingServer {
 public:
  LoadingServer() {
    absl::StatusOr<ScratchDirectory> directory = ScratchDirectory::Make();
    if (!directory.ok()) return;
    directory_.emplace(*std::move(directory));
    const std::unique_ptr<PrivateServer> author = UsersServer({"--dir", directory_->path()});
    if (author == nullptr) return;
    BlockingClient admin = Client(author->tcp_endpoint());
    const std::string count = "for i = 1, 1000 do redis.call('SET', i, string.rep('v', 3000)) end";
    Must(admin, {"EVAL", count, "0"});
    Must(admin, {"CONFIG", "SET", "rdbcompression", "no"});
    Must(admin, {"SAVE"});
    port_ = author->tcp_endpoint().port;
  }
  void Start() {
    process_.reset();  // which has the port
    auto process =
        ChildProcess::Spawn(FindOnPath("redis-check-rdb"),
                            {"redis-server", "--port", absl::StrCat(port_), "--bind", "127.0.0.1",
                             "--dir", directory_->path(), "--save", "", "--key-load-delay", "2000",
                             "--loading-process-events-interval-bytes", "1024"},
                            directory_->path() + "/log");
    ASSERT_TRUE(process.ok()) << process.status();
    process_ = *std::move(process);
    Endpoint endpoint;
    endpoint.host = "127.0.0.1";
    endpoint.port = port_;
    for (int i = 0; i < 1000; ++i) {
      if (IsLoading(BlockingClient::Connect(endpoint, kTimeoutMs).status())) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    ADD_FAILURE() << "it was never seen loading";
  }
  std::string uri() const { return absl::StrCat("redis://127.0.0.1:", port_); }

 private:
  std::optional<ScratchDirectory> directory_;
  std::unique_ptr<ChildProcess> process_;
  int port_ = 0;
};

TEST(ForeignDeployment, WaitsForAServerThatLoadsItsData) {
  if (FindOnPath("redis-check-rdb").empty()) GTEST_SKIP() << "no redis-check-rdb on PATH";
  LoadingServer server;
  server.Start();
  DeploymentOptions options;
  options.redis_uri = server.uri();
  options.max_clients = 1;
  const std::unique_ptr<Deployment> deployment = MustOpen(options);
  ASSERT_NE(deployment, nullptr);
  EXPECT_EQ(deployment->facts().mode, "standalone");

  server.Start();  // again
  EXPECT_TRUE(deployment->EnsureAlive().ok());
  EXPECT_EQ(deployment->generation(), 1);

  server.Start();
  options.is_cancelled = [] { return true; };
  EXPECT_TRUE(absl::IsCancelled(OpenDeployment(options).status()));
}

TEST(ForeignDeployment, SaysThatAPortSpeaksTls) {
  // It closes the connection of who asks in plain text, and greets who does not.
  ScriptedPeer peer(ScriptedPeer::Transport::kTcp,
                    {[](PeerConnection& client) { client.Expect(Command("PING")); },
                     [](PeerConnection& client) {
                       client.Receive(40);
                       client.Send(std::string("\x15\x03\x03\x00\x02\x02\x28", 7));
                     }});
  sockaddr_in tcp = {};
  std::memcpy(&tcp, &peer.address().tcp, sizeof(tcp));
  DeploymentOptions options;
  options.redis_uri = absl::StrCat("redis://127.0.0.1:", ntohs(tcp.sin_port));
  const absl::Status status = Refusal(options);
  EXPECT_TRUE(absl::StrContains(status.message(), "the server speaks TLS at this port")) << status;
}

TEST(ForeignDeployment, KnowsWhenTheServerClosesIdleClients) {
  const std::unique_ptr<PrivateServer> server = UsersServer({"--timeout", "77"});
  ASSERT_NE(server, nullptr);
  const std::unique_ptr<Deployment> deployment = MustOpen(OptionsFor(*server));
  ASSERT_NE(deployment, nullptr);
  EXPECT_EQ(deployment->facts().idle_timeout_s, 77);
}

}  // namespace
}  // namespace rcb
