#include "common/redis/raw_loop.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "common/redis/command.h"
#include "common/redis/scripted_peer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::HasSubstr;
using Transport = ScriptedPeer::Transport;

constexpr int kTimeoutMs = 10'000;
constexpr absl::string_view kReply = "$5\r\nvalue\r\n";

std::string Request() { return Command("GET", "key").bytes(); }

bool Never() { return false; }

// Answers `requests` of them, one after the other.
PeerScript Answering(int requests) {
  return [requests](PeerConnection& client) {
    for (int i = 0; i < requests; ++i) {
      client.Expect(Request());
      client.Send(kReply);
    }
  };
}

std::unique_ptr<RawLoop> MustOpen(const Address& address, int connections) {
  absl::StatusOr<std::unique_ptr<RawLoop>> loop = RawLoop::Open(address, connections);
  EXPECT_TRUE(loop.ok()) << loop.status();
  return *std::move(loop);
}

class RawLoopOver : public testing::TestWithParam<Transport> {};

INSTANTIATE_TEST_SUITE_P(, RawLoopOver, testing::Values(Transport::kTcp, Transport::kUnix),
                         [](const auto& transport) -> std::string {
                           return transport.param == Transport::kTcp ? "Tcp" : "Unix";
                         });

TEST_P(RawLoopOver, SendsNothingBeyondTheOperationsAskedFor) {
  ScriptedPeer peer(GetParam(), {[](PeerConnection& client) {
                      Answering(11)(client);
                      client.ExpectClosed();
                    }});
  std::unique_ptr<RawLoop> loop = MustOpen(peer.address(), 1);
  for (const int64_t operations : {10, 1, 0}) {
    EXPECT_EQ(loop->Drive(Request(), kReply.size(), operations, kTimeoutMs, Never),
              absl::OkStatus());
  }
  loop.reset();
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST_P(RawLoopOver, RefusesAReplyOfAnotherSize) {
  for (const char* reply : {"$-1\r\n", "$5\r\nvalue\r\n+OK\r\n", "$5\r\nval"}) {
    ScriptedPeer peer(GetParam(), {[reply](PeerConnection& client) {
                        client.Expect(Request());
                        client.Send(reply);
                        client.ExpectClosed();
                      }});
    std::unique_ptr<RawLoop> loop = MustOpen(peer.address(), 1);
    const absl::Status driven = loop->Drive(Request(), kReply.size(), 10, kTimeoutMs, Never);
    EXPECT_EQ(driven.code(), absl::StatusCode::kDataLoss) << reply;
    loop.reset();
    EXPECT_EQ(peer.Finish(), absl::OkStatus());
  }
}

TEST_P(RawLoopOver, EndsWhenThePeerHangsUp) {
  ScriptedPeer peer(GetParam(), {[](PeerConnection& client) {
                      Answering(3)(client);
                      client.Expect(Request());
                    }});
  std::unique_ptr<RawLoop> loop = MustOpen(peer.address(), 1);
  const absl::Status driven = loop->Drive(Request(), kReply.size(), 10, kTimeoutMs, Never);
  EXPECT_EQ(driven.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(std::string(driven.message()), "the server closed the connection");
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST_P(RawLoopOver, GivesASilentPeerUp) {
  ScriptedPeer peer(GetParam(), {[](PeerConnection& client) {
                      Answering(2)(client);
                      client.Expect(Request());
                      client.ExpectClosed();
                    }});
  std::unique_ptr<RawLoop> loop = MustOpen(peer.address(), 1);
  const absl::Status driven = loop->Drive(Request(), kReply.size(), 10, /*silence_ms=*/150, Never);
  EXPECT_EQ(driven.code(), absl::StatusCode::kDeadlineExceeded);
  loop.reset();
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST_P(RawLoopOver, EndsOnceItIsCancelledThoughThePeerIsSilent) {
  ScriptedPeer peer(GetParam(), {[](PeerConnection& client) {
                      client.Expect(Request());
                      client.ExpectClosed();
                    }});
  std::unique_ptr<RawLoop> loop = MustOpen(peer.address(), 1);
  int looks = 0;
  const auto at_the_third_look = [&looks] { return ++looks == 3; };
  const absl::Status driven =
      loop->Drive(Request(), kReply.size(), 10, kTimeoutMs, at_the_third_look);
  EXPECT_EQ(driven.code(), absl::StatusCode::kCancelled);
  loop.reset();
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST(RawLoop, FailsWhereNobodyListens) {
  RefusingAddress refusing;
  const auto loop = RawLoop::Open(refusing.address(), 3);
  EXPECT_EQ(loop.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(loop.status().message()), HasSubstr("connect: Connection refused"));
}

}  // namespace
}  // namespace rcb
