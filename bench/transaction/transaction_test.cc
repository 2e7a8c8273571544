// Each variant of Transaction on a real server, judged by its own checker; then accidents, and
// false records.

#include "bench/transaction/transaction.h"

#include <algorithm>
#include <cstdint>
#include <string>
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

using testing::HasSubstr;
using transaction::Bank;

constexpr int64_t kOperations = 2000;
constexpr uint8_t kTransferClass = 0;
constexpr uint8_t kSnapshotClass = 1;

bool IsUnsafe(const BenchmarkSpec& spec) { return spec.role == Role::kControl; }
bool IsPair(const BenchmarkSpec& spec) { return absl::EndsWith(spec.name, "/mset_mget"); }
bool IsList(const BenchmarkSpec& spec) { return absl::StrContains(spec.name, "/list_"); }

class TransactionTest : public testing::Test {
 protected:
  BenchmarkSpec Spec(const std::string& name) const { return SpecOf(TransactionFamily(), name); }

  const std::vector<BenchmarkSpec> specs_ = VariantsOf(TransactionFamily());
};

TEST_F(TransactionTest, EachSafeVariantKeepsItsPromise) {
  for (const BenchmarkSpec& spec : specs_) {
    if (IsUnsafe(spec)) continue;
    for (const int threads : {1, 2}) {
      SCOPED_TRACE(absl::StrCat(spec.name, " on ", threads, " threads"));
      TestBed bed(spec, {.threads = threads});
      for (int run = 0; run < 2; ++run) {  // the second with what the first left behind
        ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
        EXPECT_EQ(bed.totals().tally.succeeded, kOperations) << bed.first_error();
      }
      const Findings findings = bed.Check();
      EXPECT_EQ(findings.violations.count, 0) << findings.violations.first;
      EXPECT_EQ(findings.violations.first, "");
    }
  }
}

TEST_F(TransactionTest, EachUnsafeControlIsCaught) {
  for (const BenchmarkSpec& spec : specs_) {
    if (!IsUnsafe(spec)) continue;
    for (const int threads : {1, 2}) {
      SCOPED_TRACE(absl::StrCat(spec.name, " on ", threads, " threads"));
      TestBed bed(spec, {.threads = threads});
      ASSERT_EQ(bed.RunOnce(2 * kOperations), absl::OkStatus());
      EXPECT_EQ(bed.totals().tally.succeeded, 2 * kOperations) << bed.first_error();
      const Findings findings = bed.Check();
      EXPECT_GT(findings.violations.count, 0);
      EXPECT_NE(findings.violations.first, "");
    }
  }
}

TEST_F(TransactionTest, EachControlFailsInItsOwnWay) {
  const std::pair<const char*, const char*> reasons[] = {
      {"Transaction/unsafe/separate", "total of"},
      {"Transaction/unsafe/write_skew", "the owner of account"},
      {"Transaction/unsafe/read_skew", "two different values"},
  };
  for (const auto& [name, reason] : reasons) {
    SCOPED_TRACE(name);
    TestBed bed(Spec(name), {});
    ASSERT_EQ(bed.RunOnce(2 * kOperations), absl::OkStatus());
    EXPECT_THAT(bed.Check().violations.first, HasSubstr(reason));
  }
}

TEST_F(TransactionTest, MoneyThatAppearsDuringTheRunIsCaught) {
  const auto forge = [](const RunPlan& plan) {
    return Command("INCRBY", Bank(plan.key_prefix, plan.library_name).account(3), 1000);
  };
  for (const BenchmarkSpec& spec : specs_) {
    if (IsUnsafe(spec) || IsPair(spec) || IsList(spec)) continue;
    SCOPED_TRACE(spec.name);
    TestBed bed(WithAccident(spec, kOperations / 4, forge), {});
    ASSERT_EQ(bed.RunOnce(kOperations / 2), absl::OkStatus());
    EXPECT_GT(bed.Check().violations.count, 0);
  }
}

TEST_F(TransactionTest, AForgottenTransferIsCaught) {
  for (const BenchmarkSpec& spec : specs_) {
    if (IsUnsafe(spec) || IsPair(spec) || IsList(spec)) continue;
    SCOPED_TRACE(spec.name);
    TestBed bed(spec, {});
    ASSERT_EQ(bed.RunOnce(kOperations / 2), absl::OkStatus());
    std::vector<OpRecord> record = bed.history();
    const auto made = std::find_if(record.begin(), record.end(), [](const OpRecord& op) {
      return op.op_class == kTransferClass && op.value == transaction::kMoved;
    });
    ASSERT_NE(made, record.end());
    made->outcome = Outcome::kFailed;
    EXPECT_GT(bed.Check(record).violations.count, 0);
  }
}

TEST_F(TransactionTest, AStaleReadOfAPairIsCaught) {
  TestBed bed(Spec("Transaction/lockfree/mset_mget"), {});
  ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
  std::vector<OpRecord> record = bed.history();
  const auto last_read =
      std::max_element(record.begin(), record.end(), [](const OpRecord& a, const OpRecord& b) {
        return (a.value != 0 ? a.invoke_ns : 0) < (b.value != 0 ? b.invoke_ns : 0);
      });                // a write yields 0
  last_read->value = 0;  // as at the beginning
  EXPECT_GT(bed.Check(record).violations.count, 0);
}

TEST_F(TransactionTest, AForeignAppendIsCaught) {
  const auto forge = [](const RunPlan& plan) {
    return Command("RPUSH", absl::StrCat(plan.key_prefix, "list:0"), 999'999'999);
  };
  TestBed bed(WithAccident(Spec("Transaction/lockfree/list_append"), 3, forge), {});
  ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
  const Findings findings = bed.Check();
  EXPECT_GT(findings.violations.count, 0);
  EXPECT_THAT(findings.violations.first, HasSubstr("garbage"));
}

TEST_F(TransactionTest, ATransferThatIsNotCoveredIsRefused) {
  for (const char* const name : {"Transaction/locking/ordered_locks", "Transaction/lockfree/watch",
                                 "Transaction/lockfree/lua", "Transaction/lockfree/function"}) {
    SCOPED_TRACE(name);
    TestBed bed(Spec(name), {.workers = 3});
    ASSERT_EQ(bed.RunOnce(kOperations / 2), absl::OkStatus());
    int64_t refused = 0;
    for (const OpRecord& op : bed.history()) {
      refused += op.op_class == kTransferClass && op.value == transaction::kRefused ? 1 : 0;
    }
    EXPECT_GT(refused, 0);
    EXPECT_EQ(bed.Check().violations.count, 0);
  }
}

TEST_F(TransactionTest, LostConnectionsMakeErrorsButNoViolations) {
  for (const BenchmarkSpec& spec : specs_) {
    // A holder that dies keeps the others out for longer than this test.
    if (IsUnsafe(spec) || absl::StrContains(spec.name, "/locking/")) continue;
    SCOPED_TRACE(spec.name);
    FindingsAfterLostConnections(spec, kOperations);
  }
}

// EXEC applies the commands that can be applied, whatever the others do.
// https://redis.io/docs/manual/transactions, "Errors inside a transaction"
TEST_F(TransactionTest, HalfATransactionIsCaught) {
  const auto spoil = [](const RunPlan& plan) {
    return Command("SET", Bank(plan.key_prefix, plan.library_name).account(2), "no number");
  };
  TestBed bed(WithAccident(Spec("Transaction/lockfree/multi_exec"), kOperations / 4, spoil), {});
  ASSERT_EQ(bed.RunOnce(kOperations / 2), absl::OkStatus());
  EXPECT_GT(bed.Check().violations.count, 0);
}

TEST_F(TransactionTest, TransfersAndSnapshotsHaveLatenciesOfTheirOwn) {
  const BenchmarkSpec spec = Spec("Transaction/lockfree/lua");
  TestBed bed(spec, {.threads = 2});
  ASSERT_EQ(bed.RunOnce(kOperations), absl::OkStatus());
  int64_t transfers = 0;
  int64_t snapshots = 0;
  for (const auto& slot : bed.session().slots()) {
    transfers += slot->class_latency[kTransferClass].count();
    snapshots += slot->class_latency[kSnapshotClass].count();
  }
  EXPECT_EQ(transfers + snapshots, kOperations);
  EXPECT_NEAR(static_cast<double>(snapshots) / kOperations, 0.2, 0.05);
  for (const auto& [name, value] : ClassCounters(bed.session(), spec)) {
    EXPECT_GT(value, 0) << name;
  }
}

}  // namespace
}  // namespace rcb
