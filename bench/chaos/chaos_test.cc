#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/chaos/chaos_scenario.h"
#include "bench/families.h"
#include "bench/test_family.h"
#include "common/harness/test_bed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::AllOf;
using testing::Gt;
using testing::HasSubstr;
using testing::Le;

// Each kind of fault once. While the client lingers, no other fault closes its connection.
constexpr char kAllKinds[] =
    "--chaos_schedule=linger@client:100+1100,stall@server:200+120,pause@server:500+120,"
    "shrink@server:800+120,forget_cache@server:1050+0,forget_scripts@server:1100+0,"
    "flush@server:1150+0,delay@network:1300+120,kill@server:1550+80,cut@network:1850+0,refuse@"
    "network:2000+120,"
    "blackhole@network:2300+120,lose_replies@network:2600+120,kill_clients@server:2850+0,"
    "die@client:2870+0,failover@server:2950+100";
// To fail over takes up to a second each way.
constexpr int64_t kRounds = 42;

TEST(ChaosTest, SafeVariantsStaySafeAndNaiveOnesAreCaughtWhateverHappens) {
  for (const BenchmarkSpec& spec : VariantsOf(ChaosFamily(), {kAllKinds})) {
    SCOPED_TRACE(spec.name);
    TestBed bed(spec, {.workers = 20});
    ASSERT_EQ(bed.RunOnce(kRounds), absl::OkStatus());
    EXPECT_EQ(bed.totals().tally.errors, 0) << bed.first_error();
    const absl::StatusOr<Findings> findings = bed.Judge();
    ASSERT_TRUE(findings.ok()) << findings.status();
    EXPECT_EQ(findings->violations.none(), spec.role == Role::kSafe) << findings->violations.first;
    const bool is_spared = spec.name == "Chaos/locking/safe";
    EXPECT_EQ(findings->note.empty(), spec.role == Role::kSafe && !is_spared) << findings->note;
    std::map<std::string, double> counters = CountersOf(*findings);
    EXPECT_EQ(counters["faults"], static_cast<double>(chaos::Kinds().size()) - (is_spared ? 2 : 0));
    EXPECT_THAT(counters["availability_ratio"], AllOf(Gt(0.3), Le(0.95)));
    EXPECT_THAT(counters["served_ratio"], Gt(0.5));
    for (const char* hurts :
         {"stall", "kill", "pause", "shrink", "failover", "refuse", "blackhole"}) {
      EXPECT_THAT(counters[absl::StrCat("repair_", hurts, "_us")], Gt(45'000)) << hurts;
    }
    EXPECT_THAT(counters["repair_kill_us"], Le(345'000)) << "it comes back";
  }
}

// Of a run of the variant under `schedule`.
struct Seen {
  int64_t failed = 0;
  int64_t computations = 0;
  int64_t longest_us = 0;
};

Seen RunUnder(const std::string& name, const std::string& schedule, int64_t rounds) {
  TestBed bed(SpecOf(ChaosFamily(), name, {"--chaos_schedule=" + schedule}), {.workers = 10});
  EXPECT_EQ(bed.RunOnce(rounds), absl::OkStatus());
  Seen seen;
  for (const OpRecord& op : bed.history()) {
    seen.longest_us = std::max(seen.longest_us, (op.return_ns - op.invoke_ns) / 1000);
  }
  seen.computations = bed.totals().tally.computations;
  const auto operations = static_cast<double>(bed.history().size());
  const absl::StatusOr<Findings> findings = bed.Judge();
  EXPECT_TRUE(findings.ok()) << findings.status();
  if (!findings.ok()) return seen;
  EXPECT_TRUE(findings->violations.none()) << findings->violations.first;
  EXPECT_EQ(findings->note, "");
  const double served = CountersOf(*findings)["served_ratio"] * operations;
  seen.failed = std::llround(operations - served);
  return seen;
}

TEST(ChaosTest, EachFaultOfAClientBefallsOne) {
  const Seen seen =
      RunUnder("Chaos/lockfree/safe",
               "die@client:50+0,die@client:60+0,die@client:70+0,linger@client:150+200", 10);
  EXPECT_EQ(seen.failed, 3);
  EXPECT_THAT(seen.longest_us, Gt(195'000));
}

TEST(ChaosTest, DocumentsThatAreForgottenAreComputedAgain) {
  const Seen seen = RunUnder("Chaos/locking/safe", "forget_cache@server:100+0", 10);
  EXPECT_EQ(seen.failed, 0);
  EXPECT_THAT(seen.computations, Gt(40)) << "what invalidations cause is half of that";
}

TEST(ChaosTest, EachFlushBeginsAnew) {
  const Seen seen =
      RunUnder("Chaos/lockfree/safe", "flush@server:100+0,flush@server:250+0", /*rounds=*/10);
  EXPECT_EQ(seen.failed, 0);
  EXPECT_THAT(seen.computations, Gt(40));
}

TEST(ChaosTest, TheSameSeedGivesTheSameFaults) {
  const auto kinds_of = [](const std::string& seed) {
    TestBed bed(SpecOf(ChaosFamily(), "Chaos/lockfree/safe", {"--chaos_seed=" + seed}),
                {.workers = 5});
    EXPECT_EQ(bed.RunOnce(13), absl::OkStatus());
    EXPECT_TRUE(bed.Judge().ok());
    Schedule schedule;
    for (const InjectedFault& injected :
         static_cast<chaos::ChaosScenario&>(bed.scenario()).injected()) {
      schedule.push_back(injected.fault);
    }
    return ToText(schedule);
  };
  const std::string first = kinds_of("7");
  EXPECT_NE(first, "");
  EXPECT_EQ(kinds_of("7"), first);
  EXPECT_NE(kinds_of("8"), first);
}

TEST(ChaosTest, ARunIsLongEnoughForEachKind) {
  const int64_t run_ms = 100 * SpecOf(ChaosFamily(), "Chaos/lockfree/safe").rounds;
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    std::set<std::string> kinds;
    for (const Fault& fault : DrawSchedule(seed, chaos::RangeOf(run_ms))) kinds.insert(fault.kind);
    ASSERT_EQ(kinds.size(), chaos::Kinds().size()) << seed;
  }
  // Whatever is drawn.
  const ScheduleRange range = chaos::RangeOf(run_ms);
  int64_t longest_ms = 0;
  for (const FaultKind& kind : range.kinds) {
    longest_ms += range.max_gap_ms + kind.max_length_ms + kind.extra_ms;
  }
  EXPECT_THAT(longest_ms, Le(range.duration_ms));
}

TEST(ChaosTest, WhatARunIsTooShortForIsLeftOut) {
  TestBed bed(SpecOf(ChaosFamily(), "Chaos/lockfree/safe",
                     {"--chaos_schedule=cut@network:50+0,kill@server:9000+100"}),
              {.workers = 5});
  ASSERT_EQ(bed.RunOnce(6), absl::OkStatus());
  const absl::StatusOr<Findings> findings = bed.Judge();
  ASSERT_TRUE(findings.ok()) << findings.status();
  EXPECT_EQ(CountersOf(*findings)["faults"], 1);
  EXPECT_THAT(findings->note, HasSubstr("too short for 1 of 2 faults"));
}

TEST(ChaosTest, ABadScheduleIsRefused) {
  for (const char* bad : {"", "stall", "stall@server:1", "stall@client:1+1", "cut@network:1+1",
                          "stall@server:1+0", "stall@server:-1+5", "flood@server:1+0"}) {
    FlagSet flags;
    const Family family = ChaosFamily();
    flags.Add("Chaos", family.flags);
    std::string program = "bench";
    std::string argument = absl::StrCat("--chaos_schedule=", bad);
    char* argv[] = {program.data(), argument.data(), nullptr};
    int argc = 2;
    const absl::Status refused = flags.Parse(&argc, argv);
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_THAT(std::string(refused.message()),
                AllOf(HasSubstr("--chaos_schedule"), HasSubstr("forget_cache@server")));
  }
}

}  // namespace
}  // namespace rcb
