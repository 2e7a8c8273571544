// What the variants say that they need is what they use: the server tells which commands it ran,
// and which keys are left.

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bench/test_family.h"
#include "common/harness/key_names.h"
#include "common/harness/test_bed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::IsEmpty;
using testing::Not;

// The commands that the server ran, also from within scripts, but for the harness's own.
std::set<std::string> CommandsRun(BlockingClient& redis) {
  static const std::set<std::string> kOfHarness = {"PING", "INFO",   "HELLO", "CONFIG",
                                                   "SCAN", "SCRIPT", "AUTH",  "SELECT"};
  std::set<std::string> commands;
  const std::string stats = redis.Command({"INFO", "commandstats"})->text();
  for (absl::string_view line : absl::StrSplit(stats, "\r\n")) {
    if (!absl::ConsumePrefix(&line, "cmdstat_")) continue;
    std::string name = absl::AsciiStrToUpper(line.substr(0, line.find_first_of(":|")));
    if (name == "EVALSHA") name = "EVAL";
    if (name == "FUNCTION") name = "FCALL";
    if (name == "UNSUBSCRIBE") name = "SUBSCRIBE";
    if (kOfHarness.count(name) == 0) commands.insert(name);
  }
  return commands;
}

std::set<std::string> KeysUnder(const std::string& prefix, BlockingClient& redis) {
  std::set<std::string> keys;
  const Reply reply = *redis.Command({"KEYS", prefix + "*"});
  for (const Reply& key : reply.elements()) keys.insert(key.text());
  return keys;
}

// The elements of `used` that `declared` lacks.
std::set<std::string> Missing(const std::set<std::string>& used,
                              const std::vector<std::string>& declared) {
  std::set<std::string> missing = used;
  for (const std::string& name : declared) missing.erase(name);
  return missing;
}

class NeedsTest : public testing::TestWithParam<BenchmarkSpec> {};

TEST_P(NeedsTest, AreDeclared) {
  const BenchmarkSpec& spec = GetParam();
  ASSERT_THAT(spec.needs.commands, Not(IsEmpty())) << "its row has no needs";
  if (!CanRunHere(spec)) GTEST_SKIP() << "the server lacks a command that it needs";
  TestBed bed(spec, {.workers = 8});
  const int64_t budget = spec.shape == Shape::kSteady ? 400 : 3;
  ASSERT_EQ(bed.RunOnce(1), absl::OkStatus());  // connects
  ASSERT_TRUE(bed.redis().Command({"CONFIG", "RESETSTAT"}).ok());
  ASSERT_EQ(bed.RunOnce(budget), absl::OkStatus());
  bed.Check();
  std::set<std::string> run = CommandsRun(bed.redis());
  if (spec.needs.flushes) run.erase("FLUSHALL");  // which no user has to allow
  EXPECT_THAT(Missing(run, spec.needs.commands), IsEmpty());
  if (spec.needs.keys.empty()) return;
  EXPECT_THAT(
      Missing(KeysUnder(bed.plan().key_prefix, bed.redis()), KeyNames(spec.needs.keys, bed.plan())),
      IsEmpty());
}

std::string TestName(const testing::TestParamInfo<BenchmarkSpec>& info) {
  std::string name = info.param.name;
  for (const auto& arg : info.param.args) absl::StrAppend(&name, "_", arg.second);
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
}

// Rows that break servers run on servers of ours, which let them do anything, and lose their
// statistics with the server.
std::vector<BenchmarkSpec> VariantsWithNeeds() {
  std::vector<BenchmarkSpec> variants;
  for (const BenchmarkSpec& spec : AllVariants()) {
    if (!spec.needs.breaks_servers) variants.push_back(spec);
  }
  return variants;
}

INSTANTIATE_TEST_SUITE_P(Of, NeedsTest, testing::ValuesIn(VariantsWithNeeds()), TestName);

}  // namespace
}  // namespace rcb
