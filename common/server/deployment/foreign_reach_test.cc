// How the user's server is reached where its name has several addresses.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/redis/address.h"
#include "common/server/deployment/test_deployment.h"
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

}  // namespace
}  // namespace rcb
