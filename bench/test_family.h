// What the tests of families share: their variants, as the program makes them.

#ifndef RCB_BENCH_TEST_FAMILY_H_
#define RCB_BENCH_TEST_FAMILY_H_

#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bench/families.h"
#include "common/harness/family.h"
#include "common/harness/flags.h"
#include "common/harness/spec.h"
#include "common/harness/test_bed.h"
#include "common/redis/command.h"
#include "common/server/rights.h"
#include "gtest/gtest.h"

namespace rcb {

// The variants of the family under `arguments`, such as "--compute=cpu".
inline std::vector<BenchmarkSpec> VariantsOf(const Family& family,
                                             std::vector<std::string> arguments = {}) {
  FlagSet flags;
  flags.Add(family.name, family.flags);
  arguments.insert(arguments.begin(), "test");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  int argc = static_cast<int>(arguments.size());
  EXPECT_EQ(flags.Parse(&argc, argv.data()), absl::OkStatus());
  EXPECT_EQ(argc, 1) << argv[1] << " is no flag of " << family.name;
  return family.variants();
}

// The first variant of that name and, where `arg` is not negative, that argument.
inline BenchmarkSpec SpecOf(const Family& family, const std::string& name,
                            const std::vector<std::string>& arguments = {}, int64_t arg = -1) {
  for (const BenchmarkSpec& spec : VariantsOf(family, arguments)) {
    if (spec.name == name && (arg < 0 || spec.args.front().second == arg)) return spec;
  }
  ADD_FAILURE() << "there is no variant " << name;
  std::abort();
}

// Whether the server of this test program knows all commands that the variant needs.
inline bool CanRunHere(const BenchmarkSpec& spec) {
  const absl::StatusOr<Deployment*> server = TestBed::Server();
  if (!server.ok()) return false;
  Rights rights((*server)->endpoint(), "rcb:probe:", "rcb_probe", /*is_cancelled=*/nullptr);
  return rights.WhyNot(spec.needs.commands).empty();
}

// Of all families with variants.
inline std::vector<BenchmarkSpec> AllVariants() {
  std::vector<BenchmarkSpec> all;
  for (const Family& family : AllFamilies()) {
    if (!family.variants) continue;
    for (const BenchmarkSpec& spec : family.variants()) all.push_back(spec);
  }
  return all;
}

inline std::map<std::string, double> CountersOf(const Findings& findings) {
  return {findings.counters.begin(), findings.counters.end()};
}

// Runs the variant, cuts all connections in the middle, and expects errors but no violations.
// Yields what the checker says.
inline Findings FindingsAfterLostConnections(const BenchmarkSpec& spec, int64_t operations) {
  const auto kill = [](const RunPlan&) { return Command("CLIENT", "KILL", "TYPE", "normal"); };
  TestBed bed(WithAccident(spec, operations / 2, kill), {.threads = 2});
  const absl::Status ran = bed.RunOnce(operations);
  EXPECT_EQ(ran, absl::OkStatus());
  if (!ran.ok()) return {};
  const Tally tally = bed.totals().tally;
  EXPECT_GT(tally.errors, 0);
  EXPECT_EQ(tally.succeeded + tally.errors, operations);
  Findings findings = bed.Check();
  EXPECT_EQ(findings.violations.count, 0) << findings.violations.first;
  return findings;
}

}  // namespace rcb

#endif  // RCB_BENCH_TEST_FAMILY_H_
