#include "bench/bank_check.h"

#include <cstdint>
#include <random>
#include <vector>

#include "common/check/history.h"
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

OpRecord Op(int from, int to, int64_t amount, Outcome outcome = Outcome::kOk, int64_t value = 1) {
  OpRecord op;
  op.argument = Transfer{from, to, amount}.Encode();
  op.value = outcome == Outcome::kOk ? value : 0;
  op.outcome = outcome;
  return op;
}

BankVerdict Check(const std::vector<OpRecord>& history, const Balances& final_balances,
                  const std::vector<Balances>& snapshots = {}, bool guarded = true) {
  return CheckBank(history, snapshots, final_balances, guarded);
}

TEST(BankTest, ATransferIsReadAsItWasWritten) {
  const Transfer transfer = Transfer::Decode(Transfer{7, 2, 49}.Encode());
  EXPECT_EQ(transfer.from, 7);
  EXPECT_EQ(transfer.to, 2);
  EXPECT_EQ(transfer.amount, 49);
  EXPECT_NE((Transfer{0, 1, 1}.Encode()), kSnapshot);
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
  EXPECT_EQ(Check({}, Opening()).violations, 0);
  EXPECT_EQ(Check({}, Opening(), {Opening()}).violations, 0);
}

TEST(BankCheckTest, AcknowledgedTransfersExplainTheEnd) {
  const Balances end = Moved(Moved(Opening(), 0, 4, 20), 4, 7, 5);
  EXPECT_EQ(Check({Op(0, 4, 20), Op(4, 7, 5)}, end).violations, 0);
  EXPECT_EQ(Check({Op(0, 4, 20), Op(4, 7, 5), Op(1, 2, 9, Outcome::kOk, 0)}, end).violations, 0)
      << "one that was not covered moves nothing";
}

TEST(BankCheckTest, ALostTransferIsCaught) {
  const BankVerdict verdict = Check({Op(0, 4, 20), Op(4, 7, 5)}, Moved(Opening(), 0, 4, 20));
  EXPECT_GT(verdict.violations, 0);
  EXPECT_THAT(verdict.first, HasSubstr("differ from the acknowledged transfers"));
}

TEST(BankCheckTest, AFailedTransferThatWasMadeIsCaught) {
  const Balances end = Moved(Opening(), 0, 4, 20);
  EXPECT_GT(Check({Op(0, 4, 20, Outcome::kFailed)}, end).violations, 0);
}

TEST(BankCheckTest, AWrongTotalIsCaughtInASnapshotAndAtTheEnd) {
  Balances wrong = Opening();
  wrong[3] += 1;
  EXPECT_THAT(Check({}, Opening(), {wrong}).first, HasSubstr("total of 401, not 400"));
  EXPECT_EQ(Check({}, Opening(), {wrong, wrong}).violations, 2);
  EXPECT_GT(Check({}, wrong).violations, 0);
}

TEST(BankCheckTest, AnOverdrawnOwnerIsCaughtUnlessNobodyPromised) {
  const Balances single = Moved(Opening(), 1, 0, kOpening + 1);
  const Balances pair = Moved(Opening(), 4, 0, 2 * kOpening + 1);
  const Balances covered = Moved(Opening(), 4, 0, 2 * kOpening);
  EXPECT_THAT(Check({}, Opening(), {single}).first, HasSubstr("owner of account 1 has -1"));
  EXPECT_THAT(Check({}, Opening(), {pair}).first, HasSubstr("owner of account 4 has -1"));
  EXPECT_EQ(Check({}, Opening(), {covered}).violations, 0);
  EXPECT_EQ(Check({}, Opening(), {single, pair}, /*guarded=*/false).violations, 0);
}

TEST(BankCheckTest, UnknownTransfersMayHaveBeenMadeOrNot) {
  const std::vector<OpRecord> history = {Op(0, 1, 5), Op(2, 3, 7, Outcome::kUnknown),
                                         Op(2, 3, 11, Outcome::kUnknown)};
  const Balances acknowledged = Moved(Opening(), 0, 1, 5);
  for (const int64_t moved : {0, 7, 11, 18}) {
    EXPECT_EQ(Check(history, Moved(acknowledged, 2, 3, moved)).violations, 0) << moved;
  }
  for (const int64_t moved : {-7, 1, 8, 19}) {
    EXPECT_GT(Check(history, Moved(acknowledged, 2, 3, moved)).violations, 0) << moved;
  }
}

TEST(BankCheckTest, ManyUnknownTransfersStillBoundEachAccount) {
  std::vector<OpRecord> history(500, Op(2, 3, 1, Outcome::kUnknown));
  EXPECT_EQ(Check(history, Moved(Opening(), 2, 3, 30)).violations, 0);
  EXPECT_GT(Check(history, Moved(Opening(), 0, 1, 1)).violations, 0);
}

TEST(BankCheckTest, AgreesWithARandomBankAndCatchesEachSingleLoss) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 500; ++round) {
    Balances balances = Opening();
    std::vector<OpRecord> history;
    for (int i = 0; i < 30; ++i) {
      const int from = static_cast<int>(random() % kAccounts);
      const int to = (from + 1 + static_cast<int>(random() % (kAccounts - 1))) % kAccounts;
      const int64_t amount = 1 + static_cast<int64_t>(random() % kMostAmount);
      const bool is_unknown = random() % 10 == 0;
      const bool is_made = !is_unknown || random() % 2 == 0;
      history.push_back(Op(from, to, amount, is_unknown ? Outcome::kUnknown : Outcome::kOk));
      if (is_made) balances = Moved(balances, from, to, amount);
    }
    ASSERT_EQ(Check(history, balances, {}, /*guarded=*/false).violations, 0) << round;
    std::vector<OpRecord> known;
    for (const OpRecord& op : history) {
      if (op.outcome == Outcome::kOk) known.push_back(op);
    }
    if (known.size() != history.size()) continue;
    known.pop_back();
    ASSERT_GT(Check(known, balances, {}, /*guarded=*/false).violations, 0) << round;
  }
}

}  // namespace
}  // namespace rcb::transaction
