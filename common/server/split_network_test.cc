// With real namespaces, where this machine and user can have them.

#include "common/server/split_network.h"

#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/redis/blocking_client.h"
#include "common/server/private_server.h"
#include "common/server/test_network.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr int kTimeoutMs = 5000;
constexpr int kShortMs = 200;

class SplitNetworkTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { why_not_ = EnterOwnNetwork(); }
  void SetUp() override {
    if (!why_not_.empty()) GTEST_SKIP() << why_not_;
  }

  static std::unique_ptr<SplitNetwork> MustMake() {
    absl::StatusOr<std::unique_ptr<SplitNetwork>> network = SplitNetwork::Make();
    EXPECT_TRUE(network.ok()) << network.status();
    return network.ok() ? *std::move(network) : nullptr;
  }
  static std::unique_ptr<PrivateServer> MustStart(const Site& site,
                                                  const std::vector<std::string>& more = {}) {
    PrivateServerOptions options;
    options.site = site;
    options.extra_arguments = {"--repl-diskless-sync", "no"};  // which would wait for 5 s
    options.extra_arguments.insert(options.extra_arguments.end(), more.begin(), more.end());
    absl::StatusOr<std::unique_ptr<PrivateServer>> server = PrivateServer::Start(options);
    EXPECT_TRUE(server.ok()) << server.status();
    return server.ok() ? *std::move(server) : nullptr;
  }
  static bool Answers(const Endpoint& endpoint, int timeout_ms) {
    absl::StatusOr<BlockingClient> client = BlockingClient::Connect(endpoint, timeout_ms);
    return client.ok() && client->Command({"PING"}).ok();
  }

  static std::string why_not_;
};

std::string SplitNetworkTest::why_not_;

TEST_F(SplitNetworkTest, WhatIsCutGetsNoAnswerAndAllElseDoes) {
  const auto network = MustMake();
  ASSERT_NE(network, nullptr);
  const auto on_island = MustStart(network->island());
  const auto on_mainland = MustStart(network->mainland());
  Endpoint by_cable = on_island->tcp_endpoint();
  by_cable.host = network->island().other_address;
  EXPECT_TRUE(Answers(by_cable, kTimeoutMs));
  BlockingClient client = BlockingClient::Connect(by_cable, kShortMs).value();
  EXPECT_TRUE(client.Command({"PING"}).ok());

  ASSERT_EQ(network->Cut(), absl::OkStatus());
  // Neither who is connected nor who would like to be is told anything.
  EXPECT_THAT(std::string(client.Command({"PING"}).status().message()),
              HasSubstr("no answer within"));
  EXPECT_FALSE(Answers(by_cable, kShortMs));
  EXPECT_TRUE(Answers(on_island->tcp_endpoint(), kTimeoutMs));
  EXPECT_TRUE(Answers(on_mainland->tcp_endpoint(), kTimeoutMs));

  ASSERT_EQ(network->Mend(), absl::OkStatus());
  EXPECT_TRUE(Answers(by_cable, kTimeoutMs));
}

TEST_F(SplitNetworkTest, BothSidesReachEachOther) {
  const auto network = MustMake();
  ASSERT_NE(network, nullptr);
  for (const bool is_first_on_island : {true, false}) {
    const Site island = network->island();
    const Site first = is_first_on_island ? island : network->mainland();
    const auto primary = MustStart(first);
    const auto replica =
        MustStart(is_first_on_island ? network->mainland() : island,
                  {"--replicaof", is_first_on_island ? island.other_address : first.address,
                   absl::StrCat(primary->tcp_endpoint().port)});
    BlockingClient client = BlockingClient::Connect(primary->tcp_endpoint(), kTimeoutMs).value();
    EXPECT_TRUE(client.Command({"SET", "key", "1"}).ok());
    EXPECT_EQ(client.Command({"WAIT", "1", "4000"})->integer(), 1);
  }
}

TEST_F(SplitNetworkTest, SeveralStandSideBySideAndLeaveNothing) {
  std::optional<BlockingClient> client;  // outlives them
  {
    const auto one = MustMake();
    const auto other = MustMake();
    EXPECT_NE(one->island().address, other->island().address);
    EXPECT_THAT(NetworkLeftovers(), SizeIs(4));
    const auto server = MustStart(one->island());
    client.emplace(BlockingClient::Connect(server->tcp_endpoint(), kTimeoutMs).value());
    EXPECT_THAT(NetworkLeftovers(), SizeIs(5)) << "with a connection";
  }
  EXPECT_THAT(NetworkLeftovers(), IsEmpty());
}

TEST_F(SplitNetworkTest, GivesUpWithoutPermissionInOneLine) {
  int answer[2];
  ASSERT_EQ(pipe(answer), 0);
  const pid_t child = fork();
  if (child == 0) {
    // Nobody's rights, which is all that a user has.
    const bool is_nobody = geteuid() != 0 || setuid(65534) == 0;
    const absl::Status status = SplitNetwork::Make().status();
    const std::string text = absl::StrCat(is_nobody ? "" : "still root; ", status.ToString());
    _exit(write(answer[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  close(answer[1]);
  std::string text(1000, '\0');
  const ssize_t size = read(answer[0], text.data(), text.size());
  close(answer[0]);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  text.resize(size > 0 ? static_cast<size_t>(size) : 0);
  EXPECT_TRUE(absl::StartsWith(text, "PERMISSION_DENIED: ")) << text;
  EXPECT_THAT(text, HasSubstr("it takes root"));
  EXPECT_THAT(text, Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace rcb
