#include "common/redis/sentinel_uri.h"

#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

SentinelUri Parsed(absl::string_view uri, absl::string_view fallback_password = "") {
  EXPECT_TRUE(IsSentinelUri(uri)) << uri;
  const absl::StatusOr<SentinelUri> parsed = ParseSentinelUri(uri, fallback_password);
  EXPECT_TRUE(parsed.ok()) << uri << ": " << parsed.status();
  return parsed.ok() ? *parsed : SentinelUri();
}

TEST(IsSentinelUri, LooksAtTheSchemeOnly) {
  EXPECT_TRUE(IsSentinelUri("redis+sentinel://h/primary"));
  EXPECT_TRUE(IsSentinelUri("Valkey+SENTINEL://"));
  for (const char* uri : {"", "redis://h", "redis://:+sentinel://@h", "redis+sentinel:h/primary",
                          "unix:///redis+sentinel", "sentinel://h/primary"}) {
    EXPECT_FALSE(IsSentinelUri(uri)) << uri;
  }
}

TEST(ParseSentinelUri, FillsInTheDefaults) {
  const SentinelUri uri = Parsed("redis+sentinel://cache.example/mymaster");
  ASSERT_EQ(uri.sentinels.size(), 1u);
  EXPECT_EQ(uri.sentinels[0].host, "cache.example");
  EXPECT_EQ(uri.sentinels[0].port, 26379);
  EXPECT_EQ(uri.primary_name, "mymaster");
  EXPECT_EQ(uri.login.password, "");
  EXPECT_EQ(uri.login.db, 0);
  EXPECT_EQ(Parsed("redis+sentinel://h/mymaster/").login.db, 0);
}

TEST(ParseSentinelUri, TakesEveryPart) {
  const SentinelUri uri =
      Parsed("valkey+sentinel://alice:s%40cret@a:1,10.0.0.7,[::1]:3,[::2]/m-1/12");
  ASSERT_EQ(uri.sentinels.size(), 4u);
  EXPECT_EQ(uri.sentinels[0].host, "a");
  EXPECT_EQ(uri.sentinels[0].port, 1);
  EXPECT_EQ(uri.sentinels[1].host, "10.0.0.7");
  EXPECT_EQ(uri.sentinels[1].port, 26379);
  EXPECT_EQ(uri.sentinels[2].host, "::1");
  EXPECT_EQ(uri.sentinels[2].port, 3);
  EXPECT_EQ(uri.sentinels[3].host, "::2");
  EXPECT_EQ(uri.sentinels[3].port, 26379);
  EXPECT_EQ(uri.primary_name, "m-1");
  EXPECT_EQ(uri.login.user, "alice");
  EXPECT_EQ(uri.login.password, "s@cret");
  EXPECT_EQ(uri.login.db, 12);
  EXPECT_EQ(uri.login.host, "");
}

TEST(ParseSentinelUri, KeepsTheLoginForThePrimary) {
  const SentinelUri uri = Parsed("redis+sentinel://alice:secret@a,b/m/3");
  for (const Endpoint& sentinel : uri.sentinels) {
    EXPECT_EQ(sentinel.user, "");
    EXPECT_EQ(sentinel.password, "");
    EXPECT_EQ(sentinel.db, 0);
  }
}

TEST(ParseSentinelUri, TakesAPasswordWithDelimitersOrFromElsewhere) {
  const SentinelUri uri = Parsed("redis+sentinel://:a,b/c@d?e@h:1/m");
  EXPECT_EQ(uri.login.password, "a,b/c@d?e");
  ASSERT_EQ(uri.sentinels.size(), 1u);
  EXPECT_EQ(uri.sentinels[0].host, "h");
  EXPECT_EQ(Parsed("redis+sentinel://h/m", "env").login.password, "env");
  EXPECT_EQ(Parsed("redis+sentinel://alice@h/m", "env").login.user, "alice");
  EXPECT_EQ(Parsed("redis+sentinel://:own@h/m", "env").login.password, "own");
}

struct Refusal {
  const char* uri;
  const char* words;
};

TEST(ParseSentinelUri, RefusesWithOneLineThatNamesTheFlag) {
  const Refusal refusals[] = {
      {"redis+sentinel://", "host of a Sentinel is missing"},
      {"redis+sentinel:///m", "host of a Sentinel is missing"},
      {"redis+sentinel://a,,b/m", "host of a Sentinel is missing"},
      {"redis+sentinel://a,/m", "host of a Sentinel is missing"},
      {"redis+sentinel://u:p@/m", "host of a Sentinel is missing"},
      {"redis+sentinel://:1/m", "host is missing"},
      {"redis+sentinel://a:0/m", "port"},
      {"redis+sentinel://a:1,b:x/m", "port"},
      {"redis+sentinel://a b/m", "no host name"},
      {"redis+sentinel://::1/m", "brackets"},
      {"redis+sentinel://[::1/m", "closing bracket"},
      {"redis+sentinel://a", "give the primary is missing"},
      {"redis+sentinel://a/", "give the primary is missing"},
      {"redis+sentinel://a,b//3", "give the primary is missing"},
      {"redis+sentinel://a/my master", "no such name has"},
      {"redis+sentinel://a/m?db=1", "no such name has"},
      {"redis+sentinel://a/m%41", "no such name has"},
      {"redis+sentinel://a/m/x", "database must be a number"},
      {"redis+sentinel://a/m/-1", "database must be a number"},
      {"redis+sentinel://a/m/1/", "database must be a number"},
      {"redis+sentinel://alice@a/m", "user without a password"},
      {"redis+sentinel://:%4@a/m", "hex digits"},
      {"rediss+sentinel://a/m", "TLS is not supported"},
      {"http+sentinel://a/m", "write redis://"},
  };
  for (const Refusal& refusal : refusals) {
    const absl::StatusOr<SentinelUri> uri = ParseSentinelUri(refusal.uri);
    ASSERT_FALSE(uri.ok()) << refusal.uri;
    const std::string message(uri.status().message());
    EXPECT_TRUE(absl::IsInvalidArgument(uri.status())) << refusal.uri;
    EXPECT_TRUE(absl::StartsWith(message, "--redis: ")) << message;
    EXPECT_TRUE(absl::StrContains(message, refusal.words)) << refusal.uri << ": " << message;
    EXPECT_FALSE(absl::StrContains(message, "\n")) << message;
  }
}

TEST(ParseSentinelUri, NeverEchoesAPassword) {
  for (const char* uri : {"redis+sentinel://:hunter2@h", "redis+sentinel://:hunter2@h:x/m",
                          "redis+sentinel://:hunter2@h/m/x", "redis+sentinel://u:hunter2@a,b/",
                          "redis+sentinel://:hunter2%@h/m", "redis+sentinel://hunter2@h/m",
                          "redis+sentinel://:hunter2/m", "rediss+sentinel://:hunter2@h/m"}) {
    const absl::StatusOr<SentinelUri> parsed = ParseSentinelUri(uri);
    ASSERT_FALSE(parsed.ok()) << uri;
    EXPECT_FALSE(absl::StrContains(parsed.status().ToString(), "hunter2")) << parsed.status();
  }
}

TEST(SentinelUriToString, ShowsNeitherUserNorPassword) {
  EXPECT_EQ(Parsed("redis+sentinel://u:p@a:1,[::1]/m/2").ToString(),
            "redis+sentinel://a:1,[::1]:26379/m/2");
  EXPECT_EQ(Parsed("valkey+sentinel://h/m", "p").ToString(), "redis+sentinel://h:26379/m");
}

}  // namespace
}  // namespace rcb
