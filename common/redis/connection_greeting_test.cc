// Tests how a connection begins: what it says first, and what it does where no server answers.

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/redis/connection.h"
#include "common/redis/scripted_peer.h"
#include "common/redis/test_client.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using Transport = ScriptedPeer::Transport;

// A client that tries once.
struct HastyClient : TestClient {
  explicit HastyClient(const Address& address) : TestClient(address) { options.op_timeout_ms = 0; }
};

void ExpectWords(const absl::Status& status, absl::string_view words) {
  EXPECT_FALSE(status.ok());
  EXPECT_TRUE(absl::StrContains(status.message(), words)) << status;
}

TEST(ConnectionGreeting, SendsAuthAndSelectAsConfiguredAndThenPings) {
  struct Case {
    const char* user;
    const char* password;
    int64_t db;
    Command greeting;
  };
  const Command ping("PING");
  const Case cases[] = {
      {"", "", 0, ping},
      {"", "secret", 0, Command("AUTH", "secret").Then(ping)},
      {"alice", "secret", 0, Command("AUTH", "alice", "secret").Then(ping)},
      {"", "", 7, Command("SELECT", 7).Then(ping)},
      {"alice", "secret", 3,
       Command("AUTH", "alice", "secret").Then(Command("SELECT", 3)).Then(ping)},
  };
  for (const Case& each : cases) {
    ScriptedPeer peer([&](PeerConnection& client) {
      client.Expect(each.greeting);
      for (size_t i = 1; i < each.greeting.replies(); ++i) client.Send("+OK\r\n");
      client.Send("+PONG\r\n");
      client.Expect(Command("GET", "key"));
      client.Send("$1\r\nx\r\n");
    });
    HastyClient client(peer.address());
    client.options.user = each.user;
    client.options.password = each.password;
    client.options.db = each.db;
    EXPECT_EQ(client.Connect(), absl::OkStatus());
    client.options.op_timeout_ms = TestClient::kTimeoutMs;
    const auto body = [&]() -> Task<absl::Status> {
      const Reply reply = co_await client.connection.Run(Command("GET", "key"));
      EXPECT_EQ(reply.text(), "x");
      co_return absl::OkStatus();
    };
    EXPECT_EQ(client.Run(body()), absl::OkStatus());
    EXPECT_EQ(peer.Finish(), absl::OkStatus());
  }
}

TEST(ConnectionGreeting, FailsWithTheWordsOfAServerThatRefusesUs) {
  const char* const refusals[] = {
      "-WRONGPASS invalid username-password pair or user is disabled.\r\n-NOAUTH Authentication "
      "required.\r\n",
      "+OK\r\n-NOPERM this user has no permissions\r\n",
  };
  for (const char* const refusal : refusals) {
    ScriptedPeer peer([&](PeerConnection& client) {
      client.Expect(Command("AUTH", "secret").Then(Command("PING")));
      client.Send(refusal);
      client.ExpectClosed();
    });
    HastyClient client(peer.address());
    client.options.password = "secret";
    const absl::Status status = client.Connect();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    ExpectWords(status, absl::StrContains(refusal, "WRONGPASS") ? "WRONGPASS" : "NOPERM");
    EXPECT_FALSE(absl::StrContains(status.message(), "secret")) << status;
    EXPECT_FALSE(client.connection.connected());
    EXPECT_EQ(peer.Finish(), absl::OkStatus());
  }
}

// What a server at maxclients does: it says so and closes, whatever the client has sent by then.
class ConnectionGreetingOver : public testing::TestWithParam<Transport> {};

INSTANTIATE_TEST_SUITE_P(, ConnectionGreetingOver,
                         testing::Values(Transport::kTcp, Transport::kUnix),
                         [](const auto& transport) -> std::string {
                           return transport.param == Transport::kTcp ? "Tcp" : "Unix";
                         });

TEST_P(ConnectionGreetingOver, FailsWithTheLastWordsOfAServerThatCloses) {
  for (const char* const password : {"", "secret"}) {
    ScriptedPeer peer(GetParam(), {[&](PeerConnection& client) {
                        client.Receive(1);  // what is left unread makes closing a reset
                        client.Send("-ERR max number of clients reached\r\n");
                      }});
    HastyClient client(peer.address());
    client.options.password = password;
    ExpectWords(client.Connect(), "max number of clients reached");
    EXPECT_FALSE(client.connection.connected());
    EXPECT_EQ(peer.Finish(), absl::OkStatus());
  }
}

TEST_P(ConnectionGreetingOver, FailsWithTheLastWordsOfAServerThatClosedBeforeWeSpoke) {
  for (const char* const password : {"", "secret"}) {
    ScriptedPeer peer(GetParam(), {[](PeerConnection& client) {
                        client.Send("-ERR max number of clients reached\r\n");
                      }});
    HastyClient client(peer.address());
    client.options.password = password;
    absl::Status status;
    const auto body = [&]() -> Task<void> { status = co_await Try(client.connection.Connect()); };
    client.loop.Spawn(body());  // it runs to its first wait: the kernel has connected us
    EXPECT_EQ(peer.Finish(), absl::OkStatus());
    client.loop.Run();
    ExpectWords(status, "max number of clients reached");
  }
}

TEST_P(ConnectionGreetingOver, TriesAgainUntilThePeerServes) {
  const PeerScript drops = [](PeerConnection&) {};
  const PeerScript refuses = [](PeerConnection& client) {
    client.Expect(Command("PING"));
    client.Send("-ERR max number of clients reached\r\n");
  };
  const PeerScript serves = [](PeerConnection& client) {
    client.Greet();
    client.ExpectClosed();
  };
  ScriptedPeer peer(GetParam(), {drops, refuses, drops, refuses, serves});
  TestClient client(peer.address());
  EXPECT_EQ(client.Connect(), absl::OkStatus());
  EXPECT_TRUE(client.connection.connected());
  client.connection.Close();
  EXPECT_FALSE(client.connection.connected());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST_P(ConnectionGreetingOver, ReplacesAnOlderConnection) {
  const PeerScript serves = [](PeerConnection& client) {
    client.Greet();
    client.ExpectClosed();
  };
  ScriptedPeer peer(GetParam(), {serves, serves});
  TestClient client(peer.address());
  EXPECT_EQ(client.Connect(), absl::OkStatus());
  EXPECT_EQ(client.Connect(), absl::OkStatus());
  client.connection.Close();
  EXPECT_EQ(client.connection.losses(), 0) << "to close it is no loss";
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(ConnectionGreeting, GivesUpOnAnAddressThatRefuses) {
  const RefusingAddress refusing;
  TestClient client(refusing.address());
  client.options.op_timeout_ms = 50;
  const absl::Status status = client.Connect();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  ExpectWords(status, "connection refused");
  EXPECT_EQ(client.connection.losses(), 0);  // there was none to lose
}

TEST(ConnectionGreeting, GivesUpOnAPathWithoutASocket) {
  Address nowhere;
  nowhere.unix_path = "/no/such/socket";
  TestClient client(nowhere);
  client.options.op_timeout_ms = 50;
  const absl::Status status = client.Connect();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  ExpectWords(status, "no such file");
}

TEST(ConnectionGreeting, GivesUpOnAnAddressThatDoesNotAnswer) {
  const DeafAddress deaf;
  TestClient client(deaf.address());
  client.options.connect_timeout_ms = 30;
  client.options.op_timeout_ms = 100;
  EXPECT_EQ(client.Connect().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(client.connection.connected());
}

TEST(ConnectionGreeting, GivesUpOnAPeerThatAcceptsAndStaysSilentAndClosesThatConnection) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Expect(Command("PING"));
    client.ExpectClosed();
  });
  HastyClient client(peer.address());
  client.options.connect_timeout_ms = 30;
  EXPECT_EQ(client.Connect().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(client.connection.connected());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(ConnectionGreeting, RefusesAPeerThatIsNotRedisAndClosesThatConnection) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Expect(Command("PING"));
    client.Send("HTTP/1.1 400 Bad Request\r\n");
    client.ExpectClosed();
  });
  HastyClient client(peer.address());
  EXPECT_EQ(client.Connect().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

}  // namespace
}  // namespace rcb
