// The audit of what a run leaves on the server.

#include "common/harness/residue.h"

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/redis/blocking_client.h"
#include "common/server/private_server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::HasSubstr;

class AuditResidueTest : public testing::Test {
 protected:
  void SetUp() override {
    auto server = PrivateServer::Start(PrivateServerOptions());
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    auto redis = BlockingClient::Connect(server_->tcp_endpoint(), 5000);
    ASSERT_TRUE(redis.ok()) << redis.status();
    redis_.emplace(*std::move(redis));
  }

  Violations Audit(const std::vector<std::vector<std::string>>& commands, Residue residue) {
    for (const auto& command : commands) EXPECT_TRUE(redis_->Command(command).ok());
    residue.is_judged = true;
    return AuditResidue(residue, "run:", *redis_);
  }

  std::unique_ptr<PrivateServer> server_;
  std::optional<BlockingClient> redis_;
};

TEST_F(AuditResidueTest, TakesWhatIsDeclaredAndWhatIsOthers) {
  const Violations found = Audit(
      {{"SET", "run:counter", "7"}, {"SET", "run:3", "x", "PX", "60000"}, {"SET", "foreign", "1"}},
      {.keys = {{.name = "counter"}, {.name = "{round}", .expires = true}}});
  EXPECT_EQ(found.count, 0) << found.first;
}

TEST_F(AuditResidueTest, NamesTheTypeAndKeyOfWhatIsNotDeclared) {
  const Violations found = Audit({{"SET", "run:lock", "7"}}, {.keys = {{.name = "counter"}}});
  EXPECT_EQ(found.count, 1);
  EXPECT_THAT(found.first, HasSubstr("string run:lock, which never expires"));
}

TEST_F(AuditResidueTest, MissesTheExpiryThatAKeyMustHave) {
  const Violations found =
      Audit({{"SET", "run:3", "7"}}, {.keys = {{.name = "{round}", .expires = true}}});
  EXPECT_EQ(found.count, 1);
  EXPECT_THAT(found.first, HasSubstr("run:3 was not as it must be: it never expires"));
}

TEST_F(AuditResidueTest, CountsTokens) {
  const Residue one_token = {.keys = {{.name = "queue", .type = "list", .length = 1}}};
  EXPECT_THAT(Audit({}, one_token).first, HasSubstr("run:queue was gone"));
  EXPECT_EQ(Audit({{"RPUSH", "run:queue", "token"}}, one_token).count, 0);
  EXPECT_THAT(Audit({{"RPUSH", "run:queue", "token"}}, one_token).first,
              HasSubstr("it has 2 elements, not 1"));
}

TEST_F(AuditResidueTest, MissesAnotherType) {
  EXPECT_THAT(Audit({{"RPUSH", "run:counter", "7"}}, {.keys = {{.name = "counter"}}}).first,
              HasSubstr("it is a list, not a string"));
}

TEST_F(AuditResidueTest, HearsWhoStillListens) {
  auto listener = BlockingClient::Connect(server_->tcp_endpoint(), 5000);
  ASSERT_TRUE(listener.ok()) << listener.status();
  ASSERT_TRUE(listener->Command({"SUBSCRIBE", "run:released"}).ok());
  EXPECT_THAT(Audit({}, {}).first, HasSubstr("somebody still listened to run:released"));
  EXPECT_EQ(Audit({}, {.keys = {}, .stays_subscribed = true}).count, 0);
}

}  // namespace
}  // namespace rcb
