// With the real server of this machine; a private server stands in for the user's.

#include "common/server/deployment/deployment.h"

#include <signal.h>

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/redis/blocking_client.h"
#include "common/server/deployment/standalone.h"
#include "common/server/deployment/test_deployment.h"
#include "common/server/private_server.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

constexpr char kLibraryCode[] = " redis.register_function('f', function() return 1 end)";

TEST(StandaloneDeployment, ServesOnTheTransportAskedFor) {
  for (const bool use_unix : {false, true}) {
    DeploymentOptions options;
    options.use_unix_transport = use_unix;
    options.max_clients = 100;
    const std::unique_ptr<Deployment> deployment = MustOpen(options);
    ASSERT_NE(deployment, nullptr);
    EXPECT_TRUE(deployment->is_ours());
    EXPECT_EQ(deployment->endpoint().transport == Endpoint::Transport::kUnix, use_unix);
    EXPECT_GE(deployment->facts().max_clients, 100);
    EXPECT_TRUE(deployment->EnsureAlive().ok());
    EXPECT_EQ(deployment->generation(), 0);
    EXPECT_EQ(deployment->facts().process_id, deployment->private_server()->pid());
  }
}

TEST(StandaloneDeployment, HasARandomPrefixAndALibraryNameLikeIt) {
  const std::unique_ptr<Deployment> one = MustOpen({});
  const std::unique_ptr<Deployment> other = MustOpen({});
  ASSERT_TRUE(one != nullptr && other != nullptr);
  ASSERT_EQ(one->identity().key_prefix.size(), 4u + 16u + 1u) << one->identity().key_prefix;
  const std::string digits = one->identity().key_prefix.substr(4, 16);
  EXPECT_EQ(one->identity().key_prefix, "rcb:" + digits + ":");
  EXPECT_EQ(one->identity().library_name, "rcb_" + digits);
  EXPECT_EQ(digits.find_first_not_of("0123456789abcdef"), std::string::npos) << digits;
  EXPECT_NE(one->identity().key_prefix, other->identity().key_prefix);
}

TEST(StandaloneDeployment, IsReplacedAfterItsServerWasKilledOrStopped) {
  const std::unique_ptr<Deployment> deployment = MustOpen({});
  ASSERT_NE(deployment, nullptr);
  int generation = 0;
  for (const int signal_number : {SIGKILL, SIGSTOP}) {
    const pid_t before = deployment->private_server()->pid();
    ASSERT_EQ(kill(before, signal_number), 0);
    const absl::Status status = deployment->EnsureAlive();
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(kill(before, 0), -1) << "the old server is still there";
    EXPECT_NE(deployment->private_server()->pid(), before);
    EXPECT_EQ(deployment->generation(), ++generation);
    BlockingClient client = Client(deployment->endpoint());
    EXPECT_TRUE(client.Command({"SET", deployment->identity().key_prefix + "k", "1"}).ok());
  }
}

TEST(StandaloneDeployment, MayStartWithTheFirstLookAtIt) {
  DeploymentOptions options;
  options.max_clients = 40 - kSpareClients;
  const std::unique_ptr<StandaloneDeployment> deployment =
      StandaloneDeployment::Unstarted(options, {"rcb:0:", "rcb_0"});
  EXPECT_EQ(deployment->private_server(), nullptr);
  ASSERT_EQ(deployment->EnsureAlive(), absl::OkStatus());
  EXPECT_EQ(deployment->generation(), 0) << "no other was there before";
  EXPECT_EQ(deployment->facts().max_clients, 40);
  ASSERT_EQ(kill(deployment->private_server()->pid(), SIGKILL), 0);
  ASSERT_EQ(deployment->EnsureAlive(), absl::OkStatus());
  EXPECT_EQ(deployment->generation(), 1);
}

TEST(StandaloneDeployment, ReportsABinaryThatCannotServe) {
  DeploymentOptions options;
  options.server_binary = "/bin/false";
  EXPECT_TRUE(absl::StartsWith(Refusal(options).message(), "--redis_server=/bin/false: "));
}

TEST(StandaloneDeployment, PassesSettingsToItsServer) {
  DeploymentOptions options;
  options.server_options = {"io-threads 2", "save 60 1", "notify-keyspace-events \"\""};
  const std::unique_ptr<Deployment> deployment = MustOpen(options);
  ASSERT_NE(deployment, nullptr);
  EXPECT_EQ(deployment->facts().io_threads, 2);
  BlockingClient client = Client(deployment->endpoint());
  EXPECT_EQ(Must(client, {"CONFIG", "GET", "save"})[1].text(), "60 1");
}

TEST(ForeignDeployment, DeletesOnlyItsOwnKeysAndLibrary) {
  const std::unique_ptr<PrivateServer> server = UsersServer();
  ASSERT_NE(server, nullptr);
  BlockingClient user = Client(server->tcp_endpoint());
  Must(user, {"SET", "theirs", "1"});
  Must(user, {"SET", "rcb:0123456789abcdef:other run", "1"});
  Must(user, {"FUNCTION", "LOAD",
              absl::StrCat("#!lua name=theirs\n",
                           "redis.register_function('g', function() return 1 end)")});
  Must(user, {"SELECT", "1"});
  std::unique_ptr<Deployment> deployment = MustOpen(OptionsFor(*server));
  ASSERT_NE(deployment, nullptr);
  EXPECT_FALSE(deployment->is_ours());
  EXPECT_EQ(deployment->private_server(), nullptr);
  Must(user, {"SET", deployment->identity().key_prefix + "in another database", "1"});
  Must(user, {"SELECT", "0"});
  for (int i = 0; i < 2500; ++i) {
    Must(user, {"SET", absl::StrCat(deployment->identity().key_prefix, "key ", i), "1"});
  }
  Must(user, {"HSET", deployment->identity().key_prefix + "hash", "f", "v"});
  Must(user,
       {"FUNCTION", "LOAD",
        absl::StrCat("#!lua name=", deployment->identity().library_name, "\n", kLibraryCode)});

  const absl::Status status = deployment->CleanUp();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(Texts(Must(user, {"KEYS", "*"})),
            (std::set<std::string>{"theirs", "rcb:0123456789abcdef:other run"}));
  const Reply libraries = Must(user, {"FUNCTION", "LIST"});
  ASSERT_EQ(libraries.size(), 1u);
  EXPECT_EQ(libraries[0][1].text(), "theirs");
  EXPECT_EQ(Must(user, {"DBSIZE"}).integer(), 2);
  Must(user, {"SELECT", "1"});
  EXPECT_EQ(Must(user, {"DBSIZE"}).integer(), 1);
}

TEST(ForeignDeployment, ChangesSettingsWithPermissionAndPutsThemBack) {
  const std::unique_ptr<PrivateServer> server = UsersServer({"--maxmemory-samples", "7"});
  ASSERT_NE(server, nullptr);
  BlockingClient user = Client(server->tcp_endpoint());
  const auto setting = [&user](const char* name) {
    return Must(user, {"CONFIG", "GET", name})[1].text();
  };
  const Settings one = {{"maxmemory-samples", "10"}, {"maxmemory-policy", "allkeys-lru"}};
  const Settings other = {{"maxmemory-policy", "allkeys-lfu"}};
  DeploymentOptions options = OptionsFor(*server);
  EXPECT_TRUE(absl::StrContains(MustOpen(options)->WhyNotConfigure(one), "--allow_config_changes"));
  EXPECT_EQ(MustOpen(options)->WhyNotConfigure({}), "");
  options.allow_config_changes = true;
  std::unique_ptr<Deployment> deployment = MustOpen(options);
  EXPECT_EQ(deployment->WhyNotConfigure(one), "");
  EXPECT_NE(deployment->WhyNotConfigure({{"no-such-setting", "1"}}), "");
  EXPECT_EQ(deployment->Configure(one), absl::OkStatus());
  EXPECT_EQ(setting("maxmemory-samples"), "10");
  EXPECT_EQ(deployment->Configure(other), absl::OkStatus());
  EXPECT_EQ(setting("maxmemory-samples"), "7");
  EXPECT_EQ(setting("maxmemory-policy"), "allkeys-lfu");
  EXPECT_EQ(deployment->Configure({}), absl::OkStatus());
  EXPECT_EQ(setting("maxmemory-policy"), "noeviction");
  EXPECT_EQ(deployment->Configure(one), absl::OkStatus());
  deployment.reset();
  EXPECT_EQ(setting("maxmemory-samples"), "7");
  EXPECT_EQ(setting("maxmemory-policy"), "noeviction");
  Must(user, {"SET", "theirs", "1"});
  EXPECT_TRUE(absl::StrContains(MustOpen(options)->WhyNotConfigure(one), "holds keys"));
}

TEST(ForeignDeployment, LeavesNoKeyOfItsOwnByOpeningAndCleansUpWhenDestroyed) {
  const std::unique_ptr<PrivateServer> server = UsersServer();
  ASSERT_NE(server, nullptr);
  DeploymentOptions options = OptionsFor(*server);
  options.redis_uri += "/7";
  std::unique_ptr<Deployment> deployment = MustOpen(options);
  ASSERT_NE(deployment, nullptr);
  BlockingClient user = Client(deployment->endpoint());
  EXPECT_EQ(Must(user, {"DBSIZE"}).integer(), 0);
  Must(user, {"SET", deployment->identity().key_prefix + "k", "1"});
  deployment.reset();
  EXPECT_EQ(Must(user, {"DBSIZE"}).integer(), 0);
}

TEST(ForeignDeployment, LeavesNoKeyOfItsOwnWhereOpeningIsCancelled) {
  const std::unique_ptr<PrivateServer> server = UsersServer();
  ASSERT_NE(server, nullptr);
  BlockingClient user = Client(server->tcp_endpoint());
  DeploymentOptions options = OptionsFor(*server);
  options.is_cancelled = [&user] { return Must(user, {"DBSIZE"}).integer() > 0; };
  EXPECT_EQ(OpenDeployment(options).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(Must(user, {"DBSIZE"}).integer(), 0);
}

TEST(ForeignDeployment, CleansUpWhereNothingWasMade) {
  const std::unique_ptr<PrivateServer> server = UsersServer();
  ASSERT_NE(server, nullptr);
  const std::unique_ptr<Deployment> deployment = MustOpen(OptionsFor(*server));
  ASSERT_NE(deployment, nullptr);
  const absl::Status status = deployment->CleanUp();
  EXPECT_TRUE(status.ok()) << status;
}

TEST(ForeignDeployment, TellsWhatIsLeftWhereItCannotCleanUp) {
  std::unique_ptr<PrivateServer> server = UsersServer();
  ASSERT_NE(server, nullptr);
  const std::unique_ptr<Deployment> deployment = MustOpen(OptionsFor(*server));
  ASSERT_NE(deployment, nullptr);
  server.reset();
  const absl::Status status = deployment->CleanUp();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_TRUE(absl::StartsWith(status.message(), "--redis=redis://127.0.0.1:")) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), deployment->identity().key_prefix + "*"))
      << status;
}

TEST(ForeignDeployment, NeedsTheRightPassword) {
  const std::unique_ptr<PrivateServer> server = UsersServer();
  ASSERT_NE(server, nullptr);
  BlockingClient admin = Client(server->tcp_endpoint());
  Must(admin, {"CONFIG", "SET", "requirepass", "hunter2"});
  DeploymentOptions options = OptionsFor(*server);

  const absl::Status missing = Refusal(options);
  EXPECT_TRUE(absl::IsUnauthenticated(missing)) << missing;
  EXPECT_TRUE(absl::StrContains(missing.message(), "RCB_REDIS_PASSWORD")) << missing;

  options.password_from_environment = "hunter3";
  const absl::Status wrong = Refusal(options);
  EXPECT_TRUE(absl::IsUnauthenticated(wrong)) << wrong;
  EXPECT_FALSE(absl::StrContains(wrong.ToString(), "hunter")) << wrong;

  options.password_from_environment = "hunter2";
  EXPECT_NE(MustOpen(options), nullptr);
}

TEST(ForeignDeployment, AuthenticatesAsAnAclUserWhoMayTouchOnlyItsKeys) {
  const std::unique_ptr<PrivateServer> server = UsersServer();
  ASSERT_NE(server, nullptr);
  BlockingClient admin = Client(server->tcp_endpoint());
  Must(admin,
       {"ACL", "SETUSER", "alice", "on", ">p@ss/word", "~rcb:*", "+@all", "-config", "-function"});
  DeploymentOptions options = OptionsFor(*server);
  options.redis_uri =
      absl::StrCat("redis://alice:p%40ss%2Fword@127.0.0.1:", server->tcp_endpoint().port);
  std::unique_ptr<Deployment> deployment = MustOpen(options);
  ASSERT_NE(deployment, nullptr);
  EXPECT_EQ(deployment->facts().io_threads, 0) << "CONFIG is forbidden";
  EXPECT_TRUE(deployment->CleanUp().ok());

  options.redis_uri = absl::StrCat("redis://bob:x@127.0.0.1:", server->tcp_endpoint().port);
  EXPECT_TRUE(absl::IsUnauthenticated(Refusal(options)));
}

TEST(ForeignDeployment, TellsWhyTheServerCannotBeReached) {
  std::unique_ptr<PrivateServer> server = UsersServer();
  ASSERT_NE(server, nullptr);
  DeploymentOptions options = OptionsFor(*server);
  options.redis_uri += "/99";
  EXPECT_TRUE(absl::StrContains(Refusal(options).message(), "DB index is out of range"));
  options = OptionsFor(*server);
  server.reset();
  const absl::Status refused = Refusal(options);
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  EXPECT_TRUE(absl::StrContains(refused.message(), "Connection refused")) << refused;
  options.redis_uri = "redis://no-such-host.invalid";
  EXPECT_TRUE(absl::StrContains(Refusal(options).message(), "no-such-host.invalid"));
  options.redis_uri = "unix:///no/such/socket";
  EXPECT_TRUE(absl::StrContains(Refusal(options).message(), "No such file"));
  options.redis_uri = "rediss://h";
  EXPECT_TRUE(absl::StrContains(Refusal(options).message(), "TLS is not supported"));
}

TEST(ForeignDeployment, RefusesAClusterNode) {
  // By default the bus takes the port plus 10000, which may not exist.
  const std::string bus_port = absl::StrCat(UsersServer()->tcp_endpoint().port);
  const std::unique_ptr<PrivateServer> server =
      UsersServer({"--cluster-enabled", "yes", "--cluster-port", bus_port});
  ASSERT_NE(server, nullptr);
  const absl::Status status = Refusal(OptionsFor(*server));
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_TRUE(
      absl::StartsWith(status.message(), absl::StrCat("--redis=", server->tcp_endpoint().ToString(),
                                                      ": the server runs in cluster mode")))
      << status;
}

TEST(ForeignDeployment, RefusesAReplicaOnlyIfItIsReadOnly) {
  const std::unique_ptr<PrivateServer> server = UsersServer({"--replicaof", "127.0.0.1 1"});
  ASSERT_NE(server, nullptr);
  const absl::Status status = Refusal(OptionsFor(*server));
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "read-only replica")) << status;
  BlockingClient user = Client(server->tcp_endpoint());
  Must(user, {"CONFIG", "SET", "replica-read-only", "no"});
  EXPECT_NE(MustOpen(OptionsFor(*server)), nullptr);
}

TEST(ForeignDeployment, RefusesAServerWithoutRoomForTheWorkers) {
  const std::unique_ptr<PrivateServer> server = UsersServer({}, 20);
  ASSERT_NE(server, nullptr);
  const absl::Status no_room = Refusal(OptionsFor(*server, 20));
  EXPECT_TRUE(absl::IsResourceExhausted(no_room)) << no_room;
  EXPECT_TRUE(absl::StrContains(no_room.message(), "takes 20 clients")) << no_room;
  EXPECT_NE(MustOpen(OptionsFor(*server, 10)), nullptr);

  std::vector<BlockingClient> crowd;
  absl::Status status;
  while (status.ok() && crowd.size() <= 20) {
    absl::StatusOr<BlockingClient> client =
        BlockingClient::Connect(server->tcp_endpoint(), kTimeoutMs);
    status = client.status();
    if (client.ok()) crowd.push_back(*std::move(client));
  }
  const absl::Status full = Refusal(OptionsFor(*server, 1));
  EXPECT_TRUE(absl::IsResourceExhausted(full)) << full;
  EXPECT_TRUE(absl::StrContains(full.message(), "maxclients")) << full;
}

TEST(ForeignDeployment, WaitsForAServerThatComesBackAsAnotherProcess) {
  std::unique_ptr<PrivateServer> server = UsersServer();
  ASSERT_NE(server, nullptr);
  const std::unique_ptr<Deployment> deployment = MustOpen(OptionsFor(*server));
  ASSERT_NE(deployment, nullptr);
  EXPECT_TRUE(deployment->EnsureAlive().ok());
  EXPECT_EQ(deployment->generation(), 0);
  PrivateServerOptions again;
  again.first_port = server->tcp_endpoint().port;
  server.reset();
  absl::StatusOr<std::unique_ptr<PrivateServer>> successor = PrivateServer::Start(again);
  ASSERT_TRUE(successor.ok()) << successor.status();
  ASSERT_EQ((*successor)->tcp_endpoint().port, again.first_port);
  EXPECT_TRUE(deployment->EnsureAlive().ok());
  EXPECT_EQ(deployment->generation(), 1);
  EXPECT_EQ(deployment->facts().process_id, (*successor)->pid());
}

TEST(ForeignDeployment, AsksAgainUntilTheServerLetsItIn) {
  const std::unique_ptr<PrivateServer> server = UsersServer();
  ASSERT_NE(server, nullptr);
  const std::unique_ptr<Deployment> deployment = MustOpen(OptionsFor(*server));
  ASSERT_NE(deployment, nullptr);
  BlockingClient admin = Client(server->tcp_endpoint());
  Must(admin, {"CONFIG", "SET", "maxclients", "1"});
  std::thread relief([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    Must(admin, {"CONFIG", "SET", "maxclients", "100"});
  });
  EXPECT_TRUE(deployment->EnsureAlive().ok());
  relief.join();
  EXPECT_EQ(deployment->generation(), 0);
}

TEST(ForeignDeployment, GivesUpOnAServerThatStaysAway) {
  std::unique_ptr<PrivateServer> server = UsersServer();
  ASSERT_NE(server, nullptr);
  const std::unique_ptr<Deployment> deployment = MustOpen(OptionsFor(*server));
  ASSERT_NE(deployment, nullptr);
  server.reset();
  const absl::Status status = deployment->EnsureAlive();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_TRUE(absl::StartsWith(status.message(), "--redis=")) << status;
}

}  // namespace
}  // namespace rcb
