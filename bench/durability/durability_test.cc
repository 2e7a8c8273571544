// Each row on a real server that is killed: that its contract holds or is seen broken, and that a
// server which keeps less than the row says is noticed.

#include <map>
#include <string>
#include <vector>

#include "bench/test_family.h"
#include "common/harness/test_bed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::Gt;
using testing::HasSubstr;

Findings Judged(const BenchmarkSpec& spec, int workers = 8, int threads = 2) {
  TestBed bed(spec, {.workers = workers, .threads = threads});
  EXPECT_EQ(bed.RunOnce(/*budget=*/1), absl::OkStatus());
  EXPECT_EQ(bed.totals().tally.errors, 0) << bed.first_error();
  const absl::StatusOr<Findings> findings = bed.Judge();
  EXPECT_TRUE(findings.ok()) << findings.status();
  return findings.ok() ? *findings : Findings();
}

TEST(DurabilityTest, OnlyTheControlsBreakTheirContracts) {
  for (const BenchmarkSpec& spec : VariantsOf(DurabilityFamily())) {
    SCOPED_TRACE(spec.name);
    const Findings findings = Judged(spec);
    EXPECT_EQ(findings.violations.none(), spec.role == Role::kSafe) << findings.violations.first;
    std::map<std::string, double> counters = CountersOf(findings);
    EXPECT_THAT(counters["acknowledged"], Gt(100));
    EXPECT_EQ(counters["lost"] > 0, spec.role == Role::kControl);
    EXPECT_THAT(counters["unavailable_us"], Gt(50'000));  // for so long it is down
  }
}

// One client alone shows it as well, so that the control needs no overlap.
TEST(DurabilityTest, ASingleClientLosesItsWrites) {
  const BenchmarkSpec spec = SpecOf(DurabilityFamily(), "Durability/unsafe/no_persistence");
  EXPECT_EQ(spec.contract.min_overlapping, 0);
  EXPECT_FALSE(Judged(spec, /*workers=*/1, /*threads=*/1).violations.none());
}

TEST(DurabilityTest, AServerThatKeepsLessThanTheRowSaysIsBroken) {
  BenchmarkSpec spec = SpecOf(DurabilityFamily(), "Durability/lockfree/always");
  spec.needs.settings = {{"appendonly", "no"}};
  const Findings findings = Judged(spec);
  EXPECT_FALSE(findings.violations.none());
  EXPECT_THAT(findings.violations.first, HasSubstr("is not there"));
}

}  // namespace
}  // namespace rcb
