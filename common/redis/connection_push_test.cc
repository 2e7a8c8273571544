// Tests what becomes of messages that a server sends unasked, between the replies.

#include <hiredis/hiredis.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/redis/connection.h"
#include "common/redis/scripted_peer.h"
#include "common/redis/test_client.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using Transport = ScriptedPeer::Transport;

constexpr absl::string_view kMessage = "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n";
constexpr absl::string_view kPatternMessage =
    "*4\r\n$8\r\npmessage\r\n$2\r\nn*\r\n$4\r\nnews\r\n$5\r\nhello\r\n";
constexpr absl::string_view kShardMessage = "*3\r\n$8\r\nsmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n";
constexpr absl::string_view kInvalidation =
    "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n";
constexpr absl::string_view kFlush =
    "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*-1\r\n";

// A client that keeps what is pushed to it.
struct PushClient : TestClient {
  explicit PushClient(const Address& address) : TestClient(address) {
    options.max_in_flight = 2;
    connection.set_on_push([this](absl::StatusOr<Reply> push) {
      if (push.ok()) pushes.push_back(*std::move(push));
      if (!push.ok()) lost = push.status();
    });
  }
  std::vector<Reply> pushes;
  absl::Status lost;
};

void ExpectTexts(const Reply& push, const std::vector<std::string>& texts) {
  ASSERT_EQ(push.size(), texts.size());
  for (size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(push[i].text(), texts[i]);
}

void ExpectAllPushes(const std::vector<Reply>& pushes) {
  ASSERT_EQ(pushes.size(), 5u);
  ExpectTexts(pushes[0], {"message", "news", "hello"});
  ExpectTexts(pushes[1], {"pmessage", "n*", "news", "hello"});
  ExpectTexts(pushes[2], {"smessage", "news", "hello"});
  EXPECT_EQ(pushes[3][1].text(), "__redis__:invalidate");
  ExpectTexts(pushes[3][2], {"a", "b"});
  EXPECT_EQ(pushes[4].size(), 3u);
  EXPECT_TRUE(pushes[4][2].is_nil());
}

TEST(ConnectionPush, EveryKindReachesTheHandlerWholeHoweverItIsSplitAndAnswersNoRequest) {
  const Command get("GET", "key");
  for (const size_t size : {size_t{1}, size_t{7}, size_t{1000}}) {
    ScriptedPeer peer(Transport::kUnix, {[&](PeerConnection& client) {
                        client.Greet();
                        client.Expect(get);
                        client.SendInPieces(kMessage, size);
                        client.SendInPieces(kPatternMessage, size);
                        client.SendInPieces(kShardMessage, size);
                        client.SendInPieces("+first\r\n", size);
                        client.Expect(get);
                        client.SendInPieces(kInvalidation, size);
                        client.SendInPieces(kFlush, size);
                        client.SendInPieces("+second\r\n", size);
                        client.ExpectClosed();
                      }});
    PushClient client(peer.address());
    const auto body = [&]() -> Task<absl::Status> {
      co_await client.connection.Connect();
      const Reply first = co_await client.connection.Run(get);
      EXPECT_EQ(first.text(), "first");
      const Reply second = co_await client.connection.Run(get);
      EXPECT_EQ(second.text(), "second");
      co_return absl::OkStatus();
    };
    EXPECT_EQ(client.Run(body()), absl::OkStatus());
    ExpectAllPushes(client.pushes);
    EXPECT_EQ(client.lost, absl::OkStatus());
    client.connection.Close();
    EXPECT_EQ(client.lost.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(peer.Finish(), absl::OkStatus());
  }
}

TEST(ConnectionPush, WithoutAHandlerAnArrayThatBeginsLikeAMessageIsAReply) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    client.Expect(Command("LRANGE", "list", 0, -1));
    client.Send(kMessage);
  });
  TestClient client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.connection.Connect();
    const Reply list = co_await client.connection.Run(Command("LRANGE", "list", 0, -1));
    ExpectTexts(list, {"message", "news", "hello"});
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(ConnectionPush, AHandlerLeavesOtherArraysToTheirRequests) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    client.Expect(Command("SUBSCRIBE", "news"));
    client.Send("*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n");
  });
  PushClient client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.connection.Connect();
    const Reply confirmation = co_await client.connection.Run(Command("SUBSCRIBE", "news"));
    EXPECT_EQ(confirmation[0].text(), "subscribe");
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_TRUE(client.pushes.empty());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

// Only hiredis 1.0 and later read RESP3.
#ifdef REDIS_REPLY_PUSH
TEST(ConnectionPush, ThoseOfResp3ReachTheHandlerOrAreDroppedAndAnswerNoRequest) {
  for (const bool handles : {true, false}) {
    ScriptedPeer peer([](PeerConnection& client) {
      client.Greet();
      client.Expect(Command("GET", "key"));
      client.Send(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n+reply\r\n");
    });
    PushClient client(peer.address());
    if (!handles) client.connection.set_on_push(nullptr);
    const auto body = [&]() -> Task<absl::Status> {
      co_await client.connection.Connect();
      const Reply reply = co_await client.connection.Run(Command("GET", "key"));
      EXPECT_EQ(reply.text(), "reply");
      co_return absl::OkStatus();
    };
    EXPECT_EQ(client.Run(body()), absl::OkStatus());
    ASSERT_EQ(client.pushes.size(), handles ? 1u : 0u);
    if (handles) {
      EXPECT_TRUE(client.pushes[0].is_push());
      EXPECT_EQ(client.pushes[0][0].text(), "invalidate");
      ExpectTexts(client.pushes[0][1], {"a"});
    }
    EXPECT_EQ(peer.Finish(), absl::OkStatus());
  }
}
#endif

}  // namespace
}  // namespace rcb
