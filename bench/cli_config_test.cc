// Families that need other settings on a server that is somebody's: only with permission, only
// where nothing can be lost, and everything is put back, however the program ends.

#include <signal.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/cli_driver.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr char kPermission[] = "--allow_config_changes";

class CliConfigTest : public CliTest {
 protected:
  void SetUp() override {
    server_ = StartServer({"--maxmemory", "500mb", "--maxmemory-policy", "volatile-ttl",
                           "--maxmemory-samples", "7", "--lfu-decay-time", "3"});
    ASSERT_NE(server_, nullptr);
  }

  std::vector<std::string> Flags(const std::vector<std::string>& more) const {
    std::vector<std::string> flags = {absl::StrCat("--redis=", server_->tcp_endpoint().ToString()),
                                      "--workers=5"};
    flags.insert(flags.end(), more.begin(), more.end());
    return flags;
  }

  std::string SettingOf(const std::string& name) const {
    return Ask(server_->tcp_endpoint(), {"CONFIG", "GET", name})[1].text();
  }
  void ExpectAllAsBefore() const {
    EXPECT_EQ(SettingOf("maxmemory"), absl::StrCat(500 << 20));
    EXPECT_EQ(SettingOf("maxmemory-policy"), "volatile-ttl");
    EXPECT_EQ(SettingOf("maxmemory-samples"), "7");
    EXPECT_EQ(SettingOf("lfu-decay-time"), "3");
    EXPECT_EQ(SettingOf("lfu-log-factor"), "10");
  }
  int64_t Keys() const { return Ask(server_->tcp_endpoint(), {"DBSIZE"}).integer(); }

  std::unique_ptr<PrivateServer> server_;
};

TEST_F(CliConfigTest, ChangesNothingWithoutPermission) {
  const CliResult result = Run(Flags({"--benchmark_filter=Eviction", "--rounds=2"}));
  EXPECT_EQ(result.status, 2) << result.out << result.err;
  EXPECT_THAT(result.err, AllOf(HasSubstr("Eviction/policy/allkeys_lru"),
                                HasSubstr("give --allow_config_changes to let it change them")));
  ExpectAllAsBefore();
}

TEST_F(CliConfigTest, LeavesAServerAloneThatHoldsKeys) {
  Ask(server_->tcp_endpoint(), {"SET", "theirs", "1"});
  const CliResult result =
      Run(Flags({kPermission, "--benchmark_filter=Eviction|Counter/lockfree/incr",
                 "--benchmark_min_time=0.01"}));
  EXPECT_EQ(result.status, 0) << result.out << result.err;
  EXPECT_THAT(result.err, HasSubstr("the server holds keys, which it could then lose"));
  EXPECT_THAT(result.out, Not(HasSubstr("\nEviction")));
  EXPECT_EQ(Ask(server_->tcp_endpoint(), {"GET", "theirs"}).text(), "1");
  ExpectAllAsBefore();
}

TEST_F(CliConfigTest, PutsBackWhatItChangedWhenItIsDone) {
  const CliResult result = Run(
      Flags({kPermission, "--benchmark_filter=Eviction/policy/(allkeys|noevic)", "--rounds=5"}));
  EXPECT_EQ(result.status, 0) << result.out << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("Eviction/policy/allkeys_lfu"),
                                HasSubstr("1 unsafe control, caught")));
  ExpectAllAsBefore();
  EXPECT_EQ(Keys(), 0);
}

TEST_F(CliConfigTest, PutsBackWhatItChangedBeforeOtherFamiliesRun) {
  Bench bench(workspace_,
              Flags({kPermission, "--benchmark_filter=Eviction/policy/allkeys_random|Lock/lockfree",
                     "--benchmark_min_time=20", "--rounds=2"}));
  ASSERT_TRUE(bench.AwaitOutput("Eviction/policy/allkeys_random"));
  EXPECT_TRUE(Await([this] { return SettingOf("maxmemory-policy") == "volatile-ttl"; }));
  ExpectAllAsBefore();
  bench.Signal(SIGINT);
  EXPECT_EQ(bench.Wait(2000).status, 130);
}

TEST_F(CliConfigTest, PutsBackWhatItChangedWhenInterrupted) {
  for (const int signal : {SIGINT, SIGTERM}) {
    Bench bench(workspace_, Flags({kPermission, "--benchmark_filter=Eviction/policy/allkeys_lru",
                                   "--rounds=100000"}));
    ASSERT_TRUE(Await([this] { return SettingOf("maxmemory-policy") == "allkeys-lru"; }));
    ASSERT_TRUE(Await([this] { return Keys() > 1000; }));
    bench.Signal(signal);
    EXPECT_EQ(bench.Wait(2000).status, 128 + signal);
    ExpectAllAsBefore();
    EXPECT_EQ(Keys(), 0);
  }
}

TEST_F(CliConfigTest, PermissionIsForAServerThatIsNamed) {
  const CliResult result = Run({kPermission, "--benchmark_filter=Counter"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("bench: --allow_config_changes: it is for the server"));
}

}  // namespace
}  // namespace rcb
