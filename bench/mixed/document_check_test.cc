// What is said of the documents of Mixed: by hand, and against slow definitions on small random
// histories of a lease that is kept, and damaged.

#include "bench/mixed/document_check.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/check/interval.h"
#include "common/check/random_test_history.h"
#include "gtest/gtest.h"

namespace rcb::mixed {
namespace {

Fill MakeFill(int64_t asked_ns, int64_t began_ns, int64_t store_ns = 0, int64_t stored_ns = 0,
              Fill::Fate fate = Fill::Fate::kStored) {
  Fill fill;
  fill.asked_ns = asked_ns;
  fill.began_ns = began_ns;
  fill.store_ns = store_ns;
  fill.stored_ns = stored_ns;
  fill.fate = fate;
  return fill;
}
// What was there before the run.
Fill First() { return MakeFill(0, 0); }

TEST(DocumentCheckTest, EachComputationNeedsALossOfItsOwn) {
  EXPECT_EQ(CheckOnce({First()}, {}).count, 0);
  EXPECT_EQ(CheckOnce({First(), MakeFill(5, 6)}, {}).count, 1);
  EXPECT_EQ(CheckOnce({First(), MakeFill(5, 6)}, {{0, 1, 2}}).count, 0);
  EXPECT_EQ(CheckOnce({First(), MakeFill(5, 6), MakeFill(7, 8)}, {{0, 1, 2}}).count, 1);
  // The loss between the two came after the first, or before the last.
  EXPECT_EQ(CheckOnce({First(), MakeFill(5, 6), MakeFill(7, 8)}, {{0, 1, 2}, {0, 3, 4}}).count, 1);
  EXPECT_EQ(CheckOnce({First(), MakeFill(5, 6), MakeFill(7, 8)}, {{0, 1, 2}, {0, 9, 9}}).count, 1);
  EXPECT_EQ(CheckOnce({First(), MakeFill(5, 6), MakeFill(7, 8)}, {{0, 1, 2}, {0, 3, 5}}).count, 0);
  EXPECT_EQ(CheckOnce({First(), MakeFill(5, 6)}, {{0, 7, kNever}}).count, 1);
  EXPECT_EQ(CheckOnce({First(), MakeFill(5, 6)}, {{0, 6, kNever}}).count, 0);
}

TEST(DocumentCheckTest, KeysHaveNothingToDoWithEachOther) {
  Fill other = MakeFill(5, 6);
  other.key = 1;
  EXPECT_EQ(CheckOnce({First(), other}, {}).count, 0);  // the first one of its key
  EXPECT_EQ(CheckOnce({First(), MakeFill(5, 6)}, {{1, 1, 2}}).count, 1);
}

TEST(DocumentCheckTest, AComputationThatWasCutOffExcusesAnother) {
  EXPECT_EQ(
      CheckOnce({First(), MakeFill(5, 6, 0, 0, Fill::Fate::kLost), MakeFill(7, 8)}, {{0, 1, 2}})
          .count,
      0);
}

TEST(DocumentCheckTest, NobodyComputesWhatIsThere) {
  EXPECT_EQ(CheckNeed({First(), MakeFill(5, 6, 7, 8)}, {}).count, 1);
  EXPECT_EQ(CheckNeed({First(), MakeFill(5, 6, 7, 8)}, {{0, 1, 2}}).count, 0);
  // Two that miss together both compute; one that comes when the first has stored does not.
  EXPECT_EQ(CheckNeed({First(), MakeFill(5, 6, 7, 8), MakeFill(5, 6, 7, 8)}, {{0, 1, 2}}).count, 0);
  EXPECT_EQ(CheckNeed({First(), MakeFill(5, 6, 7, 8), MakeFill(9, 10, 11, 12)}, {{0, 1, 2}}).count,
            1);
  EXPECT_EQ(CheckNeed({First(), MakeFill(5, 6, 7, 8), MakeFill(9, 10, 11, 12)}, {{0, 1, 7}}).count,
            0);
  EXPECT_EQ(CheckNeed({First(), MakeFill(5, 6, 7, 8, Fill::Fate::kOvertaken), MakeFill(9, 10)},
                      {{0, 1, 2}})
                .count,
            0);
}

TEST(DocumentCheckTest, NobodyReadsWhatWasToldToExpire) {
  constexpr int64_t kMs = 1'000'000;
  const std::vector<Expiration> told = {{0, 10 * kMs, 11 * kMs}};
  const auto count = [&told](const DocumentRead& read) {
    return CheckExpired({read}, told, /*grace_ms=*/20).count;
  };
  EXPECT_EQ(count({0, 30 * kMs, 0}), 0);
  EXPECT_EQ(count({0, 36 * kMs, 0}), 0);
  EXPECT_EQ(count({0, 37 * kMs, 0}), 1);
  EXPECT_EQ(count({0, 37 * kMs, 11 * kMs}), 0) << "it was stored after that";
  EXPECT_EQ(count({1, 37 * kMs, 0}), 0) << "it has another key";
  // One that was told later does not put it off.
  EXPECT_EQ(CheckExpired({{0, 37 * kMs, 0}}, {{0, 30 * kMs, 31 * kMs}, told.front()}, 20).count, 1);
}

// ---- By definition.

// The most gaps that can each have a loss of its own, by trying all.
int64_t MostExplained(const std::vector<Fill>& by_order, const std::vector<Loss>& losses,
                      size_t gap, size_t used) {
  if (gap + 1 >= by_order.size()) return 0;
  int64_t most = MostExplained(by_order, losses, gap + 1, used);
  for (size_t i = 0; i < losses.size(); ++i) {
    const bool fits = losses[i].return_ns >= by_order[gap].asked_ns &&
                      losses[i].invoke_ns <= by_order[gap + 1].began_ns;
    if ((used >> i & 1) != 0 || !fits) continue;
    most = std::max(most, 1 + MostExplained(by_order, losses, gap + 1, used | size_t{1} << i));
  }
  return most;
}

struct Case {
  std::vector<Fill> fills;  // in the order in which they took place
  std::vector<Loss> losses;
};

std::string Describe(const Case& c) {
  std::string text;
  for (const Fill& fill : c.fills) {
    absl::StrAppend(&text, "; fill asked ", fill.asked_ns, " began ", fill.began_ns);
  }
  for (const Loss& loss : c.losses) {
    absl::StrAppend(&text, "; loss [", loss.invoke_ns, ",", loss.return_ns, "]");
  }
  return text;
}

// A lease that is kept: each loss takes effect at an instant, and after it one client at another
// instant gets the lease. Requests take a while, so that their stamps may be in another order.
Case MakeGood(Random& random) {
  Case c;
  c.fills.push_back(First());
  const std::vector<int64_t> instants = PickInstants(random, 2 * Pick(random, 0, 4), 4, 24);
  const int64_t reach = Pick(random, 0, 4);
  for (size_t i = 0; i + 1 < instants.size(); i += 2) {
    Loss loss;
    RunAround(random, instants[i], reach, &loss);
    c.losses.push_back(loss);
    const int64_t got_ns = instants[i + 1];
    c.fills.push_back(MakeFill(got_ns - Pick(random, 0, reach), got_ns + Pick(random, 0, reach)));
  }
  return c;
}

TEST(DocumentCheckTest, AcceptsALeaseThatIsKept) {
  ForEach({.seed = 1, .count = 30'000}, MakeGood, [](Case c) {
    const std::string described = Describe(c);
    std::shuffle(c.fills.begin(), c.fills.end(), std::mt19937(7));
    ASSERT_EQ(CheckOnce(c.fills, c.losses).count, 0) << described;
  });
}

// Where the stamps tell the order, the count is that of the definition.
TEST(DocumentCheckTest, CountsAsTheDefinitionDoes) {
  const auto make = [](Random& random) {
    Case c = MakeGood(random);
    for (int64_t left = Pick(random, 0, 3); left > 0; --left) {
      if (Pick(random, 0, 1) == 0 && !c.losses.empty()) {
        c.losses.erase(c.losses.begin() + Pick(random, 0, std::ssize(c.losses) - 1));
      } else if (Pick(random, 0, 1) == 0 && !c.losses.empty()) {
        Shift(random, &Any(random, c.losses));
      } else {
        const int64_t asked_ns = Pick(random, 1, 24);
        c.fills.push_back(MakeFill(asked_ns, asked_ns + Pick(random, 0, 3)));
      }
    }
    std::vector<int64_t> began;
    for (const Fill& fill : c.fills) began.push_back(fill.began_ns);
    std::sort(began.begin(), began.end());
    std::sort(c.fills.begin(), c.fills.end(),
              [](const Fill& a, const Fill& b) { return a.asked_ns < b.asked_ns; });
    for (size_t i = 0; i < began.size(); ++i) c.fills[i].began_ns = began[i];
    return c;
  };
  ExpectBothKinds({.seed = 2, .count = 30'000}, make, [](const Case& c) {
    const int64_t gaps = std::ssize(c.fills) - 1;
    const int64_t expected = gaps - MostExplained(c.fills, c.losses, 0, 0);
    EXPECT_EQ(CheckOnce(c.fills, c.losses).count, expected) << Describe(c);
    return expected == 0;
  });
}

}  // namespace
}  // namespace rcb::mixed
