// The program on the primary that somebody's Sentinels name, before and after they fail over.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/cli_driver.h"
#include "common/server/deployment/replicated.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

constexpr char kSecret[] = "s3cret";
const Identity kUsers{"theirs:", "theirs"};

// All tests share the servers, which take a second to start.
class CliSentinelTest : public CliTest {
 protected:
  static void SetUpTestSuite() {
    DeploymentOptions options;
    options.partitions = Partitions::kProxy;  // whose servers all listen on the loopback
    users_ = new ReplicatedDeployment(options, kUsers);
    ASSERT_EQ(users_->EnsureAlive(), absl::OkStatus());
    const Reply replicas =
        Ask(users_->sentinels()[0], {"SENTINEL", "REPLICAS", users_->primary_name()});
    AddUser(users_->endpoint());
    for (const Reply& replica : replicas.elements()) {
      Endpoint endpoint;
      endpoint.host = replica[3].text();
      endpoint.port = static_cast<int>(replica[5].integer());
      AddUser(endpoint);
    }
  }
  static void TearDownTestSuite() {
    delete users_;
    users_ = nullptr;
  }

  // The user of bench/README.md, who may not ask for roles either.
  static void AddUser(const Endpoint& server) {
    std::vector<std::string> command = {"ACL", "SETUSER", "guest", "on",
                                        absl::StrCat(">", kSecret)};
    for (const char* rule : {"resetkeys", "~rcb:*", "resetchannels", "&rcb:*",
                             "&__redis__:invalidate", "+@all", "-@dangerous"}) {
      command.emplace_back(rule);
    }
    Ask(server, command);
  }

  static std::string Uri(const std::string& name) {
    std::string hosts;
    for (const Endpoint& sentinel : users_->sentinels()) {
      absl::StrAppend(&hosts, hosts.empty() ? "" : ",", "127.0.0.1:", sentinel.port);
    }
    return absl::StrCat("--redis=redis+sentinel://guest:", kSecret, "@", hosts, "/", name);
  }
  static std::string Uri() { return Uri(absl::StrCat(users_->primary_name(), "/3")); }

  // As the Sentinels see it.
  static Endpoint Primary() {
    const Reply address = Ask(users_->sentinels()[0],
                              {"SENTINEL", "GET-MASTER-ADDR-BY-NAME", users_->primary_name()});
    Endpoint endpoint;
    endpoint.host = address[0].text();
    endpoint.port = static_cast<int>(address[1].integer());
    endpoint.db = 3;
    return endpoint;
  }

  static ReplicatedDeployment* users_;
};
ReplicatedDeployment* CliSentinelTest::users_ = nullptr;

TEST_F(CliSentinelTest, RunsOnThePrimaryAndLeavesNothingThere) {
  const CliResult result =
      Run({Uri(), "--workers=5", "--benchmark_min_time=0.02",
           "--benchmark_filter=Counter/lockfree/(incr|lua)|LostReply/.*give_up",
           absl::StrCat("--log=", workspace_.Path("log")),
           absl::StrCat("--benchmark_out=", workspace_.Path("out.json"))});
  EXPECT_EQ(result.status, 0) << result.out << result.err;
  const std::string document = ReadFile(workspace_.Path("out.json"));
  const nlohmann::json context = ParseStrictly(document)["context"];
  EXPECT_EQ(context["server_is_private"], "false");
  EXPECT_EQ(context["server_address"], Primary().ToString());
  EXPECT_EQ(context["server_sentinel_name"], users_->primary_name());
  EXPECT_THAT(result.out, HasSubstr(absl::StrCat(Primary().ToString(), ", primary of primary")));
  const std::string log = ReadFile(workspace_.Path("log"));
  EXPECT_THAT(log, HasSubstr("--redis=redis+sentinel://127.0.0.1:"));
  for (const std::string& text : {result.out, result.err, document, log}) {
    EXPECT_THAT(text, Not(HasSubstr(kSecret)));
  }
  EXPECT_EQ(Ask(Primary(), {"DBSIZE"}).integer(), 0);
}

TEST_F(CliSentinelTest, RefusesWhatItCanNotFindThePrimaryBy) {
  const std::string dead = "--redis=redis+sentinel://:s3cret@127.0.0.1:1,127.0.0.1:2/primary";
  const std::pair<std::string, const char*> refusals[] = {
      {Uri("other"), "knows no primary 'other'"},
      {Uri(""), "give the primary is missing"},
      {Uri("primary/x"), "database"},
      {dead, "none of 2 Sentinels answers"},
      {"--redis=redis+sentinel://:s3cret@a:x/primary", "port"},
      {absl::StrCat("--redis=redis://127.0.0.1:", users_->sentinels()[0].port),
       "write redis+sentinel://"}};
  for (const auto& [flag, words] : refusals) {
    const CliResult result = Run({flag, "--benchmark_filter=Counter/lockfree/incr"});
    EXPECT_EQ(result.status, 2) << flag;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(Lines(result.err), SizeIs(1)) << result.err;
    EXPECT_THAT(result.err, AllOf(HasSubstr("--redis"), HasSubstr(words), Not(HasSubstr(kSecret))));
  }
}

// The last one: afterwards the primary is another one.
TEST_F(CliSentinelTest, ARowDuringAFailoverIsVoidAndLaterOnesRunOnTheNewPrimary) {
  const Endpoint first = Primary();
  Bench bench(workspace_, {Uri(), "--workers=5", "--rounds=5", "--benchmark_min_time=10",
                           "--benchmark_filter=Counter/lockfree/incr|Stampede/locking/lease",
                           absl::StrCat("--benchmark_out=", workspace_.Path("out.json"))});
  ASSERT_TRUE(AwaitCommands(first, 5000));
  ASSERT_EQ(users_->FailOver(), absl::OkStatus());
  const CliResult result = bench.Wait();
  const Endpoint second = Primary();
  ASSERT_NE(second.ToString(), first.ToString());
  EXPECT_EQ(result.status, 1) << result.out << result.err;
  const nlohmann::json document = ParseStrictly(ReadFile(workspace_.Path("out.json")));
  const nlohmann::json failed = RowsOf(document, "Counter/lockfree/incr")[0];
  EXPECT_EQ(failed["verdict"], "void");
  EXPECT_EQ(failed["error_message"], absl::StrCat("void: the Sentinels failed over from ",
                                                  first.ToString(), " to ", second.ToString()));
  EXPECT_EQ(RowsOf(document, "Stampede/locking/lease")[0]["verdict"], "ok");
  EXPECT_THAT(result.out, AllOf(HasSubstr("1 safe variant, 0 violations"),
                                HasSubstr("void: Counter/"), Not(HasSubstr("errors in"))));
  const Reply stats = Ask(second, {"INFO", "commandstats"});
  EXPECT_THAT(stats.text(), HasSubstr("cmdstat_evalsha"));
  EXPECT_EQ(Ask(second, {"DBSIZE"}).integer(), 0);
}

}  // namespace
}  // namespace rcb
