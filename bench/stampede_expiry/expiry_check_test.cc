// What the checks of StampedeExpiry say of small records, right ones and wrong ones.

#include "bench/stampede_expiry/expiry_check.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb::expiry {
namespace {

using testing::HasSubstr;

constexpr int64_t kMs = 1'000'000;

// Generation `generation` of key 0, computed from `began_ms` on and acknowledged 10 ms later, with
// a lifetime of 100 ms.
Acknowledged Stored(int64_t generation, int64_t began_ms) {
  const int64_t stored_ns = (began_ms + 10) * kMs;
  return {stored_ns, /*key=*/0, generation, began_ms * kMs, stored_ns + 100 * kMs, 100};
}

TEST(CheckFreshness, CountsReadsOfLessThanWasAcknowledgedBefore) {
  EXPECT_EQ(CheckFreshness({{9 * kMs, 0, 1}, {11 * kMs, 0, 2}}, {Stored(2, 0)}).count, 0);
  EXPECT_EQ(CheckFreshness({{11 * kMs, 0, 1}, {11 * kMs, 1, 1}}, {Stored(2, 0)}).count, 1);
}

TEST(CheckAge, CountsReadsOfWhatTheServerHadToHaveDropped) {
  EXPECT_EQ(CheckAge({{135 * kMs, 0, 2}}, {Stored(2, 0)}, /*grace_ms=*/20).count, 0);
  EXPECT_EQ(CheckAge({{136 * kMs, 0, 2}}, {Stored(2, 0)}, /*grace_ms=*/20).count, 1);
  EXPECT_EQ(CheckAge({{136 * kMs, 1, 2}}, {Stored(2, 0)}, /*grace_ms=*/20).count, 0);
}

TEST(CheckNeed, CountsWhatWasComputedBeforeTheOneBeforeExpired) {
  EXPECT_EQ(CheckNeed({Stored(2, 0), Stored(3, 110)}).count, 0);
  EXPECT_EQ(CheckNeed({Stored(2, 0), Stored(4, 50)}).count, 0);
  EXPECT_THAT(CheckNeed({Stored(3, 50), Stored(2, 0)}).first,
              HasSubstr("generation 3 was computed 60000 us before"));
}

}  // namespace
}  // namespace rcb::expiry
