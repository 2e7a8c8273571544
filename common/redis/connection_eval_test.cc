// Lua scripts, by their digests and by their text.

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/redis/connection.h"
#include "common/redis/scripted_peer.h"
#include "common/redis/test_client.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using Transport = ScriptedPeer::Transport;

constexpr Script kScript = {"return ARGV[1]"};
constexpr Script kTwoKeys = {"return KEYS[2]", 2};
constexpr absl::string_view kDigestReply = "$6\r\nabcdef\r\n";

TEST(ConnectionEval, LoadsAScriptOnceForAllConnectionsOfItsLoopAndThenSendsItsDigest) {
  ScriptedPeer peer(Transport::kTcp,
                    {[](PeerConnection& client) {
                       client.Greet();
                       client.Expect(Command("SCRIPT", "LOAD", kScript.body));
                       client.Send(kDigestReply);
                       client.Expect(Command("EVALSHA", "abcdef", 1, "key", "x", 7));
                       client.Send("$1\r\nx\r\n");
                     },
                     [](PeerConnection& client) {
                       client.Greet();
                       client.Expect(Command("EVALSHA", "abcdef", 1, "key", "y"));
                       client.Send("$1\r\ny\r\n");
                       client.Expect(Command("SCRIPT", "LOAD", kTwoKeys.body));
                       client.Send("$3\r\n123\r\n");
                       client.Expect(Command("EVALSHA", "123", 2, "a", "b"));
                       client.Send("$1\r\nb\r\n");
                     }});
  TestClient client(peer.address());
  Connection second(client.loop, client.options, client.digests, /*seed=*/2);
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.connection.Connect();
    const Reply x = co_await client.connection.Eval(kScript, "key", "x", 7);
    EXPECT_EQ(x.text(), "x");
    co_await second.Connect();
    const Reply y = co_await second.Eval(kScript, "key", "y");
    EXPECT_EQ(y.text(), "y");
    const Reply b = co_await second.Eval(kTwoKeys, "a", "b");
    EXPECT_EQ(b.text(), "b");
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(ConnectionEval, SendsTheTextEachTimeWhereScriptsMayNotBeLoaded) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    client.Expect(Command("SCRIPT", "LOAD", kScript.body));
    client.Send("-NOPERM this user has no permissions to run the 'script|load' command\r\n");
    for (int i = 0; i < 2; ++i) {
      client.Expect(Command("EVAL", kScript.body, 1, "key"));
      client.Send(":1\r\n");
    }
    client.ExpectClosed();
  });
  TestClient client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.connection.Connect();
    for (int i = 0; i < 2; ++i) {
      const Reply reply = co_await client.connection.Eval(kScript, "key");
      EXPECT_EQ(reply.integer(), 1);
    }
    client.connection.Close();
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(ConnectionEval, SendsTheTextWhereTheServerDoesNotKnowTheDigestAnyMore) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    client.Expect(Command("EVALSHA", "abcdef", 1, "key", "x"));
    client.Send("-NOSCRIPT No matching script. Please use EVAL.\r\n");
    client.Expect(Command("EVAL", kScript.body, 1, "key", "x"));
    client.Send("$1\r\nx\r\n");
  });
  TestClient client(peer.address());
  client.digests[kScript.body] = "abcdef";
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.connection.Connect();
    const Reply reply = co_await client.connection.Eval(kScript, "key", "x");
    EXPECT_EQ(reply.text(), "x");
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(ConnectionEval, FailsWithTheErrorOfTheScriptOrOfLoadingIt) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    client.Expect(Command("SCRIPT", "LOAD", kScript.body));
    client.Send("-ERR Error compiling script\r\n");
    client.Expect(Command("SCRIPT", "LOAD", kScript.body));
    client.Send(kDigestReply);
    client.Expect(Command("EVALSHA", "abcdef", 1, "key"));
    client.Send("-ERR user_script:1: oops\r\n");
  });
  TestClient client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    Connection& redis = client.connection;
    co_await redis.Connect();
    const absl::StatusOr<Reply> not_loaded = co_await Try(redis.Eval(kScript, "key"));
    EXPECT_EQ(not_loaded.status(), absl::FailedPreconditionError("ERR Error compiling script"));
    const absl::StatusOr<Reply> not_run = co_await Try(redis.Eval(kScript, "key"));
    EXPECT_EQ(not_run.status(), absl::FailedPreconditionError("ERR user_script:1: oops"));
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

}  // namespace
}  // namespace rcb
