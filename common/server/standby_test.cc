// With real servers.

#include "common/server/standby.h"

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "common/measure/clock.h"
#include "common/server/deployment/test_deployment.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

class StandbyTest : public testing::Test {
 protected:
  void SetUp() override {
    primary_ = UsersServer(
        {"--appendonly", "yes", "--appendfsync", "always", "--repl-diskless-sync", "no"});
    ASSERT_TRUE(*Standby::IsPossible(*primary_));
  }

  void StartStandby(int64_t limit_ms = 3000) {
    absl::StatusOr<std::unique_ptr<Standby>> standby = Standby::Start(*primary_, limit_ms);
    ASSERT_TRUE(standby.ok()) << standby.status();
    standby_ = *std::move(standby);
  }

  static std::string RoleOf(BlockingClient& client) { return Must(client, {"ROLE"})[0].text(); }

  std::unique_ptr<PrivateServer> primary_;
  std::unique_ptr<Standby> standby_;
};

TEST_F(StandbyTest, TakesOverAllAndGivesAllBack) {
  StartStandby();
  BlockingClient first = Client(primary_->tcp_endpoint());
  BlockingClient second = Client(standby_->endpoint());
  Must(first, {"SET", "before", "1"});
  ASSERT_EQ(standby_->TakeOver(), absl::OkStatus());
  EXPECT_EQ(RoleOf(first), "slave");
  EXPECT_EQ(RoleOf(second), "master");
  EXPECT_TRUE(absl::StrContains(first.Command({"SET", "x", "1"}).status().message(), "READONLY"));
  EXPECT_EQ(Must(second, {"GET", "before"}).text(), "1");
  Must(second, {"SET", "meanwhile", "2"});
  // A full copy would throw the log of the first one away.
  const std::string stats = Must(second, {"INFO", "stats"}).text();
  EXPECT_TRUE(absl::StrContains(stats, "sync_full:0\r\n")) << stats;
  ASSERT_EQ(standby_->GiveBack(), absl::OkStatus());
  EXPECT_EQ(RoleOf(first), "master");
  EXPECT_EQ(Must(first, {"MGET", "before", "meanwhile"})[1].text(), "2");
  Must(first, {"SET", "after", "3"});
  ASSERT_EQ(standby_->TakeOver(), absl::OkStatus()) << "again";
  EXPECT_EQ(Must(second, {"GET", "after"}).text(), "3");
}

TEST_F(StandbyTest, RejoinsAPrimaryThatWasStartedAgain) {
  StartStandby();
  {
    BlockingClient before = Client(primary_->tcp_endpoint());
    Must(before, {"SET", "key", "1"});
  }
  ASSERT_EQ(standby_->TakeOver(), absl::OkStatus());
  ASSERT_EQ(standby_->GiveBack(), absl::OkStatus());
  ASSERT_EQ(primary_->Kill(), absl::OkStatus());
  ASSERT_EQ(primary_->Relaunch(), absl::OkStatus());
  ASSERT_EQ(primary_->AwaitAnswer(), absl::OkStatus());
  ASSERT_EQ(standby_->Rejoin(), absl::OkStatus());
  ASSERT_EQ(standby_->TakeOver(), absl::OkStatus());
  BlockingClient after = Client(standby_->endpoint());
  EXPECT_EQ(Must(after, {"GET", "key"}).text(), "1");
}

TEST_F(StandbyTest, LeavesThePrimaryAtWorkWhereItCannotTakeOver) {
  StartStandby(/*limit_ms=*/100);
  ASSERT_EQ(standby_->TakeOver(), absl::OkStatus());
  ASSERT_EQ(standby_->GiveBack(), absl::OkStatus());
  BlockingClient second = Client(standby_->endpoint());
  Must(second, {"REPLICAOF", "NO", "ONE"});
  const absl::Status status = standby_->TakeOver();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  BlockingClient first = Client(primary_->tcp_endpoint());
  EXPECT_EQ(RoleOf(first), "master");
  Must(first, {"SET", "key", "1"});
}

}  // namespace
}  // namespace rcb
