// Sentinels that say on demand what real ones say by chance.

#include "common/redis/primary_finder.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/redis/command.h"
#include "common/redis/scripted_peer.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

constexpr int kTimeoutMs = 5000;

struct Told {
  int port;
  int epoch;
};

std::string Bulk(absl::string_view text) {
  return absl::StrCat("$", text.size(), "\r\n", text, "\r\n");
}

void TellAddress(PeerConnection& client, int port) {
  client.Expect(Command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main"));
  client.Send(absl::StrCat("*2\r\n", Bulk("10.0.0.7"), Bulk(absl::StrCat(port))));
}

void TellEpoch(PeerConnection& client, int epoch) {
  client.Expect(Command("SENTINEL", "MASTER", "main"));
  client.Send(absl::StrCat("*4\r\n", Bulk("name"), Bulk("main"), Bulk("config-epoch"),
                           Bulk(absl::StrCat(epoch))));
}

void Tell(PeerConnection& client, const Told& told) {
  TellAddress(client, told.port);
  TellEpoch(client, told.epoch);
  TellAddress(client, told.port);
}

// Tells this, one thing after the other.
PeerScript Telling(const std::vector<Told>& all) {
  return [all](PeerConnection& client) {
    client.Greet();
    for (const Told& told : all) Tell(client, told);
  };
}

PeerScript Answering(const std::string& answer) {
  return [answer](PeerConnection& client) {
    client.Greet();
    client.Expect(Command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main"));
    client.Send(answer);
  };
}

std::string PlaceOf(const Address& address) {
  sockaddr_in tcp = {};
  std::memcpy(&tcp, &address.tcp, sizeof(tcp));
  return absl::StrCat("127.0.0.1:", ntohs(tcp.sin_port));
}

PrimaryFinder FinderOf(const std::string& login, const std::vector<const Address*>& sentinels,
                       int timeout_ms = kTimeoutMs) {
  std::string hosts;
  for (const Address* sentinel : sentinels) {
    absl::StrAppend(&hosts, hosts.empty() ? "" : ",", PlaceOf(*sentinel));
  }
  return PrimaryFinder(
      ParseSentinelUri(absl::StrCat("redis+sentinel://", login, hosts, "/main")).value(),
      timeout_ms, /*is_cancelled=*/nullptr);
}

// The port that it finds; 0 and a test failure where it finds none.
int PortOf(const absl::StatusOr<PrimaryPlace>& place) {
  EXPECT_TRUE(place.ok()) << place.status();
  return place.ok() ? place->port : 0;
}

TEST(Supersedes, KnowsNewsFromWhatWasBefore) {
  const PrimaryPlace nowhere;
  const PrimaryPlace known = {"a", 1, 5};
  EXPECT_TRUE(Supersedes(known, nowhere));
  EXPECT_FALSE(Supersedes(nowhere, known));
  EXPECT_FALSE(Supersedes(nowhere, nowhere));
  EXPECT_FALSE(Supersedes(known, known));
  EXPECT_TRUE(Supersedes({"b", 1, 6}, known));
  EXPECT_TRUE(Supersedes({"a", 1, 6}, known)) << "there and back";
  EXPECT_FALSE(Supersedes({"b", 1, 4}, known));
  EXPECT_TRUE(Supersedes({"a", 2, -1}, known));
  EXPECT_FALSE(Supersedes({"a", 1, -1}, known));
}

TEST(PrimaryFinder, YieldsWhatTheFirstSentinelSaysThatAnswers) {
  const RefusingAddress refusing;
  const DeafAddress deaf;
  ScriptedPeer sentinel(Telling({{7001, 3}, {7001, 3}}));
  PrimaryFinder finder = FinderOf("", {&refusing.address(), &deaf.address(), &sentinel.address()},
                                  /*timeout_ms=*/300);
  const absl::StatusOr<PrimaryPlace> place = finder.Ask();
  ASSERT_TRUE(place.ok()) << place.status();
  EXPECT_EQ(place->host, "10.0.0.7");
  EXPECT_EQ(place->port, 7001);
  EXPECT_EQ(place->epoch, 3);
  EXPECT_EQ(PortOf(finder.Ask()), 7001) << "over the same connection";
  EXPECT_EQ(sentinel.Finish(), absl::OkStatus());
}

TEST(PrimaryFinder, SaysThatNoSentinelAnswers) {
  const RefusingAddress one;
  const RefusingAddress other;
  const absl::Status status =
      FinderOf("me:hush@", {&one.address(), &other.address()}).Ask().status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), PlaceOf(other.address()))) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "none of 2 Sentinels answers")) << status;
  EXPECT_FALSE(absl::StrContains(status.message(), "hush")) << status;
}

TEST(PrimaryFinder, LogsInOnlyWhereASentinelWantsIt) {
  const auto log_in = [](PeerConnection& client) {
    client.Expect(Command("AUTH", "me", "hush"));
    client.Send("+OK\r\n");
    client.Greet();
    Tell(client, {7001, 1});
  };
  ScriptedPeer closed(ScriptedPeer::Transport::kTcp,
                      {[](PeerConnection& client) {
                         client.Expect(Command("PING"));
                         client.Send("-NOAUTH Authentication required.\r\n");
                       },
                       log_in});
  EXPECT_EQ(PortOf(FinderOf("me:hush@", {&closed.address()}).Ask()), 7001);
  EXPECT_EQ(closed.Finish(), absl::OkStatus());
  ScriptedPeer limited(
      ScriptedPeer::Transport::kTcp,
      {Answering("-NOPERM this user has no permissions to run the 'sentinel' command\r\n"),
       log_in});
  EXPECT_EQ(PortOf(FinderOf("me:hush@", {&limited.address()}).Ask()), 7001);
  EXPECT_EQ(limited.Finish(), absl::OkStatus());
  ScriptedPeer open(Telling({{7001, 1}}));
  EXPECT_EQ(PortOf(FinderOf("me:hush@", {&open.address()}).Ask()), 7001);
  EXPECT_EQ(open.Finish(), absl::OkStatus());
}

TEST(PrimaryFinder, SaysThatTheLoginIsWrongOrMissing) {
  const auto refuse = [](PeerConnection& client) {
    client.Expect(Command("PING"));
    client.Send("-NOAUTH Authentication required.\r\n");
  };
  ScriptedPeer closed(ScriptedPeer::Transport::kTcp,
                      {refuse, refuse, [](PeerConnection& client) {
                         client.Expect(Command("AUTH", "hush"));
                         client.Send("-WRONGPASS invalid username-password pair\r\n");
                       }});
  EXPECT_TRUE(absl::IsUnauthenticated(FinderOf("", {&closed.address()}).Ask().status()));
  const absl::Status wrong = FinderOf(":hush@", {&closed.address()}).Ask().status();
  EXPECT_TRUE(absl::IsUnauthenticated(wrong)) << wrong;
  EXPECT_FALSE(absl::StrContains(wrong.message(), "hush")) << wrong;
  EXPECT_EQ(closed.Finish(), absl::OkStatus());
}

// What a Sentinel that answers has to say is told, and not that another one is silent.
TEST(PrimaryFinder, SaysThatNobodyKnowsThePrimaryOrThatThisIsNoSentinel) {
  const RefusingAddress refusing;
  ScriptedPeer ignorant(Answering("*-1\r\n"));
  const absl::Status unknown =
      FinderOf("", {&refusing.address(), &ignorant.address(), &refusing.address()}).Ask().status();
  EXPECT_TRUE(absl::IsNotFound(unknown)) << unknown;
  EXPECT_TRUE(absl::StrContains(unknown.message(), "knows no primary 'main'")) << unknown;
  ScriptedPeer server(Answering("-ERR unknown command 'SENTINEL', with args beginning with:\r\n"));
  const absl::Status wrong = FinderOf("", {&server.address()}).Ask().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(wrong)) << wrong;
  EXPECT_TRUE(absl::StrContains(wrong.message(), "is no Sentinel")) << wrong;
}

TEST(PrimaryFinder, AsksOthersWhereOneDoesNotKnowThePrimary) {
  ScriptedPeer ignorant(Answering("*-1\r\n"));
  ScriptedPeer sentinel(Telling({{7001, 1}}));
  EXPECT_EQ(PortOf(FinderOf("", {&ignorant.address(), &sentinel.address()}).Ask()), 7001);
}

TEST(PrimaryFinder, DoesNotGoBackToWhatASentinelSaysThatSleptThroughAFailover) {
  ScriptedPeer awake(Telling({{7002, 2}}));
  ScriptedPeer asleep(Telling({{7001, 1}, {7001, 3}}));
  PrimaryFinder finder = FinderOf("", {&awake.address(), &asleep.address()});
  EXPECT_EQ(PortOf(finder.Ask()), 7002);
  finder.AskAnotherFirst();
  EXPECT_EQ(PortOf(finder.Ask()), 7002);
  const absl::StatusOr<PrimaryPlace> later = finder.Ask();
  EXPECT_EQ(PortOf(later), 7001);
  EXPECT_EQ(later->epoch, 3);
  EXPECT_EQ(asleep.Finish(), absl::OkStatus());
}

TEST(PrimaryFinder, LooksAgainWhereAFailoverCameBetweenTheAddressAndTheEpoch) {
  ScriptedPeer sentinel([](PeerConnection& client) {
    client.Greet();
    TellAddress(client, 7001);
    TellEpoch(client, 2);
    TellAddress(client, 7002);
    TellEpoch(client, 2);
    TellAddress(client, 7002);
  });
  const absl::StatusOr<PrimaryPlace> place = FinderOf("", {&sentinel.address()}).Ask();
  EXPECT_EQ(PortOf(place), 7002);
  EXPECT_EQ(place->epoch, 2);
  EXPECT_EQ(sentinel.Finish(), absl::OkStatus());
}

}  // namespace
}  // namespace rcb
