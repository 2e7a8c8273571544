// The stage on a real server: what it makes of a contract, whose keys it deletes, how it connects.

#include "common/harness/stage.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/harness/test_bed.h"
#include "common/harness/test_session.h"
#include "common/redis/blocking_client.h"
#include "common/server/deployment/deployment.h"
#include "common/server/private_server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

const Bound kAtMostFive = {"queue_max", Bound::Relation::kAtMost, 5};

// A row whose operations write the key "<prefix>key", and whose checker finds `findings`.
Instance MakeInstance(Contract contract, const Findings& findings) {
  BenchmarkSpec spec("Limiter/policy/trial", Role::kSafe, std::move(contract));
  spec.make = [findings](const RunPlan& plan) {
    const std::string key = absl::StrCat(plan.key_prefix, "key");
    auto scenario = std::make_unique<FunctionScenario>([key](Worker& worker) -> Operation {
      co_await worker.redis().Run(Command("SET", key, 1));
      co_return 1;
    });
    scenario->findings = findings;
    return scenario;
  };
  return {spec, "Limiter/policy/trial/workers:2/threads:1", /*workers=*/2, /*threads=*/1};
}

class StageTest : public testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<Deployment*> server = TestBed::Server();
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *server;
  }

  absl::StatusOr<Findings> RunAndJudge(const Instance& instance) {
    const absl::Status begun = stage_.Begin(instance, *server_, {.budget = 200}, nullptr);
    if (!begun.ok()) return begun;
    DriveAllThreads(*stage_.run());
    return stage_.Judge(instance, *server_);
  }

  Deployment* server_ = nullptr;
  Stage stage_{StageOptions()};
};

TEST_F(StageTest, WorkersGoThroughAProxyWhoseFaultsEndWithTheRun) {
  Instance instance = MakeInstance({"it passes through"}, Findings());
  instance.spec.needs.proxy = true;
  for (int run = 0; run < 2; ++run) {
    const absl::StatusOr<Findings> findings = RunAndJudge(instance);
    ASSERT_TRUE(findings.ok()) << findings.status();
    Proxy* const proxy = stage_.run()->plan().proxy;
    ASSERT_NE(proxy, nullptr);
    EXPECT_EQ(proxy->counts().connections, 2);
    EXPECT_GT(proxy->counts().bytes_to_server, 200 * (run + 1));
    EXPECT_EQ(TotalsOf(stage_.session()).tally.succeeded, 200) << run;
    ProxyFaults faults;  // that nobody undoes
    faults.to_client.lose_probability = 1;
    ASSERT_EQ(proxy->Set(faults), absl::OkStatus());
  }
}

TEST_F(StageTest, ARowWithoutNeedOfAProxyHasNone) {
  ASSERT_TRUE(RunAndJudge(MakeInstance({"it goes straight"}, Findings())).ok());
  EXPECT_EQ(stage_.run()->plan().proxy, nullptr);
}

TEST_F(StageTest, ABrokenBoundIsAViolationThoughTheCheckerCountedNone) {
  Findings found;
  found.counters = {{"queue_max", 6}};
  const auto findings = RunAndJudge(MakeInstance({"at most five wait", {kAtMostFive}}, found));
  ASSERT_TRUE(findings.ok()) << findings.status();
  EXPECT_EQ(findings->violations.count, 1);
  EXPECT_EQ(findings->violations.first, "queue_max is 6, and the contract says queue_max <= 5");
}

TEST_F(StageTest, ABoundThatHoldsIsNoViolation) {
  Findings found;
  found.counters = {{"queue_max", 5}};
  const auto findings = RunAndJudge(MakeInstance({"at most five wait", {kAtMostFive}}, found));
  ASSERT_TRUE(findings.ok()) << findings.status();
  EXPECT_EQ(findings->violations.count, 0);
}

TEST_F(StageTest, ABrokenBoundIsNotCountedBesideWhatTheCheckerCounted) {
  Findings found;
  found.counters = {{"queue_max", 6}};
  found.violations.Add(3, "three waited too long");
  const auto findings = RunAndJudge(MakeInstance({"at most five wait", {kAtMostFive}}, found));
  ASSERT_TRUE(findings.ok()) << findings.status();
  EXPECT_EQ(findings->violations.count, 3);
  EXPECT_EQ(findings->violations.first, "three waited too long");
}

TEST_F(StageTest, AFloorOfFewerOrMoreRequestsThanTheCodeSendsIsAViolation) {
  for (const int64_t requests : {0, 1, 2}) {
    Instance instance = MakeInstance({}, {});
    instance.spec.floor.requests = requests;
    const auto findings = RunAndJudge(instance);
    ASSERT_TRUE(findings.ok()) << findings.status();
    EXPECT_EQ(findings->violations.count, requests == 2 ? 1 : 0) << findings->violations.first;
  }
}

TEST_F(StageTest, AFigureOutsideWhatTheoryGivesIsAViolation) {
  Findings found;
  found.counters = {{"queue_max", 6}};
  found.predictions = {{"queue_max", 5, 7, /*max_lateness_us=*/0}};
  auto findings = RunAndJudge(MakeInstance({}, found));
  ASSERT_TRUE(findings.ok()) << findings.status();
  EXPECT_EQ(findings->violations.count, 0);
  found.predictions[0].high = 5.5;
  findings = RunAndJudge(MakeInstance({}, found));
  ASSERT_TRUE(findings.ok()) << findings.status();
  EXPECT_EQ(findings->violations.first, "queue_max is 6, and theory gives 5 to 5.5");
}

TEST_F(StageTest, DeletesTheKeysOfTheRunAndNoOthers) {
  absl::StatusOr<BlockingClient> client = BlockingClient::Connect(server_->endpoint(), 5000);
  ASSERT_TRUE(client.ok()) << client.status();
  const std::string theirs = absl::StrCat(server_->identity().key_prefix, "theirs");
  ASSERT_TRUE(client->Command({"SET", theirs, "1"}).ok());
  ASSERT_TRUE(client->Command({"SET", "rcb:0123456789abcdef:1:key", "1"}).ok());
  const auto findings = RunAndJudge(MakeInstance({}, {}));
  ASSERT_TRUE(findings.ok()) << findings.status();
  const absl::StatusOr<Reply> keys = client->Command({"KEYS", "rcb:*"});
  ASSERT_TRUE(keys.ok()) << keys.status();
  std::vector<std::string> left;
  for (const Reply& key : keys->elements()) left.push_back(key.text());
  EXPECT_THAT(left, UnorderedElementsAre(theirs, "rcb:0123456789abcdef:1:key"));
}

TEST_F(StageTest, KeepsTheSessionOverTheRunsOfARowAndOpensAnotherForAnotherRow) {
  const Instance instance = MakeInstance({}, {});
  ASSERT_TRUE(RunAndJudge(instance).ok());
  const Session* const first = &stage_.session();
  const std::string first_prefix = stage_.run()->plan().key_prefix;
  ASSERT_TRUE(RunAndJudge(instance).ok());
  EXPECT_EQ(&stage_.session(), first);
  EXPECT_NE(stage_.run()->plan().key_prefix, first_prefix);
  Instance other = instance;
  other.workers = 3;
  other.name = "Limiter/policy/trial/workers:3/threads:1";
  ASSERT_TRUE(RunAndJudge(other).ok());
  EXPECT_EQ(stage_.session().slot(0).workers.size(), 3U);
}

TEST_F(StageTest, RefusesARunOfMoreOperationsThanMayBeRecorded) {
  StageOptions few;
  few.history_limit = 9;
  Stage stage(few);
  const absl::Status refused = stage.Begin(MakeInstance({}, {}), *server_, {.budget = 10}, nullptr);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("--history_limit=9"));
  EXPECT_EQ(stage.run(), nullptr);
}

TEST(StageForeignTest, WorkersConnectAsTheUserAndToTheDatabaseOfTheEndpoint) {
  absl::StatusOr<std::unique_ptr<PrivateServer>> users =
      PrivateServer::Start(PrivateServerOptions());
  ASSERT_TRUE(users.ok()) << users.status();
  absl::StatusOr<BlockingClient> admin = BlockingClient::Connect((*users)->tcp_endpoint(), 5000);
  ASSERT_TRUE(admin.ok()) << admin.status();
  ASSERT_TRUE(admin->Command({"ACL", "SETUSER", "alice", "on", ">secret", "~rcb:*", "+@all"}).ok());
  DeploymentOptions options;
  options.redis_uri =
      absl::StrCat("redis://alice:secret@127.0.0.1:", (*users)->tcp_endpoint().port, "/3");
  options.max_clients = 10;
  absl::StatusOr<std::unique_ptr<Deployment>> foreign = OpenDeployment(options);
  ASSERT_TRUE(foreign.ok()) << foreign.status();

  std::string info;
  BenchmarkSpec spec("Limiter/policy/trial", Role::kSafe, {});
  spec.make = [&info](const RunPlan&) {
    return std::make_unique<FunctionScenario>([&info](Worker& worker) -> Operation {
      const Reply reply = co_await worker.redis().Run(Command("CLIENT", "INFO"));
      info = reply.text();
      co_return 1;
    });
  };
  const Instance instance = {spec, "trial", /*workers=*/1, /*threads=*/1};
  Stage stage{StageOptions()};
  ASSERT_EQ(stage.Begin(instance, **foreign, {.budget = 1}, nullptr), absl::OkStatus());
  DriveAllThreads(*stage.run());
  EXPECT_THAT(info, HasSubstr(" user=alice"));
  EXPECT_THAT(info, HasSubstr(" db=3 "));
}

}  // namespace
}  // namespace rcb
