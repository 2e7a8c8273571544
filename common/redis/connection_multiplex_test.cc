// Tests many requests in flight on one connection, each from a coroutine of its own. Their failures
// are tested in connection_multiplex_fault_test.cc.

#include <cstdint>
#include <future>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/measure/clock.h"
#include "common/redis/connection.h"
#include "common/redis/scripted_peer.h"
#include "common/redis/test_client.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using Transport = ScriptedPeer::Transport;
using Result = absl::StatusOr<Reply>;

constexpr int64_t kMsNs = 1'000'000;
constexpr auto kUnavailable = absl::StatusCode::kUnavailable;

Command Get(absl::string_view key) { return Command("GET", key); }

void ExpectText(const Result& result, absl::string_view text) {
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->text(), text);
}

TEST(ConnectionMultiplex, AnswersEachCoroutineInOrderHoweverTheRepliesAreSplit) {
  constexpr absl::string_view kReplies = "$1\r\na\r\n$-1\r\n*2\r\n:1\r\n:2\r\n+c\r\n";
  ScriptedPeer peer(Transport::kUnix, {[&](PeerConnection& client) {
                      client.Greet();
                      for (size_t size = 1; size <= kReplies.size(); ++size) {
                        for (const char* key : {"a", "b", "list", "c"}) client.Expect(Get(key));
                        client.SendInPieces(kReplies, size);
                      }
                    }});
  MultiplexClient client(peer.address());
  EXPECT_EQ(client.connected, absl::OkStatus());
  for (size_t size = 1; size <= kReplies.size(); ++size) {
    Result a, b, list, c;
    client.Start(Get("a"), &a);
    client.Start(Get("b"), &b);
    client.Start(Get("list"), &list);
    client.Start(Get("c"), &c);
    client.loop.Run();
    ExpectText(a, "a");
    EXPECT_TRUE(b.ok() && b->is_nil());
    EXPECT_TRUE(list.ok() && list->size() == 2);
    ExpectText(c, "c");
  }
  EXPECT_EQ(client.connection.round_trips(), 1 + 4 * static_cast<int64_t>(kReplies.size()));
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(ConnectionMultiplex, MixesPipelinesAndSingleCommands) {
  const Command pair = Get("b").Then(Get("c"));
  ScriptedPeer peer([&](PeerConnection& client) {
    client.Greet();
    client.Expect(Get("a"));
    client.Expect(pair);
    client.Expect(Get("d"));
    client.Send("+a\r\n+b\r\n+c\r\n+d\r\n");
  });
  MultiplexClient client(peer.address());
  EXPECT_EQ(client.connected, absl::OkStatus());
  Result a, d;
  client.Start(Get("a"), &a);
  const auto pipeline = [&]() -> Task<void> {
    const auto replies = co_await Try(client.connection.Pipeline(pair));
    EXPECT_TRUE(replies.ok() && replies->size() == 2) << replies.status();
    EXPECT_EQ((*replies)[0].text(), "b");
    EXPECT_EQ((*replies)[1].text(), "c");
  };
  client.loop.Spawn(pipeline());
  client.Start(Get("d"), &d);
  client.loop.Run();
  ExpectText(a, "a");
  ExpectText(d, "d");
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

// Echoes numbers of a fixed width, which come in whatever order the replies to earlier ones cause.
TEST(ConnectionMultiplex, MatchesTenThousandRequestsOfFiftyCoroutines) {
  constexpr int kCoroutines = 50;
  constexpr int kRequests = 200;
  const size_t size = Command("ECHO", 100'000).bytes().size();
  ScriptedPeer peer([&](PeerConnection& client) {
    client.Greet();
    for (int i = 0; i < kCoroutines * kRequests; ++i) {
      const std::string command = client.Receive(size);
      client.Send(absl::StrCat("$6\r\n", command.substr(size - 8)));
    }
  });
  MultiplexClient client(peer.address());
  EXPECT_EQ(client.connected, absl::OkStatus());
  int wrong = 0;
  const auto echoes = [&](int coroutine) -> Task<void> {
    for (int i = 0; i < kRequests; ++i) {
      const int number = 100'000 + coroutine * kRequests + i;
      const Result echoed = co_await Try(client.connection.Run(Command("ECHO", number)));
      if (!echoed.ok() || echoed->integer() != number) ++wrong;
    }
  };
  for (int coroutine = 0; coroutine < kCoroutines; ++coroutine) {
    client.loop.Spawn(echoes(coroutine));
  }
  client.loop.Run();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(ConnectionMultiplex, AnErrorReplyFailsOnlyItsOwnRequest) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    for (const char* key : {"a", "b", "c"}) client.Expect(Get(key));
    client.Send("+a\r\n-ERR no b\r\n+c\r\n");
  });
  MultiplexClient client(peer.address());
  const auto [a, b, c] = client.GetAll({"a", "b", "c"});
  ExpectText(a, "a");
  EXPECT_EQ(b.status(), absl::FailedPreconditionError("ERR no b"));
  ExpectText(c, "c");
  EXPECT_TRUE(client.connection.connected());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

// The first to fail connects and goes on while the others have not heard of the failure yet.
TEST(ConnectionMultiplex, ACoroutineThatAFailureResumesMayConnectAndRunAgain) {
  ScriptedPeer peer(Transport::kTcp, {[](PeerConnection& client) {
                                        client.Greet();
                                        for (const char* key : {"a", "b"}) client.Expect(Get(key));
                                      },
                                      [](PeerConnection& client) {
                                        client.Greet();
                                        client.Expect(Get("c"));
                                        client.Send("+c\r\n");
                                        client.ExpectClosed();
                                      }});
  MultiplexClient client(peer.address());
  EXPECT_EQ(client.connected, absl::OkStatus());
  Result a, at_once, b, c;
  const auto goes_on = [&]() -> Task<void> {
    a = co_await Try(client.connection.Run(Get("a")));
    at_once = co_await Try(client.connection.Run(Get("a")));
    EXPECT_EQ(co_await Try(client.connection.Connect()), absl::OkStatus());
    c = co_await Try(client.connection.Run(Get("c")));
    client.connection.Close();
  };
  client.loop.Spawn(goes_on());
  client.Start(Get("b"), &b);
  client.loop.Run();
  EXPECT_EQ(a.status().code(), kUnavailable);
  EXPECT_EQ(at_once.status(), absl::UnavailableError("not connected"));
  EXPECT_EQ(b.status(), absl::UnavailableError("the server closed the connection"));
  ExpectText(c, "c");
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(ConnectionMultiplex, ACoroutineThatAReplyResumesMayCloseAndThenNoReplyCounts) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    for (const char* key : {"a", "b"}) client.Expect(Get(key));
    client.Send("+a\r\n+b\r\n");
    client.ExpectClosed();
  });
  MultiplexClient client(peer.address());
  EXPECT_EQ(client.connected, absl::OkStatus());
  Result a, b;
  const auto closes = [&]() -> Task<void> {
    a = co_await Try(client.connection.Run(Get("a")));
    client.connection.Close();
  };
  client.loop.Spawn(closes());
  client.Start(Get("b"), &b);
  client.loop.Run();
  ExpectText(a, "a");
  EXPECT_EQ(b.status(), absl::UnavailableError("the connection was closed"));
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

// Whichever coroutine goes on first destroys the connection; the others are still in flight.
TEST(ConnectionMultiplex, ACoroutineThatIsResumedMayDestroyTheConnection) {
  for (const char* const reply : {"+a\r\n+b\r\n", "-ERR no\r\n", "nonsense\r\n", ""}) {
    ScriptedPeer peer([&](PeerConnection& client) {
      client.Greet();
      for (const char* key : {"a", "b", "c"}) client.Expect(Get(key));
      client.Send(reply);
    });
    Loop loop;
    TestClient client(peer.address());
    client.options.max_in_flight = 3;
    auto redis = std::make_unique<Connection>(loop, client.options, client.digests, /*seed=*/1);
    ASSERT_EQ(RunOn(loop, redis->Connect()), absl::OkStatus());
    Result a, b, c;
    const auto destroys = [&]() -> Task<void> {
      a = co_await Try(redis->Run(Get("a")));
      redis.reset();
    };
    loop.Spawn(destroys());
    loop.Spawn(MultiplexClient::RunAndKeep(*redis, Get("b"), &b));
    loop.Spawn(MultiplexClient::RunAndKeep(*redis, Get("c"), &c));
    loop.Run();
    EXPECT_EQ(a.ok(), absl::StartsWith(reply, "+a")) << a.status();
    EXPECT_TRUE(OutcomeIsUnknown(b.status())) << b.status();
    EXPECT_TRUE(OutcomeIsUnknown(c.status())) << c.status();
    EXPECT_EQ(peer.Finish(), absl::OkStatus());
  }
}

TEST(ConnectionMultiplex, RunsNothingBeforeTheGreetingIsAnswered) {
  std::promise<void> tried;
  ScriptedPeer peer([&](PeerConnection& client) {
    client.Expect(Command("AUTH", "secret").Then(Command("PING")));
    tried.get_future().wait();
    client.Send("+OK\r\n+PONG\r\n");
    client.Expect(Get("b"));
    client.Send("+b\r\n");
  });
  TestClient client(peer.address());
  client.options.password = "secret";
  Result a, b;
  const auto connects = [&]() -> Task<void> {
    EXPECT_EQ(co_await Try(client.connection.Connect()), absl::OkStatus());
    b = co_await Try(client.connection.Run(Get("b")));
  };
  const auto tries = [&]() -> Task<void> {
    while (client.connection.round_trips() == 0)
      (co_await Try(client.loop.Sleep(kMsNs))).IgnoreError();
    EXPECT_FALSE(client.connection.connected());
    a = co_await Try(client.connection.Run(Get("a")));
    tried.set_value();
  };
  client.loop.Spawn(connects());
  client.loop.Spawn(tries());
  client.loop.Run();
  EXPECT_EQ(a.status(), absl::UnavailableError("not connected"));
  ExpectText(b, "b");
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

}  // namespace
}  // namespace rcb
