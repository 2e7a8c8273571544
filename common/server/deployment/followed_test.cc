// With a primary, replicas and Sentinels that stand in for the user's.

#include "common/server/deployment/followed.h"

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/server/deployment/replicated.h"
#include "common/server/deployment/test_deployment.h"
#include "common/server/sentinel.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

const Identity kUsers{"theirs:", "theirs"};

// "host:port,host:port"
std::string HostsOf(const std::vector<Endpoint>& sentinels) {
  const auto host = [](std::string* out, const Endpoint& sentinel) {
    absl::StrAppend(out, sentinel.host, ":", sentinel.port);
  };
  return absl::StrJoin(sentinels, ",", host);
}

DeploymentOptions OptionsFor(const ReplicatedDeployment& users, const std::string& database = "") {
  DeploymentOptions options;
  options.redis_uri = absl::StrCat("redis+sentinel://", HostsOf(users.sentinels()), "/",
                                   users.primary_name(), database);
  options.max_clients = 10;
  return options;
}

void AwaitNews(const Deployment& deployment) {
  for (int i = 0; i < 1000 && !deployment.HasFailedOver(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

std::string SettingOf(const Endpoint& endpoint, const std::string& name) {
  BlockingClient client = Client(endpoint);
  return Must(client, {"CONFIG", "GET", name})[1].text();
}

TEST(FollowedDeployment, GoesToTheNewPrimaryAndTakesWhatIsItsOwnFromBoth) {
  ReplicatedDeployment users({}, kUsers);
  ASSERT_EQ(users.EnsureAlive(), absl::OkStatus());
  DeploymentOptions options = OptionsFor(users, "/2");
  options.allow_config_changes = true;
  const std::unique_ptr<Deployment> deployment = MustOpen(options);
  ASSERT_NE(deployment, nullptr);
  const std::unique_ptr<Deployment> unaware = MustOpen(OptionsFor(users, "/2"));
  ASSERT_NE(unaware, nullptr);
  const Endpoint first = deployment->endpoint();
  EXPECT_EQ(first.ToString(), absl::StrCat(users.outside_endpoint().ToString(), "/2"));
  EXPECT_FALSE(deployment->is_ours());
  EXPECT_FALSE(deployment->permissions().disrupt);
  EXPECT_EQ(deployment->sentinel_name(), users.primary_name());
  ASSERT_EQ(deployment->EnsureAlive(), absl::OkStatus());
  deployment->LookForFailover();
  EXPECT_EQ(deployment->failovers().count, 0);
  EXPECT_EQ(deployment->generation(), 0);
  const std::string samples = SettingOf(first, "maxmemory-samples");
  ASSERT_EQ(deployment->Configure({{"maxmemory-samples", "7"}}), absl::OkStatus());
  BlockingClient client = Client(first);
  Must(client, {"SET", deployment->identity().key_prefix + "k", "1"});
  Must(client, {"SET", unaware->identity().key_prefix + "k", "1"});
  Must(client, {"WAIT", "2", "2000"});

  ASSERT_EQ(users.FailOver(), absl::OkStatus());
  AwaitNews(*unaware);
  EXPECT_EQ(unaware->CleanUp(), absl::OkStatus());
  AwaitNews(*deployment);
  EXPECT_TRUE(deployment->HasFailedOver());
  EXPECT_EQ(deployment->endpoint().ToString(), first.ToString()) << "nobody has looked yet";
  deployment->LookForFailover();
  const Endpoint second = deployment->endpoint();
  EXPECT_NE(second.ToString(), first.ToString());
  EXPECT_FALSE(deployment->HasFailedOver());
  EXPECT_EQ(deployment->generation(), 1);
  EXPECT_EQ(deployment->failovers().count, 1);
  EXPECT_EQ(
      deployment->failovers().last,
      absl::StrCat("the Sentinels failed over from ", first.ToString(), " to ", second.ToString()));
  EXPECT_EQ(SettingOf(first, "maxmemory-samples"), samples);
  ASSERT_EQ(deployment->EnsureAlive(), absl::OkStatus());
  EXPECT_EQ(deployment->generation(), 1);
  EXPECT_EQ(deployment->failovers().count, 1);

  BlockingClient after = Client(second);
  EXPECT_EQ(Must(after, {"DBSIZE"}).integer(), 1);
  EXPECT_EQ(deployment->CleanUp(), absl::OkStatus());
  EXPECT_EQ(Must(after, {"DBSIZE"}).integer(), 0);
}

TEST(FollowedDeployment, WaitsForAnotherPrimaryWhereTheOldOneDiesAndCleansUpThere) {
  ReplicatedDeployment users({}, kUsers);
  ASSERT_EQ(users.EnsureAlive(), absl::OkStatus());
  const std::unique_ptr<Deployment> deployment = MustOpen(OptionsFor(users));
  const std::unique_ptr<Deployment> unaware = MustOpen(OptionsFor(users));
  ASSERT_TRUE(deployment != nullptr && unaware != nullptr);
  BlockingClient client = Client(deployment->endpoint());
  Must(client, {"SET", unaware->identity().key_prefix + "k", "1"});
  Must(client, {"WAIT", "2", "2000"});
  ASSERT_EQ(users.KillPrimary(), absl::OkStatus());
  ASSERT_EQ(deployment->EnsureAlive(), absl::OkStatus());
  EXPECT_EQ(deployment->failovers().count, 1);
  BlockingClient after = Client(deployment->endpoint());
  EXPECT_EQ(Must(after, {"DBSIZE"}).integer(), 1);
  AwaitNews(*unaware);
  EXPECT_EQ(unaware->CleanUp(), absl::OkStatus());
  EXPECT_EQ(Must(after, {"DBSIZE"}).integer(), 0);
}

TEST(FollowedDeployment, SaysAtOnceWhatIsWrongWithTheSentinels) {
  const std::unique_ptr<PrivateServer> server = UsersServer();
  ASSERT_NE(server, nullptr);
  const std::string place = HostsOf({server->tcp_endpoint()});
  DeploymentOptions options;
  options.password_from_environment = "hunter2";
  options.redis_uri = absl::StrCat("redis+sentinel://", place, "/main");
  EXPECT_TRUE(absl::StrContains(Refusal(options).message(), "is no Sentinel"));
  options.redis_uri = "redis+sentinel://:hunter2@127.0.0.1:1/main";
  const absl::Status silent = Refusal(options);
  EXPECT_TRUE(absl::StartsWith(silent.message(), "--redis=redis+sentinel://127.0.0.1:1/main: "))
      << silent;
  EXPECT_TRUE(absl::StrContains(silent.message(), "cannot connect")) << silent;
  EXPECT_FALSE(absl::StrContains(silent.message(), "hunter2")) << silent;
  options.redis_uri = "redis+sentinel://127.0.0.1:1/";
  EXPECT_TRUE(absl::IsInvalidArgument(Refusal(options)));
}

// A Sentinel of a primary that is at `primary`, or is said to be.
std::unique_ptr<Sentinel> SentinelOf(const Endpoint& primary) {
  SentinelOptions options;
  options.primary = primary;
  options.quorum = 1;
  absl::StatusOr<std::unique_ptr<Sentinel>> sentinel = Sentinel::Start(MakeSentinelName(), options);
  EXPECT_TRUE(sentinel.ok()) << sentinel.status();
  return sentinel.ok() ? *std::move(sentinel) : nullptr;
}

TEST(FollowedDeployment, GivesUpOnAPrimaryThatDoesNotComeOrIsNone) {
  std::unique_ptr<PrivateServer> gone = UsersServer();
  const std::unique_ptr<PrivateServer> replica = UsersServer({"--replicaof", "127.0.0.1 1"});
  ASSERT_TRUE(gone != nullptr && replica != nullptr);
  const std::unique_ptr<Sentinel> of_gone = SentinelOf(gone->tcp_endpoint());
  const std::unique_ptr<Sentinel> of_replica = SentinelOf(replica->tcp_endpoint());
  ASSERT_TRUE(of_gone != nullptr && of_replica != nullptr);
  const std::string gone_uri = gone->tcp_endpoint().ToString();
  gone.reset();
  const auto refusal = [](const Sentinel& sentinel, const std::string& name) {
    DeploymentOptions options;
    options.redis_uri =
        absl::StrCat("redis+sentinel://", HostsOf({sentinel.endpoint()}), "/", name);
    return Refusal(options);
  };
  EXPECT_TRUE(absl::StrContains(refusal(*of_gone, "other").message(), "knows no primary 'other'"));
  std::future<absl::Status> silent =
      std::async(std::launch::async, [&refusal, &of_gone] { return refusal(*of_gone, "primary"); });
  const absl::Status none = refusal(*of_replica, "primary");
  EXPECT_TRUE(absl::StrContains(none.message(), "is no primary but a slave")) << none;
  const absl::Status status = silent.get();
  EXPECT_TRUE(absl::StrContains(status.message(), gone_uri + ": cannot connect")) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "the Sentinels name this address")) << status;
}

}  // namespace
}  // namespace rcb
