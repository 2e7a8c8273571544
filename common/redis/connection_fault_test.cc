// Tests what becomes of requests whose peer hangs, breaks off or talks nonsense, or which are
// cancelled.

#include <chrono>
#include <cstdint>
#include <future>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "common/measure/clock.h"
#include "common/redis/connection.h"
#include "common/redis/scripted_peer.h"
#include "common/redis/test_client.h"
#include "common/runtime/event.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using Transport = ScriptedPeer::Transport;

constexpr int64_t kMsNs = 1'000'000;
constexpr int64_t kFarNs = 30'000 * kMsNs;
constexpr int64_t kShortMs = 50;
constexpr absl::string_view kArray = "*2\r\n$5\r\nhello\r\n*1\r\n:7\r\n";

// Connects and sends GET, whose failure it yields.
Task<absl::Status> GetAfterConnect(Connection& redis) {
  co_await redis.Connect();
  co_await redis.Run(Command("GET", "key"));
  co_return absl::OkStatus();
}

// Expects that GET as the first request and that the connection is of no use after its failure.
void ExpectLost(TestClient& client, ScriptedPeer& peer, absl::StatusCode code) {
  const absl::Status status = client.Run(GetAfterConnect(client.connection));
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_TRUE(OutcomeIsUnknown(status));
  EXPECT_FALSE(client.connection.connected());
  EXPECT_EQ(client.connection.losses(), 1);
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(ConnectionFault, LosesAConnectionThatIsClosedAnywhereInAReply) {
  for (size_t sent = 0; sent < kArray.size(); ++sent) {
    ScriptedPeer peer([&](PeerConnection& client) {
      client.Greet();
      client.Expect(Command("GET", "key"));
      client.Send(kArray.substr(0, sent));
    });
    TestClient client(peer.address());
    ExpectLost(client, peer, absl::StatusCode::kUnavailable);
  }
}

TEST(ConnectionFault, LosesAConnectionThatIsResetInAReply) {
  for (const size_t sent : {size_t{0}, size_t{1}, kArray.size() - 1}) {
    ScriptedPeer peer([&](PeerConnection& client) {
      client.Greet();
      client.Expect(Command("GET", "key"));
      client.Send(kArray.substr(0, sent));
      client.Reset();
    });
    TestClient client(peer.address());
    ExpectLost(client, peer, absl::StatusCode::kUnavailable);
  }
}

TEST(ConnectionFault, LosesAConnectionThatIsResetWhileItSends16MiB) {
  const std::string value(size_t{16} << 20, 'v');
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    client.Expect("*3\r\n$3\r\nSET");
    client.Reset();
  });
  TestClient client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.connection.Connect();
    co_await client.connection.Run(Command("SET", "key", value));
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()).code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(client.connection.connected());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(ConnectionFault, GivesUpOnAPeerThatStopsReadingAndDropsWhatItHasQueued) {
  const std::string value(size_t{16} << 20, 'v');
  std::promise<void> gave_up;
  ScriptedPeer peer([&](PeerConnection& client) {
    client.Greet();
    gave_up.get_future().wait_for(std::chrono::nanoseconds(kFarNs));
  });
  TestClient client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.connection.Connect();
    client.options.op_timeout_ms = kShortMs;
    co_await client.connection.Run(Command("SET", "key", value));
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(client.connection.connected());
  gave_up.set_value();
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(ConnectionFault, ClosesAConnectionThatSpeaksNoRedis) {
  for (const absl::string_view nonsense : {"HTTP/1.1 400 Bad Request\r\n", "*1\r\n?\r\n"}) {
    ScriptedPeer peer([&](PeerConnection& client) {
      client.Greet();
      client.Expect(Command("GET", "key"));
      client.Send(nonsense);
      client.ExpectClosed();
    });
    TestClient client(peer.address());
    ExpectLost(client, peer, absl::StatusCode::kDataLoss);
  }
}

TEST(ConnectionFault, SaysThatALostPipelineMayHaveBeenAppliedInTheServersWords) {
  const Command pair = Command("A").Then(Command("B"));
  ScriptedPeer peer([&](PeerConnection& client) {
    client.Greet();
    client.Expect(pair);
    client.Send("-ERR no A today\r\n");
  });
  TestClient client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.connection.Connect();
    co_await client.connection.Pipeline(pair);
    co_return absl::OkStatus();
  };
  const absl::Status status = client.Run(body());
  EXPECT_TRUE(OutcomeIsUnknown(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "no A today")) << status;
  EXPECT_FALSE(client.connection.connected());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

// Sleeps until the loop has seen that the peer closed the connection, or has failed to.
Task<absl::Status> AwaitLoss(Connection& redis) {
  const int64_t give_up_ns = NowNs() + kFarNs;
  while (redis.connected() && NowNs() < give_up_ns) co_await redis.loop().Sleep(kMsNs);
  co_return absl::OkStatus();
}

TEST(ConnectionFault, ClosesAnIdleConnectionThatAnswersUnasked) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    client.Send("+surprise\r\n");
    client.ExpectClosed();
  });
  TestClient client(peer.address());
  ASSERT_EQ(client.Connect(), absl::OkStatus());
  EXPECT_EQ(client.Run(AwaitLoss(client.connection)), absl::OkStatus());
  EXPECT_FALSE(client.connection.connected());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(ConnectionFault, FailsAtOnceWithoutAConnection) {
  ScriptedPeer peer([](PeerConnection& client) { client.Greet(); });
  TestClient client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    const int64_t round_trips = client.connection.round_trips();
    EXPECT_FALSE((co_await Try(client.connection.Run(Command("GET", "key")))).ok());
    EXPECT_EQ(client.connection.round_trips(), round_trips);
    co_await client.connection.Run(Command("GET", "key"));
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::UnavailableError("not connected"));
  ASSERT_EQ(client.Connect(), absl::OkStatus());
  EXPECT_EQ(client.Run(AwaitLoss(client.connection)), absl::OkStatus());
  EXPECT_EQ(client.Run(body()), absl::UnavailableError("not connected"));
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(ConnectionFault, TimesOutAndLetsNoLateReplyAnswerALaterRequest) {
  ScriptedPeer peer(Transport::kTcp, {[](PeerConnection& client) {
                                        client.Greet();
                                        client.Expect(Command("GET", "first"));
                                        client.ExpectClosed();
                                        client.Send("$4\r\nlate\r\n");
                                      },
                                      [](PeerConnection& client) {
                                        client.Greet();
                                        client.Expect(Command("GET", "second"));
                                        client.Send("$5\r\nright\r\n");
                                      }});
  TestClient client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    Connection& redis = client.connection;
    co_await redis.Connect();
    client.options.op_timeout_ms = kShortMs;
    const absl::StatusOr<Reply> late = co_await Try(redis.Run(Command("GET", "first")));
    EXPECT_EQ(late.status().code(), absl::StatusCode::kDeadlineExceeded);
    EXPECT_FALSE(redis.connected());
    client.options.op_timeout_ms = TestClient::kTimeoutMs;
    co_await redis.Connect();
    const Reply reply = co_await redis.Run(Command("GET", "second"));
    EXPECT_EQ(reply.text(), "right");
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

// The first half of the reply must not become part of a reply on the next connection either.
TEST(ConnectionFault, ForgetsHalfAReplyThatTimedOut) {
  ScriptedPeer peer(Transport::kUnix, {[](PeerConnection& client) {
                                         client.Greet();
                                         client.Expect(Command("GET", "key"));
                                         client.SendInPieces(kArray.substr(0, 10), 10);
                                         client.ExpectClosed();
                                       },
                                       [](PeerConnection& client) {
                                         client.Greet();
                                         client.Expect(Command("GET", "key"));
                                         client.Send("+whole\r\n");
                                       }});
  TestClient client(peer.address());
  client.options.op_timeout_ms = 4 * kShortMs;
  EXPECT_EQ(client.Run(GetAfterConnect(client.connection)).code(),
            absl::StatusCode::kDeadlineExceeded);
  client.options.op_timeout_ms = TestClient::kTimeoutMs;
  EXPECT_EQ(client.Run(GetAfterConnect(client.connection)), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(ConnectionFault, TimesOutWhereTheServerBlocksLongerThanItWasToldTo) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    client.Expect(Command("BLPOP", "list", "0.01"));
    client.ExpectClosed();
  });
  TestClient client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.connection.Connect();
    client.options.op_timeout_ms = kShortMs;
    co_await client.connection.Run(Command("BLPOP", "list", "0.01"), /*server_wait_ms=*/10);
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(ConnectionFault, KeepsAConnectionThatIsIdleForLongerThanATimeout) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    client.Expect(Command("GET", "key"));
    client.Send("+OK\r\n");
  });
  TestClient client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.connection.Connect();
    client.options.op_timeout_ms = kShortMs;
    co_await client.loop.Sleep(3 * kShortMs * kMsNs);
    client.options.op_timeout_ms = TestClient::kTimeoutMs;
    co_await client.connection.Run(Command("GET", "key"));
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(ConnectionFault, CloseFailsARunningRequest) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    client.Expect(Command("GET", "key"));
    client.ExpectClosed();
  });
  TestClient client(peer.address());
  const auto closes = [&]() -> Task<void> {
    const int64_t give_up_ns = NowNs() + kFarNs;
    while (client.connection.round_trips() < 2 && NowNs() < give_up_ns) {
      (co_await Try(client.loop.Sleep(kMsNs))).IgnoreError();
    }
    client.connection.Close();
  };
  client.loop.Spawn(closes());
  EXPECT_EQ(client.Run(GetAfterConnect(client.connection)).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(ConnectionCancel, EndsARequestASleepAndAnEventWaitAndResetAllowsNewWork) {
  Loop* loop = nullptr;
  ScriptedPeer peer(Transport::kTcp, {[&](PeerConnection& client) {
                                        client.Greet();
                                        client.Expect(Command("GET", "key"));
                                        loop->Post([&] { loop->Cancel(); });
                                        client.ExpectClosed();
                                      },
                                      [](PeerConnection& client) {
                                        client.Greet();
                                        client.Expect(Command("GET", "key"));
                                        client.Send("+OK\r\n");
                                      }});
  TestClient client(peer.address());
  loop = &client.loop;
  Event event(client.loop);
  absl::Status slept;
  absl::Status waited;
  const auto sleeps = [&]() -> Task<void> { slept = co_await Try(client.loop.Sleep(kFarNs)); };
  const auto waits = [&]() -> Task<void> { waited = co_await Try(event.Wait(NowNs() + kFarNs)); };
  client.loop.Spawn(sleeps());
  client.loop.Spawn(waits());
  EXPECT_EQ(client.Run(GetAfterConnect(client.connection)).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(slept.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(waited.code(), absl::StatusCode::kCancelled);
  EXPECT_FALSE(client.connection.connected());
  EXPECT_EQ(client.Connect().code(), absl::StatusCode::kCancelled);
  client.loop.Reset();
  EXPECT_EQ(client.Run(GetAfterConnect(client.connection)), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(ConnectionCancel, FailsNewRequestsOnAConnectionThatIsStillThere) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    client.ExpectClosed();
  });
  TestClient client(peer.address());
  ASSERT_EQ(client.Connect(), absl::OkStatus());
  client.loop.Cancel();
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.connection.Run(Command("GET", "key"));
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()).code(), absl::StatusCode::kCancelled);
  client.connection.Close();
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

// Cancels once the connection attempt, or its back-off, is under way.
absl::Status CancelledConnect(TestClient& client) {
  const auto cancels = [&]() -> Task<void> {
    (co_await Try(client.loop.Sleep(30 * kMsNs))).IgnoreError();
    client.loop.Cancel();
  };
  client.loop.Spawn(cancels());
  return client.Connect();
}

TEST(ConnectionCancel, EndsTheBackoffOfConnect) {
  const RefusingAddress refusing;
  TestClient client(refusing.address());
  EXPECT_EQ(CancelledConnect(client).code(), absl::StatusCode::kCancelled);
}

TEST(ConnectionCancel, EndsAConnectThatNobodyAnswers) {
  const DeafAddress deaf;
  TestClient client(deaf.address());
  EXPECT_EQ(CancelledConnect(client).code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace rcb
