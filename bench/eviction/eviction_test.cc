// Each row on a real server: that its contract holds or is seen broken, and that a server which
// does something else than the row says is noticed.

#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bench/eviction/steady_state.h"
#include "bench/test_family.h"
#include "common/harness/test_bed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::Gt;
using testing::HasSubstr;

const std::vector<std::string> kFew = {"--keys=40000"};

TEST(EvictionTest, OnlyTheControlsBreakTheirContracts) {
  for (const BenchmarkSpec& spec : VariantsOf(EvictionFamily(), kFew)) {
    SCOPED_TRACE(absl::StrCat(spec.name, spec.args.empty() ? -1 : spec.args[0].second));
    TestBed bed(spec, {.workers = 16});
    ASSERT_EQ(bed.RunOnce(/*budget=*/8), absl::OkStatus());
    EXPECT_EQ(bed.totals().tally.errors, 0) << bed.first_error();
    const absl::StatusOr<Findings> findings = bed.Judge();
    ASSERT_TRUE(findings.ok()) << findings.status();
    EXPECT_EQ(findings->violations.none(), spec.role == Role::kSafe) << findings->violations.first;
    std::map<std::string, double> counters = CountersOf(*findings);
    EXPECT_EQ(counters["oom_errors"] > 0, !spec.needs.evicts);
    EXPECT_EQ(counters["evicted_per_second"] > 0, spec.needs.evicts);
    EXPECT_THAT(counters["keys_held"], Gt(50));
    EXPECT_THAT(counters["bytes_per_key"], Gt(500));
  }
}

BenchmarkSpec WithPolicy(BenchmarkSpec spec, const std::string& policy) {
  for (auto& [name, value] : spec.needs.settings) {
    if (name == "maxmemory-policy") value = policy;
  }
  return spec;
}

Findings JudgedAs(const BenchmarkSpec& spec, int64_t budget) {
  TestBed bed(spec, {.workers = 16});
  EXPECT_EQ(bed.RunOnce(budget), absl::OkStatus());
  return bed.Judge().value();
}

// The server evicts where the row says that it loses nothing: refusals prove nothing any more.
TEST(EvictionTest, AControlThatLosesKeysIsNotCaught) {
  const BenchmarkSpec spec = SpecOf(EvictionFamily(), "Eviction/policy/noeviction", kFew);
  const Findings findings = JudgedAs(WithPolicy(spec, "allkeys-random"), 8);
  EXPECT_TRUE(findings.violations.none());
  EXPECT_THAT(findings.note, HasSubstr("lost"));
}

// Nothing can be evicted where the row says that it is.
TEST(EvictionTest, APolicyThatRefusesWritesIsBroken) {
  const BenchmarkSpec spec = SpecOf(EvictionFamily(), "Eviction/policy/allkeys_random", kFew);
  const Findings findings = JudgedAs(WithPolicy(spec, "volatile-random"), 8);
  EXPECT_FALSE(findings.violations.none());
}

// A server with another policy than the row says, and so another hit ratio. It begins with that of
// the row, and goes on to its own within the run: not so far in each run that nothing but the
// policy explains it.
TEST(EvictionTest, AHitRatioThatIsNotTheoryIsBroken) {
  constexpr int kRuns = 6;
  struct Case {
    const char* row;
    const char* policy;
    int64_t epochs;  // for LRU no more than its ages last
  };
  for (const Case& each : {Case{"Eviction/policy/allkeys_random", "allkeys-lfu", 120},
                           Case{"Eviction/policy/allkeys_lru", "allkeys-random", 68}}) {
    SCOPED_TRACE(each.row);
    const BenchmarkSpec spec = WithPolicy(SpecOf(EvictionFamily(), each.row), each.policy);
    Findings findings;
    for (int run = 0; run < kRuns && findings.violations.none(); ++run) {
      findings = JudgedAs(spec, each.epochs);
    }
    EXPECT_THAT(findings.violations.first, HasSubstr("theory gives"))
        << findings.note << "; " << testing::PrintToString(CountersOf(findings));
  }
}

// Then LRU is not judged by ages that are not there.
TEST(EvictionTest, AServerThatDoesNotKeepAgesIsSeen) {
  TestBed bed(SpecOf(EvictionFamily(), "Eviction/policy/allkeys_lru", kFew), {.workers = 2});
  ASSERT_EQ(bed.RunOnce(1), absl::OkStatus());
  ASSERT_TRUE(bed.redis().Command({"CONFIG", "SET", "maxmemory", "0"}).ok());
  const eviction::Cache cache(bed.plan(), eviction::Settings());
  const std::vector<eviction::HeldKey> held = {{3, 500}, {4, 20}};
  constexpr eviction::Order kRecent = eviction::Order::kRecent;
  ASSERT_EQ(eviction::Store(held, kRecent, cache, bed.redis()), absl::OkStatus());
  EXPECT_TRUE(eviction::KeepsAges(held, kRecent, cache, bed.redis()).value());
  ASSERT_TRUE(bed.redis().Command({"GET", cache.NameOf(3)}).ok());
  EXPECT_FALSE(eviction::KeepsAges(held, kRecent, cache, bed.redis()).value());
}

// https://redis.io/docs/reference/eviction: 10, 18, 142 and 255 with the factor 10.
TEST(CounterAfterTest, IsAboutWhatRedisTells) {
  EXPECT_EQ(eviction::CounterAfter(0), 5);
  EXPECT_NEAR(static_cast<double>(eviction::CounterAfter(100)), 10, 1);
  EXPECT_NEAR(static_cast<double>(eviction::CounterAfter(1000)), 18, 2);
  EXPECT_NEAR(static_cast<double>(eviction::CounterAfter(100'000)), 142, 6);
  EXPECT_EQ(eviction::CounterAfter(1'000'000), 255);
}

}  // namespace
}  // namespace rcb
