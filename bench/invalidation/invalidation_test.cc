// Each variant of Invalidation on a real server, judged by its own checker; what that checker says
// to false records; and what clients do when they are no longer told of changes.

#include "bench/invalidation/invalidation.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bench/families.h"
#include "bench/test_family.h"
#include "common/harness/test_bed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::HasSubstr;

// Those that the server of the tests can run.
std::vector<BenchmarkSpec> Specs(Role role) {
  std::vector<BenchmarkSpec> specs;
  for (const BenchmarkSpec& spec : VariantsOf(InvalidationFamily())) {
    if (spec.role == role && CanRunHere(spec)) specs.push_back(spec);
  }
  return specs;
}
BenchmarkSpec Spec(const std::string& name) { return SpecOf(InvalidationFamily(), name); }

// Half a second of a run.
int64_t BudgetOf(const BenchmarkSpec& spec) {
  return static_cast<int64_t>(spec.rate_per_second / 2);
}

TEST(InvalidationTest, EachSafeVariantKeepsItsPromise) {
  for (const BenchmarkSpec& spec : Specs(Role::kSafe)) {
    for (const int threads : {1, 2}) {
      SCOPED_TRACE(absl::StrCat(spec.name, " on ", threads, " threads"));
      TestBed bed(spec, {.threads = threads});
      ASSERT_EQ(bed.RunOnce(BudgetOf(spec)), absl::OkStatus());
      const absl::StatusOr<Findings> findings = bed.Judge();
      ASSERT_TRUE(findings.ok()) << findings.status();
      EXPECT_EQ(findings->violations.count, 0) << findings->violations.first;
      EXPECT_EQ(bed.totals().tally.succeeded, BudgetOf(spec)) << bed.first_error();
      EXPECT_GT(bed.totals().tally.hits, 0);
      EXPECT_EQ(CountersOf(*findings)["permanent"], 0);
    }
  }
}

TEST(InvalidationTest, EachControlIsCaught) {
  for (const BenchmarkSpec& spec : Specs(Role::kControl)) {
    for (const int threads : {1, 2}) {
      SCOPED_TRACE(absl::StrCat(spec.name, " on ", threads, " threads"));
      TestBed bed(spec, {.threads = threads});
      ASSERT_EQ(bed.RunOnce(BudgetOf(spec)), absl::OkStatus());
      EXPECT_GT(bed.Check().violations.count, 0);
      EXPECT_EQ(bed.totals().tally.succeeded, BudgetOf(spec)) << bed.first_error();
    }
  }
}

TEST(InvalidationTest, TheSlowReaderOfCacheAsideLeavesAnOldValueForEver) {
  // Until then it may have been deleted again, by the next write.
  int64_t permanent = 0;
  TestBed bed(Spec("Invalidation/unsafe/delete_before_write"), {});
  for (int i = 0; i < 5 && permanent == 0; ++i) {
    ASSERT_EQ(bed.RunOnce(300), absl::OkStatus());
    permanent = static_cast<int64_t>(CountersOf(bed.Check())["permanent"]);
  }
  EXPECT_GT(permanent, 0);
}

TEST(InvalidationTest, AnOldReadIsCaughtInEachVariantThatPromisesNone) {
  for (const BenchmarkSpec& spec : Specs(Role::kSafe)) {
    const bool is_fresh =
        std::any_of(spec.contract.bounds.begin(), spec.contract.bounds.end(),
                    [](const Bound& bound) { return bound.counter == "stale_read_ratio"; });
    if (!is_fresh) continue;
    SCOPED_TRACE(spec.name);
    TestBed bed(spec, {});
    ASSERT_EQ(bed.RunOnce(400), absl::OkStatus());
    std::vector<OpRecord> history = bed.history();
    ASSERT_EQ(bed.Check(history).violations.count, 0);
    // By the end, each key has been written.
    const auto last =
        std::max_element(history.begin(), history.end(), [](const OpRecord& a, const OpRecord& b) {
          return std::pair(a.op_class == 0, a.invoke_ns) < std::pair(b.op_class == 0, b.invoke_ns);
        });
    last->value = 1;
    const Findings findings = bed.Check(history);
    EXPECT_GE(findings.violations.count, 1);
    EXPECT_THAT(findings.violations.first, HasSubstr("version 1 of key"));
    last->outcome = Outcome::kFailed;
    EXPECT_EQ(bed.Check(history).violations.count, 0) << "who got nothing got nothing stale";
  }
}

TEST(InvalidationTest, WhoIsNoLongerToldForgetsWhatItHas) {
  for (const char* name : {"Invalidation/lockfree/pubsub_local", "Invalidation/lockfree/tracking",
                           "Invalidation/lockfree/tracking_bcast"}) {
    SCOPED_TRACE(name);
    // The server closes all connections that listen, now and then.
    BenchmarkSpec spec = Spec(name);
    for (const int64_t at : {500, 1000, 1500, 2000}) {
      spec = WithAccident(
          spec, at, [](const RunPlan&) { return Command("CLIENT", "KILL", "TYPE", "pubsub"); });
    }
    TestBed bed(spec, {});
    ASSERT_EQ(bed.RunOnce(3000), absl::OkStatus());
    const Findings findings = bed.Check();
    EXPECT_EQ(findings.violations.count, 0) << findings.violations.first;
    EXPECT_EQ(CountersOf(findings)["permanent"], 0);
    EXPECT_GT(bed.totals().tally.errors, 0) << "a lost connection is an error";
  }
}

TEST(InvalidationTest, MessagesAreCountedForEachWrite) {
  TestBed bed(Spec("Invalidation/lockfree/pubsub_local"), {});
  ASSERT_EQ(bed.RunOnce(3000), absl::OkStatus());
  const double messages = CountersOf(bed.Check())["messages_per_write"];
  EXPECT_LE(messages, 4);  // to each process, but for when it is not told
  EXPECT_GT(messages, 2);
}

TEST(InvalidationTest, AServersFailureIsNoViolation) {
  for (const BenchmarkSpec& spec : Specs(Role::kSafe)) {
    SCOPED_TRACE(spec.name);
    const BenchmarkSpec dropped = WithAccident(spec, 100, [](const RunPlan&) {
      return Command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    });
    TestBed bed(dropped, {});
    ASSERT_EQ(bed.RunOnce(400), absl::OkStatus());
    const absl::StatusOr<Findings> findings = bed.Judge();
    if (findings.ok()) {
      EXPECT_EQ(findings->violations.count, 0) << findings->violations.first;
    }
    EXPECT_GT(bed.totals().tally.errors, 0);
  }
}

TEST(LocalCacheTest, KeepsNothingThatWasInvalidatedWhileItWasRead) {
  Loop loop;
  ConnectionOptions options;
  ScriptDigests digests;
  Subscriber subscriber(loop, options, digests, /*seed=*/1);
  Worker worker;
  worker.subscriber = &subscriber;
  invalidation::Cache cache("p:", {}, /*workers=*/1, /*threads=*/1);
  invalidation::LocalCache& local = cache.local(worker);
  const int64_t placeholder = local.PutPlaceholder(3);
  local.ReplacePlaceholder(3, placeholder, 7);
  EXPECT_EQ(local.Find(3), 7);
  local.Drop(3);
  local.ReplacePlaceholder(3, placeholder, 7);
  EXPECT_EQ(local.Find(3), 0);
  local.Put(3, 9);
  local.Put(3, 8);  // was read at the same time
  EXPECT_EQ(local.Find(3), 9);
  local.Flush();
  EXPECT_EQ(local.Find(3), 0);
}

TEST(EntryTest, ParsesValuesAndTombstones) {
  using invalidation::Entry;
  EXPECT_TRUE(Entry::Parse("7").is_value());
  EXPECT_EQ(Entry::Parse("12   ").version, 12);
  EXPECT_FALSE(Entry::Parse(invalidation::Gone(7)).is_value());
  EXPECT_EQ(Entry::Parse(invalidation::Gone(7)).version, 7);
  EXPECT_EQ(Entry::Parse("").version, 0);
  EXPECT_EQ(Entry::Parse("seven").version, 0);
}

}  // namespace
}  // namespace rcb
