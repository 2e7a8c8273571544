#include "common/server/data_loss.h"

#include <memory>
#include <string>
#include <vector>

#include "common/redis/blocking_client.h"
#include "common/server/private_server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(LossFacts, AreReadFromInfo) {
  const LossFacts facts =
      ParseLossFacts("# Server\r\nrun_id:abc\r\nrole:master\r\nevicted_keys:7\r\n",
                     "cmdstat_flushall:calls=2,usec=9\r\ncmdstat_get:calls=5,usec=1\r\n"
                     "cmdstat_flushdb:calls=1,usec=9\r\n");
  EXPECT_EQ(facts.run_id, "abc");
  EXPECT_EQ(facts.role, "master");
  EXPECT_EQ(facts.evicted_keys, 7);
  EXPECT_EQ(facts.flushes, 3);
}

TEST(LossFacts, AreUnknownWhereTheServerDoesNotTell) {
  const LossFacts facts = ParseLossFacts("", "");
  EXPECT_EQ(facts.run_id, "");
  EXPECT_EQ(facts.evicted_keys, -1);
  EXPECT_EQ(facts.flushes, -1);
  const LossFacts known = ParseLossFacts("run_id:a\nrole:master\nevicted_keys:7\n", "x:y\n");
  EXPECT_EQ(DescribeLoss(facts, known), "") << "what is unknown is not compared";
  EXPECT_EQ(DescribeLoss(known, facts), "");
}

TEST(DescribeLoss, NamesTheCause) {
  const auto facts = [](const char* run_id, const char* role, int64_t evicted, int64_t flushes) {
    return LossFacts{run_id, role, evicted, flushes};
  };
  const LossFacts before = facts("a", "master", 5, 1);
  EXPECT_EQ(DescribeLoss(before, before), "");
  EXPECT_THAT(DescribeLoss(before, facts("b", "master", 0, 0)), HasSubstr("restarted"));
  EXPECT_THAT(DescribeLoss(before, facts("a", "slave", 5, 1)),
              HasSubstr("changed from master to slave"));
  EXPECT_EQ(DescribeLoss(before, facts("a", "master", 817, 1)), "the server evicted 812 keys");
  EXPECT_EQ(DescribeLoss(before, facts("a", "master", 5, 2)), "the server was flushed");
}

TEST(DescribeLoss, SeesAFlushAndAnEvictionOnARealServer) {
  auto server = PrivateServer::Start(PrivateServerOptions());
  ASSERT_TRUE(server.ok()) << server.status();
  auto client = BlockingClient::Connect((*server)->tcp_endpoint(), 5000);
  ASSERT_TRUE(client.ok()) << client.status();
  const LossFacts before = FetchLossFacts(*client);
  EXPECT_FALSE(before.run_id.empty());
  EXPECT_EQ(DescribeLoss(before, FetchLossFacts(*client)), "");
  ASSERT_TRUE(client->Command({"FLUSHALL"}).ok());
  const LossFacts flushed = FetchLossFacts(*client);
  EXPECT_EQ(DescribeLoss(before, flushed), "the server was flushed");
  ASSERT_TRUE(client->Command({"SET", "key", "value"}).ok());
  ASSERT_TRUE(client->Command({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"}).ok());
  ASSERT_TRUE(client->Command({"CONFIG", "SET", "maxmemory", "1"}).ok());
  static_cast<void>(client->Command({"SET", "other", "value"}));
  EXPECT_THAT(DescribeLoss(flushed, FetchLossFacts(*client)), HasSubstr("evicted"));
}

TEST(LossWarnings, NameSettingsThatMayLoseData) {
  ServerFacts facts;
  facts.append_only = "1";
  facts.maxmemory_policy = "allkeys-lru";
  EXPECT_THAT(LossWarnings(facts), IsEmpty()) << "there is no limit of memory";
  facts.maxmemory_bytes = 1'000'000;
  EXPECT_THAT(LossWarnings(facts), ElementsAre(HasSubstr("maxmemory-policy allkeys-lru")));
  facts.maxmemory_policy = "noeviction";
  facts.append_only = "0";
  EXPECT_THAT(LossWarnings(facts), ElementsAre(HasSubstr("no append-only file")));
}

}  // namespace
}  // namespace rcb
