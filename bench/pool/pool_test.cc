// Each variant of Pool on a real server, judged by its own checker.

#include "bench/pool/pool.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "bench/families.h"
#include "bench/test_family.h"
#include "common/harness/test_bed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

constexpr int64_t kOperations = 2000;

std::vector<BenchmarkSpec> SmallPools() { return VariantsOf(PoolFamily(), {"--pool=6"}); }

TEST(PoolTest, EachSafeVariantIsClean) {
  for (const BenchmarkSpec& spec : SmallPools()) {
    if (spec.role != Role::kSafe) continue;
    for (const int threads : {1, 2}) {
      if (spec.needs.shared_connections == 1 && threads > 1) continue;  // there is no such row
      SCOPED_TRACE(spec.name + " on " + std::to_string(threads) + " threads");
      TestBed bed(spec, {.threads = threads});
      for (int run = 0; run < 2; ++run) {
        ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
        EXPECT_EQ(bed.totals().tally.succeeded, kOperations) << bed.first_error();
        EXPECT_GT(bed.totals().tally.retries, 0) << "no request was slow";
        const absl::StatusOr<Findings> findings = bed.Judge();
        ASSERT_TRUE(findings.ok()) << findings.status();
        EXPECT_TRUE(findings->violations.none()) << findings->violations.first;
      }
    }
  }
}

TEST(PoolTest, EachControlIsCaught) {
  for (const BenchmarkSpec& spec : SmallPools()) {
    if (spec.role != Role::kControl) continue;
    SCOPED_TRACE(spec.name);
    TestBed bed(spec, {});
    ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
    EXPECT_EQ(bed.totals().tally.succeeded, kOperations) << bed.first_error();
    EXPECT_GT(bed.Check().violations.count, 0);
  }
}

}  // namespace
}  // namespace rcb
