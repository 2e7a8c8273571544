// Tests what becomes of all requests in flight on one connection when one of them, or the
// connection, fails.

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/measure/clock.h"
#include "common/redis/connection.h"
#include "common/redis/scripted_peer.h"
#include "common/redis/test_client.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using Result = absl::StatusOr<Reply>;

constexpr int64_t kMsNs = 1'000'000;
constexpr int64_t kShortMs = 50;
constexpr auto kUnavailable = absl::StatusCode::kUnavailable;
constexpr auto kDeadlineExceeded = absl::StatusCode::kDeadlineExceeded;

Command Get(absl::string_view key) { return Command("GET", key); }

void ExpectText(const Result& result, absl::string_view text) {
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->text(), text);
}

TEST(ConnectionMultiplexFault, AllFailWhenThePeerClosesInTheMiddle) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    for (const char* key : {"a", "b", "c"}) client.Expect(Get(key));
    client.Send("+a\r\n$5\r\nhal");
  });
  MultiplexClient client(peer.address());
  const auto [a, b, c] = client.GetAll({"a", "b", "c"});
  ExpectText(a, "a");
  EXPECT_EQ(b.status(), absl::UnavailableError("the server closed the connection"));
  EXPECT_EQ(c.status(), absl::UnavailableError("the server closed the connection"));
  EXPECT_FALSE(WasClosedForAnother(c.status()));
  EXPECT_FALSE(client.connection.connected());
  EXPECT_EQ(client.connection.losses(), 1);
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

// The second of four expires. The first was answered before, or is still waiting.
TEST(ConnectionMultiplexFault, ADeadlineFailsItsOwnRequestWithThatAndTheOthersAsUnavailable) {
  for (const bool answers_first : {true, false}) {
    ScriptedPeer peer([&](PeerConnection& client) {
      client.Greet();
      for (const char* key : {"a", "b", "c", "d"}) client.Expect(Get(key));
      if (answers_first) client.Send("+a\r\n");
      client.ExpectClosed();
    });
    MultiplexClient client(peer.address());
    EXPECT_EQ(client.connected, absl::OkStatus());
    Result a, b, c, d;
    client.Start(Get("a"), &a);
    client.options.op_timeout_ms = kShortMs;
    const int64_t start_ns = NowNs();
    client.Start(Get("b"), &b);
    client.options.op_timeout_ms = TestClient::kTimeoutMs;
    client.Start(Get("c"), &c);
    client.Start(Get("d"), &d);
    client.loop.Run();
    const int64_t waited_ns = NowNs() - start_ns;
    EXPECT_GE(waited_ns, kShortMs * kMsNs);
    EXPECT_LT(waited_ns, TestClient::kTimeoutMs * kMsNs);
    if (answers_first) {
      ExpectText(a, "a");
    } else {
      EXPECT_EQ(a.status().code(), kUnavailable) << a.status();
    }
    EXPECT_EQ(b.status().code(), kDeadlineExceeded) << b.status();
    EXPECT_EQ(c.status().code(), kUnavailable) << c.status();
    EXPECT_EQ(d.status().code(), kUnavailable) << d.status();
    EXPECT_TRUE(OutcomeIsUnknown(d.status()));
    EXPECT_FALSE(WasClosedForAnother(b.status()));
    EXPECT_TRUE(WasClosedForAnother(d.status()));
    EXPECT_FALSE(client.connection.connected());
    EXPECT_EQ(peer.Finish(), absl::OkStatus());
  }
}

TEST(ConnectionMultiplexFault, EachRequestHasADeadlineOfItsOwn) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    for (int i = 0; i < 10; ++i) client.Expect(Get("key"));
    for (int i = 0; i < 9; ++i) client.Send("+OK\r\n");
    client.ExpectClosed();
  });
  MultiplexClient client(peer.address());
  EXPECT_EQ(client.connected, absl::OkStatus());
  client.options.op_timeout_ms = 4 * kShortMs;
  std::vector<Result> results(10);
  int64_t last_start_ns = 0;
  const auto staggers = [&]() -> Task<void> {
    for (Result& result : results) {
      last_start_ns = NowNs();
      client.Start(Get("key"), &result);
      (co_await Try(client.loop.Sleep(10 * kMsNs))).IgnoreError();
    }
  };
  client.loop.Spawn(staggers());
  client.loop.Run();
  EXPECT_GE(NowNs() - last_start_ns, 4 * kShortMs * kMsNs);
  for (size_t i = 0; i + 1 < results.size(); ++i) ExpectText(results[i], "OK");
  EXPECT_EQ(results.back().status().code(), kDeadlineExceeded);
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(ConnectionMultiplexFault, AReplyTooManyIsDataLoss) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    for (const char* key : {"a", "b"}) client.Expect(Get(key));
    client.Send("+a\r\n+b\r\n+surplus\r\n");
    client.Receive(Get("c").bytes().size());
    client.ExpectClosed();
  });
  MultiplexClient client(peer.address());
  EXPECT_EQ(client.connected, absl::OkStatus());
  Result a, b, c;
  client.Start(Get("a"), &a);
  const auto goes_on = [&]() -> Task<void> {
    b = co_await Try(client.connection.Run(Get("b")));
    c = co_await Try(client.connection.Run(Get("c")));  // the surplus reply must not answer this
  };
  client.loop.Spawn(goes_on());
  client.loop.Run();
  ExpectText(a, "a");
  ExpectText(b, "b");
  EXPECT_EQ(c.status(), absl::DataLossError("a reply that nobody asked for"));
  EXPECT_FALSE(client.connection.connected());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(ConnectionMultiplexFault, NonsenseFailsAllInFlight) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    for (const char* key : {"a", "b"}) client.Expect(Get(key));
    client.Send("HTTP/1.1 400 Bad Request\r\n");
    client.ExpectClosed();
  });
  MultiplexClient client(peer.address());
  EXPECT_EQ(client.connected, absl::OkStatus());
  Result a, b;
  client.Start(Get("a"), &a);
  client.Start(Get("b"), &b);
  client.loop.Run();
  EXPECT_EQ(a.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(b.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(ConnectionMultiplexFault, CancelEndsAll) {
  Loop* loop = nullptr;
  ScriptedPeer peer([&](PeerConnection& client) {
    client.Greet();
    for (const char* key : {"a", "b", "c"}) client.Expect(Get(key));
    loop->Post([&] { loop->Cancel(); });
    client.ExpectClosed();
  });
  MultiplexClient client(peer.address());
  EXPECT_EQ(client.connected, absl::OkStatus());
  loop = &client.loop;
  std::vector<Result> results(3);
  client.Start(Get("a"), &results[0]);
  client.Start(Get("b"), &results[1]);
  client.Start(Get("c"), &results[2]);
  client.loop.Run();
  for (const Result& result : results) {
    EXPECT_EQ(result.status().code(), absl::StatusCode::kCancelled);
  }
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(ConnectionMultiplexFaultDeathTest, AbortsWhenOneMoreThanMaxInFlightBegins) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    client.ExpectClosed();
  });
  MultiplexClient client(peer.address());
  EXPECT_EQ(client.connected, absl::OkStatus());
  client.options.max_in_flight = 1;
  Result a, b;
  EXPECT_DEATH(
      {
        client.Start(Get("a"), &a);
        client.Start(Get("b"), &b);
      },
      "");
  client.connection.Close();
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

}  // namespace
}  // namespace rcb
