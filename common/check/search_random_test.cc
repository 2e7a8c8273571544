// The two searches for an order, each alone and in turns, against the definition and against each
// other on small random histories; and how far each goes when it has few steps.

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/check/interval.h"
#include "common/check/linearizability_search.h"
#include "common/check/random_test_history.h"
#include "common/check/search_by_levels.h"
#include "common/check/search_depth_first.h"
#include "common/check/search_open.h"

namespace rcb {
namespace {

using Ops = std::vector<SearchOp>;

constexpr SearchLimits kNoLimits = {.max_steps = 10'000'000'000, .max_bytes = 1'000'000'000};

std::string Describe(const Ops& ops) {
  std::string text;
  for (const SearchOp& op : ops) {
    const char* const effects[] = {"is", "is not", "set", "swap"};
    absl::StrAppend(&text, effects[static_cast<size_t>(op.effect)], " [", op.invoke_ns, ",",
                    op.return_ns == kNever ? -1 : op.return_ns, "] ", op.expected, ">", op.value,
                    "; ");
  }
  return text;
}

// ---- By definition: is there an order of all acknowledged operations and some pending ones?

struct Definition {
  const Ops& ops;
  std::set<std::pair<size_t, int64_t>> seen;  // sets of operations done, with the value after them

  bool CanFinish(size_t done, int64_t value) {
    if (!seen.insert({done, value}).second) return false;
    int64_t first_return_ns = kNever;
    for (size_t i = 0; i < ops.size(); ++i) {
      if ((done >> i & 1) == 0) first_return_ns = std::min(first_return_ns, ops[i].return_ns);
    }
    if (first_return_ns == kNever) return true;
    for (size_t i = 0; i < ops.size(); ++i) {
      if ((done >> i & 1) != 0 || ops[i].invoke_ns > first_return_ns) continue;
      if (!Allows(ops[i], value)) continue;
      if (CanFinish(done | size_t{1} << i, LeavesValue(ops[i]) ? value : ops[i].value)) return true;
    }
    return false;
  }
};

// ---- Histories.

struct Shape {
  int64_t max_ops = 14;
  int64_t max_values = 4;
  int64_t pending_percent = 10;
  int64_t wrong_percent = 30;  // reads of any value
};

// The results are mostly as if the operations came one after the other.
Ops Make(Random& random, const Shape& shape) {
  Ops ops(static_cast<size_t>(Pick(random, 1, shape.max_ops)));
  const int64_t longest_ns = Pick(random, 1, 15);
  const int64_t values = Pick(random, 2, shape.max_values);
  int64_t value = 0;
  int64_t instant_ns = 20;
  for (SearchOp& op : ops) {
    op.invoke_ns = instant_ns - Pick(random, 0, longest_ns);
    op.return_ns = instant_ns + Pick(random, 0, longest_ns);
    instant_ns += 3;
    op.effect = static_cast<Effect>(Pick(random, 0, 3));
    const bool is_right = op.effect == Effect::kIs && Pick(random, 1, 100) > shape.wrong_percent;
    op.value = is_right ? value : Pick(random, 0, values - 1);
    op.expected = value;
    if (op.value == value && op.effect != Effect::kIs) op.effect = Effect::kSet;
    if (LeavesValue(op)) continue;
    if (Pick(random, 1, 100) <= shape.pending_percent) op.return_ns = kNever;
    const bool takes_effect = op.return_ns != kNever || Pick(random, 0, 1) == 0;
    if (takes_effect) value = op.value;
  }
  return ops;
}

std::vector<Shape> Shapes() {
  return {{},
          {.pending_percent = 40, .wrong_percent = 100},
          {.max_values = 8, .pending_percent = 50, .wrong_percent = 100},
          {.max_ops = 12, .max_values = 3, .pending_percent = 30, .wrong_percent = 100}};
}

// The answers of both searches in many ways, and of the two in turns.
std::vector<Answer> Answers(const Ops& ops) {
  SearchLimits wide = kNoLimits;
  wide.few_states = 100'000;
  // With one state a level and one level to go back the search gets stuck at once: it has to prove
  // by starts in the middle, and by keeping more, what it would otherwise see at a glance.
  SearchLimits narrow = kNoLimits;
  narrow.few_states = narrow.few_levels = 1;
  SearchLimits other_order = kNoLimits;
  other_order.seed = 77;
  const SearchHistory history(ops);
  return {SearchByLevels(history, 0, wide).answer, SearchByLevels(history, 0, narrow).answer,
          SearchDepthFirst(history, 0, kNoLimits).answer,
          SearchDepthFirst(history, 0, other_order).answer, SearchOrder(ops, 0, kNoLimits).answer};
}

void ExpectAgreement(const Ops& ops, Answer expected) {
  for (const Answer answer : Answers(ops)) ASSERT_EQ(answer, expected) << Describe(ops);
}

TEST(SearchRandomTest, EachSearchAgreesWithTheDefinition) {
  for (const Shape& shape : Shapes()) {
    const auto make = [&shape](Random& random) { return Make(random, shape); };
    ExpectBothKinds({.seed = 1, .count = 10'000}, make, [](const Ops& ops) {
      const bool expected = Definition{ops, {}}.CanFinish(0, 0);
      ExpectAgreement(ops, expected ? Answer::kLinearizable : Answer::kNotLinearizable);
      return expected;
    });
  }
}

TEST(SearchRandomTest, TheSearchesAgreeOnLongerHistories) {
  for (const int64_t pending_percent : {10, 30}) {
    const Shape shape = {.max_ops = 40, .pending_percent = pending_percent};
    const auto make = [&shape](Random& random) { return Make(random, shape); };
    ExpectBothKinds({.seed = 2, .count = 1'500}, make, [](const Ops& ops) {
      const Answer expected = Answers(ops).front();
      ExpectAgreement(ops, expected);
      return expected == Answer::kLinearizable;
    });
  }
}

// A search that runs out of steps may say that it does not know, but nothing that is wrong.
TEST(SearchRandomTest, FewStepsLeadToNoWrongAnswer) {
  int undecided = 0;
  ForEach(
      {.seed = 3, .count = 4'000}, [](Random& random) { return Make(random, {}); },
      [&undecided](const Ops& ops) {
        const Answer expected = SearchOrder(ops, 0, kNoLimits).answer;
        const SearchHistory history(ops);
        for (const int64_t max_steps : {10, 30, 100, 300}) {
          SearchLimits few = kNoLimits;
          few.max_steps = max_steps;
          for (const auto search : {&SearchDepthFirst, &SearchByLevels}) {
            const Answer answer = search(history, 0, few).answer;
            undecided += answer == Answer::kUndecided ? 1 : 0;
            ASSERT_TRUE(answer == expected || answer == Answer::kUndecided) << Describe(ops);
          }
        }
      });
  EXPECT_GT(undecided, 4'000);
}

// ---- Limits.

// Compare-and-sets that all overlap, in one particular order of which there are few.
Ops MakeOverlapping(Random& random, size_t count, int64_t values) {
  Ops ops(count);
  int64_t value = 0;
  for (SearchOp& op : ops) {
    const int64_t next = (value + Pick(random, 1, values - 1)) % values;
    op = {1, Pick(random, 1'000, 9'000), next, value, Effect::kSwap};
    if (Pick(random, 0, 9) == 0) op.return_ns = kNever;
    value = next;
  }
  ops.push_back({10'000, 10'001, 0, 0, Effect::kIs});
  ops.push_back({10'002, 10'003, 1, 0, Effect::kIs});
  return ops;
}

TEST(SearchRandomTest, StepsBoundTheWorkWithinOneLevel) {
  Random random(4);
  for (const int64_t values : {3, 50, 1'000}) {
    const SearchHistory history(MakeOverlapping(random, 1'000, values));
    for (const int64_t max_steps : {1'000, 1'000'000, 10'000'000}) {
      SearchLimits few = kNoLimits;
      few.max_steps = max_steps;
      for (const auto search : {&SearchDepthFirst, &SearchByLevels}) {
        const SearchResult result = search(history, 0, few);
        // What happens between two looks at the limit is about one look at all operations.
        EXPECT_LT(result.steps, max_steps + 100'000);
        EXPECT_LT(result.states, max_steps + 100'000);
        EXPECT_TRUE(result.steps <= max_steps || result.answer == Answer::kUndecided);
      }
    }
  }
}

TEST(SearchRandomTest, BytesBoundTheStates) {
  Random random(5);
  const SearchHistory history(MakeOverlapping(random, 1'000, 50));
  SearchLimits few = kNoLimits;
  few.max_bytes = 50'000;
  for (const auto search : {&SearchDepthFirst, &SearchByLevels}) {
    const SearchResult result = search(history, 0, few);
    EXPECT_EQ(result.answer, Answer::kUndecided);
    EXPECT_FALSE(result.stuck.empty());
  }
}

// ---- The operations that are open.

// The operation `number` is open, and its bit is where it belongs.
void ExpectOpen(const SearchHistory& history, const SearchOpen& open, size_t number) {
  const size_t slot = history.slot[number];
  const SearchOp& op = history.ops[number];
  const auto& bits = LeavesValue(op)              ? open.reads()
                     : op.effect == Effect::kSwap ? open.swaps()
                                                  : open.writes();
  ASSERT_EQ(&open.InSlot(slot), &op);
  ASSERT_EQ(bits[slot / 64] >> slot % 64 & 1, 1U);
}

size_t BitsOf(const SearchOpen& open) {
  size_t set = 0;
  for (const auto* bits : {&open.reads(), &open.swaps(), &open.writes()}) {
    for (const uint64_t word : *bits) set += static_cast<size_t>(std::popcount(word));
  }
  return set;
}

TEST(SearchRandomTest, OpenOperationsDoNotDependOnTheWayToALevel) {
  Random random(6);
  for (int round = 0; round < 300; ++round) {
    const SearchHistory history(Make(random, {.max_ops = 100, .max_values = 3}));
    SearchOpen open(history);
    for (int move = 0; move < 20; ++move) {
      const auto level = static_cast<size_t>(Pick(random, 0, std::ssize(history.ops)));
      open.GoTo(level);
      ASSERT_EQ(open.is_end(), level == history.ops.size());
      std::vector<uint32_t> numbers;
      for (size_t i = history.ops.size(); i-- > level;) {
        if (history.ops[i].invoke_ns > history.ops[level].return_ns) continue;
        numbers.push_back(static_cast<uint32_t>(i));
        ExpectOpen(history, open, i);
      }
      ASSERT_EQ(open.numbers(), numbers);
      ASSERT_EQ(BitsOf(open), numbers.size());
    }
  }
}

}  // namespace
}  // namespace rcb
