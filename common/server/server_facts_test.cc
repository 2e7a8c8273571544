// The text alone; facts of real servers are tested with private_server and target.

#include "common/server/server_facts.h"

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

const char kRedisInfo[] =
    "# Server\r\n"
    "redis_version:7.0.15\r\n"
    "redis_mode:standalone\r\n"
    "process_id:4242\r\n"
    "tcp_port:6379\r\n"
    "executable:/usr/bin/redis-server:odd\r\n"
    "\r\n"
    "# Clients\r\n"
    "connected_clients:3\r\n"
    "maxclients:10000\r\n"
    "# Memory\r\n"
    "maxmemory:1073741824\r\n"
    "maxmemory_human:1.00G\r\n"
    "maxmemory_policy:allkeys-lru\r\n"
    "# Replication\r\n"
    "role:master\r\n";

TEST(ParseInfo, ReadsWhatRedisTells) {
  const ServerFacts facts = ParseInfo(kRedisInfo);
  EXPECT_EQ(facts.name, "redis");
  EXPECT_EQ(facts.version, "7.0.15");
  EXPECT_EQ(facts.mode, "standalone");
  EXPECT_EQ(facts.role, "master");
  EXPECT_EQ(facts.process_id, 4242);
  EXPECT_EQ(facts.tcp_port, 6379);
  EXPECT_EQ(facts.connected_clients, 3);
  EXPECT_EQ(facts.max_clients, 10000);
  EXPECT_EQ(facts.maxmemory_bytes, 1073741824);
  EXPECT_EQ(facts.maxmemory_policy, "allkeys-lru");
}

TEST(ParseInfo, TakesValkeysOwnVersionWhereverItStands) {
  const ServerFacts facts = ParseInfo(
      "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1\r\n"
      "server_mode:standalone\r\n");
  EXPECT_EQ(facts.name, "valkey");
  EXPECT_EQ(facts.version, "8.0.1");
  EXPECT_EQ(facts.mode, "standalone");
  EXPECT_EQ(ParseInfo("valkey_version:8.0.1\r\nredis_version:7.2.4\r\n").version, "8.0.1");
}

TEST(ParseInfo, NamesKeyDbForWhatItIs) {
  const ServerFacts facts = ParseInfo(
      "# Server\r\nredis_version:6.3.4\r\nredis_mode:standalone\r\n# KeyDB\r\nmvcc_depth:0\r\n");
  EXPECT_EQ(facts.name, "keydb");
  EXPECT_EQ(facts.version, "6.3.4");
}

TEST(ParseInfo, LeavesWhatIsMissingOrNoNumberEmpty) {
  const ServerFacts facts = ParseInfo("maxclients:many\r\nno colon\r\n:\r\n");
  EXPECT_EQ(facts.max_clients, 0);
  EXPECT_EQ(facts.version, "");
  EXPECT_EQ(ParseInfo("").mode, "");
}

TEST(CheckUsable, RefusesClusterAndSentinelAndSaysWhatToDo) {
  ServerFacts facts;
  facts.mode = "standalone";
  EXPECT_TRUE(CheckUsable(facts).ok());
  for (const char* mode : {"cluster", "sentinel"}) {
    facts.mode = mode;
    const absl::Status status = CheckUsable(facts);
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), mode)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "name a standalone server")) << status;
  }
}

TEST(CheckRoomFor, CountsTheHarnesssOwnTwoConnections) {
  ServerFacts facts;
  facts.max_clients = 60;
  facts.connected_clients = 1;  // that asked
  EXPECT_TRUE(CheckRoomFor(58, facts).ok());
  const absl::Status full = CheckRoomFor(59, facts);
  EXPECT_TRUE(absl::IsResourceExhausted(full)) << full;
  facts.max_clients = 0;  // not told
  EXPECT_TRUE(CheckRoomFor(59, facts).ok());
}

}  // namespace
}  // namespace rcb
