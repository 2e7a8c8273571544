// What the judges of Invalidation say of small records, right ones and wrong ones.

#include "bench/invalidation/invalidation_check.h"

#include <map>
#include <string>
#include <vector>

#include "bench/test_family.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb::invalidation {
namespace {

using testing::HasSubstr;

constexpr int64_t kMs = 1'000'000;

VersionedOp Write(int64_t invoke_ms, int64_t return_ms, int64_t version) {
  return {invoke_ms * kMs, return_ms * kMs, version, /*key=*/0, /*client=*/0, /*is_write=*/true};
}
VersionedOp Read(int64_t at_ms, int64_t version, uint16_t client = 1) {
  return {at_ms * kMs, at_ms * kMs, version, /*key=*/0, client, /*is_write=*/false};
}

Findings Judge(const std::vector<VersionedOp>& history, const Promises& promises,
               const std::vector<Fill>& fills = {}, int64_t lateness_ns = 0) {
  Findings findings;
  JudgeReads(history, promises, fills, lateness_ns, &findings);
  return findings;
}

TEST(JudgeReads, WhoPromisesNoStaleReadMayHaveNone) {
  const Findings findings = Judge({Write(0, 2, 2), Read(5, 1), Read(6, 2)}, {});
  EXPECT_EQ(findings.violations.count, 1);
  EXPECT_EQ(findings.detections.at("by_staleness"), 1);
  EXPECT_THAT(findings.violations.first,
              HasSubstr("version 1 of key 0 was read 3000 us after the write of a newer one"));
  std::map<std::string, double> counters = CountersOf(findings);
  EXPECT_EQ(counters["stale_read_ratio"], 0.5);
  EXPECT_NEAR(counters["stale_p50_us"], 3000, 3);
  EXPECT_NEAR(counters["stale_p95_us"], 3000, 3);
  EXPECT_EQ(counters["stale_max_us"], 3000);
}

TEST(JudgeReads, ABoundIsLongerWhereTheMachineWasLate) {
  const Promises promises = {.stale_ms = 10};
  const auto late = [&promises](int64_t read_ms, int64_t lateness_ms) {
    const std::vector<VersionedOp> history = {Write(0, 2, 2), Read(read_ms, 1)};
    return Judge(history, promises, {}, lateness_ms * kMs).violations.count;
  };
  EXPECT_EQ(late(12, 0), 0);
  EXPECT_EQ(late(13, 0), 1);
  EXPECT_EQ(late(13, 1), 0);
  EXPECT_EQ(late(14, 1), 1);
}

TEST(JudgeReads, NoLatenessExcusesWhatIsPromisedForAnyTime) {
  EXPECT_EQ(Judge({Write(0, 2, 2), Read(3, 1)}, {}, {}, 1000 * kMs).violations.count, 1);
}

TEST(JudgeReads, WhatASlowFillPutThereIsNotJudged) {
  const Promises promises = {.stale_ms = 10, .fill_ms = 10};
  const std::vector<VersionedOp> history = {Write(0, 2, 2), Read(50, 1)};
  EXPECT_TRUE(Judge(history, promises, {{0, 1, 11 * kMs}}).violations.none());
  EXPECT_FALSE(Judge(history, promises, {{0, 1, 10 * kMs}}).violations.none());
  EXPECT_FALSE(Judge(history, promises, {{0, 2, 11 * kMs}}).violations.none());
  EXPECT_FALSE(Judge(history, promises, {{1, 1, 11 * kMs}}).violations.none());
}

TEST(JudgeReads, OnlyWhatIsPromisedIsJudged) {
  const std::vector<VersionedOp> history = {Write(0, 9, 2), Read(5, 2), Read(6, 1),
                                            Read(10, 1, /*client=*/0)};
  const Findings all = Judge(history, {.stale_ms = 100});
  EXPECT_EQ(all.detections.at("by_order"), 1);
  EXPECT_EQ(all.detections.at("by_own_write"), 1);
  const Findings none = Judge(history, {.stale_ms = -1, .forward = false, .own_write = false});
  EXPECT_TRUE(none.violations.none());
  EXPECT_EQ(CountersOf(none)["backward_reads"], 1);
  EXPECT_EQ(CountersOf(none)["own_write_misses"], 1);
}

TEST(JudgeReads, WhatNobodyWroteIsFoundInAnyCase) {
  const Findings findings =
      Judge({Read(5, 9)}, {.stale_ms = -1, .forward = false, .own_write = false});
  EXPECT_EQ(findings.detections.at("by_version"), 1);
}

TEST(JudgeQuiet, WhatIsStillStaleIsPermanent) {
  const std::vector<VersionedOp> history = {Write(0, 2, 2), Read(3, 1)};
  for (const int64_t version : {1, 2}) {
    Findings findings;
    JudgeQuiet(history, {Read(100, version)}, {}, {}, &findings);
    EXPECT_EQ(CountersOf(findings)["permanent"], version == 1 ? 1 : 0);
    EXPECT_EQ(findings.violations.count, version == 1 ? 1 : 0);
  }
}

TEST(JudgeQuiet, AWriteThatFailedNeedNotBeThere) {
  VersionedOp failed = Write(0, 2, 2);
  failed.outcome = Outcome::kUnknown;
  Findings findings;
  JudgeQuiet(std::vector<VersionedOp>{failed}, {Read(100, 1)}, {}, {}, &findings);
  EXPECT_TRUE(findings.violations.none());
}

std::map<std::string, int64_t> Queue(const std::vector<VersionedOp>& history,
                                     const std::vector<Applied>& applied, int64_t max_queued) {
  Findings findings;
  JudgeQueue(history, applied, max_queued, &findings);
  return findings.detections;
}

TEST(JudgeQueue, WhatArrivesInOrderIsFine) {
  Findings findings;
  JudgeQueue(std::vector<VersionedOp>{Write(0, 2, 2), Write(3, 4, 3)},
             {{3 * kMs, 0, 2}, {9 * kMs, 0, 3}}, 1, &findings);
  EXPECT_TRUE(findings.violations.none()) << findings.violations.first;
  EXPECT_NEAR(CountersOf(findings)["origin_lag_p95_us"], 5000, 5);
}

TEST(JudgeQueue, EachAcknowledgedChangeMustArrive) {
  EXPECT_EQ(Queue({Write(0, 2, 2), Write(3, 4, 3)}, {{9 * kMs, 0, 3}}, 9)["by_queue_loss"], 1);
  VersionedOp failed = Write(0, 2, 2);
  failed.outcome = Outcome::kUnknown;
  EXPECT_EQ(Queue({failed}, {}, 9)["by_queue_loss"], 0);
}

TEST(JudgeQueue, TheChangesOfAKeyMustArriveInTheirOrder) {
  const std::vector<VersionedOp> history = {Write(0, 2, 2), Write(3, 4, 3)};
  EXPECT_EQ(Queue(history, {{8 * kMs, 0, 3}, {9 * kMs, 0, 2}}, 9)["by_queue_order"], 1);
  EXPECT_EQ(Queue(history, {{9 * kMs, 0, 2}, {9 * kMs, 0, 3}}, 9)["by_queue_order"], 0);
  EXPECT_EQ(Queue(history, {{8 * kMs, 1, 3}, {9 * kMs, 0, 2}}, 9)["by_queue_order"], 0);
}

TEST(JudgeQueue, NoMoreMayWaitThanPromised) {
  const std::vector<VersionedOp> history = {Write(0, 2, 2), Write(3, 4, 3), Write(5, 6, 4)};
  const std::vector<Applied> late = {{9 * kMs, 0, 2}, {9 * kMs, 0, 3}, {9 * kMs, 0, 4}};
  EXPECT_EQ(Queue(history, late, 3)["by_queue_length"], 0);
  EXPECT_EQ(Queue(history, late, 2)["by_queue_length"], 1);
  EXPECT_EQ(Queue(history, late, 1)["by_queue_length"], 2);
}

}  // namespace
}  // namespace rcb::invalidation
