#include <map>
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

using testing::Gt;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Le;

// Each kind of fault once, in 3 s.
constexpr char kAllKinds[] =
    "--chaos_schedule=stall@server:200+150,kill@server:550+80,pause@server:900+120,"
    "forget_scripts@server:1250+0,cut@network:1400+0,refuse@network:1600+120,"
    "blackhole@network:1950+120,lose_replies@network:2300+120,delay@network:2650+120";
constexpr int64_t kRounds = 31;

TEST(ChaosTest, SafeVariantsStaySafeAndNaiveOnesAreCaughtWhateverHappens) {
  for (const BenchmarkSpec& spec : VariantsOf(ChaosFamily(), {kAllKinds})) {
    SCOPED_TRACE(spec.name);
    TestBed bed(spec, {.workers = 20});
    ASSERT_EQ(bed.RunOnce(kRounds), absl::OkStatus());
    EXPECT_EQ(bed.totals().tally.errors, 0) << bed.first_error();
    const absl::StatusOr<Findings> findings = bed.Judge();
    ASSERT_TRUE(findings.ok()) << findings.status();
    EXPECT_EQ(findings->violations.none(), spec.role == Role::kSafe) << findings->violations.first;
    EXPECT_EQ(findings->note.empty(), spec.role == Role::kSafe);
    std::map<std::string, double> counters = CountersOf(*findings);
    EXPECT_EQ(counters["faults"], 9);
    EXPECT_THAT(counters["availability_ratio"], testing::AllOf(Gt(0.3), Le(0.95)));
    EXPECT_THAT(counters["served_ratio"], Gt(0.5));
    for (const char* hurts : {"stall", "kill", "pause", "refuse", "blackhole"}) {
      EXPECT_THAT(counters[absl::StrCat("repair_", hurts, "_us")], Gt(45'000)) << hurts;
    }
    EXPECT_THAT(counters["repair_kill_us"], Le(345'000)) << "it comes back";
  }
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

TEST(ChaosTest, ABadScheduleIsRefused) {
  for (const char* bad : {"", "stall", "stall@server:1", "stall@client:1+1", "cut@network:1+1",
                          "stall@server:1+0", "stall@server:-1+5"}) {
    FlagSet flags;
    const Family family = ChaosFamily();
    flags.Add("Chaos", family.flags);
    std::string program = "bench";
    std::string argument = absl::StrCat("--chaos_schedule=", bad);
    char* argv[] = {program.data(), argument.data(), nullptr};
    int argc = 2;
    const absl::Status refused = flags.Parse(&argc, argv);
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_THAT(std::string(refused.message()), HasSubstr("--chaos_schedule"));
  }
}

}  // namespace
}  // namespace rcb
