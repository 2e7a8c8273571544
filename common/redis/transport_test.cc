#include "common/redis/transport.h"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/measure/clock.h"
#include "common/redis/scripted_peer.h"
#include "common/redis/test_client.h"
#include "common/runtime/loop.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using Peer = ScriptedPeer::Transport;

constexpr int64_t kMsNs = 1'000'000;
constexpr int64_t kFarNs = 30'000 * kMsNs;

// Opens a transport to `address` and keeps what it hears, which it may answer by dropping it.
class Recorder : private Transport::Listener {
 public:
  explicit Recorder(const Address& address) {
    absl::StatusOr<TransportPtr> opened = OpenTransport(loop, address, *this);
    if (opened.ok()) transport = *std::move(opened);
    if (!opened.ok()) broken = opened.status();
  }

  // Runs the loop until `condition` holds, or for too long; and then a little longer.
  void RunUntil(const std::function<bool()>& condition) {
    const auto waits = [&]() -> Task<void> {
      const int64_t give_up_ns = NowNs() + kFarNs;
      while (!condition() && NowNs() < give_up_ns) (co_await Try(loop.Sleep(kMsNs))).IgnoreError();
      (co_await Try(loop.Sleep(20 * kMsNs))).IgnoreError();
    };
    loop.RunUntilDone(waits());
    EXPECT_TRUE(condition());
  }

  Loop loop;
  TransportPtr transport;
  std::function<void()> on_connected = [] {};
  std::function<void()> on_bytes = [] {};
  std::function<void()> on_broken = [] {};
  int calls = 0;
  bool connected = false;
  std::string bytes;
  absl::Status broken;

 private:
  void OnConnected() override {
    ++calls;
    connected = true;
    on_connected();
  }
  void OnBytes(const char* data, size_t size) override {
    ++calls;
    bytes.append(data, size);
    on_bytes();
  }
  void OnBroken(absl::Status why) override {
    ++calls;
    broken = std::move(why);
    on_broken();
  }
};

class TransportOver : public testing::TestWithParam<Peer> {};

INSTANTIATE_TEST_SUITE_P(, TransportOver, testing::Values(Peer::kTcp, Peer::kUnix),
                         [](const auto& peer) -> std::string {
                           return peer.param == Peer::kTcp ? "Tcp" : "Unix";
                         });

TEST_P(TransportOver, CarriesAnyBytesBothWaysAndHearsTheEnd) {
  const std::string request("\0request\r\n", 10);
  const std::string answer("any\0thing", 9);
  ScriptedPeer peer(GetParam(), {[&](PeerConnection& client) {
                      client.Expect(request);
                      client.SendInPieces(answer, 2);
                    }});
  Recorder recorder(peer.address());
  recorder.on_connected = [&] { recorder.transport->Write(request); };
  recorder.RunUntil([&] { return !recorder.broken.ok(); });
  EXPECT_EQ(recorder.bytes, answer);
  EXPECT_EQ(recorder.broken, absl::UnavailableError("the server closed the connection"));
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

TEST_P(TransportOver, QueuesWhatTheKernelDoesNotTakeAndKeepsItsOrder) {
  std::string large(size_t{16} << 20, '\0');
  for (size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 7 / 5);
  ScriptedPeer peer(GetParam(), {[&](PeerConnection& client) {
                      const std::string received = client.Receive(large.size());
                      EXPECT_TRUE(received == large) << "of " << received.size() << " bytes";
                      client.Expect("small");
                    }});
  Recorder recorder(peer.address());
  recorder.on_connected = [&] {
    recorder.transport->Write(large);
    recorder.transport->Write("small");
  };
  recorder.RunUntil([&] { return !recorder.broken.ok(); });
  EXPECT_EQ(peer.Finish(), absl::OkStatus());
}

// The peer leaves bytes unread, so that closing resets the connection while we write.
TEST_P(TransportOver, HandsOverTheLastWordsOfAPeerThatItCannotWriteToAnyMore) {
  ScriptedPeer peer(GetParam(), {[](PeerConnection& client) {
                      client.Receive(1);
                      client.Send("last words");
                    }});
  Recorder recorder(peer.address());
  recorder.on_connected = [&] {
    recorder.transport->Write("ab");
    EXPECT_EQ(peer.Finish(), absl::OkStatus());
    for (int i = 0; i < 3; ++i) recorder.transport->Write("too late");
    EXPECT_EQ(recorder.calls, 1);
  };
  recorder.RunUntil([&] { return !recorder.broken.ok(); });
  EXPECT_EQ(recorder.bytes, "last words");
  EXPECT_EQ(recorder.broken.code(), absl::StatusCode::kUnavailable);
}

TEST_P(TransportOver, MayBeDroppedInAnyCallAndIsSilentAfterwards) {
  for (const int at_call : {1, 2, 3}) {
    ScriptedPeer peer(GetParam(), {[](PeerConnection& client) {
                        client.Expect("hello");
                        client.Send("bytes");
                      }});
    Recorder recorder(peer.address());
    const auto drops = [&] {
      if (recorder.calls == at_call) recorder.transport.reset();
    };
    recorder.on_connected = [&] {
      recorder.transport->Write("hello");
      drops();
    };
    recorder.on_bytes = drops;
    recorder.on_broken = drops;
    recorder.RunUntil([&] { return recorder.transport == nullptr; });
    EXPECT_EQ(recorder.calls, at_call);
    EXPECT_EQ(peer.Finish(), absl::OkStatus());
  }
}

TEST(Transport, MayBeDroppedWhileItConnects) {
  const DeafAddress deaf;
  Recorder recorder(deaf.address());
  recorder.transport.reset();
  recorder.RunUntil([] { return true; });
  EXPECT_EQ(recorder.calls, 0);
}

TEST(Transport, IsBrokenWhereNobodyListens) {
  const RefusingAddress refusing;
  Recorder recorder(refusing.address());
  recorder.RunUntil([&] { return !recorder.broken.ok(); });
  EXPECT_EQ(recorder.broken, absl::UnavailableError("connect: connection refused"));
  EXPECT_FALSE(recorder.connected);
}

}  // namespace
}  // namespace rcb
