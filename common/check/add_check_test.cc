// The checker of adds against brute force on small random histories, on histories with one thing
// wrong, and on a long one.

#include "common/check/add_check.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "common/measure/clock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

AddOp Add(int64_t element, Outcome outcome = Outcome::kOk, int64_t return_ns = 10) {
  return {return_ns - 5, return_ns, element, outcome};
}

struct Counts {
  int64_t acknowledged = 0;
  int64_t unknown = 0;
  int64_t recovered = 0;
  int64_t lost = 0;
  int64_t violations = 0;

  bool operator==(const Counts& other) const = default;
};

Counts Checked(const std::vector<AddOp>& adds, const std::vector<int64_t>& present,
               const std::vector<LossWindow>& may_lose) {
  const AddVerdict verdict = CheckAdds(adds, present, may_lose);
  for (const size_t place : verdict.lost) {
    EXPECT_EQ(adds[place].outcome, Outcome::kOk);
    EXPECT_EQ(std::count(present.begin(), present.end(), adds[place].element), 0);
  }
  return {verdict.acknowledged, verdict.unknown, verdict.recovered,
          static_cast<int64_t>(verdict.lost.size()), verdict.violations.count};
}

// Each add and each element by itself, as the header defines it.
Counts BruteForce(const std::vector<AddOp>& adds, const std::vector<int64_t>& present,
                  const std::vector<LossWindow>& may_lose) {
  Counts counts;
  for (const AddOp& add : adds) {
    const int64_t times = std::count(present.begin(), present.end(), add.element);
    counts.acknowledged += add.outcome == Outcome::kOk;
    counts.unknown += add.outcome == Outcome::kUnknown;
    counts.recovered += add.outcome == Outcome::kUnknown && times > 0;
    const bool is_lost = add.outcome == Outcome::kOk && times == 0;
    bool is_excused = false;
    for (const LossWindow& window : may_lose) {
      if (window.from_ns <= add.return_ns && add.return_ns <= window.until_ns) is_excused = true;
    }
    counts.lost += is_lost;
    counts.violations += is_lost && !is_excused;
    counts.violations += add.outcome == Outcome::kFailed && times > 0;
    counts.violations += std::max<int64_t>(times - 1, 0);
  }
  for (const int64_t element : present) {
    counts.violations += std::none_of(
        adds.begin(), adds.end(), [element](const AddOp& add) { return add.element == element; });
  }
  return counts;
}

TEST(AddCheckTest, AgreesWithBruteForceOnRandomHistories) {
  std::mt19937_64 random(7);
  const auto draw = [&random](int64_t most) {
    return std::uniform_int_distribution<int64_t>(0, most)(random);
  };
  int64_t violated = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::vector<AddOp> adds;
    std::vector<int64_t> present;
    for (int64_t element = 0; element < 8; ++element) {
      if (draw(4) > 0) adds.push_back(Add(element, static_cast<Outcome>(draw(2)), draw(20)));
      for (int64_t times = draw(5) == 0 ? 2 : draw(1); times > 0; --times) {
        present.push_back(element);
      }
    }
    std::shuffle(adds.begin(), adds.end(), random);
    std::shuffle(present.begin(), present.end(), random);
    std::vector<LossWindow> windows;
    for (int64_t left = draw(2); left > 0; --left) {
      const int64_t from = draw(20);
      windows.push_back({from, from + draw(6)});
    }
    const Counts expected = BruteForce(adds, present, windows);
    ASSERT_EQ(Checked(adds, present, windows), expected) << "history " << i;
    violated += expected.violations > 0 ? 1 : 0;
  }
  EXPECT_GT(violated, 5000);
  EXPECT_LT(violated, 19'999);
}

TEST(AddCheckTest, NamesWhatIsWrong) {
  const std::vector<AddOp> adds = {Add(1), Add(2, Outcome::kFailed), Add(3, Outcome::kUnknown)};
  EXPECT_EQ(CheckAdds(adds, {1, 3}, {}).violations.count, 0);
  EXPECT_EQ(CheckAdds(adds, {3}, {}).violations.first,
            "element 1 was acknowledged, and is not there");
  EXPECT_EQ(CheckAdds(adds, {1, 2}, {}).violations.first, "element 2 was refused, and is there");
  EXPECT_EQ(CheckAdds(adds, {1, 1}, {}).violations.first, "element 1 is there more than once");
  EXPECT_EQ(CheckAdds(adds, {0, 1}, {}).violations.first, "element 0 is there and was never added");
  EXPECT_EQ(CheckAdds(adds, {1, 9}, {}).violations.first, "element 9 is there and was never added");
}

TEST(AddCheckTest, ExcusesWhatWasAcknowledgedInAWindow) {
  const std::vector<AddOp> adds = {Add(1, Outcome::kOk, 9), Add(2, Outcome::kOk, 10),
                                   Add(3, Outcome::kOk, 20), Add(4, Outcome::kOk, 21)};
  const AddVerdict verdict = CheckAdds(adds, {}, {{{10, 20}}});
  EXPECT_EQ(verdict.lost.size(), 4u);
  EXPECT_EQ(verdict.violations.count, 2);
}

// Each mutation of a good history shows.
TEST(AddCheckTest, FindsOneMutationAmongAHundredThousand) {
  constexpr int64_t kAdds = 100'000;
  std::vector<AddOp> adds;
  std::vector<int64_t> present;
  for (int64_t element = 0; element < kAdds; ++element) {
    adds.push_back(Add(element * 7 % kAdds));
    present.push_back(element);
  }
  EXPECT_EQ(CheckAdds(adds, present, {}).violations.count, 0);
  std::vector<int64_t> lost = present;
  lost.erase(lost.begin() + 4711);
  EXPECT_EQ(CheckAdds(adds, lost, {}).violations.count, 1);
  std::vector<int64_t> invented = present;
  invented.push_back(kAdds);
  EXPECT_EQ(CheckAdds(adds, invented, {}).violations.count, 1);
  std::vector<AddOp> refused = adds;
  refused[4711].outcome = Outcome::kFailed;
  EXPECT_EQ(CheckAdds(refused, present, {}).violations.count, 1);
}

}  // namespace
}  // namespace rcb
