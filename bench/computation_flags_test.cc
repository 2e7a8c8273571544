#include "bench/computation_flags.h"

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

absl::Status Parse(std::string argument, ComputationOptions* options) {
  FlagSet flags;
  flags.Add("F", ComputationFlags(options));
  std::string program = "bench";
  char* argv[] = {program.data(), argument.data(), nullptr};
  int argc = 2;
  return flags.Parse(&argc, argv);
}

TEST(ComputationFlags, SetWhatTheyAreNamedAfter) {
  ComputationOptions options;
  EXPECT_EQ(options.RoundsOr(50), 50);
  EXPECT_EQ(options.Make(10).duration_ms, 10);
  EXPECT_EQ(options.Make(10).kind, Computation::Kind::kWait);
  for (const char* const argument :
       {"--rounds=7", "--compute=cpu", "--compute_ms=20", "--value_bytes=9"}) {
    EXPECT_EQ(Parse(argument, &options), absl::OkStatus());
  }
  EXPECT_EQ(options.RoundsOr(50), 7);
  EXPECT_EQ(options.Make(10).duration_ms, 20);
  EXPECT_EQ(options.Make(10).value_bytes.Of(0), 9);
  EXPECT_EQ(options.Make(10).kind, Computation::Kind::kBurnCpu);
}

TEST(ComputationFlags, AcceptTheEndsOfEachRange) {
  ComputationOptions options;
  for (const char* const argument : {"--value_bytes=1", "--value_bytes=1048576", "--rounds=1",
                                     "--rounds=100000", "--compute_ms=1", "--compute_ms=10000"}) {
    EXPECT_EQ(Parse(argument, &options), absl::OkStatus()) << argument;
  }
}

TEST(ComputationFlags, RefuseBadValuesInOneLineThatNamesFlagAndValue) {
  const std::pair<std::string, std::vector<std::string>> bad[] = {
      {"rounds", {"", "0", "-1", "100001", "1e3", "x"}},
      {"compute", {"", "gpu", "CPU"}},
      {"compute_ms", {"", "0", "-1", "10001", "10ms"}},
      {"value_bytes",
       {"", "0", "-1", "1048577", "1k", "uniform:", "uniform:5", "uniform:5-4", "uniform:1-2-3",
        "uniform:0-4", "lognormal:100", "lognormal:0:1", "lognormal:100:4", "lognormal:100:nan",
        "normal:3:1"}},
  };
  for (const auto& [flag, values] : bad) {
    for (const std::string& value : values) {
      ComputationOptions options;
      const absl::Status refused = Parse(absl::StrCat("--", flag, "=", value), &options);
      EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << flag << "=" << value;
      EXPECT_THAT(std::string(refused.message()), HasSubstr(absl::StrCat("--", flag, "= takes ")));
      EXPECT_THAT(std::string(refused.message()), HasSubstr(absl::StrCat("not '", value, "'")));
    }
  }
}

}  // namespace
}  // namespace rcb
