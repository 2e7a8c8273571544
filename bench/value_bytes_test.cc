// With --value_bytes, what travels between the cache and all workers is of that size, and every
// variant still finds in it what it needs.

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "bench/families.h"
#include "common/harness/test_bed.h"
#include "common/workload/computation.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

constexpr int64_t kBytes = 5000;

void RunWithLargeValues(const Family& family) {
  for (const Flag& flag : family.flags) {
    if (flag.name == "value_bytes") {
      ASSERT_TRUE(flag.parse(absl::StrCat(kBytes)));
    }
  }
  for (const BenchmarkSpec& spec : family.variants()) {
    SCOPED_TRACE(spec.name);
    TestBed bed(spec, {.workers = 8});
    ASSERT_EQ(bed.RunOnce(3), absl::OkStatus());
    const Findings findings = bed.Check();
    if (spec.role != Role::kControl) {
      EXPECT_EQ(findings.violations.count, 0) << findings.violations.first;
    }
    int64_t largest = 0;
    const Reply keys = *bed.redis().Command({"KEYS", bed.plan().key_prefix + "*"});
    for (const Reply& key : keys.elements()) {
      const absl::StatusOr<Reply> length = bed.redis().Command({"STRLEN", key.text()});
      if (length.ok()) largest = std::max(largest, length->integer());
    }
    EXPECT_EQ(largest, kBytes);
  }
}

TEST(ValueBytesTest, AreThoseOfStampedesValues) { RunWithLargeValues(StampedeFamily()); }
TEST(ValueBytesTest, AreThoseOfStampedeExpirysValues) {
  RunWithLargeValues(StampedeExpiryFamily());
}

TEST(ValueBytesTest, AreAtLeastWhatAValueTells) {
  Computation computation;
  EXPECT_EQ(computation.Cached("12"), "12");
  computation.value_bytes = ValueSizes::Constant(1);
  EXPECT_EQ(computation.Cached("12"), "12");
  computation.value_bytes = ValueSizes::Constant(4);
  EXPECT_EQ(computation.Cached("12"), "12  ");
}

}  // namespace
}  // namespace rcb
