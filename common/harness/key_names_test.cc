#include "common/harness/key_names.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(KeyNames, PutsEachNumberInItsPlace) {
  RunPlan plan;
  plan.key_prefix = "p:1:";
  plan.workers = 2;
  plan.budget = 1;
  EXPECT_THAT(KeyNames({"lock", "held:{worker}", "{round}", "{round}:{worker}"}, plan),
              ElementsAre("p:1:lock", "p:1:held:0", "p:1:held:1", "p:1:0", "p:1:1", "p:1:0:0",
                          "p:1:0:1", "p:1:1:0", "p:1:1:1"));
  EXPECT_THAT(KeyNames({}, plan), IsEmpty());
}

TEST(MatchesName, TakesAWordInBracesForOneDigitOrMore) {
  EXPECT_TRUE(MatchesName("lock", "lock"));
  EXPECT_TRUE(MatchesName("{round}:lock", "17:lock"));
  EXPECT_TRUE(MatchesName("list:{number}", "list:0"));
  EXPECT_FALSE(MatchesName("list:{number}", "list:"));
  EXPECT_FALSE(MatchesName("list:{number}", "list:1x"));
  EXPECT_FALSE(MatchesName("{round}", "17:lock"));
  EXPECT_FALSE(MatchesName("lock", "loc"));
}

}  // namespace
}  // namespace rcb
