#include "common/redis/uri.h"

#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

Endpoint Parsed(absl::string_view uri, absl::string_view fallback_password = "") {
  const absl::StatusOr<Endpoint> endpoint = ParseUri(uri, fallback_password);
  EXPECT_TRUE(endpoint.ok()) << uri << ": " << endpoint.status();
  return endpoint.ok() ? *endpoint : Endpoint();
}

TEST(ParseUri, FillsInTheDefaults) {
  const Endpoint endpoint = Parsed("redis://cache.example");
  EXPECT_EQ(endpoint.transport, Endpoint::Transport::kTcp);
  EXPECT_EQ(endpoint.host, "cache.example");
  EXPECT_EQ(endpoint.port, 6379);
  EXPECT_EQ(endpoint.user, "");
  EXPECT_EQ(endpoint.password, "");
  EXPECT_EQ(endpoint.db, 0);
}

TEST(ParseUri, TakesEveryPartOfATcpUri) {
  const Endpoint endpoint = Parsed("redis://alice:secret@10.0.0.7:7001/12");
  EXPECT_EQ(endpoint.host, "10.0.0.7");
  EXPECT_EQ(endpoint.port, 7001);
  EXPECT_EQ(endpoint.user, "alice");
  EXPECT_EQ(endpoint.password, "secret");
  EXPECT_EQ(endpoint.db, 12);
}

TEST(ParseUri, TakesAPasswordWithoutAUser) {
  const Endpoint endpoint = Parsed("redis://:secret@h");
  EXPECT_EQ(endpoint.user, "");
  EXPECT_EQ(endpoint.password, "secret");
}

TEST(ParseUri, TakesTheSchemeInAnyCaseAndATrailingSlash) {
  EXPECT_EQ(Parsed("REDIS://h/").host, "h");
  EXPECT_EQ(Parsed("Unix:///s").path, "/s");
}

TEST(ParseUri, TakesValkeysSchemesForThoseOfRedis) {
  const Endpoint endpoint = Parsed("valkey://alice:secret@h:1/2");
  EXPECT_EQ(endpoint.ToString(), "redis://h:1/2");
  EXPECT_EQ(endpoint.user, "alice");
  EXPECT_EQ(endpoint.password, "secret");
  EXPECT_EQ(ParseUri("valkeys://h").status().message(),
            "--redis: TLS is not supported (valkeys://); use redis:// or unix://");
}

TEST(ParseUri, TakesTheLimitsOfPortAndDatabase) {
  EXPECT_EQ(Parsed("redis://h:1").port, 1);
  EXPECT_EQ(Parsed("redis://h:65535").port, 65535);
  EXPECT_EQ(Parsed("redis://h/2147483647").db, 2147483647);
}

TEST(ParseUri, TakesIpv6InBrackets) {
  EXPECT_EQ(Parsed("redis://[::1]").host, "::1");
  const Endpoint endpoint = Parsed("redis://u:p@[fe80::1%eth0]:7000/3");
  EXPECT_EQ(endpoint.host, "fe80::1%eth0");
  EXPECT_EQ(endpoint.port, 7000);
  EXPECT_EQ(endpoint.db, 3);
}

TEST(ParseUri, DecodesPercentInUserAndPassword) {
  const Endpoint endpoint = Parsed("redis://al%69ce:p%40s%3as%2F%25@h");
  EXPECT_EQ(endpoint.user, "alice");
  EXPECT_EQ(endpoint.password, "p@s:s/%");
}

TEST(ParseUri, KeepsUnencodedDelimitersInThePassword) {
  const Endpoint endpoint = Parsed("redis://:a:b@c/d?e@h:1/2");
  EXPECT_EQ(endpoint.password, "a:b@c/d?e");
  EXPECT_EQ(endpoint.host, "h");
  EXPECT_EQ(endpoint.port, 1);
  EXPECT_EQ(endpoint.db, 2);
}

TEST(ParseUri, TakesAUnixSocket) {
  const Endpoint endpoint = Parsed("unix:///run/redis/redis.sock?db=5");
  EXPECT_EQ(endpoint.transport, Endpoint::Transport::kUnix);
  EXPECT_EQ(endpoint.path, "/run/redis/redis.sock");
  EXPECT_EQ(endpoint.db, 5);
  EXPECT_EQ(Parsed("unix:///a%20b%3Fc").path, "/a b?c");
}

TEST(ParseUri, UsesTheFallbackPasswordOnlyWhereTheUriHasNone) {
  EXPECT_EQ(Parsed("redis://h", "env").password, "env");
  EXPECT_EQ(Parsed("unix:///s", "env").password, "env");
  EXPECT_EQ(Parsed("redis://:own@h", "env").password, "own");
  const Endpoint endpoint = Parsed("redis://alice@h", "env");
  EXPECT_EQ(endpoint.user, "alice");
  EXPECT_EQ(endpoint.password, "env");
  EXPECT_EQ(Parsed("redis://alice:@h", "env").password, "env");
}

struct Refusal {
  const char* uri;
  const char* words;
};

TEST(ParseUri, RefusesWithOneLineThatNamesTheFlag) {
  const std::string long_path = "unix:///" + std::string(107, 'x');
  const Refusal refusals[] = {
      {"", "write redis://"},
      {"localhost:6379", "write redis://"},
      {"://h", "write redis://"},
      {"http://h", "write redis://"},
      {"rediss://h", "TLS is not supported"},
      {"redis://", "host is missing"},
      {"redis://:6379", "host is missing"},
      {"redis:///3", "host is missing"},
      {"redis://u:p@", "host is missing"},
      {"redis://[]", "host is missing"},
      {"redis://a b", "no host name"},
      {"redis://h\n", "no host name"},
      {"redis://[::1", "closing bracket"},
      {"redis://[::1]7", "only ':port'"},
      {"redis://::1:6379", "brackets"},
      {"redis://h:", "port"},
      {"redis://h:0", "port"},
      {"redis://h:65536", "port"},
      {"redis://h:-1", "port"},
      {"redis://h:+1", "port"},
      {"redis://h:6379x", "port"},
      {"redis://h: 1", "port"},
      {"redis://h/x", "database"},
      {"redis://h/-1", "database"},
      {"redis://h/1/", "database"},
      {"redis://h/2147483648", "database"},
      {"redis://h?db=1", "no '?' options"},
      {"redis://alice@h", "user without a password"},
      {"redis://:%4@h", "hex digits"},
      {"redis://:%zz@h", "hex digits"},
      {"redis://%:p@h", "hex digits"},
      {"unix://relative", "absolute path"},
      {"unix://", "absolute path"},
      {"unix:///", "absolute path"},
      {"unix:///s?db=", "database"},
      {"unix:///s?db=-1", "database"},
      {"unix:///s?timeout=1", "only option"},
      {"unix:///s%00", "zero byte"},
      {long_path.c_str(), "107 bytes"},
  };
  for (const Refusal& refusal : refusals) {
    const absl::StatusOr<Endpoint> endpoint = ParseUri(refusal.uri);
    ASSERT_FALSE(endpoint.ok()) << refusal.uri;
    const std::string message(endpoint.status().message());
    EXPECT_TRUE(absl::IsInvalidArgument(endpoint.status())) << refusal.uri;
    EXPECT_TRUE(absl::StartsWith(message, "--redis: ")) << message;
    EXPECT_TRUE(absl::StrContains(message, refusal.words)) << refusal.uri << ": " << message;
    EXPECT_FALSE(absl::StrContains(message, "\n")) << message;
  }
}

TEST(ParseUri, NeverEchoesAPassword) {
  for (const char* uri : {"redis://:hunter2@h:x", "redis://:hunter2@h/x", "redis://:hunter2@h?x",
                          "redis://:hunter2%@h", "redis://u:hunter2@[::1", "rediss://:hunter2@h",
                          "redis://hunter2@h", "redis://h:hunter2", "redis://:hunter2"}) {
    const absl::StatusOr<Endpoint> endpoint = ParseUri(uri);
    ASSERT_FALSE(endpoint.ok()) << uri;
    EXPECT_FALSE(absl::StrContains(endpoint.status().ToString(), "hunter2")) << endpoint.status();
  }
}

TEST(EndpointToString, ShowsNeitherUserNorPassword) {
  EXPECT_EQ(Parsed("redis://u:p@h:1/2").ToString(), "redis://h:1/2");
  EXPECT_EQ(Parsed("redis://h/0").ToString(), "redis://h:6379");
  EXPECT_EQ(Parsed("redis://:p@[::1]").ToString(), "redis://[::1]:6379");
  EXPECT_EQ(Parsed("unix:///s?db=3", "p").ToString(), "unix:///s?db=3");
}

}  // namespace
}  // namespace rcb
