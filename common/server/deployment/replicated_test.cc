// With real servers: that they find each other, fail over, and leave nothing.

#include "common/server/deployment/replicated.h"

#include <signal.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/server/deployment/test_deployment.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

const Identity kIdentity{"rcb:0123456789abcdef:", "rcb_0123456789abcdef"};

std::vector<std::string> Role(const Endpoint& endpoint) {
  BlockingClient client = Client(endpoint);
  const Reply role = Must(client, {"ROLE"});
  return {role[0].text()};
}

TEST(ReplicatedDeploymentTest, HasAPrimaryWithReplicasAndSentinelsThatKnowIt) {
  ReplicatedDeployment deployment({}, kIdentity);
  ASSERT_EQ(deployment.EnsureAlive(), absl::OkStatus());
  EXPECT_EQ(deployment.generation(), 0);
  EXPECT_EQ(Role(deployment.endpoint())[0], "master");
  BlockingClient outside = Client(deployment.outside_endpoint());
  Must(outside, {"SET", "key", "1"});
  EXPECT_EQ(Must(outside, {"WAIT", "2", "2000"}).integer(), 2);
  for (const Endpoint& endpoint : deployment.sentinels()) {
    BlockingClient sentinel = Client(endpoint);
    const Reply address =
        Must(sentinel, {"SENTINEL", "GET-MASTER-ADDR-BY-NAME", deployment.primary_name()});
    EXPECT_EQ(address[1].text(), absl::StrCat(deployment.outside_endpoint().port));
  }
  // Nothing was broken, so that it stays.
  ASSERT_EQ(deployment.EnsureAlive(), absl::OkStatus());
  EXPECT_EQ(deployment.generation(), 0);
}

TEST(ReplicatedDeploymentTest, FailsOverWhenThePrimaryIsCutOffAndStartsAfreshAfterThat) {
  ReplicatedDeployment deployment({}, kIdentity);
  ASSERT_EQ(deployment.EnsureAlive(), absl::OkStatus());
  const Endpoint first = deployment.endpoint();
  BlockingClient inside = Client(first);
  Must(inside, {"SET", "key", "before"});
  EXPECT_EQ(Must(inside, {"WAIT", "2", "2000"}).integer(), 2);
  ASSERT_EQ(deployment.CutOff(), absl::OkStatus());
  Must(inside, {"SET", "key", "lost"});
  // Healed as soon as one of them tells of another primary.
  while (true) {
    BlockingClient sentinel = Client(deployment.sentinels()[0]);
    const Reply address =
        Must(sentinel, {"SENTINEL", "GET-MASTER-ADDR-BY-NAME", deployment.primary_name()});
    if (address[1].text() != absl::StrCat(deployment.outside_endpoint().port)) break;
    usleep(20'000);
  }
  ASSERT_EQ(deployment.Recover(), absl::OkStatus());
  EXPECT_NE(deployment.endpoint().port, first.port);
  EXPECT_EQ(Role(deployment.endpoint())[0], "master");
  BlockingClient after = Client(deployment.endpoint());
  EXPECT_EQ(Must(after, {"GET", "key"}).text(), "before");
  ASSERT_EQ(deployment.EnsureAlive(), absl::OkStatus());
  EXPECT_EQ(deployment.generation(), 1);
  EXPECT_EQ(Must(inside = Client(deployment.endpoint()), {"DBSIZE"}).integer(), 0);
}

TEST(ReplicatedDeploymentTest, SaysWhatItCouldNotStart) {
  DeploymentOptions options;
  options.server_binary = "/bin/false";
  ReplicatedDeployment deployment(options, kIdentity);
  const absl::Status status = deployment.EnsureAlive();
  EXPECT_TRUE(absl::StrContains(status.message(), "--redis_server=/bin/false")) << status;
}

}  // namespace
}  // namespace rcb
