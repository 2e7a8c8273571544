#include "bench/transaction/bank_check.h"

#include <cstdint>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb::transaction {
namespace {

using testing::HasSubstr;

Balances Opening() {
  Balances balances;
  balances.fill(kOpening);
  return balances;
}

Balances Moved(Balances balances, int from, int to, int64_t amount) {
  balances[static_cast<size_t>(from)] -= amount;
  balances[static_cast<size_t>(to)] += amount;
  return balances;
}

TransferOp Op(int from, int to, int64_t amount, Outcome outcome = Outcome::kOk,
              bool is_moved = true) {
  return {{from, to, amount}, is_moved && outcome == Outcome::kOk, outcome};
}

Violations Check(const std::vector<TransferOp>& transfers, const Balances& final_balances,
                 const std::vector<Balances>& snapshots = {}, bool is_guarded = true) {
  return CheckBank(transfers, snapshots, final_balances, is_guarded);
}

TEST(BankTest, OnlyAPairCoversForEachOther) {
  EXPECT_TRUE((Transfer{0, 1, 10}.IsCoveredBy(10, 10)));
  EXPECT_FALSE((Transfer{0, 1, 11}.IsCoveredBy(10, 10))) << "the cover is the account itself";
  EXPECT_TRUE((Transfer{4, 1, 20}.IsCoveredBy(-10, 30)));
  EXPECT_FALSE((Transfer{4, 1, 21}.IsCoveredBy(-10, 30)));
  EXPECT_EQ(CoverOf(4), 5);
  EXPECT_EQ(CoverOf(7), 6);
  EXPECT_EQ(CoverOf(3), 3);
}

TEST(BankCheckTest, NothingDoneChangesNothing) {
  EXPECT_EQ(Check({}, Opening()).count, 0);
  EXPECT_EQ(Check({}, Opening(), {Opening()}).count, 0);
}

TEST(BankCheckTest, AcknowledgedTransfersExplainTheEnd) {
  const Balances end = Moved(Moved(Opening(), 0, 4, 20), 4, 7, 5);
  EXPECT_EQ(Check({Op(0, 4, 20), Op(4, 7, 5)}, end).count, 0);
  EXPECT_EQ(Check({Op(0, 4, 20), Op(4, 7, 5), Op(1, 2, 9, Outcome::kOk, false)}, end).count, 0)
      << "one that was not covered moves nothing";
}

TEST(BankCheckTest, ALostTransferIsCaught) {
  const Violations verdict = Check({Op(0, 4, 20), Op(4, 7, 5)}, Moved(Opening(), 0, 4, 20));
  EXPECT_GT(verdict.count, 0);
  EXPECT_THAT(verdict.first, HasSubstr("differ from the acknowledged transfers"));
}

TEST(BankCheckTest, AFailedTransferThatWasMadeIsCaught) {
  const Balances end = Moved(Opening(), 0, 4, 20);
  EXPECT_GT(Check({Op(0, 4, 20, Outcome::kFailed)}, end).count, 0);
}

TEST(BankCheckTest, AWrongTotalIsCaughtInASnapshotAndAtTheEnd) {
  Balances wrong = Opening();
  wrong[3] += 1;
  EXPECT_THAT(Check({}, Opening(), {wrong}).first, HasSubstr("total of 401, not 400"));
  EXPECT_EQ(Check({}, Opening(), {wrong, wrong}).count, 2);
  EXPECT_GT(Check({}, wrong).count, 0);
}

TEST(BankCheckTest, AnOverdrawnOwnerIsCaughtUnlessNobodyPromised) {
  const Balances single = Moved(Opening(), 1, 0, kOpening + 1);
  const Balances pair = Moved(Opening(), 4, 0, 2 * kOpening + 1);
  const Balances covered = Moved(Opening(), 4, 0, 2 * kOpening);
  EXPECT_THAT(Check({}, Opening(), {single}).first, HasSubstr("owner of account 1 has -1"));
  EXPECT_THAT(Check({}, Opening(), {pair}).first, HasSubstr("owner of account 4 has -1"));
  EXPECT_EQ(Check({}, Opening(), {covered}).count, 0);
  EXPECT_EQ(Check({}, Opening(), {single, pair}, /*is_guarded=*/false).count, 0);
}

TEST(BankCheckTest, UnknownTransfersMayHaveBeenMadeOrNot) {
  const std::vector<TransferOp> history = {Op(0, 1, 5), Op(2, 3, 7, Outcome::kUnknown),
                                           Op(2, 3, 11, Outcome::kUnknown)};
  const Balances acknowledged = Moved(Opening(), 0, 1, 5);
  for (const int64_t moved : {0, 7, 11, 18}) {
    EXPECT_EQ(Check(history, Moved(acknowledged, 2, 3, moved)).count, 0) << moved;
  }
  for (const int64_t moved : {-7, 1, 8, 19}) {
    EXPECT_GT(Check(history, Moved(acknowledged, 2, 3, moved)).count, 0) << moved;
  }
}

TEST(BankCheckTest, ManyUnknownTransfersStillBoundEachAccount) {
  std::vector<TransferOp> history(500, Op(2, 3, 1, Outcome::kUnknown));
  EXPECT_EQ(Check(history, Moved(Opening(), 2, 3, 30)).count, 0);
  EXPECT_GT(Check(history, Moved(Opening(), 0, 1, 1)).count, 0);
}

TEST(BankCheckTest, AgreesWithARandomBankAndCatchesEachSingleLoss) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 500; ++round) {
    Balances balances = Opening();
    std::vector<TransferOp> history;
    for (int i = 0; i < 30; ++i) {
      const int from = static_cast<int>(random() % kAccounts);
      const int to = (from + 1 + static_cast<int>(random() % (kAccounts - 1))) % kAccounts;
      const int64_t amount = 1 + static_cast<int64_t>(random() % kMaxAmount);
      const bool is_unknown = random() % 10 == 0;
      const bool is_made = !is_unknown || random() % 2 == 0;
      history.push_back(Op(from, to, amount, is_unknown ? Outcome::kUnknown : Outcome::kOk));
      if (is_made) balances = Moved(balances, from, to, amount);
    }
    ASSERT_EQ(Check(history, balances, {}, /*is_guarded=*/false).count, 0) << round;
    std::vector<TransferOp> known;
    for (const TransferOp& op : history) {
      if (op.outcome == Outcome::kOk) known.push_back(op);
    }
    if (known.size() != history.size()) continue;
    known.pop_back();
    ASSERT_GT(Check(known, balances, {}, /*is_guarded=*/false).count, 0) << round;
  }
}

}  // namespace
}  // namespace rcb::transaction
