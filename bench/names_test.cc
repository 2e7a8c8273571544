// The names of all benchmarks: one pattern, no doubles, each a literal that can be searched for.
// RCB_SOURCE_DIR is the root of the source tree.

#include <benchmark/benchmark.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
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
#include "bench/test_family.h"
#include "common/harness/suite.h"
#include "common/harness/test_bed.h"
#include "common/server/private_server.h"
#include "common/server/rights.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using testing::UnorderedElementsAreArray;

struct Names {
  std::vector<std::string> expected;  // by Suite, which tells main what a filter selects
  std::vector<std::string> printed;   // by Google Benchmark
};

Names AllNames() {
  const absl::StatusOr<Deployment*> server = TestBed::Server();
  EXPECT_TRUE(server.ok()) << server.status();
  if (!server.ok()) return {};
  Options options;
  options.threads = {1, 2};
  Names names;
  Suite suite(
      options, **server,
      [&names](const std::string& name) {
        names.expected.push_back(name);
        return true;
      },
      /*on_progress=*/nullptr);
  for (const Family& family : AllFamilies()) suite.Register(family);

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

// The text of each source that has rows, by file name.
std::map<std::string, std::string> Sources() {
  std::map<std::string, std::string> sources;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(RCB_SOURCE_DIR "/bench")) {
    const std::string file = entry.path().filename();
    if (!absl::EndsWith(file, "_bench.cc") && !absl::EndsWith(file, "_rows.cc")) continue;
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    sources[file] = text.str();
  }
  return sources;
}

TEST(NamesTest, EachVariantIsNamedFamilyDisciplineVariant) {
  for (const BenchmarkSpec& spec : AllVariants()) {
    EXPECT_THAT(spec.name, MatchesRegex("[A-Z][A-Za-z]*/(unsafe|locking|lockfree|policy|shift)/"
                                        "[a-z][a-z0-9_]*"));
    EXPECT_NE(spec.contract.promise, "") << spec.name << " has to say what it promises";
  }
}

TEST(NamesTest, EachBenchmarkIsPrintedInOnePattern) {
  const std::string pattern =
      "(Harness/(limit|engine|peer|cost)|Eviction/(policy|shift)|"
      "[A-Z][A-Za-z]*/(unsafe|locking|lockfree))"
      "/[a-z][a-z0-9_]*(/workers:[0-9]+(/[a-z][a-z_]*:[0-9]+)*)?(/iterations:[0-9]+)?"
      "/real_time/threads:[0-9]+";
  const std::vector<std::string> names = AllNames().printed;
  EXPECT_THAT(names, Not(IsEmpty()));
  for (const std::string& name : names) {
    EXPECT_THAT(name, MatchesRegex(pattern));
    const bool has_workers = absl::StrContains(name, "/workers:");
    const bool has_clients =
        !absl::StartsWith(name, "Harness/cost/") || absl::StartsWith(name, "Harness/cost/proxy/");
    EXPECT_EQ(has_workers, has_clients) << name;
  }
}

TEST(NamesTest, EachPrintedNameIsTheOneThatFiltersAreTriedOn) {
  const Names names = AllNames();
  EXPECT_THAT(names.printed, UnorderedElementsAreArray(names.expected));
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

// A policy is what it is, and its role says whether it keeps the promise here.
TEST(NamesTest, WhatIsUnsafeByNameIsAControlByRole) {
  for (const BenchmarkSpec& spec : AllVariants()) {
    if (absl::StrContains(spec.name, "/policy/")) continue;
    EXPECT_EQ(absl::StrContains(spec.name, "/unsafe/"), spec.role == Role::kControl) << spec.name;
    EXPECT_NE(spec.role, Role::kMeasurement) << spec.name;
  }
}

TEST(NamesTest, EachNameBeginsWithItsFamily) {
  for (const Family& family : AllFamilies()) {
    if (!family.variants) continue;
    for (const BenchmarkSpec& spec : family.variants()) {
      EXPECT_TRUE(absl::StartsWith(spec.name, absl::StrCat(family.name, "/"))) << spec.name;
    }
  }
}

Catalogue AllCounters() {
  Catalogue catalogue;
  for (const Family& family : AllFamilies()) {
    catalogue.AddFamily(family.name, family.metrics, family.columns);
  }
  return catalogue;
}

// Every counter that a contract bounds, a column shows or a class of operations has is described.
TEST(NamesTest, EachCounterThatAFamilyNamesIsInTheCatalogue) {
  const Catalogue catalogue = AllCounters();
  for (const BenchmarkSpec& spec : AllVariants()) {
    for (const Bound& bound : spec.contract.bounds) {
      EXPECT_NE(catalogue.Find(bound.counter), nullptr) << spec.name << ": " << bound.counter;
    }
    for (const std::string& op_class : spec.op_classes) {
      EXPECT_NE(catalogue.Find(absl::StrCat(op_class, "_p95_us")), nullptr)
          << spec.name << ": " << op_class;
    }
  }
}

// As servers before Redis 7 are, and KeyDB.
TEST(NamesTest, AServerWithoutFunctionsIsOfferedAllOtherVariants) {
  PrivateServerOptions old;
  old.extra_arguments = {"--rename-command", "FUNCTION", ""};
  const absl::StatusOr<std::unique_ptr<PrivateServer>> server = PrivateServer::Start(old);
  ASSERT_TRUE(server.ok()) << server.status();
  const absl::StatusOr<Deployment*> deployment = TestBed::Server();
  ASSERT_TRUE(deployment.ok()) << deployment.status();
  const Options options;
  Suite suite(
      options, **deployment, [](const std::string&) { return true; }, /*on_progress=*/nullptr);
  Rights rights((*server)->tcp_endpoint(), "rcb:0:", "rcb_0", /*is_cancelled=*/nullptr);
  suite.RequireRights(&rights);
  for (const Family& family : AllFamilies()) suite.Register(family);
  benchmark::ClearRegisteredBenchmarks();  // they refer to the suite
  std::vector<std::string> missing;
  for (const LeftOut& variant : suite.left_out()) {
    if (absl::StrContains(variant.reason, "SET.IFEQ")) continue;  // is no question of functions
    missing.push_back(variant.variant);
    EXPECT_TRUE(absl::StrContains(variant.reason, "unknown command")) << variant.reason;
  }
  EXPECT_THAT(missing, UnorderedElementsAreArray(
                           {"Counter/lockfree/function", "Transaction/lockfree/function"}));
}

TEST(NamesTest, EachFamilyHasAControl) {
  std::map<std::string, int> controls;
  for (const BenchmarkSpec& spec : AllVariants()) {
    const std::vector<std::string> parts = absl::StrSplit(spec.name, '/');
    controls[parts[0]] += spec.role == Role::kControl ? 1 : 0;
  }
  for (const auto& [family, count] : controls) EXPECT_GT(count, 0) << family;
  EXPECT_THAT(controls, Not(IsEmpty()));
}

// The text of `file` between the lines <!-- MARK --> and <!-- /MARK -->.
std::string TextBetween(const std::string& file, const std::string& mark) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  const std::string begin = absl::StrCat("<!-- ", mark, " -->\n");
  const size_t from = text.str().find(begin);
  const size_t to = text.str().find(absl::StrCat("<!-- /", mark, " -->"));
  if (from == std::string::npos || to == std::string::npos) return "no such marks";
  return text.str().substr(from + begin.size(), to - from - begin.size());
}

TEST(NamesTest, TheDocumentsTableOfCountersIsTheCatalogue) {
  const Catalogue catalogue = AllCounters();
  EXPECT_EQ(TextBetween(RCB_SOURCE_DIR "/bench/README.md", "counters"), catalogue.ToMarkdown())
      << "put this between the marks:\n"
      << catalogue.ToMarkdown();
}

}  // namespace
}  // namespace rcb
