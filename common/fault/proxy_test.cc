// What the proxy passes, delays and loses between clients of ours and a real server.

#include "common/fault/proxy.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "common/fault/test_proxy.h"
#include "common/measure/clock.h"
#include "common/redis/blocking_client.h"
#include "common/redis/test_client.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

// Bytes of all values, so that nothing can be lost, swapped or repeated unnoticed.
std::string Pattern(size_t size) {
  std::string bytes(size, '\0');
  uint32_t state = 1;
  for (char& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

void ExpectPassesWhole(absl::StatusOr<BlockingClient> client, const std::string& value) {
  ASSERT_TRUE(client.ok()) << client.status();
  ASSERT_TRUE(client->Command({"SET", "key", value}).ok());
  const absl::StatusOr<Reply> reply = client->Command({"GET", "key"});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_TRUE(reply->text() == value);
}

TEST_F(ProxyTest, PassesWhatComesUnchangedInBothDirections) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{70'000}, size_t{20} << 20}) {
    ExpectPassesWhole(Connect(), Pattern(size));
  }
  EXPECT_EQ(proxy_->counts().connections, 4);
  EXPECT_GT(proxy_->counts().bytes_to_server, int64_t{20} << 20);
  EXPECT_GT(proxy_->counts().bytes_to_client, int64_t{20} << 20);
}

TEST_F(ProxyTest, ReachesAServerByItsUnixSocket) {
  Address address;
  address.unix_path = server_->unix_endpoint().path;
  StartProxy(address);
  ExpectPassesWhole(Connect(), Pattern(1000));
}

TEST_F(ProxyTest, PassesSlicesAndLateChunksInTheirOrder) {
  ProxyFaults faults;
  faults.to_server = {.jitter_ns = kMsNs, .slice_bytes = 7};
  faults.to_client = {.latency_ns = kMsNs, .jitter_ns = kMsNs, .slice_bytes = 100};
  Set(faults);
  ExpectPassesWhole(Connect(), Pattern(70'000));
}

TEST_F(ProxyTest, DelaysEachDirection) {
  absl::StatusOr<BlockingClient> client = Connect();
  ASSERT_TRUE(client.ok()) << client.status();
  ProxyFaults faults;
  faults.to_server.latency_ns = 10 * kMsNs;
  faults.to_client.latency_ns = 5 * kMsNs;
  Set(faults);
  for (int i = 0; i < 5; ++i) {
    const int64_t begin_ns = NowNs();
    ASSERT_TRUE(client->Command({"PING"}).ok());
    EXPECT_GE(NowNs() - begin_ns, 15 * kMsNs);
  }
}

TEST_F(ProxyTest, DelaysEachChunkByItselfSoThatManyAreUnderWayAtOnce) {
  MultiplexClient client(proxy_->address());
  ProxyFaults faults;
  faults.to_client.latency_ns = 500 * kMsNs;
  Set(faults);
  std::vector<absl::StatusOr<Reply>> results(20);
  const int64_t begin_ns = NowNs();
  for (absl::StatusOr<Reply>& result : results) client.Start(Command("INCR", "key"), &result);
  client.loop.Run();
  // One after the other they would take 10 s.
  EXPECT_LT(NowNs() - begin_ns, 5000 * kMsNs);
  for (size_t i = 0; i < results.size(); ++i) {
    ASSERT_TRUE(results[i].ok()) << results[i].status();
    EXPECT_EQ(results[i]->integer(), static_cast<int64_t>(i) + 1);
  }
}

TEST_F(ProxyTest, LetsNoMoreBytesPassThanItsLimit) {
  absl::StatusOr<BlockingClient> client = Connect();
  ASSERT_TRUE(client.ok()) << client.status();
  ProxyFaults faults;
  faults.to_server.bytes_per_second = 1'000'000;
  Set(faults);
  const int64_t begin_ns = NowNs();
  ASSERT_TRUE(client->Command({"SET", "key", std::string(300'000, 'x')}).ok());
  EXPECT_GE(NowNs() - begin_ns, 300 * kMsNs);
}

TEST_F(ProxyTest, LosesRepliesToRequestsThatTheServerHasApplied) {
  TestClient client(proxy_->address());
  client.options.op_timeout_ms = kShortMs;
  ASSERT_EQ(client.Connect(), absl::OkStatus());
  ProxyFaults faults;
  faults.to_client.lose_probability = 1;
  Set(faults);
  EXPECT_EQ(RunOne(client, Command("INCR", "key")).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Ask({"GET", "key"}), "1");
  EXPECT_EQ(proxy_->counts().lost_chunks, 1);

  Set(ProxyFaults());
  ASSERT_EQ(client.Connect(), absl::OkStatus());
  EXPECT_EQ(RunOne(client, Command("INCR", "key")), absl::OkStatus());
  EXPECT_EQ(Ask({"GET", "key"}), "2");
}

TEST_F(ProxyTest, BreaksTheConnectionOffWhereItLosesAReplyOrARequest) {
  for (const bool loses_reply : {true, false}) {
    SCOPED_TRACE(loses_reply);
    TestClient client(proxy_->address());
    ASSERT_EQ(client.Connect(), absl::OkStatus());
    ProxyFaults faults;
    LinkFaults& link = loses_reply ? faults.to_client : faults.to_server;
    link.lose_probability = 1;
    link.cut_at_loss = true;
    Set(faults);
    EXPECT_EQ(RunOne(client, Command("INCR", "key")).code(), absl::StatusCode::kUnavailable);
    Set(ProxyFaults());
    EXPECT_EQ(Ask({"GET", "key"}), "1") << "what the reply was lost of is done, and no more";
  }
  EXPECT_EQ(proxy_->counts().lost_chunks, 2);
}

TEST_F(ProxyTest, LosesAboutAsManyRepliesAsItsChanceSays) {
  ProxyFaults faults;
  faults.to_client.lose_probability = 0.5;
  TestClient client(proxy_->address());
  client.options.op_timeout_ms = 30;
  int lost = 0;
  for (int i = 0; i < 40; ++i) {
    Set(ProxyFaults());
    ASSERT_EQ(client.Connect(), absl::OkStatus());
    Set(faults);
    lost += RunOne(client, Command("PING")).ok() ? 0 : 1;
  }
  // The draws are those of the seed; a fair coin leaves these bounds less than once in 10,000
  // times.
  EXPECT_GE(lost, 7);
  EXPECT_LE(lost, 33);
  EXPECT_EQ(proxy_->counts().lost_chunks, lost);
}

TEST_F(ProxyTest, SwallowsRequestsThatNeverReachTheServer) {
  TestClient client(proxy_->address());
  client.options.op_timeout_ms = kShortMs;
  ASSERT_EQ(client.Connect(), absl::OkStatus());
  ProxyFaults faults;
  faults.to_server.swallow = true;
  Set(faults);
  EXPECT_EQ(RunOne(client, Command("INCR", "key")).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Ask({"EXISTS", "key"}), "0");
}

TEST_F(ProxyTest, TakesNoBytesWhileItStallsAndAllOfThemLater) {
  absl::StatusOr<BlockingClient> client = Connect();
  ASSERT_TRUE(client.ok()) << client.status();
  ProxyFaults faults;
  faults.to_client.stall = true;
  Set(faults);
  TestClient other(proxy_->address());
  other.options.connect_timeout_ms = kShortMs;
  other.options.op_timeout_ms = kShortMs;
  EXPECT_FALSE(other.Connect().ok());
  EXPECT_EQ(Ask({"SET", "key", "v"}), "OK");
  Set(ProxyFaults());
  const absl::StatusOr<Reply> reply = client->Command({"GET", "key"});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->text(), "v");
}

// The most bytes that wait in the server for one client, by a reply to CLIENT LIST.
int64_t UnsentBytes(const std::string& clients) {
  int64_t most = 0;
  for (const absl::string_view word : absl::StrSplit(clients, ' ')) {
    int64_t bytes = 0;
    if (absl::StartsWith(word, "omem=") && absl::SimpleAtoi(word.substr(5), &bytes)) {
      most = std::max(most, bytes);
    }
  }
  return most;
}

TEST_F(ProxyTest, HoldsNoMoreThanItsBoundForAClientThatDoesNotRead) {
  ASSERT_EQ(Ask({"SET", "key", std::string(size_t{64} << 20, 'x')}), "OK");
  MultiplexClient client(proxy_->address());
  ProxyFaults faults;
  faults.to_client.bytes_per_second = 1000;
  Set(faults);
  absl::StatusOr<Reply> reply;
  client.Start(Command("GET", "key"), &reply);
  // Once nothing moves any more, the rest waits in the server, because the proxy has no room for
  // it. The kernel holds some megabytes as well.
  const int64_t deadline_ns = NowNs() + kTimeoutMs * kMsNs;
  int64_t unsent = -1;
  for (int same = 0; same < 20 && NowNs() < deadline_ns;) {
    const int64_t before = unsent;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    unsent = UnsentBytes(Ask({"CLIENT", "LIST", "TYPE", "normal"}));
    same = unsent == before ? same + 1 : 0;
  }
  EXPECT_GT(unsent, int64_t{32} << 20);
  EXPECT_LT(proxy_->counts().bytes_to_client, 100'000);
  proxy_->ResetConnections();
  client.loop.Run();
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(ProxyTest, AffectsTheShareOfConnectionsThatItIsToldTo) {
  std::vector<std::unique_ptr<BlockingClient>> clients;
  for (int i = 0; i < 40; ++i) {
    absl::StatusOr<BlockingClient> client = Connect();
    ASSERT_TRUE(client.ok()) << client.status();
    clients.push_back(std::make_unique<BlockingClient>(*std::move(client)));
  }
  ProxyFaults faults;
  faults.to_client = {.latency_ns = 50 * kMsNs, .share = 0.5};
  Set(faults);
  int slow = 0;
  for (const auto& client : clients) {
    const int64_t begin_ns = NowNs();
    ASSERT_TRUE(client->Command({"PING"}).ok());
    slow += NowNs() - begin_ns >= 50 * kMsNs ? 1 : 0;
  }
  EXPECT_GE(slow, 7);
  EXPECT_LE(slow, 39);  // more than the half may be slow on a busy machine
}

}  // namespace
}  // namespace rcb
