// The variants of Mixed on a real server, judged by all their checkers, and what these say when
// something was wrong.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bench/families.h"
#include "bench/mixed/mixed_scenario.h"
#include "bench/mixed/variants.h"
#include "bench/test_family.h"
#include "common/harness/test_bed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using mixed::Techniques;
using testing::Contains;
using testing::Key;
using testing::Not;

constexpr int64_t kOperations = 6000;
const std::vector<std::string>& Detectors() {
  static const std::vector<std::string> kDetectors = {
      "by_get", "by_set", "by_incr", "by_compute", "by_transfer", "by_invalidate", "by_expire"};
  return kDetectors;
}

std::vector<BenchmarkSpec> SafeSpecs(const std::vector<std::string>& arguments = {}) {
  std::vector<BenchmarkSpec> safe;
  for (const BenchmarkSpec& spec : VariantsOf(MixedFamily(), arguments)) {
    if (spec.role == Role::kSafe) safe.push_back(spec);
  }
  return safe;
}

void ExpectNothingFound(const Findings& findings) {
  EXPECT_TRUE(findings.violations.none()) << findings.violations.first;
  for (const std::string& detector : Detectors()) {
    EXPECT_THAT(findings.detections, Contains(std::make_pair(detector, 0)));
  }
}

TEST(MixedTest, SafeVariantsKeepTheirPromisesInEachMix) {
  const std::vector<std::string> arguments[] = {
      {"--mix=cache"},
      {"--mix=counter"},
      {"--mix=write_heavy"},
      {"--keys=1", "--mix=get:1,set:1,incr:1,compute:1,transfer:1,invalidate:1,expire:1"},
      {"--keys=20", "--value_bytes=200", "--key_distribution=uniform"},
  };
  for (const std::vector<std::string>& given : arguments) {
    for (const BenchmarkSpec& spec : SafeSpecs(given)) {
      for (const int threads : {1, 2}) {
        SCOPED_TRACE(absl::StrCat(spec.name, " ", given.back(), " threads ", threads));
        TestBed bed(spec, {.threads = threads});
        ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
        EXPECT_EQ(bed.totals().tally.succeeded, kOperations) << bed.first_error();
        ExpectNothingFound(bed.Check());
      }
    }
  }
}

// Until `has_shown`, a few runs are given: one may be as chance has it.
void RunUntil(const BenchmarkSpec& spec, int64_t operations,
              const std::function<bool(const std::map<std::string, int64_t>&)>& has_shown) {
  std::map<std::string, int64_t> found;
  TestBed bed(spec, {.workers = 50});
  for (int i = 0; i < 8 && !has_shown(found); ++i) {
    ASSERT_EQ(bed.RunOnce(operations), absl::OkStatus());
    for (const auto& [detector, count] : bed.Check().detections) found[detector] += count;
  }
  EXPECT_TRUE(has_shown(found)) << testing::PrintToString(found);
}

TEST(MixedTest, TheNaiveVariantIsCaughtInEachClass) {
  RunUntil(SpecOf(MixedFamily(), "Mixed/unsafe/naive"), 20'000, [](const auto& found) {
    return std::all_of(Detectors().begin(), Detectors().end(), [&found](const std::string& name) {
      const auto detected = found.find(name);
      return detected != found.end() && detected->second > 0;
    });
  });
}

BenchmarkSpec WithTechniques(const Techniques& techniques) {
  BenchmarkSpec spec = SpecOf(MixedFamily(), "Mixed/locking/safe");
  spec.make = [techniques](const RunPlan& plan) {
    mixed::Settings settings;
    settings.mix = mixed::Mix::Default();
    return std::make_unique<mixed::MixedScenario>(plan, settings, techniques,
                                                  mixed::Once::kEachLoss);
  };
  return spec;
}

// So that no detector has to rely on the fault of another class.
TEST(MixedTest, OneNaiveClassAmongSafeOnesIsCaughtByItsOwnDetector) {
  std::map<std::string, Techniques> techniques;
  for (const std::string& detector : Detectors()) techniques[detector] = mixed::kLocking;
  techniques["by_get"].get = mixed::kNaive.get;
  techniques["by_set"].set = mixed::kNaive.set;
  techniques["by_incr"].incr = mixed::kNaive.incr;
  techniques["by_compute"].get_or_compute = mixed::kNaive.get_or_compute;
  techniques["by_transfer"].transfer = mixed::kNaive.transfer;
  techniques["by_invalidate"].invalidate = mixed::kNaive.invalidate;
  techniques["by_expire"].expire = mixed::kNaive.expire;
  for (const auto& [detector, mixture] : techniques) {
    SCOPED_TRACE(detector);
    RunUntil(WithTechniques(mixture), 20'000, [&name = detector](const auto& found) {
      const auto detected = found.find(name);
      return detected != found.end() && detected->second > 0;
    });
  }
}

TEST(MixedTest, OneNaiveClassLeavesTheOtherDetectorsSilent) {
  for (const auto& [detector, change] : std::map<std::string, std::function<void(Techniques&)>>{
           {"by_get", [](Techniques& t) { t.get = mixed::kNaive.get; }},
           {"by_set", [](Techniques& t) { t.set = mixed::kNaive.set; }},
           {"by_incr", [](Techniques& t) { t.incr = mixed::kNaive.incr; }},
           {"by_transfer", [](Techniques& t) { t.transfer = mixed::kNaive.transfer; }}}) {
    Techniques techniques = mixed::kLocking;
    change(techniques);
    TestBed bed(WithTechniques(techniques), {.workers = 50});
    ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
    for (const auto& [name, count] : bed.Check().detections) {
      if (name != detector) {
        EXPECT_EQ(count, 0) << name << " beside " << detector;
      }
    }
  }
}

TEST(MixedTest, LostConnectionsMakeErrorsButNoViolations) {
  for (const BenchmarkSpec& spec : SafeSpecs()) {
    if (absl::StrContains(spec.name, "/locking/")) continue;  // its locks stay for their lease
    SCOPED_TRACE(spec.name);
    ExpectNothingFound(FindingsAfterLostConnections(spec, kOperations));
  }
}

// ---- A good run, and its record with one thing changed in it.

class MixedRecordTest : public testing::Test {
 protected:
  MixedRecordTest()
      : bed_(SpecOf(MixedFamily(), "Mixed/lockfree/safe", {"--keys=20"}), {.workers = 20}) {}

  void SetUp() override {
    ASSERT_EQ(bed_.RunOnce(kOperations), absl::OkStatus());
    history_ = bed_.history();
    std::sort(history_.begin(), history_.end(),
              [](const OpRecord& a, const OpRecord& b) { return a.invoke_ns < b.invoke_ns; });
    ASSERT_TRUE(bed_.Check(history_).violations.none());
  }

  // The last operation of that class for which `is_one` holds, or which is any.
  OpRecord& Last(uint8_t op_class, const std::function<bool(const OpRecord&)>& is_one = nullptr) {
    const auto found = std::find_if(history_.rbegin(), history_.rend(), [&](const OpRecord& op) {
      return op.op_class == op_class && (!is_one || is_one(op));
    });
    EXPECT_NE(found, history_.rend());
    return found == history_.rend() ? history_.front() : *found;
  }
  int64_t Found(const std::string& detector) { return bed_.Check(history_).detections[detector]; }

  TestBed bed_;
  std::vector<OpRecord> history_;
};

TEST_F(MixedRecordTest, ARegisterThatIsReadAsItWasIsCaught) {
  Last(mixed::kGet, [](const OpRecord& op) { return op.value != 0; }).value = 0;
  EXPECT_GT(Found("by_get"), 0);
  EXPECT_EQ(Found("by_set"), 0);
}

TEST_F(MixedRecordTest, AWriteThatReplacedWhatAnotherDidIsCaught) {
  Last(mixed::kSet, [](const OpRecord& op) { return op.value != 0; }).value = 0;
  EXPECT_GT(Found("by_set"), 0);
}

TEST_F(MixedRecordTest, AnIncrementThatIsCountedTwiceIsCaught) {
  Last(mixed::kIncr, [](const OpRecord& op) { return op.value > 1; }).value -= 1;
  EXPECT_GT(Found("by_incr"), 0);
}

TEST_F(MixedRecordTest, ATransferThatIsNotInTheBooksIsCaught) {
  Last(mixed::kTransfer, [](const OpRecord& op) { return op.value == transaction::kMoved; }).value =
      transaction::kRefused;
  EXPECT_GT(Found("by_transfer"), 0);
}

TEST_F(MixedRecordTest, ADocumentOfBeforeTheRunIsCaught) {
  int64_t stale = 0;
  int64_t expired = 0;
  for (OpRecord& op : history_) {
    if (op.op_class != mixed::kHit || op.value == mixed::Document::kFirstFill) continue;
    op.value = mixed::Document::kFirstFill;
  }
  stale = Found("by_invalidate");
  expired = Found("by_expire");
  EXPECT_GT(stale, 0);
  EXPECT_GT(expired, 0);
}

TEST_F(MixedRecordTest, ADocumentThatNothingComputedIsCaught) {
  Last(mixed::kHit).value = 123'456'789'012'345;
  EXPECT_EQ(Found("by_compute"), 1);
}

TEST_F(MixedRecordTest, ComputationsWithoutALossAreCaught) {
  for (OpRecord& op : history_) {
    if (op.op_class == mixed::kExpire || op.op_class == mixed::kInvalidate) op.value = 0;
  }
  EXPECT_GT(Found("by_compute"), 0);
}

TEST_F(MixedRecordTest, OperationsThatFailedDidNothing) {
  OpRecord& set = Last(mixed::kSet);
  set.outcome = Outcome::kFailed;
  EXPECT_GT(bed_.Check(history_).violations.count, 0) << "the server has its value";
  set.outcome = Outcome::kUnknown;
  EXPECT_EQ(Found("by_set"), 0);
  EXPECT_EQ(Found("by_get"), 0);
}

TEST_F(MixedRecordTest, AFlushThatNeverHappenedIsCaught) {
  const int64_t middle_ns = history_[history_.size() / 2].return_ns;
  static_cast<mixed::MixedScenario&>(bed_.scenario()).NoteFlush({}, middle_ns, middle_ns);
  const Findings findings = bed_.Check(history_);
  for (const char* const detector : {"by_get", "by_incr", "by_transfer"}) {
    EXPECT_GT(findings.detections.at(detector), 0) << detector;
  }
}

TEST(MixedEpochTest, WhatMayHaveHappenedOnBothSidesOfAFlushIsUnknownOnBoth) {
  const auto op = [](int64_t invoke_ns, int64_t return_ns, Outcome outcome = Outcome::kOk) {
    OpRecord record;
    record.invoke_ns = invoke_ns;
    record.return_ns = return_ns;
    record.outcome = outcome;
    return record;
  };
  const std::vector<OpRecord> history = {
      op(1, 9),   op(8, 10),  op(11, 12, Outcome::kUnknown), op(15, 22),
      op(20, 30), op(21, 39), op(24, 60, Outcome::kFailed),  op(51, 52)};
  const std::vector<mixed::Flush> flushes = {{10, 20}, {40, 50}};
  const auto epoch = [&](size_t number) {
    std::string text;
    for (const OpRecord& own : mixed::EpochOf(history, flushes, number)) {
      const char* const outcomes = "=-?";
      text +=
          absl::StrCat(own.invoke_ns, std::string(1, outcomes[static_cast<int>(own.outcome)]), " ");
    }
    return text;
  };
  EXPECT_EQ(epoch(0), "1= 8? 11? 15? 20? ");
  EXPECT_EQ(epoch(1), "8? 11? 15? 20? 21= 24- ");
  EXPECT_EQ(epoch(2), "11? 24- 51= ");
}

TEST(MixedCountersTest, EachClassThatOccursHasItsFigures) {
  BenchmarkSpec spec = SpecOf(MixedFamily(), "Mixed/lockfree/safe", {"--mix=get:3,incr:1"});
  TestBed bed(spec, {});
  ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
  const Counters published = ClassCounters(bed.session(), spec);
  const std::map<std::string, double> counters(published.begin(), published.end());
  EXPECT_EQ(counters.size(), 10U);
  for (const char* const name : {"get", "incr"}) {
    for (const char* const suffix : {"_p50_us", "_p95_us", "_p99_us", "_per_second"}) {
      EXPECT_GT(counters.at(absl::StrCat(name, suffix)), 0);
    }
    EXPECT_EQ(counters.at(absl::StrCat(name, "_success_rate")), 1);
  }
  EXPECT_NEAR(counters.at("get_per_second") / counters.at("incr_per_second"), 3, 0.5);
  EXPECT_THAT(counters, Not(Contains(Key("set_p95_us"))));
}

// What Little's law gives: workers over operations per second, where nothing is computed.
TEST(MixedCountersTest, TheFloorOfTheQueueIsTheMeanTimeOfAnOperation) {
  constexpr int kWorkers = 20;
  TestBed bed(SpecOf(MixedFamily(), "Mixed/lockfree/safe", {"--mix=get:1"}), {.workers = kWorkers});
  ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
  const double floor_us = CountersOf(bed.Check()).at("queue_floor_us");
  const double seconds = static_cast<double>(bed.session().slot(0).wall_ns) / 1e9;
  const double expected_us = 1e6 * kWorkers * seconds / kOperations;
  EXPECT_NEAR(floor_us / expected_us, 1, 0.2);
}

}  // namespace
}  // namespace rcb
