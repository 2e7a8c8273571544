#include "common/harness/session.h"

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "common/harness/test_session.h"
#include "common/redis/blocking_client.h"
#include "common/redis/scripted_peer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::HasSubstr;

// How many clients the server has, besides the one that asks.
int ClientsOf(PrivateServer& server) {
  auto client = BlockingClient::Connect(server.tcp_endpoint(), /*timeout_ms=*/5000);
  if (!client.ok()) return -1;
  const absl::StatusOr<Reply> info = client->Command({"CLIENT", "LIST"});
  if (!info.ok()) return -1;
  const std::string lines(info->text());
  return static_cast<int>(std::count(lines.begin(), lines.end(), '\n')) - 1;
}

TEST_F(SessionTest, DealsTheWorkersToTheThreadsInTurn) {
  std::unique_ptr<Session> session = MustOpen(OptionsFor(/*workers=*/7, /*threads=*/3));
  ASSERT_EQ(session->slots().size(), 3u);
  EXPECT_EQ(session->slot(0).workers.size(), 3u);
  EXPECT_EQ(session->slot(1).workers.size(), 2u);
  EXPECT_EQ(session->slot(2).workers.size(), 2u);
  std::set<int> indices;
  for (int thread = 0; thread < 3; ++thread) {
    ThreadSlot& slot = session->slot(thread);
    EXPECT_EQ(slot.index, thread);
    for (auto& state : slot.workers) {
      indices.insert(state->worker.index);
      EXPECT_EQ(state->worker.loop, &slot.loop);
      EXPECT_EQ(state->worker.connection, &state->connection);
      EXPECT_EQ(state->worker.tally, &state->tally);
      EXPECT_EQ(state->worker.subscriber, nullptr);
    }
  }
  EXPECT_EQ(indices, std::set<int>({0, 1, 2, 3, 4, 5, 6}));
}

// As after a session that was just closed, which the server has not noticed yet.
TEST_F(SessionTest, AServerThatWasFullAtFirstIsNoErrorOfTheRun) {
  std::vector<BlockingClient> crowd;
  for (int i = 0; i < 3; ++i) {
    auto guest = BlockingClient::Connect(server_->tcp_endpoint(), /*timeout_ms=*/5000);
    ASSERT_TRUE(guest.ok()) << guest.status();
    crowd.push_back(*std::move(guest));
  }
  ASSERT_TRUE(crowd[0].Command({"CONFIG", "SET", "maxclients", "3"}).ok());
  std::thread relief([&crowd] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    crowd.clear();
  });
  std::unique_ptr<Session> session = MustOpen(OptionsFor(/*workers=*/3, /*threads=*/1));
  relief.join();
  const auto ping = [](Worker& worker) -> Operation {
    co_await worker.redis().Run(Command("PING"));
    co_return 0;
  };
  DriveRun(*session, /*budget=*/30, RunOptions(), std::make_unique<FunctionScenario>(ping));
  const Tally tally = TotalsOf(*session).tally;
  EXPECT_EQ(tally.succeeded, 30);
  EXPECT_EQ(tally.errors, 0) << session->slot(0).first_error;
}

// More than are connected at a time.
TEST_F(SessionTest, ConnectsEveryWorkerAndItsSubscriber) {
  SessionOptions options = OptionsFor(/*workers=*/150, /*threads=*/1);
  options.needs_subscriber = true;
  std::unique_ptr<Session> session = MustOpen(options);
  EXPECT_EQ(ClientsOf(*server_), 300);
  for (auto& state : session->slot(0).workers) {
    EXPECT_TRUE(state->connection.connected());
    ASSERT_NE(state->worker.subscriber, nullptr);
    EXPECT_TRUE(state->worker.subscriber->connection().connected());
  }
}

TEST_F(SessionTest, NamesTheFailureWhereNobodyListens) {
  RefusingAddress refusing;
  SessionOptions options = OptionsFor(/*workers=*/3, /*threads=*/2, /*op_timeout_ms=*/50);
  options.connection.address = refusing.address();
  const auto session = Session::Open(options);
  EXPECT_FALSE(session.ok());
  EXPECT_TRUE(absl::StartsWith(session.status().message(), "connecting 3 workers: "))
      << session.status();
  EXPECT_THAT(std::string(session.status().message()), HasSubstr("refused"));
}

TEST_F(SessionTest, NamesTheFailureOfAServerThatIsFull) {
  auto client = BlockingClient::Connect(server_->tcp_endpoint(), /*timeout_ms=*/5000);
  ASSERT_TRUE(client.ok());
  ASSERT_TRUE(client->Command({"CONFIG", "SET", "maxclients", "5"}).ok());
  const auto session = Session::Open(OptionsFor(/*workers=*/10, /*threads=*/1, 50));
  EXPECT_FALSE(session.ok());
  EXPECT_THAT(std::string(session.status().message()), HasSubstr("max number of clients"));
}

TEST_F(SessionTest, ForgetsEarlierRunsButNotTheRoundTripsOfItsConnections) {
  std::unique_ptr<Session> session = MustOpen(OptionsFor(/*workers=*/2, /*threads=*/2));
  ThreadSlot& slot = session->slot(1);
  WorkerState& state = *slot.workers[0];
  slot.latency.Record(5);
  slot.history.emplace_back();
  slot.busy_ns = slot.wall_ns = 9;
  slot.first_error = "an error";
  slot.loop.Cancel();
  state.tally.started = state.tally.retries = 3;
  ASSERT_GT(state.RoundTrips(), 0);  // the greeting
  session->StartRecord(/*operations=*/1000);
  EXPECT_EQ(slot.latency.count(), 0);
  EXPECT_TRUE(slot.history.empty());
  EXPECT_GE(slot.history.capacity(), 500u);
  EXPECT_EQ(slot.busy_ns, 0);
  EXPECT_EQ(slot.wall_ns, 0);
  EXPECT_EQ(slot.first_error, "");
  EXPECT_FALSE(slot.loop.cancelled());
  EXPECT_EQ(state.tally.started, 0);
  EXPECT_EQ(state.tally.retries, 0);
  EXPECT_EQ(state.RoundTrips() - state.round_trips_before, 0);
}

TEST_F(SessionTest, MeasuresTheRoundTripWithAsManyPingsAsAsked) {
  std::unique_ptr<Session> session = MustOpen(OptionsFor(/*workers=*/2, /*threads=*/1));
  WorkerState& state = *session->slot(0).workers[0];
  const int64_t before = state.RoundTrips();
  EXPECT_GT(session->MeasureRoundTripNs(50), 0);
  EXPECT_EQ(state.RoundTrips() - before, 50);
}

TEST_F(SessionTest, HasNoRoundTripOfALostConnection) {
  std::unique_ptr<Session> session = MustOpen(OptionsFor(/*workers=*/1, /*threads=*/1));
  session->slot(0).workers[0]->connection.Close();
  EXPECT_EQ(session->MeasureRoundTripNs(10), 0);
}

TEST_F(SessionTest, DealsWhatIsSharedToTheThreadsInTurn) {
  SessionOptions options = OptionsFor(/*workers=*/9, /*threads=*/2);
  options.heals_own = false;
  options.shared_connections = 5;
  std::unique_ptr<Session> session = MustOpen(options);
  EXPECT_EQ(session->slot(0).shared.size(), 3u);
  EXPECT_EQ(session->slot(1).shared.size(), 2u);
  for (auto& slot : session->slots()) {
    for (auto& connection : slot->shared) EXPECT_TRUE(connection->connected());
    for (auto& state : slot->workers) {
      EXPECT_EQ(state->worker.shared.data(), slot->shared.data());
      const bool is_for_pings = state == slot->workers.front() || state == slot->workers.back();
      EXPECT_EQ(state->connection.connected(), is_for_pings);
    }
  }
  EXPECT_EQ(ClientsOf(*server_), 5 + 4);
}

TEST_F(SessionTest, LeavesWhatIsSharedClosedWhereOperationsOpenIt) {
  SessionOptions options = OptionsFor(/*workers=*/4, /*threads=*/1);
  options.heals_own = false;
  options.shared_connections = 3;
  options.opens_shared = false;
  std::unique_ptr<Session> session = MustOpen(options);
  ASSERT_EQ(session->slot(0).shared.size(), 3u);
  for (auto& connection : session->slot(0).shared) EXPECT_FALSE(connection->connected());
}

TEST_F(SessionTest, ConnectsAnewForTheRoundTripWhereOperationsCloseConnections) {
  SessionOptions options = OptionsFor(/*workers=*/1, /*threads=*/1);
  options.heals_own = false;
  std::unique_ptr<Session> session = MustOpen(options);
  session->slot(0).workers[0]->connection.Close();
  EXPECT_GT(session->MeasureRoundTripNs(10), 0);
}

TEST_F(SessionTest, ClosesItsConnections) {
  MustOpen(OptionsFor(/*workers=*/20, /*threads=*/2)).reset();
  for (int i = 0; i < 1000 && ClientsOf(*server_) > 0; ++i) {
  }
  EXPECT_EQ(ClientsOf(*server_), 0);
}

}  // namespace
}  // namespace rcb
