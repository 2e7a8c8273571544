// Histories that once took the search too long, and what it says where it may not take long.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "common/check/linearizability.h"

namespace rcb {
namespace {

using ::testing::StartsWith;
using Kind = CasOp::Kind;

// Reads one operation, such as "C4519-4992:0>3+": C for compare-and-set, W for write and R for
// read; its times, the second of which is ? if the outcome is unknown; for C the value that it
// expects, the one that it writes, and + if it did; for W and R the value.
CasOp ParseOp(const std::string& text) {
  std::istringstream in(text);
  CasOp op;
  char kind = 0;
  char skipped = 0;
  in >> kind >> op.invoke_ns >> skipped;
  if (in.peek() == '?') {
    in >> skipped;
    op.outcome = Outcome::kUnknown;
  } else {
    in >> op.return_ns;
  }
  op.kind = kind == 'C' ? Kind::kCas : kind == 'W' ? Kind::kWrite : Kind::kRead;
  in >> skipped;
  if (op.kind == Kind::kCas) in >> op.expected >> skipped;
  in >> op.value;
  op.swapped = text.back() == '+';
  EXPECT_FALSE(in.fail()) << text;
  return op;
}

// Operations with semicolons between them.
std::vector<CasOp> Parse(const std::string& text) {
  std::vector<CasOp> history;
  std::istringstream in(text);
  for (std::string op; std::getline(in, op, ';');) history.push_back(ParseOp(op));
  return history;
}

// It is the smallest known that took the search by levels, alone, two million states.
constexpr char kMisleading[] =
    "C220-?:0>2;C904-?:4>1;C1912-?:4>0;C4519-4992:0>3+;C4918-?:3>0;W8233-8287=0;C8312-?:0>4;"
    "C8528-?:4>0;C8645-?:2>4;W8903-9269=3;C13339-13832:3>4+;W13829-14013=4;C14640-15109:4>1+;"
    "W15224-?=2;W18611-18941=0;C18831-18911:0>2+;W19435-19754=2;C19604-19878:2>1+;"
    "C20030-20408:1>4+;W25311-?=1;W25409-25811=3;R25540-26048=3;W25642-26012=0;R25726-25805=0;"
    "C25800-26131:0>4+;C27125-?:4>2;W27343-27592=0;C27440-?:0>4;C27722-27752:4>0+;"
    "C28642-28852:0>2+;W28933-?=4;C29222-29385:2>1+;C29333-29514:1>0+;C29934-?:1>4;"
    "W31049-31387=3;C32605-?:3>2;W32732-33088=3;C33103-33316:3>4+;R33202-33708=4";

TEST(LinearizabilityLimitTest, AFewUnknownOperationsDoNotMislead) {
  const std::vector<CasOp> history = Parse(kMisleading);
  ASSERT_EQ(history.size(), 39U);
  const LinearizabilityVerdict verdict = CheckCasRegister(history, 0);
  EXPECT_TRUE(verdict.linearizable());
  EXPECT_LT(verdict.steps, 20'000);
}

// Behind them the value may be any of those to which something of unknown outcome leads.
TEST(LinearizabilityLimitTest, AFewUnknownOperationsDoNotHideAWrongRead) {
  for (const int64_t value : {0, 1, 2, 3}) {
    std::vector<CasOp> history = Parse(kMisleading);
    history.push_back({.invoke_ns = 40'000, .return_ns = 40'001, .value = value});
    EXPECT_EQ(CheckCasRegister(history, 0).linearizable(), value != 3) << value;
  }
}

// Compare-and-sets that all overlap, in an order of which there are few; then two values at once.
std::vector<CasOp> MakeOverlapping(int64_t key, int64_t count) {
  std::vector<CasOp> history;
  uint64_t random = 1;
  int64_t value = 0;
  for (int64_t i = 0; i < count; ++i) {
    random = random * 6364136223846793005 + 1442695040888963407;
    const int64_t next = (value + 1 + static_cast<int64_t>(random >> 33) % 6) % 7;
    history.push_back({.invoke_ns = 1,
                       .return_ns = 1'000 + i * 37 % count,
                       .key = key,
                       .value = next,
                       .expected = value,
                       .kind = Kind::kCas,
                       .swapped = true});
    value = next;
  }
  history.push_back({.invoke_ns = 10'000, .return_ns = 10'001, .key = key, .value = 1});
  history.push_back({.invoke_ns = 10'002, .return_ns = 10'003, .key = key, .value = 2});
  return history;
}

TEST(LinearizabilityLimitTest, AThousandOperationsThatOverlapAreGivenUp) {
  const LinearizabilityVerdict verdict =
      CheckCasRegister(MakeOverlapping(0, 1'000), 0, {.max_steps = 20'000'000});
  EXPECT_EQ(verdict.answer, Answer::kUndecided);
  EXPECT_EQ(verdict.undecided_keys, 1);
  EXPECT_TRUE(verdict.violations.none());
  EXPECT_THAT(verdict.first_undecided, StartsWith("undecided: key 0: the best order got to "));
  EXPECT_LT(verdict.steps, 20'100'000);
}

// A key that cannot be decided uses no more than its share of the steps.
TEST(LinearizabilityLimitTest, EachKeyGetsItsShareOfTheSteps) {
  std::vector<CasOp> history;
  for (int64_t key = 0; key < 4; ++key) {
    for (const CasOp& op : MakeOverlapping(key, 300)) history.push_back(op);
  }
  for (int64_t key = 4; key < 50; ++key) {
    for (CasOp op : Parse(kMisleading)) {
      op.key = key;
      history.push_back(op);
    }
  }
  history.push_back({.invoke_ns = 1, .return_ns = 2, .key = 50, .value = 1});
  const LinearizabilityVerdict verdict = CheckCasRegister(history, 0, {.max_steps = 10'000'000});
  EXPECT_EQ(verdict.answer, Answer::kNotLinearizable);
  EXPECT_EQ(verdict.violations.count, 1);
  EXPECT_THAT(verdict.violations.first, StartsWith("not linearizable: key 50: "));
  EXPECT_EQ(verdict.undecided_keys, 4);
  EXPECT_EQ(verdict.keys, 51);
  EXPECT_LT(verdict.steps, 10'500'000);
}

TEST(LinearizabilityLimitTest, TheSameHistoryTakesTheSameSteps) {
  const std::vector<CasOp> history = Parse(kMisleading);
  EXPECT_EQ(CheckCasRegister(history, 0).steps, CheckCasRegister(history, 0).steps);
}

}  // namespace
}  // namespace rcb
