// The names of all benchmarks: one pattern, no doubles, each a literal that can be searched for.
// RCB_SOURCE_DIR is the root of the source tree.

#include <benchmark/benchmark.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "bench/families.h"
#include "common/harness/suite.h"
#include "common/harness/test_bed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using testing::UnorderedElementsAreArray;

ServerFacts CurrentServer() {
  ServerFacts facts;
  facts.version = "7.0.15";
  return facts;
}

// Of all families with variants, on a server that can run each.
std::vector<BenchmarkSpec> AllVariants() {
  std::vector<BenchmarkSpec> all;
  for (const auto& family :
       {CounterVariants(Options(), CurrentServer()), StampedeVariants(Options()),
        StampedeExpiryVariants(Options()), LockVariants(Options()), ListAppendVariants(Options()),
        TransactionVariants(Options(), CurrentServer())}) {
    all.insert(all.end(), family.begin(), family.end());
  }
  return all;
}

struct Names {
  std::vector<std::string> foretold;  // by Suite, which tells main what a filter selects
  std::vector<std::string> printed;   // by Google Benchmark
};

Names AllNames() {
  const absl::StatusOr<Target*> server = TestBed::Server();
  EXPECT_TRUE(server.ok()) << server.status();
  if (!server.ok()) return {};
  Options options;
  options.threads = {1, 2};
  Names names;
  Suite suite(
      options, **server,
      [&names](const std::string& name) {
        names.foretold.push_back(name);
        return true;
      },
      /*on_progress=*/nullptr);
  RegisterHarness(suite);
  for (const BenchmarkSpec& spec : AllVariants()) suite.Register(spec);

  std::string program = "names_test";
  std::string list = "--benchmark_list_tests=true";
  char* argv[] = {program.data(), list.data(), nullptr};
  int argc = 2;
  benchmark::Initialize(&argc, argv);
  std::ostringstream listed;
  benchmark::ConsoleReporter reporter;
  reporter.SetOutputStream(&listed);
  benchmark::RunSpecifiedBenchmarks(&reporter, ".");
  benchmark::ClearRegisteredBenchmarks();  // they refer to the suite
  names.printed = absl::StrSplit(listed.str(), '\n', absl::SkipEmpty());
  return names;
}

// "Family/discipline/variant" of each benchmark.
std::set<std::string> BareNames() {
  std::set<std::string> bare;
  for (const std::string& name : AllNames().printed) {
    const std::vector<std::string> parts = absl::StrSplit(name, '/');
    bare.insert(absl::StrJoin(parts.begin(), parts.begin() + 3, "/"));
  }
  return bare;
}

// The text of each bench/*_bench.cc by file name.
std::map<std::string, std::string> Sources() {
  std::map<std::string, std::string> sources;
  for (const auto& entry : std::filesystem::directory_iterator(RCB_SOURCE_DIR "/bench")) {
    const std::string file = entry.path().filename();
    if (!absl::EndsWith(file, "_bench.cc")) continue;
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    sources[file] = text.str();
  }
  return sources;
}

TEST(NamesTest, EachVariantIsNamedFamilyDisciplineVariant) {
  for (const BenchmarkSpec& spec : AllVariants()) {
    EXPECT_THAT(spec.name,
                MatchesRegex("[A-Z][A-Za-z]*/(unsafe|locking|lockfree)/[a-z][a-z0-9_]*"));
    EXPECT_NE(spec.contract, "") << spec.name << " has to say what it promises";
  }
}

TEST(NamesTest, EachBenchmarkIsPrintedInOnePattern) {
  const std::string pattern =
      "(Harness/(limit|engine|peer|cost)|[A-Z][A-Za-z]*/(unsafe|locking|lockfree))"
      "/[a-z][a-z0-9_]*(/workers:[0-9]+(/[a-z][a-z_]*:[0-9]+)*)?(/iterations:[0-9]+)?"
      "/real_time/threads:[0-9]+";
  const std::vector<std::string> names = AllNames().printed;
  EXPECT_THAT(names, Not(IsEmpty()));
  for (const std::string& name : names) {
    EXPECT_THAT(name, MatchesRegex(pattern));
    const bool has_workers = absl::StrContains(name, "/workers:");
    EXPECT_EQ(has_workers, !absl::StartsWith(name, "Harness/cost/")) << name;
  }
}

TEST(NamesTest, EachPrintedNameIsTheOneThatFiltersAreTriedOn) {
  const Names names = AllNames();
  EXPECT_THAT(names.printed, UnorderedElementsAreArray(names.foretold));
}

TEST(NamesTest, NoTwoBenchmarksHaveTheSameName) {
  std::set<std::string> seen;
  for (const std::string& name : AllNames().printed) {
    EXPECT_TRUE(seen.insert(name).second) << name << " twice";
  }
}

TEST(NamesTest, EachNameIsALiteralOfOneSource) {
  const std::map<std::string, std::string> sources = Sources();
  ASSERT_THAT(sources, Not(IsEmpty()));
  for (const std::string& name : BareNames()) {
    std::vector<std::string> found;
    for (const auto& [file, text] : sources) {
      if (absl::StrContains(text, absl::StrCat("\"", name, "\""))) found.push_back(file);
    }
    EXPECT_EQ(found.size(), 1U) << name << " in: " << absl::StrJoin(found, " ");
  }
}

TEST(NamesTest, EachFamilyHasAControl) {
  std::map<std::string, int> controls;
  for (const BenchmarkSpec& spec : AllVariants()) {
    const std::vector<std::string> parts = absl::StrSplit(spec.name, '/');
    controls[parts[0]] += parts[1] == "unsafe" ? 1 : 0;
  }
  for (const auto& [family, count] : controls) EXPECT_GT(count, 0) << family;
  EXPECT_EQ(controls.size(), 5U);
}

}  // namespace
}  // namespace rcb
