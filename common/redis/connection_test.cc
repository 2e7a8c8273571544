// Requests and their replies. How connections begin is tested in connection_greeting_test.cc, how
// they break in connection_fault_test.cc.

#include "common/redis/connection.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/redis/scripted_peer.h"
#include "common/redis/test_client.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using Transport = ScriptedPeer::Transport;

// An array with one element of each kind, and lengths around what a std::string holds in itself.
constexpr absl::string_view kEveryKind =
    "*8\r\n+OK\r\n:-9223372036854775808\r\n$-1\r\n*-1\r\n*0\r\n$6\r\na\r\n$1\n\r\n"
    "*2\r\n*2\r\n:1\r\n*1\r\n$3\r\nxyz\r\n$26\r\nabcdefghijklmnopqrstuvwxyz\r\n-ERR nested\r\n";

void ExpectEveryKind(const Reply& reply) {
  ASSERT_EQ(reply.size(), 8u);
  EXPECT_EQ(reply[0].kind(), Reply::Kind::kStatus);
  EXPECT_EQ(reply[0].text(), "OK");
  EXPECT_EQ(reply[1].integer(), INT64_MIN);
  EXPECT_TRUE(reply[2].is_nil());
  EXPECT_TRUE(reply[3].is_nil());
  EXPECT_TRUE(reply[4].is_array());
  EXPECT_EQ(reply[4].size(), 0u);
  EXPECT_EQ(reply[5].text(), "a\r\n$1\n");
  EXPECT_EQ(reply[6][0][0].integer(), 1);
  EXPECT_EQ(reply[6][0][1][0].text(), "xyz");
  EXPECT_EQ(reply[6][1].text(), "abcdefghijklmnopqrstuvwxyz");
  EXPECT_TRUE(reply[7].is_error());
  EXPECT_EQ(reply[7].text(), "ERR nested");
}

class ConnectionOver : public testing::TestWithParam<Transport> {};

INSTANTIATE_TEST_SUITE_P(, ConnectionOver, testing::Values(Transport::kTcp, Transport::kUnix),
                         [](const auto& transport) -> std::string {
                           return transport.param == Transport::kTcp ? "Tcp" : "Unix";
                         });

TEST_P(ConnectionOver, TakesEachKindOfReply) {
  const Command get("GET", "key");
  ScriptedPeer peer(GetParam(), {[&](PeerConnection& client) {
                      client.Greet();
                      for (const absl::string_view reply :
                           {absl::string_view("+OK\r\n"), absl::string_view(":42\r\n"),
                            absl::string_view("$5\r\nhello\r\n"), absl::string_view("$-1\r\n"),
                            absl::string_view("*-1\r\n"), kEveryKind}) {
                        client.Expect(get);
                        client.Send(reply);
                      }
                    }});
  TestClient client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    Connection& redis = client.connection;
    EXPECT_FALSE(redis.connected());
    co_await redis.Connect();
    EXPECT_TRUE(redis.connected());
    const Reply status = co_await redis.Run(get);
    EXPECT_EQ(status.kind(), Reply::Kind::kStatus);
    const Reply integer = co_await redis.Run(get);
    EXPECT_TRUE(integer.is_integer());
    EXPECT_EQ(integer.integer(), 42);
    const Reply text = co_await redis.Run(get);
    EXPECT_TRUE(text.is_string());
    EXPECT_EQ(text.text(), "hello");
    const Reply nil = co_await redis.Run(get);
    EXPECT_TRUE(nil.is_nil());
    const Reply nil_array = co_await redis.Run(get);
    EXPECT_TRUE(nil_array.is_nil());
    const Reply every_kind = co_await redis.Run(get);
    ExpectEveryKind(every_kind);
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

// Pieces of n bytes for every n split the reply at every byte.
TEST_P(ConnectionOver, TakesTheSameReplyHoweverItIsSplit) {
  const Command get("GET", "key");
  ScriptedPeer peer(GetParam(), {[&](PeerConnection& client) {
                      client.Greet();
                      for (size_t size = 1; size <= kEveryKind.size(); ++size) {
                        client.Expect(get);
                        client.SendInPieces(kEveryKind, size);
                      }
                    }});
  TestClient client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.connection.Connect();
    for (size_t size = 1; size <= kEveryKind.size(); ++size) {
      const Reply reply = co_await client.connection.Run(get);
      ExpectEveryKind(reply);
    }
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

// More than the sockets buffer, so that the client must queue the command and piece the reply.
TEST_P(ConnectionOver, SendsAndTakes16MiB) {
  std::string value(size_t{16} << 20, '\0');
  for (size_t i = 0; i < value.size(); ++i) value[i] = static_cast<char>(i * 7 / 5);
  const Command set("SET", "key", value, "GET");
  ScriptedPeer peer(GetParam(), {[&](PeerConnection& client) {
                      client.Greet();
                      client.Expect(set);
                      client.Send(absl::StrCat("$", value.size(), "\r\n", value, "\r\n"));
                      client.Expect(Command("AFTER"));
                      client.Send("+OK\r\n");
                    }});
  TestClient client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.connection.Connect();
    const Reply old_value = co_await client.connection.Run(set);
    EXPECT_TRUE(old_value.text() == value) << "of " << old_value.text().size() << " bytes";
    co_await client.connection.Run(Command("AFTER"));
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

// A reply that comes too early lets the client send again while its first command is queued.
TEST_P(ConnectionOver, KeepsTheOrderOfWhatItHasQueued) {
  const Command set("SET", "key", std::string(size_t{16} << 20, 'v'));
  ScriptedPeer peer(GetParam(), {[&](PeerConnection& client) {
                      client.Greet();
                      client.Expect("*3");
                      client.Send("+OK\r\n");
                      client.Expect(absl::string_view(set.bytes()).substr(2));
                      client.Expect(Command("AFTER"));
                      client.Send("+OK\r\n");
                    }});
  TestClient client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.connection.Connect();
    co_await client.connection.Run(set);
    co_await client.connection.Run(Command("AFTER"));
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

// Holds back all but the first bytes of each request, or closes the connection before it.
class HoldBack : public Disturbance {
 public:
  explicit HoldBack(size_t bytes_at_once) : bytes_at_once_(bytes_at_once) {}
  std::optional<SendPlan> BeforeRequest(size_t) override {
    if (dies) return std::nullopt;
    return SendPlan{bytes_at_once_, /*pause_ns=*/2'000'000};
  }

  bool dies = false;

 private:
  const size_t bytes_at_once_;
};

TEST_P(ConnectionOver, ADisturbedRequestArrivesWholeInTheEnd) {
  const Command get("GET", "key");
  const Command both = get.Then(Command("AFTER"));
  ScriptedPeer peer(GetParam(), {[&](PeerConnection& client) {
                      client.Greet();
                      client.Expect(get);
                      client.Send("+1\r\n");
                      client.Expect(Command("AFTER"));
                      client.Send("+2\r\n");
                      client.Expect(both);
                      client.Send("+3\r\n+4\r\n");
                    }});
  TestClient client(peer.address());
  HoldBack hold_back(get.bytes().size());
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.connection.Connect();
    client.connection.set_disturbance(&hold_back);
    const std::vector<Reply> replies = co_await client.connection.Pipeline(both);
    EXPECT_EQ(replies[0].text() + replies[1].text(), "12");
    client.connection.set_disturbance(nullptr);
    co_await client.connection.Pipeline(both);
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
  EXPECT_EQ(client.connection.round_trips(), 3);
}

TEST_P(ConnectionOver, ADisturbanceMayEndTheClient) {
  ScriptedPeer peer(GetParam(), {[&](PeerConnection& client) {
                      client.Greet();
                      client.ExpectClosed();
                    }});
  TestClient client(peer.address());
  HoldBack hold_back(0);
  hold_back.dies = true;
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.connection.Connect();
    client.connection.set_disturbance(&hold_back);
    co_await client.connection.Run(Command("GET", "key"));
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()).code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(client.connection.connected());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST_P(ConnectionOver, PipelineTakesTheRepliesInOrderHoweverTheyAreSplit) {
  const Command both = Command("GET", "a").Then(Command("GET", "b")).Then(Command("INCR", "c"));
  constexpr absl::string_view kReplies = "$1\r\n1\r\n$-1\r\n:3\r\n";
  ScriptedPeer peer(GetParam(), {[&](PeerConnection& client) {
                      client.Greet();
                      for (size_t size = 1; size <= kReplies.size(); ++size) {
                        client.Expect(both);
                        client.SendInPieces(kReplies, size);
                      }
                    }});
  TestClient client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.connection.Connect();
    for (size_t size = 1; size <= kReplies.size(); ++size) {
      const std::vector<Reply> replies = co_await client.connection.Pipeline(both);
      EXPECT_EQ(replies.size(), 3u);
      EXPECT_EQ(replies[0].text(), "1");
      EXPECT_TRUE(replies[1].is_nil());
      EXPECT_EQ(replies[2].integer(), 3);
    }
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(Connection, FailsWithTheWordsOfAnErrorReplyAndStaysUsable) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    client.Expect(Command("INCR", "key"));
    client.Send("-WRONGTYPE Operation against a key\r\n");
    client.Expect(Command("GET", "key"));
    client.Send("$1\r\nx\r\n");
  });
  TestClient client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    Connection& redis = client.connection;
    co_await redis.Connect();
    const absl::StatusOr<Reply> refused = co_await Try(redis.Run(Command("INCR", "key")));
    EXPECT_EQ(refused.status(), absl::FailedPreconditionError("WRONGTYPE Operation against a key"));
    EXPECT_FALSE(OutcomeIsUnknown(refused.status()));
    EXPECT_TRUE(redis.connected());
    const Reply reply = co_await redis.Run(Command("GET", "key"));
    EXPECT_EQ(reply.text(), "x");
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(Connection, FailsAPipelineWithItsFirstErrorReplyButTakesAllAndStaysUsable) {
  const Command three = Command("A").Then(Command("B")).Then(Command("C"));
  ScriptedPeer peer([&](PeerConnection& client) {
    client.Greet();
    client.Expect(three);
    client.Send("+OK\r\n-ERR first\r\n-ERR second\r\n");
    client.Expect(Command("D"));
    client.Send("+fine\r\n");
  });
  TestClient client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    Connection& redis = client.connection;
    co_await redis.Connect();
    const absl::StatusOr<std::vector<Reply>> failed = co_await Try(redis.Pipeline(three));
    EXPECT_EQ(failed.status(), absl::FailedPreconditionError("ERR first"));
    const Reply reply = co_await redis.Run(Command("D"));
    EXPECT_EQ(reply.text(), "fine");
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(Connection, EndsACoroutineWhoseRequestFailsAndDestroysItsLocals) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    client.Expect(Command("X"));
    client.Send("-ERR no\r\n");
  });
  TestClient client(peer.address());
  bool destroyed = false;
  bool went_on = false;
  const auto fails = [&]() -> Task<absl::Status> {
    const auto set = [](bool* flag) { *flag = true; };
    const std::unique_ptr<bool, decltype(set)> local(&destroyed, set);
    co_await client.connection.Run(Command("X"));
    went_on = true;
    co_return absl::OkStatus();
  };
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.connection.Connect();
    const absl::Status status = co_await Try(fails());
    EXPECT_EQ(status, absl::FailedPreconditionError("ERR no"));
    EXPECT_TRUE(destroyed);
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_FALSE(went_on);
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(Connection, CountsARequestOrAPipelineAsOneRoundTrip) {
  const Command pair = Command("A").Then(Command("B"));
  ScriptedPeer peer([&](PeerConnection& client) {
    client.Greet();
    client.Expect(Command("A"));
    client.Send("+OK\r\n");
    client.Expect(pair);
    client.Send("+OK\r\n-ERR no\r\n");
  });
  TestClient client(peer.address());
  ASSERT_EQ(client.Connect(), absl::OkStatus());
  const int64_t before = client.connection.round_trips();
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.connection.Run(Command("A"));
    EXPECT_EQ(client.connection.round_trips(), before + 1);
    co_await client.connection.Pipeline(pair);
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::FailedPreconditionError("ERR no"));
  EXPECT_EQ(client.connection.round_trips(), before + 2);
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(Connection, WaitsLongerForACommandThatMayBlockTheServer) {
  constexpr int64_t kShortMs = 50;
  const Command blpop("BLPOP", "list", 10);
  ScriptedPeer peer([&](PeerConnection& client) {
    client.Greet();
    client.Expect(blpop);
    std::this_thread::sleep_for(std::chrono::milliseconds(4 * kShortMs));
    client.Send("*2\r\n$4\r\nlist\r\n$1\r\nx\r\n");
  });
  TestClient client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.connection.Connect();
    client.options.op_timeout_ms = kShortMs;
    const Reply popped = co_await client.connection.Run(blpop, /*server_wait_ms=*/10'000);
    EXPECT_EQ(popped[1].text(), "x");
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

}  // namespace
}  // namespace rcb
