#include "common/redis/subscriber.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/measure/clock.h"
#include "common/redis/scripted_peer.h"
#include "common/redis/test_client.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using Transport = ScriptedPeer::Transport;

constexpr int64_t kMsNs = 1'000'000;

int64_t FarNs() { return NowNs() + 30'000 * kMsNs; }

Command Change(absl::string_view left, absl::string_view channel) {
  const Command join("SUBSCRIBE", channel);
  return left.empty() ? join : Command("UNSUBSCRIBE", left).Then(join);
}

// A reply of bulk strings and one number, as a message or the confirmation of a subscription is.
std::string Confirmation(absl::string_view kind, absl::string_view channel, int subscriptions) {
  const std::string name =
      channel.empty() ? "$-1\r\n" : absl::StrCat("$", channel.size(), "\r\n", channel, "\r\n");
  return absl::StrCat("*3\r\n$", kind.size(), "\r\n", kind, "\r\n", name, ":", subscriptions,
                      "\r\n");
}

std::string Message(absl::string_view channel, absl::string_view text) {
  return absl::StrCat("*3\r\n$7\r\nmessage\r\n$", channel.size(), "\r\n", channel, "\r\n$",
                      text.size(), "\r\n", text, "\r\n");
}

// The server's side of Subscribe(channel), after a subscription to `left` (or none: "").
void Confirm(PeerConnection& client, absl::string_view left, absl::string_view channel) {
  client.Expect(Change(left, channel));
  if (!left.empty()) client.Send(Confirmation("unsubscribe", left, 0));
  client.Send(Confirmation("subscribe", channel, 1));
}

struct TestSubscriber : TestClient {
  using TestClient::TestClient;
  Subscriber subscriber{loop, options, digests, /*seed=*/1};
};

// The first message of the channel has to be `text`; then the client hangs up.
void ExpectOneMessage(TestSubscriber& client, const std::string& channel, const std::string& text) {
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.subscriber.Subscribe(channel);
    const std::string message = co_await client.subscriber.NextMessage(FarNs());
    EXPECT_EQ(message, text);
    client.subscriber.connection().Close();
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
}

TEST(Subscriber, ConnectsSubscribesAndTakesMessagesInOrder) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    Confirm(client, "", "news");
    client.Send(Message("news", "one") + Message("news", "") + Message("news", "three"));
    client.Send(Message("news", "four"));
    client.ExpectClosed();
  });
  TestSubscriber client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.subscriber.Subscribe("news");
    for (const char* expected : {"one", "", "three", "four"}) {
      const std::string message = co_await client.subscriber.NextMessage(FarNs());
      EXPECT_EQ(message, expected);
    }
    client.subscriber.connection().Close();
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(Subscriber, TakesConfirmationsAndMessagesHoweverTheyAreSplit) {
  const std::string wire = Confirmation("subscribe", "news", 1) + Message("news", "split");
  for (size_t size = 1; size <= wire.size(); size += 3) {
    ScriptedPeer peer(Transport::kUnix, {[&](PeerConnection& client) {
                        client.Greet();
                        client.Expect(Change("", "news"));
                        client.SendInPieces(wire, size);
                        client.ExpectClosed();
                      }});
    TestSubscriber client(peer.address());
    ExpectOneMessage(client, "news", "split");
    EXPECT_EQ(peer.Finish(), absl::OkStatus());
  }
}

TEST(Subscriber, WakesWhenAMessageComesThatItWaitsFor) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    Confirm(client, "", "news");
    client.Expect(Command("READY"));  // sent past the subscriber's back, once it waits
    client.Send(Message("news", "late"));
    client.ExpectClosed();
  });
  TestSubscriber client(peer.address());
  std::string message;
  const auto waits = [&]() -> Task<absl::Status> {
    message = co_await client.subscriber.NextMessage(FarNs());
    client.subscriber.connection().Close();
    co_return absl::OkStatus();
  };
  const auto drives = [&]() -> Task<void> { EXPECT_EQ(co_await Try(waits()), absl::OkStatus()); };
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.subscriber.Subscribe("news");
    client.loop.Spawn(drives());
    co_await client.subscriber.connection().Run(Command("READY"));
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()).code(), absl::StatusCode::kUnavailable);  // closed by the other
  EXPECT_EQ(message, "late");
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(Subscriber, LeavesTheOlderChannelAndDropsWhatItsMessagesWere) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    Confirm(client, "", "old");
    client.Send(Message("old", "never asked for"));
    client.Expect(Change("old", "new"));
    client.Send(Message("old", "before both confirmations"));
    client.Send(Confirmation("unsubscribe", "old", 0));
    client.Send(Message("old", "between them"));
    client.Send(Confirmation("subscribe", "new", 1));
    client.Send(Message("new", "right"));
    client.ExpectClosed();
  });
  TestSubscriber client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.subscriber.Subscribe("old");
    co_await client.subscriber.Subscribe("new");
    const std::string message = co_await client.subscriber.NextMessage(FarNs());
    EXPECT_EQ(message, "right");
    client.subscriber.connection().Close();
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(Subscriber, IgnoresPushesThatAreNoMessageOfItsChannel) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    Confirm(client, "", "news");
    client.Send("*4\r\n$8\r\npmessage\r\n$4\r\nnews\r\n$4\r\nnews\r\n$3\r\nbad\r\n");
    client.Send("*3\r\n$8\r\nsmessage\r\n$4\r\nnews\r\n$3\r\nbad\r\n");
    client.Send("*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*1\r\n$1\r\na\r\n");
    client.Send(Message("news", "right"));
    client.ExpectClosed();
  });
  TestSubscriber client(peer.address());
  ExpectOneMessage(client, "news", "right");
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(Subscriber, DropsUnreadMessagesOfTheOlderChannel) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    Confirm(client, "", "old");
    client.Expect(Command("PING"));
    client.Send(Message("old", "one") + Message("old", "two") + "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
    Confirm(client, "old", "new");
    client.Send(Message("new", "right"));
    client.ExpectClosed();
  });
  TestSubscriber client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.subscriber.Subscribe("old");
    co_await client.subscriber.connection().Run(Command("PING"));  // both messages are here
    const std::string one = co_await client.subscriber.NextMessage(FarNs());
    EXPECT_EQ(one, "one");
    co_await client.subscriber.Subscribe("new");
    const std::string message = co_await client.subscriber.NextMessage(FarNs());
    EXPECT_EQ(message, "right");
    client.subscriber.connection().Close();
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(Subscriber, NextMessageEndsAtItsDeadlineAndALaterOneStillTakesMessages) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    Confirm(client, "", "quiet");
    Confirm(client, "quiet", "news");
    client.Send(Message("news", "one"));
    client.ExpectClosed();
  });
  TestSubscriber client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.subscriber.Subscribe("quiet");
    const int64_t deadline_ns = NowNs() + 10 * kMsNs;
    const absl::StatusOr<std::string> none =
        co_await Try(client.subscriber.NextMessage(deadline_ns));
    EXPECT_EQ(none.status().code(), absl::StatusCode::kDeadlineExceeded);
    EXPECT_GE(NowNs(), deadline_ns);
    EXPECT_TRUE(client.subscriber.connection().connected());
    co_await client.subscriber.Subscribe("news");
    const std::string message = co_await client.subscriber.NextMessage(FarNs());
    EXPECT_EQ(message, "one");
    client.subscriber.connection().Close();
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(Subscriber, ALostConnectionFailsTheWaitAndALaterSubscribeConnectsAgain) {
  ScriptedPeer peer(Transport::kTcp, {[](PeerConnection& client) {
                                        client.Greet();
                                        Confirm(client, "", "news");
                                        client.Send(Message("news", "one"));
                                      },
                                      [](PeerConnection& client) {
                                        client.Greet();
                                        Confirm(client, "", "news");
                                        client.Send(Message("news", "two"));
                                        client.ExpectClosed();
                                      }});
  TestSubscriber client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    Subscriber& subscriber = client.subscriber;
    co_await subscriber.Subscribe("news");
    const std::string one = co_await subscriber.NextMessage(FarNs());
    EXPECT_EQ(one, "one");
    for (int i = 0; i < 2; ++i) {
      const absl::StatusOr<std::string> lost = co_await Try(subscriber.NextMessage(FarNs()));
      EXPECT_EQ(lost.status().code(), absl::StatusCode::kUnavailable);
    }
    EXPECT_FALSE(subscriber.connection().connected());
    co_await subscriber.Subscribe("news");
    const std::string two = co_await subscriber.NextMessage(FarNs());
    EXPECT_EQ(two, "two");
    subscriber.connection().Close();
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(Subscriber, MayBeSubscribedAgainByTheVeryTaskThatALossWakes) {
  ScriptedPeer peer(Transport::kTcp, {[](PeerConnection& client) {
                                        client.Greet();
                                        Confirm(client, "", "news");
                                        client.Expect(Command("HALF"));  // as the connection breaks
                                      },
                                      [](PeerConnection& client) {
                                        client.Greet();
                                        Confirm(client, "", "news");
                                        client.Send(Message("news", "two"));
                                        client.ExpectClosed();
                                      }});
  TestSubscriber client(peer.address());
  const auto waits = [&]() -> Task<absl::Status> {
    const absl::StatusOr<std::string> lost = co_await Try(client.subscriber.NextMessage(FarNs()));
    EXPECT_EQ(lost.status().code(), absl::StatusCode::kUnavailable);
    co_await client.subscriber.Subscribe("news");
    const std::string two = co_await client.subscriber.NextMessage(FarNs());
    EXPECT_EQ(two, "two");
    client.subscriber.connection().Close();
    co_return absl::OkStatus();
  };
  const auto drives = [&]() -> Task<void> { EXPECT_EQ(co_await Try(waits()), absl::OkStatus()); };
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.subscriber.Subscribe("news");
    client.loop.Spawn(drives());
    co_await client.subscriber.connection().Run(Command("HALF"));
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(Subscriber, SubscribeFailsWhereThePeerRefusesOrNeverConfirms) {
  ScriptedPeer peer(Transport::kTcp, {[](PeerConnection& client) {
                      client.Greet();
                      client.Expect(Change("", "secret"));
                      client.Send("-NOPERM no access to the channel\r\n");
                      client.Expect(Change("", "silent"));
                      client.ExpectClosed();
                    }});
  TestSubscriber client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    const absl::Status refused = co_await Try(client.subscriber.Subscribe("secret"));
    EXPECT_EQ(refused, absl::FailedPreconditionError("NOPERM no access to the channel"));
    client.options.op_timeout_ms = 30;
    co_await client.subscriber.Subscribe("silent");
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(client.subscriber.connection().connected());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

// Of a client that has joined nothing, valkey 8.0 refuses UNSUBSCRIBE (NOSUB), and other servers
// answer with a null channel.
TEST(Subscriber, LeavesOnlyWhatItHasJoinedAndByName) {
  ScriptedPeer peer(Transport::kTcp, {[](PeerConnection& client) {
                                        client.Greet();
                                        client.Expect(Command("SUBSCRIBE", "one"));
                                        client.Send(Confirmation("subscribe", "one", 1));
                                        client.Expect(Command("UNSUBSCRIBE", "one"));
                                        client.Send(Confirmation("unsubscribe", "one", 0));
                                        client.Expect(Command("SUBSCRIBE", "refused"));
                                        client.Send("-NOPERM no access to the channel\r\n");
                                        client.Expect(Command("SUBSCRIBE", "two"));
                                        client.Send(Confirmation("subscribe", "two", 1));
                                      },
                                      [](PeerConnection& client) {
                                        client.Greet();
                                        client.Expect(Command("SUBSCRIBE", "three"));
                                        client.Send(Confirmation("subscribe", "three", 1));
                                        client.ExpectClosed();
                                      }});
  TestSubscriber client(peer.address());
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.subscriber.Subscribe("one");
    co_await client.subscriber.Unsubscribe();
    co_await client.subscriber.Unsubscribe();  // sends nothing
    EXPECT_FALSE((co_await Try(client.subscriber.Subscribe("refused"))).ok());
    co_await client.subscriber.Subscribe("two");
    EXPECT_FALSE((co_await Try(client.subscriber.NextMessage(FarNs()))).ok()) << "closed";
    co_await client.subscriber.Subscribe("three");
    client.subscriber.connection().Close();
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(Subscriber, CancelEndsTheWaitForAMessage) {
  Loop* loop = nullptr;
  ScriptedPeer peer([&](PeerConnection& client) {
    client.Greet();
    Confirm(client, "", "news");
    loop->Post([&] { loop->Cancel(); });
    client.ExpectClosed();
  });
  TestSubscriber client(peer.address());
  loop = &client.loop;
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.subscriber.Subscribe("news");
    co_await client.subscriber.NextMessage(FarNs());
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()).code(), absl::StatusCode::kCancelled);
  client.subscriber.connection().Close();
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

// As a cache in the client does, which acts on a message at once.
TEST(Subscriber, HandsMessagesOverWholeWhereThatIsAskedFor) {
  ScriptedPeer peer([](PeerConnection& client) {
    client.Greet();
    Confirm(client, "", "mine");
    client.Send(absl::StrCat(Message("other", "no"), Message("mine", "text"),
                             "*3\r\n$7\r\nmessage\r\n$4\r\nmine\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n"));
  });
  TestSubscriber client(peer.address());
  std::vector<std::string> heard;
  bool is_lost = false;
  client.subscriber.set_on_message([&](const absl::StatusOr<Reply>& message) {
    is_lost = !message.ok();
    if (is_lost) return;
    const Reply& payload = (*message)[2];
    heard.push_back(payload.is_array() ? payload[1].text() : payload.text());
  });
  const auto body = [&]() -> Task<absl::Status> {
    co_await client.subscriber.Subscribe("mine");
    const auto none = co_await Try(client.subscriber.NextMessage(FarNs()));
    EXPECT_FALSE(none.ok()) << "no message stays for it";
    co_return absl::OkStatus();
  };
  EXPECT_EQ(client.Run(body()), absl::OkStatus());
  EXPECT_EQ(heard, (std::vector<std::string>{"text", "b"}));
  EXPECT_TRUE(is_lost);
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

}  // namespace
}  // namespace rcb
