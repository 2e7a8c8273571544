#include "common/server/deployment/quorum.h"

#include <signal.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/redis/blocking_client.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

class QuorumTest : public testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<Deployment>> primary = OpenDeployment(DeploymentOptions());
    ASSERT_TRUE(primary.ok()) << primary.status();
    primary_ = *std::move(primary);
  }

  std::unique_ptr<Deployment> primary_;
};

TEST_F(QuorumTest, StartsItsNodesOnlyWhenTheyAreNeeded) {
  QuorumDeployment quorum(*primary_, DeploymentOptions(), /*node_count=*/3);
  EXPECT_TRUE(quorum.nodes().empty());
  EXPECT_EQ(quorum.node(0), nullptr);
  ASSERT_EQ(quorum.EnsureAlive(), absl::OkStatus());
  EXPECT_EQ(quorum.nodes().size(), 3U);
  EXPECT_EQ(quorum.generation(), primary_->generation()) << "a first start replaces nothing";
}

TEST_F(QuorumTest, HasTheServerUnderTestOfItsPrimary) {
  QuorumDeployment quorum(*primary_, DeploymentOptions(), /*node_count=*/1);
  ASSERT_EQ(quorum.EnsureAlive(), absl::OkStatus());
  EXPECT_EQ(quorum.endpoint().ToString(), primary_->endpoint().ToString());
  EXPECT_NE(quorum.nodes()[0].ToString(), primary_->endpoint().ToString());
  EXPECT_EQ(quorum.identity().key_prefix, primary_->identity().key_prefix);
  EXPECT_NE(quorum.MakeRunPrefix(), primary_->MakeRunPrefix());
}

TEST_F(QuorumTest, ReplacesANodeThatDiedAndSaysSo) {
  QuorumDeployment quorum(*primary_, DeploymentOptions(), /*node_count=*/2);
  ASSERT_EQ(quorum.EnsureAlive(), absl::OkStatus());
  const pid_t dead = quorum.node(1)->pid();
  const pid_t alive = quorum.node(0)->pid();
  ASSERT_EQ(kill(dead, SIGKILL), 0);
  ASSERT_EQ(quorum.EnsureAlive(), absl::OkStatus());
  EXPECT_NE(quorum.node(1)->pid(), dead);
  EXPECT_EQ(quorum.node(0)->pid(), alive);
  EXPECT_EQ(quorum.generation(), primary_->generation() + 1);
  for (const Endpoint& node : quorum.nodes()) {
    EXPECT_TRUE(BlockingClient::Connect(node, 5000).ok());
  }
}

}  // namespace
}  // namespace rcb
