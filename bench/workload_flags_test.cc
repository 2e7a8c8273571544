#include "bench/workload_flags.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/harness/flags.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::HasSubstr;

absl::Status Parse(std::string argument, KeyspaceOptions* options) {
  FlagSet flags;
  flags.Add("F", KeyspaceFlags(options));
  std::string program = "bench";
  char* argv[] = {program.data(), argument.data(), nullptr};
  int argc = 2;
  return flags.Parse(&argc, argv);
}

TEST(WorkloadFlagsTest, SetWhatTheyAreNamedAfter) {
  KeyspaceOptions options;
  EXPECT_EQ(options.KeysOr(50), 50);
  EXPECT_EQ(options.DistributionOr(KeyDistribution::Zipf(1)).ToText(), "zipf:1");
  EXPECT_FALSE(options.value_bytes.is_given());
  for (const char* const argument :
       {"--keys=10000000", "--key_distribution=hotspot:90:10", "--value_bytes=uniform:1-9"}) {
    EXPECT_EQ(Parse(argument, &options), absl::OkStatus());
  }
  EXPECT_EQ(options.KeysOr(50), 10'000'000);
  EXPECT_EQ(options.DistributionOr(KeyDistribution::Zipf(1)).ToText(), "hotspot:90:10");
  EXPECT_EQ(options.value_bytes.ToText(), "uniform:1-9");
}

TEST(WorkloadFlagsTest, RefuseBadValuesInOneLineThatNamesFlagAndValue) {
  const std::pair<std::string, std::vector<std::string>> bad[] = {
      {"keys", {"", "0", "-1", "10000001", "1e6"}},
      {"key_distribution", {"", "zipf", "zipf:-1", "pareto", "hotspot:80", "moving:80:20:0"}},
      {"value_bytes", {"0", "1048577", "uniform:9-1"}},
  };
  for (const auto& [flag, values] : bad) {
    for (const std::string& value : values) {
      KeyspaceOptions options;
      const absl::Status refused = Parse(absl::StrCat("--", flag, "=", value), &options);
      EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << flag << "=" << value;
      EXPECT_THAT(std::string(refused.message()), HasSubstr(absl::StrCat("--", flag, "= takes ")));
      EXPECT_THAT(std::string(refused.message()), HasSubstr(absl::StrCat("not '", value, "'")));
      EXPECT_EQ(refused.message().find('\n'), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace rcb
