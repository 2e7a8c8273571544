// Each variant of LostReply behind a proxy that loses requests and replies, judged by its own
// checker, and what that checker says of false records.

#include "bench/lost_reply/lost_reply.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "bench/families.h"
#include "bench/test_family.h"
#include "common/harness/test_bed.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

constexpr int64_t kOperations = 1500;

bool IsSafe(const BenchmarkSpec& spec) { return spec.role == Role::kSafe; }

// Whether its clients always know in the end.
bool AlwaysKnows(const BenchmarkSpec& spec) {
  return absl::StrContains(spec.name, "retry") || absl::StrContains(spec.name, "token");
}

class LostReplyTest : public testing::Test {
 protected:
  const std::vector<BenchmarkSpec> specs_ = VariantsOf(LostReplyFamily());
};

TEST_F(LostReplyTest, EachSafeVariantKnowsWhatItSays) {
  for (const BenchmarkSpec& spec : specs_) {
    if (!IsSafe(spec)) continue;
    for (const int threads : {1, 2}) {
      SCOPED_TRACE(spec.name);
      TestBed bed(spec, {.threads = threads});
      ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
      EXPECT_EQ(bed.totals().tally.succeeded, kOperations) << bed.first_error();
      const Findings findings = bed.Check();
      EXPECT_EQ(findings.violations.count, 0) << findings.violations.first;
      const auto counters = CountersOf(findings);
      EXPECT_GT(counters.at("losses_per_op"), 0.05);
      EXPECT_LE(counters.at("tries_max"), lost_reply::kMaxTries);
      if (AlwaysKnows(spec)) {
        EXPECT_EQ(counters.at("unknown_ratio"), 0);
        EXPECT_GT(bed.totals().tally.retries, 0);
      } else {
        EXPECT_GT(counters.at("unknown_ratio"), 0);
      }
    }
  }
}

TEST_F(LostReplyTest, BothControlsAreCaughtByBothDetectors) {
  for (const BenchmarkSpec& spec : specs_) {
    if (IsSafe(spec)) continue;
    SCOPED_TRACE(spec.name);
    TestBed bed(spec, {.threads = 2});
    ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
    EXPECT_EQ(bed.totals().tally.succeeded, kOperations) << bed.first_error();
    const Findings findings = bed.Check();
    EXPECT_GT(findings.detections.at("by_bounds"), 0);
    EXPECT_GT(findings.detections.at("by_counter"), 0);
  }
}

TEST_F(LostReplyTest, AFalseRecordIsCaught) {
  for (const BenchmarkSpec& spec : specs_) {
    if (!IsSafe(spec)) continue;
    SCOPED_TRACE(spec.name);
    TestBed bed(spec, {});
    ASSERT_EQ(bed.RunOnce(kOperations / 3), absl::OkStatus());
    const std::vector<OpRecord> good = bed.history();
    ASSERT_EQ(bed.Check(good).violations.count, 0);
    const auto known =
        std::find_if(good.begin(), good.end(), [](const OpRecord& op) { return op.value > 3; });
    ASSERT_NE(known, good.end());

    std::vector<OpRecord> dropped = good;
    dropped.erase(dropped.begin() + (known - good.begin()));
    if (AlwaysKnows(spec)) {  // or else one of those that nobody knows of may have been it
      EXPECT_GT(bed.Check(dropped).violations.count, 0) << "an increment that nobody did";
    }

    std::vector<OpRecord> doubled = good;
    doubled.push_back(*known);
    EXPECT_GT(bed.Check(doubled).violations.count, 0) << "a count that two were told";

    std::vector<OpRecord> other = good;
    other[static_cast<size_t>(known - good.begin())].value += 1'000;
    EXPECT_GT(bed.Check(other).violations.count, 0) << "a count that was never there";
  }
}

TEST_F(LostReplyTest, NothingIsLostOnceTheRunIsJudged) {
  TestBed bed(specs_.front(), {});
  ASSERT_EQ(bed.RunOnce(kOperations / 3), absl::OkStatus());
  bed.Check();
  const int64_t lost = bed.plan().proxy->counts().lost_chunks;
  EXPECT_GT(lost, 0);
  EXPECT_GT(bed.session().MeasureRoundTripNs(/*pings=*/200), 0);
  EXPECT_EQ(bed.plan().proxy->counts().lost_chunks, lost);
}

}  // namespace
}  // namespace rcb
