// The program on a server that is somebody's: it keeps to keys and functions of its own, takes them
// away at the end however it ends, and tells nobody the password.

#include <signal.h>

#include <memory>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bench/cli_driver.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::AnyOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::SizeIs;

constexpr char kSecret[] = "s3cret";
constexpr char kLibrary[] =
    "#!lua name=theirs\nredis.register_function('f', function() return 1 end)";

class CliForeignTest : public CliTest {
 protected:
  // A server with somebody's data in it, and a user who may do no more than the suite should need:
  // the server itself refuses any key or channel without our prefix, and any dangerous command but
  // INFO.
  void SetUp() override {
    server_ = StartServer();
    ASSERT_NE(server_, nullptr);
    Admin({"ACL", "SETUSER", "guest", "on", absl::StrCat(">", kSecret), "~rcb:*", "&rcb:*",
           "&__redis__:invalidate", "+@all", "-@dangerous", "+info"});
    Admin({"SET", "theirs", "1"});
    Admin({"SET", "rcb:theirs", "2"});
    Admin({"FUNCTION", "LOAD", kLibrary});
    keys_ = Keys();
    ASSERT_THAT(keys_, SizeIs(2));
  }

  // The test's own database is 3, so that SELECT is seen to work.
  Endpoint Database() const {
    Endpoint endpoint = server_->tcp_endpoint();
    endpoint.db = 3;
    return endpoint;
  }
  std::string Uri(const std::string& user_info) const {
    return absl::StrCat("--redis=redis://", user_info, "@127.0.0.1:", Database().port, "/3");
  }

  Reply Admin(const std::vector<std::string>& command) const { return Ask(Database(), command); }

  std::set<std::string> Keys() const {
    std::set<std::string> keys;
    const Reply reply = Admin({"KEYS", "*"});
    for (const Reply& key : reply.elements()) keys.insert(key.text());
    return keys;
  }

  std::set<std::string> Libraries() const {
    std::set<std::string> names;
    const Reply reply = Admin({"FUNCTION", "LIST"});
    for (const Reply& library : reply.elements()) names.insert(library[1].text());
    return names;
  }

  void ExpectOnlyTheirs() const {
    EXPECT_EQ(Keys(), keys_);
    EXPECT_THAT(Libraries(), ElementsAre("theirs"));
    EXPECT_EQ(Admin({"GET", "theirs"}).text(), "1");
    EXPECT_EQ(Admin({"GET", "rcb:theirs"}).text(), "2");
    EXPECT_EQ(Ask(server_->tcp_endpoint(), {"DBSIZE"}).integer(), 0);
  }

  std::unique_ptr<PrivateServer> server_;
  std::set<std::string> keys_;  // theirs
};

// What the server's ACL has refused, e.g. "key theirs".
std::vector<std::string> Refusals(const Reply& log) {
  std::vector<std::string> refusals;
  for (const Reply& entry : log.elements()) {
    refusals.push_back(absl::StrCat(entry[3].text(), " ", entry[7].text()));
  }
  return refusals;
}

TEST_F(CliForeignTest, TouchesNothingButItsOwnAndTakesThatAway) {
  CliOptions options;
  options.environment = {absl::StrCat("RCB_REDIS_PASSWORD=", kSecret)};
  Bench bench(
      workspace_,
      {Uri("guest"), "--workers=5", "--rounds=5", "--benchmark_min_time=0.05",
       // Not what runs on other servers, or does what Lock does here.
       "--benchmark_filter=-Durability|Failover|Outage|Chaos|(Crash|Stall)/.*/(lock|server)_",
       absl::StrCat("--benchmark_out=", workspace_.Path("out.json"))},
      options);
  std::set<std::string> prefixes;
  std::set<std::string> libraries;
  // Looks on until the run is over, or has been seen long enough.
  Await([&] {
    for (const std::string& key : Keys()) {
      if (keys_.count(key) == 0) prefixes.insert(key.substr(0, 21));
    }
    for (const std::string& name : Libraries()) libraries.insert(name);
    return absl::StrContains(bench.Out(), "verdict");
  });
  const CliResult result = bench.Wait();
  EXPECT_EQ(result.status, 0) << result.out << result.err;
  ExpectOnlyTheirs();
  ASSERT_THAT(prefixes, SizeIs(1));
  EXPECT_TRUE(std::regex_match(*prefixes.begin(), std::regex("rcb:[0-9a-f]{16}:")));
  EXPECT_THAT(libraries, Each(AnyOf("theirs", MatchesRegex("rcb_[0-9a-f]+"))));
  // It asks for a setting, and goes on without.
  EXPECT_THAT(Refusals(Admin({"ACL", "LOG"})), Each("command config|get"));

  const std::string document = ReadFile(workspace_.Path("out.json"));
  for (const std::string& text : {result.out, result.err, document}) {
    EXPECT_THAT(text, Not(HasSubstr(kSecret)));
  }
  const nlohmann::json context = ParseStrictly(document)["context"];
  EXPECT_EQ(context["server_is_private"], "false");
  EXPECT_EQ(context["server_address"], Database().ToString());
}

TEST_F(CliForeignTest, TakesThePasswordFromTheUriToo) {
  const CliResult result =
      Run({Uri(absl::StrCat("guest:", kSecret)), "--workers=5", "--benchmark_min_time=0.01",
           "--benchmark_filter=Counter/lockfree", "--benchmark_format=json"});
  EXPECT_EQ(result.status, 0) << result.out << result.err;
  EXPECT_THAT(result.out + result.err, Not(HasSubstr(kSecret)));
  ExpectOnlyTheirs();
}

TEST_F(CliForeignTest, TakesItsOwnAwayWhenInterrupted) {
  for (const int signal : {SIGINT, SIGTERM}) {
    for (const char* filter : {"Counter/lockfree/function", "Stampede/locking/lease"}) {
      Bench bench(workspace_, WithRounds({Uri(absl::StrCat("guest:", kSecret)), "--workers=5",
                                          "--benchmark_min_time=20",
                                          absl::StrCat("--benchmark_filter=", filter)},
                                         10'000));
      ASSERT_TRUE(Await([this] { return Keys().size() > keys_.size(); }));
      bench.Signal(signal);
      EXPECT_EQ(bench.Wait(2000).status, 128 + signal) << filter;
      ExpectOnlyTheirs();
    }
  }
}

TEST_F(CliForeignTest, RowsWithFaultsRunOnAServerOfOursAndSayThat) {
  const CliResult result =
      Run({Uri(absl::StrCat("guest:", kSecret)), "--workers=5", "--benchmark_min_time=0.05",
           "--benchmark_filter=LostReply/lockfree/give_up", "--benchmark_format=json"});
  EXPECT_EQ(result.status, 0) << result.out << result.err;
  ExpectOnlyTheirs();
  const nlohmann::json row = ParseStrictly(result.out)["benchmarks"][0];
  EXPECT_THAT(row["servers"], HasSubstr("a server started here"));
  const Reply stats = Ask(server_->tcp_endpoint(), {"INFO", "commandstats"});
  EXPECT_THAT(stats.text(), Not(HasSubstr("cmdstat_incr")));
}

TEST_F(CliForeignTest, IsReachedByUnixSocketToo) {
  const CliResult result =
      Run({absl::StrCat("--redis=unix://", server_->unix_endpoint().path, "?db=3"), "--workers=5",
           "--benchmark_min_time=0.01", "--benchmark_filter=Counter/lockfree/(function|lua)",
           "--benchmark_format=json"});
  EXPECT_EQ(result.status, 0) << result.out << result.err;
  EXPECT_EQ(ParseStrictly(result.out)["context"]["transport"], "unix");
  ExpectOnlyTheirs();
}

TEST_F(CliForeignTest, IsReachedByHostName) {
  const CliResult result =
      Run({absl::StrCat("--redis=redis://localhost:", Database().port), "--workers=5",
           "--benchmark_min_time=0.01", "--benchmark_filter=Counter/lockfree/incr|limit/epoll"});
  EXPECT_EQ(result.status, 0) << result.out << result.err;
}

}  // namespace
}  // namespace rcb
