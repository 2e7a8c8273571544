// With real servers: that they find each other, fail over, and leave nothing.

#include "common/server/deployment/replicated.h"

#include <signal.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/server/deployment/test_deployment.h"
#include "common/server/test_network.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

const Identity kIdentity{"rcb:0123456789abcdef:", "rcb_0123456789abcdef"};

std::vector<std::string> Role(const Endpoint& endpoint) {
  BlockingClient client = Client(endpoint);
  const Reply role = Must(client, {"ROLE"});
  return {role[0].text()};
}

std::string Place(const Endpoint& endpoint) {
  return absl::StrCat(endpoint.host, " ", endpoint.port);
}

// The same of an address that a Sentinel tells.
std::string Text(const Reply& address) {
  return absl::StrCat(address[0].text(), " ", address[1].text());
}

class ReplicatedDeploymentBy : public testing::TestWithParam<Partitions> {
 protected:
  static void SetUpTestSuite() { why_no_network_ = EnterOwnNetwork(); }
  void SetUp() override {
    const bool needs_network = GetParam() == Partitions::kNamespaces;
    if (needs_network && !why_no_network_.empty()) GTEST_SKIP() << why_no_network_;
  }

  static std::string why_no_network_;
  ReplicatedDeployment deployment_{[] {
                                     DeploymentOptions options;
                                     options.partitions = GetParam();
                                     return options;
                                   }(),
                                   kIdentity};
};

std::string ReplicatedDeploymentBy::why_no_network_;

INSTANTIATE_TEST_SUITE_P(, ReplicatedDeploymentBy,
                         testing::Values(Partitions::kNamespaces, Partitions::kProxy),
                         [](const auto& means) -> std::string {
                           return means.param == Partitions::kProxy ? "Proxy" : "Namespaces";
                         });

TEST_P(ReplicatedDeploymentBy, HasAPrimaryWithReplicasAndSentinelsThatKnowIt) {
  ASSERT_EQ(deployment_.EnsureAlive(), absl::OkStatus());
  EXPECT_EQ(deployment_.generation(), 0);
  EXPECT_EQ(deployment_.partitions(), GetParam());
  EXPECT_EQ(Role(deployment_.endpoint())[0], "master");
  BlockingClient outside = Client(deployment_.outside_endpoint());
  Must(outside, {"SET", "key", "1"});
  EXPECT_EQ(Must(outside, {"WAIT", "2", "2000"}).integer(), 2);
  for (const Endpoint& endpoint : deployment_.sentinels()) {
    BlockingClient sentinel = Client(endpoint);
    const Reply address =
        Must(sentinel, {"SENTINEL", "GET-MASTER-ADDR-BY-NAME", deployment_.primary_name()});
    EXPECT_EQ(Text(address), Place(deployment_.outside_endpoint()));
  }
  // Nothing was broken, so that it stays.
  ASSERT_EQ(deployment_.EnsureAlive(), absl::OkStatus());
  EXPECT_EQ(deployment_.generation(), 0);
}

TEST_P(ReplicatedDeploymentBy, FailsOverWhenThePrimaryIsCutOffAndStartsAfreshAfterThat) {
  ASSERT_EQ(deployment_.EnsureAlive(), absl::OkStatus());
  const Endpoint first = deployment_.endpoint();
  BlockingClient inside = Client(first);
  Must(inside, {"SET", "key", "before"});
  EXPECT_EQ(Must(inside, {"WAIT", "2", "2000"}).integer(), 2);
  ASSERT_EQ(deployment_.CutOff(), absl::OkStatus());
  Must(inside, {"SET", "key", "lost"});
  // Healed as soon as one of them tells of another primary.
  while (true) {
    BlockingClient sentinel = Client(deployment_.sentinels()[0]);
    const Reply address =
        Must(sentinel, {"SENTINEL", "GET-MASTER-ADDR-BY-NAME", deployment_.primary_name()});
    if (Text(address) != Place(deployment_.outside_endpoint())) break;
    usleep(20'000);
  }
  ASSERT_EQ(deployment_.Recover(), absl::OkStatus());
  EXPECT_NE(Place(deployment_.endpoint()), Place(first));
  EXPECT_EQ(Role(deployment_.endpoint())[0], "master");
  BlockingClient after = Client(deployment_.endpoint());
  EXPECT_EQ(Must(after, {"GET", "key"}).text(), "before");
  ASSERT_EQ(deployment_.EnsureAlive(), absl::OkStatus());
  EXPECT_EQ(deployment_.generation(), 1);
  EXPECT_EQ(Must(inside = Client(deployment_.endpoint()), {"DBSIZE"}).integer(), 0);
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
