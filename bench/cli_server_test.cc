// The program on servers and for users that can't or may not do everything: what can run runs, what
// can't is left out by name, and nothing is left behind.

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bench/cli_driver.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

class CliServerTest : public CliTest {
 protected:
  void SetUp() override {
    server_ = StartServer();
    ASSERT_NE(server_, nullptr);
  }

  // Makes a user with these rules, and yields the flag that logs in as it.
  std::string UserWith(const std::vector<std::string>& rules) const {
    std::vector<std::string> command = {"ACL", "SETUSER", "guest", "reset", "on", ">x"};
    command.insert(command.end(), rules.begin(), rules.end());
    Admin(command);
    return absl::StrCat("--redis=redis://guest:x@127.0.0.1:", server_->tcp_endpoint().port);
  }
  Reply Admin(const std::vector<std::string>& command) const {
    return Ask(server_->unix_endpoint(), command);
  }
  void ExpectNothingLeft() const {
    EXPECT_EQ(Admin({"DBSIZE"}).integer(), 0);
    EXPECT_EQ(Admin({"FUNCTION", "LIST"}).size(), 0u);
  }

  // A user with the rules that bench/README.md says suffice, and the flag that logs in as it.
  std::string UserOfReadme() const {
    for (const std::string& line : Lines(ReadFile(RCB_SOURCE_DIR "/bench/README.md"))) {
      const std::string start = "ACL SETUSER bench on >PASSWORD ";
      if (absl::StartsWith(line, start)) {
        return UserWith(absl::StrSplit(line.substr(start.size()), ' '));
      }
    }
    ADD_FAILURE() << "bench/README.md has no line for the ACL";
    return "";
  }

  // A short run of the selected benchmarks, with `flags` besides.
  CliResult RunBriefly(const std::string& filter, std::vector<std::string> flags) const {
    flags.insert(flags.end(),
                 {absl::StrCat("--benchmark_filter=", filter), "--benchmark_min_time=0.02"});
    return Run(WithRounds(flags, 3));
  }

  std::unique_ptr<PrivateServer> server_;
};

// The lines that name what is left out, without warnings about the server.
std::vector<std::string> NamedAsLeftOut(const std::string& err) {
  std::vector<std::string> named;
  for (const std::string& line : Lines(err)) {
    if (absl::StrContains(line, " is left out: ")) named.push_back(line);
  }
  return named;
}

TEST_F(CliServerTest, NeedsNoMoreThanTheLineInTheReadmeAndCallsFactsUnknown) {
  const CliResult result =
      RunBriefly("(Counter|Stampede|Expiry|Transaction|Lock|Harness)/(lock|engine)",
                 {UserOfReadme(), "--workers=5",
                  absl::StrCat("--benchmark_out=", workspace_.Path("out.json"))});
  EXPECT_EQ(result.status, 0) << result.out << result.err;
  EXPECT_EQ(result.err, "");
  const nlohmann::json context = ParseStrictly(ReadFile(workspace_.Path("out.json")))["context"];
  EXPECT_EQ(context["server_name"], "redis") << "HELLO tells that";
  EXPECT_EQ(context["server_maxmemory_policy"], "unknown");
  EXPECT_EQ(context["server_io_threads"], "unknown");
  ExpectNothingLeft();
}

TEST_F(CliServerTest, LeavesOutByNameWhatTheUserMayNotRun) {
  const CliResult result = RunBriefly(
      "Counter/lockfree/(incr|function|watch)|Lock/locking/(pubsub|ticket)",
      {UserWith({"~rcb:*", "resetchannels", "+@all", "-function", "-watch"}), "--workers=5"});
  EXPECT_EQ(result.status, 0) << result.out << result.err;
  EXPECT_THAT(NamedAsLeftOut(result.err),
              ElementsAre(AllOf(HasSubstr("bench: Counter/lockfree/watch is left out: WATCH fails"),
                                HasSubstr("NOPERM")),
                          HasSubstr("Counter/lockfree/function is left out: FCALL fails"),
                          HasSubstr("Lock/locking/pubsub is left out: PUBLISH fails")));
  EXPECT_THAT(result.out, AllOf(HasSubstr("Counter/lockfree/incr"),
                                HasSubstr("Lock/locking/ticket"), Not(HasSubstr("ERROR"))));
  EXPECT_THAT(Lines(result.out).back(),
              EndsWith("; 3 left out: Counter/lockfree/watch, Counter/lockfree/function, "
                       "Lock/locking/pubsub"));
  ExpectNothingLeft();

  const CliResult nothing =
      RunBriefly("Lock/locking/pubsub", {UserWith({"~rcb:*", "resetchannels", "+@all"})});
  EXPECT_EQ(nothing.status, 2);
  EXPECT_THAT(Lines(nothing.err).back(), HasSubstr("matches only what is left out"));
}

TEST_F(CliServerTest, KeepsToThePrefixThatTheUserMayUse) {
  const std::string user = UserWith({"~app7:*", "&app7:*", "+@all", "-@dangerous"});
  const CliResult refused = RunBriefly("Counter/lockfree/incr", {user, "--workers=5"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err,
              AllOf(HasSubstr("the user may not use the key rcb:"), HasSubstr("--key_prefix=")));
  const CliResult result = RunBriefly("Counter/lockfree/incr|Stampede/locking/pubsub",
                                      {user, "--workers=5", "--key_prefix=app7:bench:"});
  EXPECT_EQ(result.status, 0) << result.out << result.err;
  EXPECT_EQ(result.err, "");
  ExpectNothingLeft();
}

TEST_F(CliServerTest, DeletesByNameWithoutScan) {
  const std::string user = UserWith({"~rcb:*", "&rcb:*", "+@all", "-scan", "-unlink"});
  const CliResult result = RunBriefly(
      "^(Counter|Stampede|Transaction)/lock|Lock/locking/(pubsub|.*queue)|Harness/engine|"
      "Expiry/.*xfetch/",
      {user, "--workers=5"});
  EXPECT_EQ(result.status, 0) << result.out << result.err;
  EXPECT_THAT(NamedAsLeftOut(result.err),
              ElementsAre(HasSubstr("Transaction/lockfree/list_append is left out: SCAN fails")));
  ExpectNothingLeft();
}

TEST_F(CliServerTest, EvaluatesScriptsThatItMayNotLoad) {
  const CliResult result =
      RunBriefly("Counter/lockfree/lua|Lock/locking/pubsub|Stampede/locking/lease",
                 {UserWith({"~rcb:*", "&rcb:*", "+@all", "-script"}), "--workers=5"});
  EXPECT_EQ(result.status, 0) << result.out << result.err;
  EXPECT_THAT(result.out, Not(HasSubstr("ERROR")));
}

TEST_F(CliServerTest, RefusesAUserWhoCanNotTakeItsKeysAway) {
  const CliResult result = RunBriefly(
      "Counter/lockfree/incr", {UserWith({"~rcb:*", "+@all", "-del", "-unlink"}), "--workers=5"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("the user may neither UNLINK nor DEL"));
}

TEST_F(CliServerTest, CountsItsOwnConnectionsWhenItLooksForRoom) {
  Admin({"CONFIG", "SET", "maxclients", "60"});
  const std::string server = absl::StrCat("--redis=", server_->tcp_endpoint().ToString());
  const std::string filter = "Counter/(locking|lockfree/(incr|lua))";
  const CliResult full = RunBriefly(filter, {server, "--workers=59"});
  EXPECT_EQ(full.status, 2);
  EXPECT_THAT(full.err, HasSubstr("the server takes 60 clients"));
  const CliResult fits = RunBriefly(filter, {server, "--workers=58"});
  EXPECT_EQ(fits.status, 0) << fits.out << fits.err;
}

TEST_F(CliServerTest, SaysWhoseServersRedlockLocksOn) {
  const std::string server = absl::StrCat("--redis=", server_->tcp_endpoint().ToString());
  const CliResult result = RunBriefly(
      "Lock/locking/(redlock|ticket)",
      {server, "--workers=5", absl::StrCat("--benchmark_out=", workspace_.Path("out.json"))});
  EXPECT_EQ(result.status, 0) << result.out << result.err;
  const std::string note = "it measures 3 servers started here, not the one that --redis names";
  EXPECT_THAT(result.out, HasSubstr(absl::StrCat("\n  NOTE: ", note, "\n")));
  const nlohmann::json document = ParseStrictly(ReadFile(workspace_.Path("out.json")));
  ASSERT_THAT(RowsOf(document, "Lock/locking/redlock"), SizeIs(1));
  EXPECT_EQ(RowsOf(document, "Lock/locking/redlock")[0].value("servers", ""), note);
  EXPECT_EQ(RowsOf(document, "Lock/locking/ticket")[0].value("servers", ""), "");
}

TEST_F(CliServerTest, PassesSettingsToThePrivateServerOnly) {
  const CliResult result =
      RunBriefly("Counter/lockfree/incr",
                 {"--server_option=io-threads 2", "--server_option=maxmemory-policy allkeys-lru",
                  "--workers=5", absl::StrCat("--benchmark_out=", workspace_.Path("out.json"))});
  EXPECT_EQ(result.status, 0) << result.out << result.err;
  const nlohmann::json context = ParseStrictly(ReadFile(workspace_.Path("out.json")))["context"];
  EXPECT_EQ(context["server_io_threads"], "2");
  EXPECT_EQ(context["server_maxmemory_policy"], "allkeys-lru");
  EXPECT_EQ(context["server_options"], "io-threads 2; maxmemory-policy allkeys-lru");
  const CliResult foreign = RunBriefly(
      "Counter/lockfree/incr", {"--server_option=io-threads 2",
                                absl::StrCat("--redis=", server_->tcp_endpoint().ToString())});
  EXPECT_EQ(foreign.status, 2);
  EXPECT_THAT(foreign.err, HasSubstr("--server_option"));
  const CliResult broken = RunBriefly(
      "Chaos/lockfree/safe", {"--chaos_schedule=stall@server:100+100",
                              absl::StrCat("--redis=", server_->tcp_endpoint().ToString())});
  EXPECT_EQ(broken.status, 2);
  EXPECT_THAT(broken.err,
              StartsWith("bench: --chaos_schedule: it is for a server that is started here"));
}

TEST_F(CliServerTest, FetchesValuesOfTheSizeAskedFor) {
  const CliResult result = RunBriefly(
      "Harness/engine/get/workers:1/",
      {"--value_bytes=5000", absl::StrCat("--benchmark_out=", workspace_.Path("out.json"))});
  EXPECT_EQ(result.status, 0) << result.out << result.err;
  const nlohmann::json document = ParseStrictly(ReadFile(workspace_.Path("out.json")));
  EXPECT_EQ(document["context"]["value_bytes"], "5000");
  EXPECT_THAT(RowsOf(document, "Harness"), SizeIs(1));
}

// Forty workers take turns, five a second.
TEST_F(CliServerTest, SaysThatTheServerClosedAnIdleClient) {
  Admin({"CONFIG", "SET", "timeout", "1"});
  const CliResult result =
      Run({absl::StrCat("--redis=", server_->tcp_endpoint().ToString()), "--workers=40", "--rate=5",
           "--benchmark_filter=Counter/lockfree/incr", "--benchmark_min_time=3"});
  EXPECT_EQ(result.status, 1) << result.out << result.err;
  EXPECT_THAT(result.out, AnyOf(HasSubstr("an idle connection was lost"),
                                HasSubstr("the server closed the connection")));
  EXPECT_THAT(result.out, HasSubstr(": the server closes clients that were idle for 1 s (its "
                                    "setting timeout)"));
}

TEST_F(CliServerTest, NamesTheConnectionsThatTheFilterSelects) {
  CliOptions few;
  few.open_files = 64;
  const CliResult result = Run({"--benchmark_filter=Counter/lockfree/incr/workers:50/"}, few);
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(Lines(result.err), ElementsAre(HasSubstr("--workers: 50 connections need 178 open "
                                                       "files, and the hard limit (ulimit -Hn) is "
                                                       "64")));
}

}  // namespace
}  // namespace rcb
