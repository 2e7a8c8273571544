// Each variant of Counter on a real server, judged by its own checker, and what that checker says
// when something was wrong.

#include "bench/counter/counter.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bench/families.h"
#include "bench/test_family.h"
#include "common/harness/test_bed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using counter::Keys;
using testing::HasSubstr;

constexpr int64_t kOperations = 2000;

bool IsUnsafe(const BenchmarkSpec& spec) { return spec.role == Role::kControl; }
bool IsLockFree(const BenchmarkSpec& spec) { return absl::StrContains(spec.name, "/lockfree/"); }
bool IsSharded(const BenchmarkSpec& spec) { return absl::StrContains(spec.name, "/sharded"); }

std::string Trace(const BenchmarkSpec& spec, int threads) {
  return absl::StrCat(spec.name, " on ", threads, " threads");
}

class CounterTest : public testing::Test {
 protected:
  BenchmarkSpec Spec(const std::string& name) const { return SpecOf(CounterFamily(), name); }

  const std::vector<BenchmarkSpec> specs_ = VariantsOf(CounterFamily());
};

// The counters' values by key, as the last run left them.
std::map<std::string, std::string> Values(TestBed& bed) {
  const Keys keys(bed.plan().key_prefix, bed.plan().library_name);
  std::vector<std::string> names = keys.shards;
  names.push_back(keys.counter);
  std::map<std::string, std::string> values;
  for (const std::string& name : names) {
    const absl::StatusOr<Reply> value = bed.redis().Command({"GET", name});
    EXPECT_TRUE(value.ok()) << value.status();
    if (value.ok() && !value->is_nil()) values[name] = value->text();
  }
  return values;
}

// What the checker says to `history` where the keys have `values`.
Findings CheckWith(TestBed& bed, const std::map<std::string, std::string>& values,
                   const std::vector<OpRecord>& history) {
  for (const auto& [name, value] : values) {
    const absl::Status set = bed.redis().Command({"SET", name, value}).status();
    EXPECT_TRUE(set.ok()) << set;
  }
  return bed.Check(history);
}

// The shard that counted most: on a busy machine another may have counted once, where nothing can
// be swapped.
int BusiestShard(const std::vector<OpRecord>& history) {
  std::map<int, int> operations;
  for (const OpRecord& op : history) ++operations[counter::ShardOf(op.worker)];
  return std::max_element(operations.begin(), operations.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

// The history of one of its counters, by value.
std::vector<OpRecord> OneCounter(const BenchmarkSpec& spec, int shard,
                                 const std::vector<OpRecord>& history) {
  std::vector<OpRecord> one;
  for (const OpRecord& op : history) {
    if (!IsSharded(spec) || counter::ShardOf(op.worker) == shard) one.push_back(op);
  }
  std::sort(one.begin(), one.end(),
            [](const OpRecord& a, const OpRecord& b) { return a.value < b.value; });
  return one;
}

// The record of the operation on that counter that got `value`.
OpRecord& Find(const BenchmarkSpec& spec, int shard, int64_t value,
               std::vector<OpRecord>& history) {
  return *std::find_if(history.begin(), history.end(), [&](const OpRecord& op) {
    return op.value == value && (!IsSharded(spec) || counter::ShardOf(op.worker) == shard);
  });
}

TEST_F(CounterTest, EachSafeVariantCountsEveryIncrementOnce) {
  for (const BenchmarkSpec& spec : specs_) {
    if (IsUnsafe(spec)) continue;
    for (const int threads : {1, 2}) {
      SCOPED_TRACE(Trace(spec, threads));
      TestBed bed(spec, {.threads = threads});
      ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
      int64_t sum = 0;
      for (const auto& [name, value] : Values(bed)) sum += std::stoll(value);
      EXPECT_EQ(sum, kOperations);
      const Findings findings = bed.Check();
      EXPECT_EQ(findings.violations.count, 0) << findings.violations.first;
      EXPECT_EQ(findings.violations.first, "");
      EXPECT_EQ(bed.totals().tally.started, kOperations);
      EXPECT_EQ(bed.totals().tally.succeeded, kOperations) << bed.first_error();
      EXPECT_EQ(bed.history().size(), static_cast<size_t>(kOperations));
    }
  }
}

TEST_F(CounterTest, TheUnsafeControlIsCaught) {
  for (const int threads : {1, 2}) {
    SCOPED_TRACE(threads);
    TestBed bed(Spec("Counter/unsafe/get_set"), {.threads = threads});
    ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
    const Findings findings = bed.Check();
    EXPECT_GT(findings.violations.count, 0);
    EXPECT_NE(findings.violations.first, "");
    EXPECT_EQ(bed.totals().tally.succeeded, kOperations) << bed.first_error();
  }
}

TEST_F(CounterTest, EachCheckerCatchesAnyFalseRecord) {
  for (const BenchmarkSpec& spec : specs_) {
    if (IsUnsafe(spec)) continue;
    SCOPED_TRACE(spec.name);
    TestBed bed(spec, {.threads = 2});
    ASSERT_EQ(bed.RunOnce(kOperations / 4), absl::OkStatus());
    const std::map<std::string, std::string> values = Values(bed);
    const std::vector<OpRecord> good = bed.history();
    ASSERT_EQ(CheckWith(bed, values, good).violations.count, 0);
    const int shard = BusiestShard(good);
    const std::vector<OpRecord> one = OneCounter(spec, shard, good);
    const int64_t first = one.front().value;
    const int64_t middle = one[one.size() / 2].value;
    const int64_t last = one.back().value;

    std::vector<OpRecord> swapped = good;
    std::swap(Find(spec, shard, first, swapped).value, Find(spec, shard, last, swapped).value);
    EXPECT_GT(CheckWith(bed, values, swapped).violations.count, 0) << "two results swapped";

    std::vector<OpRecord> dropped = good;
    Find(spec, shard, middle, dropped).outcome = Outcome::kFailed;
    EXPECT_GT(CheckWith(bed, values, dropped).violations.count, 0) << "an increment dropped";

    std::vector<OpRecord> doubled = good;
    doubled.push_back(Find(spec, shard, middle, doubled));
    EXPECT_GT(CheckWith(bed, values, doubled).violations.count, 0) << "an increment twice";

    std::vector<OpRecord> unanswered = good;
    Find(spec, shard, middle, unanswered).outcome = Outcome::kUnknown;
    EXPECT_EQ(CheckWith(bed, values, unanswered).violations.count, 0)
        << "nobody knows whether an increment was done; the values tell that it was";
  }
}

TEST_F(CounterTest, ALostFinalValueIsCaught) {
  for (const BenchmarkSpec& spec : specs_) {
    if (IsUnsafe(spec)) continue;
    SCOPED_TRACE(spec.name);
    TestBed bed(spec, {});
    ASSERT_EQ(bed.RunOnce(kOperations / 4), absl::OkStatus());
    std::map<std::string, std::string> values = Values(bed);
    std::string& value = values.rbegin()->second;
    value = absl::StrCat(std::stoll(value) - 1);
    EXPECT_GT(CheckWith(bed, values, bed.history()).violations.count, 0);
  }
}

// Of lock-free variants only: what is written between a lock holder's GET and SET leaves no trace.
TEST_F(CounterTest, AForeignWriteDuringTheRunIsCaught) {
  for (const int64_t value : {0, 1'000'000}) {
    const auto foreign_write = [value](const RunPlan& plan) {
      const Keys keys(plan.key_prefix, plan.library_name);
      Command writes("SET", keys.counter, value);
      for (const std::string& shard : keys.shards)
        writes = writes.Then(Command("SET", shard, value));
      return writes;
    };
    for (const BenchmarkSpec& spec : specs_) {
      if (!IsLockFree(spec)) continue;
      SCOPED_TRACE(absl::StrCat(spec.name, ", SET ", value));
      TestBed bed(WithAccident(spec, kOperations / 2, foreign_write), {});
      ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
      EXPECT_EQ(bed.totals().tally.succeeded, kOperations) << bed.first_error();
      EXPECT_GT(bed.Check().violations.count, 0);
    }
  }
}

TEST_F(CounterTest, EachRunStartsFromZero) {
  for (const BenchmarkSpec& spec : specs_) {
    if (IsUnsafe(spec)) continue;
    SCOPED_TRACE(spec.name);
    TestBed bed(spec, {});
    for (int run = 0; run < 2; ++run) {
      ASSERT_EQ(bed.RunOnce(kOperations / 4), absl::OkStatus());
    }
    EXPECT_EQ(bed.Check().violations.count, 0);  // with the first run's keys left to the second
  }
}

TEST_F(CounterTest, ScriptsSurviveAScriptFlush) {
  const auto flush = [](const RunPlan&) { return Command("SCRIPT", "FLUSH"); };
  for (const char* const name : {"Counter/lockfree/lua", "Counter/locking/token_lock"}) {
    SCOPED_TRACE(name);
    TestBed bed(WithAccident(Spec(name), kOperations / 4, flush), {.threads = 2});
    for (int run = 0; run < 2; ++run) {  // between two runs, and in the middle of each
      ASSERT_EQ(bed.RunOnce(kOperations / 2), absl::OkStatus());
      EXPECT_EQ(bed.totals().tally.succeeded, kOperations / 2) << bed.first_error();
      EXPECT_EQ(bed.Check().violations.count, 0);
      ASSERT_TRUE(bed.redis().Command({"SCRIPT", "FLUSH"}).ok());
    }
  }
}

TEST_F(CounterTest, AFunctionLibraryLostBetweenRunsIsLoadedAgain) {
  TestBed bed(Spec("Counter/lockfree/function"), {});
  for (int run = 0; run < 2; ++run) {
    ASSERT_EQ(bed.RunOnce(kOperations / 2), absl::OkStatus());
    EXPECT_EQ(bed.totals().tally.succeeded, kOperations / 2) << bed.first_error();
    EXPECT_EQ(bed.Check().violations.count, 0);
    ASSERT_TRUE(bed.redis().Command({"FUNCTION", "FLUSH"}).ok());
  }
}

TEST_F(CounterTest, AFunctionLibraryLostDuringARunMakesErrorsButNoViolations) {
  TestBed bed(WithAccident(Spec("Counter/lockfree/function"), kOperations / 2,
                           [](const RunPlan&) { return Command("FUNCTION", "FLUSH"); }),
              {});
  ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
  const Tally tally = bed.totals().tally;
  EXPECT_GT(tally.succeeded, 0);
  EXPECT_GT(tally.errors, 0);
  EXPECT_EQ(tally.succeeded + tally.errors, kOperations);
  EXPECT_THAT(bed.first_error(), HasSubstr("Function not found"));
  const Findings findings = bed.Check();
  EXPECT_EQ(findings.violations.count, 0) << findings.violations.first;
}

TEST_F(CounterTest, LostConnectionsMakeErrorsButNoViolations) {
  for (const BenchmarkSpec& spec : specs_) {
    if (!IsLockFree(spec)) continue;
    SCOPED_TRACE(spec.name);
    FindingsAfterLostConnections(spec, kOperations);
  }
}

TEST_F(CounterTest, AnIncrementWhoseLockCannotBeReleasedMayHaveBeenDone) {
  constexpr int64_t kFew = 10;
  const auto forbid_scripts = [](const RunPlan&) {
    return Command("ACL", "SETUSER", "default", "-evalsha");
  };
  TestBed bed(WithAccident(Spec("Counter/locking/token_lock"), kFew - 1, forbid_scripts),
              {.workers = 1});
  ASSERT_EQ(bed.RunOnce(kFew), absl::OkStatus());
  ASSERT_TRUE(bed.redis().Command({"ACL", "SETUSER", "default", "+evalsha"}).ok());
  EXPECT_EQ(bed.totals().tally.succeeded, kFew - 1);
  EXPECT_THAT(bed.first_error(), HasSubstr("NOPERM"));
  const Findings findings = bed.Check();
  EXPECT_EQ(findings.violations.count, 0) << findings.violations.first;
}

TEST_F(CounterTest, OptimisticAndLockingWorkersTryAgainUnderContention) {
  for (const BenchmarkSpec& spec : specs_) {
    SCOPED_TRACE(spec.name);
    TestBed bed(spec, {});
    ASSERT_EQ(bed.RunOnce(kOperations / 4), absl::OkStatus());
    const bool tries_again =
        spec.name == "Counter/lockfree/watch" || spec.name == "Counter/locking/token_lock";
    if (tries_again) {
      EXPECT_GT(bed.totals().tally.retries, 0);
    } else {
      EXPECT_EQ(bed.totals().tally.retries, 0);
    }
  }
}

TEST_F(CounterTest, ACheckThatCannotReadIsNoViolation) {
  TestBed bed(Spec("Counter/lockfree/incr"), {});
  ASSERT_EQ(bed.RunOnce(kOperations / 4), absl::OkStatus());
  ASSERT_TRUE(bed.redis().Command({"ACL", "SETUSER", "default", "-get"}).ok());
  const absl::StatusOr<Findings> findings = bed.Judge();
  ASSERT_TRUE(bed.redis().Command({"ACL", "SETUSER", "default", "+get"}).ok());
  EXPECT_FALSE(findings.ok());
  EXPECT_THAT(std::string(findings.status().message()), HasSubstr("NOPERM"));
}

}  // namespace
}  // namespace rcb
