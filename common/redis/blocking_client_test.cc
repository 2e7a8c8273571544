// Against a scripted peer: no server is needed. What needs a real one (AUTH, SELECT, maxclients)
// is tested with common/server.

#include "common/redis/blocking_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

constexpr int kTimeoutMs = 5000;

// Accepts one connection, answers each request with the next answer of the script, byte by byte,
// and then closes it or, if told to hang, keeps it open until it is destroyed.
class ScriptedPeer {
 public:
  enum class AtEnd { kClose, kHang };

  explicit ScriptedPeer(std::vector<std::string> answers, AtEnd at_end = AtEnd::kClose)
      : answers_(std::move(answers)),
        at_end_(at_end),
        listener_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    EXPECT_NE(mkdtemp(directory_.data()), nullptr);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    endpoint().path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    thread_ = std::thread([this] { Serve(); });
  }
  ~ScriptedPeer() {
    Join();
    close(listener_);
    unlink(endpoint().path.c_str());
    rmdir(directory_.c_str());
    if (connection_ >= 0) close(connection_);
  }

  Endpoint endpoint() const {
    Endpoint endpoint;
    endpoint.transport = Endpoint::Transport::kUnix;
    endpoint.path = directory_ + "/socket";
    return endpoint;
  }
  // Yields what the client sent, which is whole once the script has ended.
  const std::string& received() {
    Join();
    return received_;
  }

 private:
  void Join() {
    if (thread_.joinable()) thread_.join();
  }

  void Serve() {
    pollfd waited = {listener_, POLLIN, 0};
    if (poll(&waited, 1, kTimeoutMs) != 1) return;
    connection_ = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    for (const std::string& answer : answers_) {
      if (!Receive()) break;
      for (const char byte : answer) send(connection_, &byte, 1, MSG_NOSIGNAL);
    }
    if (at_end_ == AtEnd::kClose) shutdown(connection_, SHUT_RDWR);
  }

  bool Receive() {
    char buffer[4096];
    pollfd waited = {connection_, POLLIN, 0};
    if (poll(&waited, 1, kTimeoutMs) != 1) return false;
    const ssize_t n = recv(connection_, buffer, sizeof(buffer), 0);
    if (n > 0) received_.append(buffer, static_cast<size_t>(n));
    return n > 0;
  }

  std::vector<std::string> answers_;
  AtEnd at_end_;
  std::string directory_ = "/tmp/peer_test_XXXXXX";
  int listener_;
  int connection_ = -1;
  std::string received_;
  std::thread thread_;
};

void ExpectOneLineAbout(const absl::Status& status, const Endpoint& endpoint,
                        absl::string_view words) {
  const std::string message(status.message());
  EXPECT_TRUE(absl::StartsWith(message, endpoint.ToString() + ": ")) << message;
  EXPECT_TRUE(absl::StrContains(message, words)) << message;
  EXPECT_FALSE(absl::StrContains(message, "\n")) << message;
}

TEST(BlockingClient, SendsACommandAndTakesItsReplySplitIntoBytes) {
  ScriptedPeer peer({"+PONG\r\n", "*2\r\n$1\r\na\r\n:7\r\n"});
  absl::StatusOr<BlockingClient> client = BlockingClient::Connect(peer.endpoint(), kTimeoutMs);
  ASSERT_TRUE(client.ok()) << client.status();
  const absl::StatusOr<Reply> reply = client->Command({"X", std::string("b\0\r\n", 4)});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ((*reply)[0].text(), "a");
  EXPECT_EQ((*reply)[1].integer(), 7);
  const char wire[] = "*1\r\n$4\r\nPING\r\n*2\r\n$1\r\nX\r\n$4\r\nb\0\r\n\r\n";
  EXPECT_EQ(peer.received(), std::string(wire, sizeof(wire) - 1));
}

TEST(BlockingClient, AuthenticatesProvesItselfAndSelectsInThisOrder) {
  ScriptedPeer peer({"+OK\r\n", "+PONG\r\n", "+OK\r\n"});
  Endpoint endpoint = peer.endpoint();
  endpoint.user = "alice";
  endpoint.password = "secret";
  endpoint.db = 3;
  const absl::StatusOr<BlockingClient> client = BlockingClient::Connect(endpoint, kTimeoutMs);
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ(peer.received(),
            "*3\r\n$4\r\nAUTH\r\n$5\r\nalice\r\n$6\r\nsecret\r\n"
            "*1\r\n$4\r\nPING\r\n"
            "*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n");
}

TEST(BlockingClient, ShowsTheServersWordsForAnErrorReplyAndStaysUsable) {
  ScriptedPeer peer({"+PONG\r\n", "-ERR no such thing\r\n", ":1\r\n"});
  absl::StatusOr<BlockingClient> client = BlockingClient::Connect(peer.endpoint(), kTimeoutMs);
  ASSERT_TRUE(client.ok()) << client.status();
  const absl::Status refused = client->Command({"X"}).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  ExpectOneLineAbout(refused, peer.endpoint(), "ERR no such thing");
  EXPECT_EQ(client->Command({"Y"})->integer(), 1);
}

struct Greeting {
  const char* answer;
  absl::StatusCode code;
  const char* words;
};

TEST(BlockingClient, TellsWhyTheServerDoesNotLetItIn) {
  const Greeting greetings[] = {
      {"-NOAUTH Authentication required.\r\n", absl::StatusCode::kUnauthenticated,
       "wants a password"},
      {"-ERR max number of clients reached\r\n", absl::StatusCode::kResourceExhausted,
       "maxclients"},
      {"-LOADING Redis is loading\r\n", absl::StatusCode::kFailedPrecondition, "LOADING"},
      {"HTTP/1.1 400 Bad Request\r\n", absl::StatusCode::kDataLoss, "not a Redis reply"},
      {"", absl::StatusCode::kUnavailable, "closed the connection"},
      {"+PO", absl::StatusCode::kUnavailable, "closed the connection"},
  };
  for (const Greeting& greeting : greetings) {
    ScriptedPeer peer({greeting.answer});
    const absl::Status status = BlockingClient::Connect(peer.endpoint(), kTimeoutMs).status();
    EXPECT_EQ(status.code(), greeting.code) << status;
    ExpectOneLineAbout(status, peer.endpoint(), greeting.words);
  }
}

TEST(BlockingClient, ReadsTheLastWordsOfAServerThatNoLongerReads) {
  ScriptedPeer peer({"+PONG\r\n-ERR max number of clients reached\r\n"});
  absl::StatusOr<BlockingClient> client = BlockingClient::Connect(peer.endpoint(), kTimeoutMs);
  ASSERT_TRUE(client.ok()) << client.status();
  peer.received();  // it has shut down: the next send fails
  EXPECT_TRUE(absl::IsResourceExhausted(client->Command({"X"}).status()));
}

TEST(BlockingClient, NeverShowsThePasswordThatWasRefused) {
  ScriptedPeer peer({"-WRONGPASS invalid username-password pair\r\n"});
  Endpoint endpoint = peer.endpoint();
  endpoint.password = "hunter2";
  const absl::Status status = BlockingClient::Connect(endpoint, kTimeoutMs).status();
  EXPECT_TRUE(absl::IsUnauthenticated(status)) << status;
  ExpectOneLineAbout(status, peer.endpoint(), "WRONGPASS");
  EXPECT_FALSE(absl::StrContains(status.ToString(), "hunter2")) << status;
}

TEST(BlockingClient, GivesUpOnAPeerThatNeverAnswers) {
  ScriptedPeer peer({}, ScriptedPeer::AtEnd::kHang);
  const absl::Status status = BlockingClient::Connect(peer.endpoint(), 50).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  ExpectOneLineAbout(status, peer.endpoint(), "no answer within 50 ms");
}

TEST(BlockingClient, FailsForGoodOnceItsConnectionBroke) {
  ScriptedPeer peer({"+PONG\r\n"});
  absl::StatusOr<BlockingClient> client = BlockingClient::Connect(peer.endpoint(), kTimeoutMs);
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_TRUE(absl::IsUnavailable(client->Command({"X"}).status()));
  ExpectOneLineAbout(client->Command({"X"}).status(), peer.endpoint(), "broke before");
}

TEST(BlockingClient, NamesTheEndpointThatRefusesOrDoesNotExist) {
  Endpoint refusing;
  refusing.host = "127.0.0.1";
  refusing.port = 1;
  Endpoint no_host;
  no_host.host = "no-such-host.invalid";
  Endpoint no_socket;
  no_socket.transport = Endpoint::Transport::kUnix;
  no_socket.path = "/no/such/socket";
  for (const Endpoint& endpoint : {refusing, no_host, no_socket}) {
    const absl::Status status = BlockingClient::Connect(endpoint, kTimeoutMs).status();
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    ExpectOneLineAbout(status, endpoint, "cannot connect: ");
  }
}

}  // namespace
}  // namespace rcb
