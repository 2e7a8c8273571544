// With the real server of this machine and users of its ACL.

#include "common/server/rights.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/redis/blocking_client.h"
#include "common/server/private_server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr int kTimeoutMs = 5000;

class RightsTest : public testing::Test {
 protected:
  void SetUp() override {
    auto server = PrivateServer::Start(PrivateServerOptions());
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    auto admin = BlockingClient::Connect(server_->unix_endpoint(), kTimeoutMs);
    ASSERT_TRUE(admin.ok()) << admin.status();
    admin_ = std::make_unique<BlockingClient>(*std::move(admin));
  }

  // The rights of a user with these rules besides a password.
  Rights Of(const std::vector<std::string>& rules) {
    std::vector<std::string> command = {"ACL", "SETUSER", "guest", "reset", "on", ">x"};
    command.insert(command.end(), rules.begin(), rules.end());
    EXPECT_TRUE(admin_->Command(command).ok());
    Endpoint endpoint = server_->tcp_endpoint();
    endpoint.user = "guest";
    endpoint.password = "x";
    return Rights(endpoint, "ours:1:", "ours_1", /*is_cancelled=*/nullptr);
  }

  std::unique_ptr<PrivateServer> server_;
  std::unique_ptr<BlockingClient> admin_;
};

const std::vector<std::string> kEveryCommand = {
    "BLMOVE", "BLPOP",   "DECRBY", "DEL",    "EVAL",    "EXEC",   "EXISTS",          "FCALL",
    "GET",    "HSET",    "INCR",   "INCRBY", "HEXISTS", "LINDEX", "LMOVE",           "LPOP",
    "LPOS",   "LREM",    "LRANGE", "MGET",   "MSET",    "MULTI",  "PEXPIRE",         "PING",
    "PTTL",   "PUBLISH", "RPUSH",  "SCAN",   "SET",     "SETEX",  "SETNX",           "SUBSCRIBE",
    "TIME",   "UNWATCH", "WATCH",  "ZADD",   "ZREM",    "ZSCORE", "ZREMRANGEBYSCORE"};

TEST_F(RightsTest, GrantsAllToAUserWhoMayUseOurNamesAndLeavesNothing) {
  Rights rights = Of({"~ours:*", "&ours:*", "+@all", "-@dangerous"});
  EXPECT_EQ(rights.WhyNot(kEveryCommand), "");
  EXPECT_EQ(admin_->Command({"DBSIZE"})->integer(), 0);
  EXPECT_EQ(admin_->Command({"FUNCTION", "LIST"})->size(), 0u);
  EXPECT_EQ(admin_->Command({"ACL", "LOG"})->size(), 0u) << "it asked for no more than that";
}

TEST_F(RightsTest, NamesTheCommandThatIsForbiddenAndQuotesTheServer) {
  for (const std::string command : {"GET", "LMOVE", "SUBSCRIBE", "MULTI", "FCALL", "EVAL"}) {
    Rights rights = Of({"~ours:*", "&ours:*", "+@all", "-" + command});
    EXPECT_THAT(rights.WhyNot({"PING", command, "SET"}),
                AllOf(StartsWith(command + " fails: "), HasSubstr("NOPERM")));
    EXPECT_EQ(rights.WhyNot({"PING", "SET", "DEL", "PUBLISH"}), "") << "it may do all others";
  }
}

TEST_F(RightsTest, QuotesNotWhatWasAskedFor) {
  PrivateServerOptions old;
  old.extra_arguments = {"--rename-command", "FUNCTION", ""};
  auto server = PrivateServer::Start(old);
  ASSERT_TRUE(server.ok()) << server.status();
  Rights rights((*server)->tcp_endpoint(), "ours:1:", "ours_1", /*is_cancelled=*/nullptr);
  EXPECT_THAT(rights.WhyNot({"FCALL"}),
              testing::MatchesRegex("FCALL fails: ERR unknown command .FUNCTION."));
}

TEST_F(RightsTest, MindsChannelsAndTheRightToDeleteFunctions) {
  EXPECT_THAT(Of({"~ours:*", "resetchannels", "+@all"}).WhyNot({"PUBLISH"}), HasSubstr("NOPERM"));
  EXPECT_THAT(Of({"~ours:*", "+@all", "-function|delete"}).WhyNot({"FCALL"}), HasSubstr("NOPERM"));
  EXPECT_EQ(admin_->Command({"FUNCTION", "LIST"})->size(), 0u) << "it must not leave one";
}

TEST_F(RightsTest, TriesAnOptionAndWhatGoesWithACommand) {
  EXPECT_EQ(Of({"~ours:*", "&__redis__:invalidate", "+@all"}).WhyNot({"CLIENT"}), "");
  EXPECT_THAT(Of({"~ours:*", "resetchannels", "&ours:*", "+@all"}).WhyNot({"CLIENT"}),
              AllOf(StartsWith("CLIENT fails: "), HasSubstr("NOPERM")));
  const std::string without = Of({"~ours:*", "+@all"}).WhyNot({"SET.IFEQ"});
  if (!without.empty()) {
    EXPECT_EQ(without, "SET.IFEQ fails: ERR syntax error");
  }
}

TEST_F(RightsTest, TriesEachCommandOnce) {
  Rights rights = Of({"~ours:*", "+@all", "-ttl"});
  EXPECT_EQ(rights.WhyNot({"INCR"}), "");
  ASSERT_TRUE(admin_->Command({"CONFIG", "RESETSTAT"}).ok());
  EXPECT_EQ(rights.WhyNot({"INCR"}), "");
  EXPECT_THAT(std::string(admin_->Command({"INFO", "commandstats"})->text()),
              testing::Not(HasSubstr("cmdstat_incr")));
}

TEST_F(RightsTest, IsNoRightWhereTheServerIsGone) {
  Rights rights = Of({"allkeys", "+@all"});
  server_.reset();
  EXPECT_THAT(rights.WhyNot({"PING"}), HasSubstr("cannot connect"));
}

}  // namespace
}  // namespace rcb
