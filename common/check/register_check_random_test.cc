// The register checker against definitions that are slow and plain, on small random histories:
// linearizability by trying every order, and each class of offender by comparing every pair.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/check/random_test_history.h"
#include "common/check/register_check.h"

namespace rcb {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

struct Case {
  std::vector<RegisterOp> history;
  int64_t initial = 0;
};

std::string Describe(const Case& c) {
  return absl::StrCat("initial ", c.initial, Describe(c.history, "write"));
}

bool IsLinearizable(const std::vector<RegisterOp>& history, int64_t initial) {
  const auto always = [](const RegisterOp&, int64_t) { return true; };
  return RegisterOrders<RegisterOp>(WithoutIgnored(history), always).HasOne(initial);
}

// ---- The counts by definition.

int64_t ReturnOf(const RegisterOp& op) {
  return op.outcome == Outcome::kUnknown ? kMax : op.return_ns;
}

bool Before(const RegisterOp& a, const RegisterOp& b) { return ReturnOf(a) < b.invoke_ns; }

// `kept` holds the write of the read's value, and what was invoked before the read.
bool IsStale(const RegisterOp& read, const std::vector<RegisterOp>& kept) {
  for (const RegisterOp& own : kept) {
    if (own.value != read.value) continue;
    for (const RegisterOp& later : kept) {
      if (later.value == own.value || !Before(own, later)) continue;
      for (const RegisterOp& returned : kept) {
        if (returned.value == later.value && Before(returned, read)) return true;
      }
    }
  }
  return false;
}

struct Slow {
  RegisterVerdict verdict;
  std::vector<RegisterOp> kept;  // all but the offenders
};

Slow SlowCheck(const Case& c) {
  std::vector<RegisterOp> ops = WithoutIgnored(c.history);
  std::sort(ops.begin(), ops.end(), [](const RegisterOp& a, const RegisterOp& b) {
    return std::make_tuple(a.invoke_ns, a.value, a.is_read, ReturnOf(a)) <
           std::make_tuple(b.invoke_ns, b.value, b.is_read, ReturnOf(b));
  });
  Slow slow;
  std::vector<RegisterOp> writes = {{-1, -1, c.initial, false, Outcome::kOk}};
  for (const RegisterOp& op : ops) {
    if (op.is_read) continue;
    const bool again = std::any_of(writes.begin(), writes.end(),
                                   [&op](const RegisterOp& w) { return w.value == op.value; });
    if (again) ++slow.verdict.duplicates;
    if (!again) writes.push_back(op);
  }
  // In order of invocation; a read may start before its write, if it returns later than that.
  for (const RegisterOp& op : ops) {
    if (!op.is_read) {
      const bool is_kept = std::any_of(writes.begin(), writes.end(), [&op](const RegisterOp& w) {
        return w.value == op.value && w.invoke_ns == op.invoke_ns && ReturnOf(w) == ReturnOf(op);
      });
      if (is_kept) slow.kept.push_back(op);
      continue;
    }
    const auto write = std::find_if(writes.begin(), writes.end(),
                                    [&op](const RegisterOp& w) { return w.value == op.value; });
    std::vector<RegisterOp> known = slow.kept;
    known.push_back(writes.front());
    if (write == writes.end()) {
      ++slow.verdict.unwritten;
    } else if (Before(op, *write)) {
      ++slow.verdict.early;
    } else if (IsStale(op, known)) {
      ++slow.verdict.stale;
    } else {
      slow.kept.push_back(op);
    }
  }
  return slow;
}

// ---- Histories.

// Runs up to seven operations, each at one instant of a coarse clock, and records intervals around
// these: linearizable by construction.
Case MakeGood(Random& random) {
  Case c;
  c.initial = Pick(random, -3, 3);
  int64_t value = c.initial;
  int64_t unused = c.initial;
  const std::vector<int64_t> instants = PickInstants(random, Pick(random, 0, 7), 4, 16);
  const int64_t reach = Pick(random, 0, 4);
  for (int64_t instant : instants) {
    RegisterOp op;
    RunAround(random, instant, reach, &op);
    DrawKind(random, 10, &op);
    op.value = op.is_read ? value : ++unused;
    if (TakesEffect(random, op.outcome) && !op.is_read) value = op.value;
    if (op.is_read && op.outcome == Outcome::kUnknown) op.value = Pick(random, -5, 5);
    c.history.push_back(op);
  }
  std::shuffle(c.history.begin(), c.history.end(), random);
  return c;
}

// Damages a history in one of the ways in which a register, or its recording, goes wrong; the
// written values stay unique.
void Mutate(Random& random, Case* c) {
  if (c->history.empty()) return;
  RegisterOp& op = Any(random, c->history);
  RegisterOp& other = Any(random, c->history);
  switch (Pick(random, 0, 3)) {
    case 0:
      if (op.is_read == other.is_read) std::swap(op.value, other.value);
      break;
    case 1:
      c->history.erase(c->history.begin() + (&op - c->history.data()));
      break;
    case 2:
      if (op.is_read) op.value = other.value;
      break;
    default:
      Shift(random, &op);
  }
}

Case MakeMutated(Random& random) {
  Case c = MakeGood(random);
  for (int64_t left = Pick(random, 1, 6); left > 0; --left) Mutate(random, &c);
  return c;
}

// With `unique`, no value is written twice.
Case MakeArbitrary(Random& random, bool unique) {
  Case c;
  c.history.resize(static_cast<size_t>(Pick(random, 0, 7)));
  int64_t unused = 0;
  for (RegisterOp& op : c.history) {
    op.invoke_ns = Pick(random, 0, 8);
    op.return_ns = op.invoke_ns + Pick(random, 0, 8);
    op.is_read = Pick(random, 0, 1) == 0;
    op.value = op.is_read || !unique ? Pick(random, 0, 3) : ++unused;
    op.outcome = Pick(random, 0, 2) == 0 ? Outcome::kUnknown : Outcome::kOk;
  }
  return c;
}

Case MakeUnique(Random& random) { return MakeArbitrary(random, true); }
Case MakeRepeating(Random& random) { return MakeArbitrary(random, false); }

void ExpectAgreement(const Case& c) {
  const RegisterVerdict fast = CheckRegister(c.history, c.initial);
  const Slow slow = SlowCheck(c);
  ASSERT_EQ(fast.duplicates, slow.verdict.duplicates) << Describe(c);
  ASSERT_EQ(fast.unwritten, slow.verdict.unwritten) << Describe(c);
  ASSERT_EQ(fast.early, slow.verdict.early) << Describe(c);
  ASSERT_EQ(fast.stale, slow.verdict.stale) << Describe(c);
  ASSERT_EQ(fast.violations.count, fast.duplicates + fast.unwritten + fast.early + fast.stale);
  ASSERT_TRUE(IsLinearizable(slow.kept, c.initial)) << "without the offenders: " << Describe(c);
  ASSERT_EQ(fast.violations.first.empty(), fast.linearizable()) << Describe(c);
  ASSERT_EQ(fast.violations.first.find('\n'), std::string::npos) << Describe(c);
}

// ---- Against the definitions.

// Returns whether `c` is linearizable; no value may be written twice.
bool Agrees(const Case& c) {
  const bool expected = IsLinearizable(c.history, c.initial);
  ExpectAgreement(c);
  EXPECT_EQ(CheckRegister(c.history, c.initial).linearizable(), expected) << Describe(c);
  return expected;
}

TEST(RegisterCheckRandomTest, AcceptsHistoriesThatAreLinearizableByConstruction) {
  ForEach({.seed = 1, .count = 30'000}, MakeGood, [](const Case& c) {
    ASSERT_TRUE(Agrees(c)) << "the definition itself is wrong: " << Describe(c);
  });
}

TEST(RegisterCheckRandomTest, AgreesWithTheDefinitionsOnMutatedHistories) {
  ExpectBothKinds({.seed = 2, .count = 50'000, .min_share = 0.2}, MakeMutated, Agrees);
}

TEST(RegisterCheckRandomTest, AgreesWithTheDefinitionsOnArbitraryHistories) {
  ExpectBothKinds({.seed = 3, .count = 50'000, .min_share = 0.2}, MakeUnique, Agrees);
}

// Where values are written twice, no verdict is promised but that it is bad, and the counts.
TEST(RegisterCheckRandomTest, NeverAcceptsAValueWrittenTwice) {
  ForEach({.seed = 4, .count = 20'000}, MakeRepeating, [](const Case& c) {
    ExpectAgreement(c);
    if (IsLinearizable(c.history, c.initial)) return;
    ASSERT_FALSE(CheckRegister(c.history, c.initial).linearizable()) << Describe(c);
  });
}

}  // namespace
}  // namespace rcb
