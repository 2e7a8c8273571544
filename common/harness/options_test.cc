#include "common/harness/options.h"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct Parsed {
  absl::Status status;
  Options options;
  std::vector<std::string> left;  // of argv
};

// Parses `arguments` as main would.
Parsed Parse(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "bench");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  int argc = static_cast<int>(arguments.size());
  Parsed parsed;
  FlagSet flags;
  flags.Add("", CommonFlags(&parsed.options));
  parsed.status = flags.Parse(&argc, argv.data());
  if (!parsed.status.ok()) return parsed;
  EXPECT_EQ(argv[static_cast<size_t>(argc)], nullptr);
  parsed.left.assign(argv.begin(), argv.begin() + argc);
  return parsed;
}

TEST(Options, DefaultsStandWithoutFlags) {
  const Parsed parsed = Parse({});
  ASSERT_TRUE(parsed.status.ok()) << parsed.status;
  EXPECT_EQ(parsed.options.redis, "");
  EXPECT_EQ(parsed.options.redis_server, "");
  EXPECT_EQ(parsed.options.transport, "tcp");
  EXPECT_THAT(parsed.options.workers, ElementsAre());
  EXPECT_THAT(parsed.options.threads, ElementsAre(1));
  EXPECT_EQ(parsed.options.rate, 0);
  EXPECT_EQ(parsed.options.op_timeout_ms, 5000);
  EXPECT_EQ(parsed.options.seed, 1u);
  EXPECT_EQ(parsed.options.history_limit, 4'000'000);
  EXPECT_FALSE(parsed.options.help);
}

TEST(Options, EveryFlagSetsItsField) {
  const Parsed parsed =
      Parse({"--redis=unix:///run/redis.sock?db=2", "--redis_server=/opt/valkey-server",
             "--server_option=io-threads 4", "--server_option=save 60 1", "--key_prefix={app}:b-1/",
             "--transport=unix", "--workers=1,50,50000", "--threads=2,256", "--rate=1234.5",
             "--op_timeout=1.5s", "--seed=18446744073709551615", "--history_limit=100000000"});
  ASSERT_TRUE(parsed.status.ok()) << parsed.status;
  EXPECT_EQ(parsed.options.redis, "unix:///run/redis.sock?db=2");
  EXPECT_EQ(parsed.options.redis_server, "/opt/valkey-server");
  EXPECT_THAT(parsed.options.server_options, ElementsAre("io-threads 4", "save 60 1"));
  EXPECT_EQ(parsed.options.key_prefix, "{app}:b-1/");
  EXPECT_EQ(parsed.options.transport, "unix");
  EXPECT_THAT(parsed.options.workers, ElementsAre(1, 50, 50'000));
  EXPECT_THAT(parsed.options.threads, ElementsAre(2, 256));
  EXPECT_EQ(parsed.options.rate, 1234.5);
  EXPECT_EQ(parsed.options.op_timeout_ms, 1500);
  EXPECT_EQ(parsed.options.seed, UINT64_MAX);
  EXPECT_EQ(parsed.options.history_limit, 100'000'000);
  EXPECT_THAT(parsed.left, ElementsAre("bench"));
}

TEST(Options, AcceptsTheEndsOfEachRange) {
  struct Case {
    const char* argument;
    std::function<double(const Options&)> field;
    double expected;
  };
  const Case cases[] = {
      {"--rate=0.1", [](const Options& o) { return o.rate; }, 0.1},
      {"--rate=1e7", [](const Options& o) { return o.rate; }, 1e7},
      {"--op_timeout=10ms", [](const Options& o) { return static_cast<double>(o.op_timeout_ms); },
       10},
      {"--op_timeout=1h", [](const Options& o) { return static_cast<double>(o.op_timeout_ms); },
       3.6e6},
      {"--seed=0", [](const Options& o) { return static_cast<double>(o.seed); }, 0},
      {"--history_limit=1", [](const Options& o) { return static_cast<double>(o.history_limit); },
       1},
  };
  for (const Case& each : cases) {
    const Parsed parsed = Parse({each.argument});
    EXPECT_TRUE(parsed.status.ok()) << parsed.status;
    EXPECT_EQ(each.field(parsed.options), each.expected) << each.argument;
  }
}

TEST(Options, RefusesBadValuesInOneLineThatNamesFlagAndValue) {
  const std::pair<std::string, std::vector<std::string>> bad[] = {
      {"redis_server", {""}},
      {"transport", {"", "udp", "TCP", "tcp,unix"}},
      {"server_option", {"", "io-threads", "port 1", "dir /", "--save x", "Save x", "a;b c"}},
      {"key_prefix", {"", "a*", "a?", "[ab]", "a b", "a\\b", "a^", std::string(65, 'a')}},
      {"workers", {"", "0", "-1", "50001", "x", "1,", ",1", "1,,2", "1 2", "1.5", "1,1", "5,1,5"}},
      {"threads", {"", "0", "-1", "257", "x", "1,", "2,2"}},
      {"rate", {"", "0", "-1", "0.09", "1e8", "nan", "inf", "-inf", "fast", "1k"}},
      {"op_timeout", {"", "0", "5", "9ms", "-5s", "3601s", "inf", "5 s", "soon"}},
      {"seed", {"", "-1", "1.5", "18446744073709551616", "x"}},
      {"history_limit", {"", "0", "-1", "100000001", "x"}},
  };
  for (const auto& [flag, values] : bad) {
    for (const std::string& value : values) {
      const Parsed parsed = Parse({absl::StrCat("--", flag, "=", value)});
      const std::string message(parsed.status.message());
      EXPECT_EQ(parsed.status.code(), absl::StatusCode::kInvalidArgument) << flag << "=" << value;
      EXPECT_TRUE(absl::StartsWith(message, absl::StrCat("--", flag, "= takes "))) << message;
      EXPECT_THAT(message, HasSubstr(absl::StrCat("not '", value, "'")));
      EXPECT_THAT(message, Not(HasSubstr("\n")));
    }
  }
}

TEST(Options, RefusesAFlagWithoutAValue) {
  for (const std::string flag :
       {"redis", "redis_server", "server_option", "key_prefix", "transport", "workers", "threads",
        "rate", "op_timeout", "seed", "history_limit"}) {
    const Parsed parsed = Parse({absl::StrCat("--", flag), "7"});
    const std::string message(parsed.status.message());
    EXPECT_EQ(parsed.status.code(), absl::StatusCode::kInvalidArgument) << flag;
    EXPECT_TRUE(absl::StartsWith(message, absl::StrCat("--", flag, "= takes "))) << message;
    EXPECT_THAT(message, Not(HasSubstr("not '")));
  }
}

TEST(Options, NeverEchoesTheValueOfRedis) {
  for (const std::string& argument : {std::string("--redis="), std::string("--redis")}) {
    const Parsed parsed = Parse({argument, "redis://:secret@host"});
    EXPECT_EQ(parsed.status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(parsed.status.message()), HasSubstr("--redis= takes redis://"));
    EXPECT_THAT(std::string(parsed.status.message()), Not(HasSubstr("not '")));
    EXPECT_THAT(std::string(parsed.status.message()), Not(HasSubstr("secret")));
  }
}

TEST(Options, ErrorsLeaveTheListAsItWas) {
  Options options;
  options.workers = {3};
  std::string bench = "bench";
  std::string flag = "--workers=1,2,x";
  char* argv[] = {bench.data(), flag.data(), nullptr};
  int argc = 2;
  FlagSet flags;
  flags.Add("", CommonFlags(&options));
  EXPECT_FALSE(flags.Parse(&argc, argv).ok());
  EXPECT_THAT(options.workers, ElementsAre(3));
}

TEST(Options, LeavesOtherArgumentsInTheirOrder) {
  const Parsed parsed =
      Parse({"--benchmark_filter=a", "--seed=7", "--unknown=1", "-seed=9", "seed=9", "--seeds=9",
             "--Seed=9", "", "--", "--benchmark_out=--seed=3", "--rounds=2", "last"});
  ASSERT_TRUE(parsed.status.ok()) << parsed.status;
  EXPECT_THAT(parsed.left, ElementsAre("bench", "--benchmark_filter=a", "--unknown=1", "-seed=9",
                                       "seed=9", "--seeds=9", "--Seed=9", "", "--",
                                       "--benchmark_out=--seed=3", "--rounds=2", "last"));
  EXPECT_EQ(parsed.options.seed, 7u);
}

TEST(Options, TheLastOfTwoEqualFlagsCounts) {
  const Parsed parsed = Parse({"--workers=1,2", "--workers=3"});
  ASSERT_TRUE(parsed.status.ok()) << parsed.status;
  EXPECT_THAT(parsed.options.workers, ElementsAre(3));
}

TEST(Options, HelpIsTakenAndNamesEveryFlagAndWhatItTakes) {
  const Parsed parsed = Parse({"--help", "--seed=2"});
  ASSERT_TRUE(parsed.status.ok()) << parsed.status;
  EXPECT_TRUE(parsed.options.help);
  EXPECT_THAT(parsed.left, ElementsAre("bench"));
  Options options;
  FlagSet flags;
  flags.Add("", CommonFlags(&options));
  const std::string help = flags.Help();
  for (const std::string flag : {"redis", "redis_server", "transport", "workers", "threads", "rate",
                                 "op_timeout", "seed", "history_limit"}) {
    EXPECT_THAT(help, HasSubstr(absl::StrCat("  --", flag, "=  ")));
  }
}

}  // namespace
}  // namespace rcb
