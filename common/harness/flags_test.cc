#include "common/harness/flags.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

Flag SizeFlag(int64_t* size, const std::string& help = "how large it is") {
  return {"size", "a number from 1 to 9", help,
          [size](absl::string_view v) { return ParseInteger(v, 1, 9, size); },
          [size] { return absl::StrCat(*size); }};
}

absl::Status Parse(FlagSet& flags, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "bench");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  int argc = static_cast<int>(arguments.size());
  return flags.Parse(&argc, argv.data());
}

TEST(FlagSet, AFlagThatTwoFamiliesDeclareSetsBoth) {
  int64_t first = 0;
  int64_t second = 0;
  FlagSet flags;
  flags.Add("First", {SizeFlag(&first)});
  flags.Add("Second", {SizeFlag(&second)});
  EXPECT_EQ(Parse(flags, {"--size=7"}), absl::OkStatus());
  EXPECT_EQ(first, 7);
  EXPECT_EQ(second, 7);
  EXPECT_THAT(flags.Values(), ElementsAre(Pair("size", "7")));
  EXPECT_THAT(flags.Help(), HasSubstr("how large it is (First, Second)\n"));
}

TEST(FlagSetDeathTest, RefusesTwoMeaningsOfOneFlag) {
  int64_t size = 0;
  FlagSet flags;
  flags.Add("First", {SizeFlag(&size)});
  EXPECT_DEATH(flags.Add("Second", {SizeFlag(&size, "something else")}), "");
}

TEST(FlagSet, RefusesAFlagThatNoSelectedFamilyUnderstandsAndSaysWhichDoes) {
  int64_t size = 0;
  FlagSet flags;
  flags.Add("First", {SizeFlag(&size)});
  flags.Add("Second", {SizeFlag(&size)});
  EXPECT_EQ(flags.CheckUnderstoodBy({"Third"}), absl::OkStatus()) << "it was not given";
  ASSERT_EQ(Parse(flags, {"--size=2"}), absl::OkStatus());
  EXPECT_EQ(flags.CheckUnderstoodBy({"Third", "Second"}), absl::OkStatus());
  const absl::Status refused = flags.CheckUnderstoodBy({"Third"});
  EXPECT_EQ(std::string(refused.message()),
            "--size: no selected benchmark understands it; First and Second do");
}

TEST(FlagSet, RefusesWhatIsForAServerOfOursWhereAnotherIsNamed) {
  int64_t size = 0;
  Flag flag = SizeFlag(&size);
  flag.is_for_own_server = true;
  FlagSet flags;
  flags.Add("First", {flag});
  EXPECT_EQ(flags.CheckForForeignServer(), absl::OkStatus()) << "it was not given";
  ASSERT_EQ(Parse(flags, {"--size=2"}), absl::OkStatus());
  const absl::Status refused = flags.CheckForForeignServer();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()), testing::StartsWith("--size: "));
}

TEST(FlagSet, UnderstandsCommonFlagsWhateverIsSelected) {
  int64_t size = 0;
  FlagSet flags;
  flags.Add("", {SizeFlag(&size)});
  ASSERT_EQ(Parse(flags, {"--size=2"}), absl::OkStatus());
  EXPECT_EQ(flags.CheckUnderstoodBy({}), absl::OkStatus());
  EXPECT_THAT(flags.Values(), testing::IsEmpty()) << "the context places those by itself";
  EXPECT_THAT(flags.Help(), Not(HasSubstr("(")));
}

TEST(FlagSet, ASwitchTakesNoValue) {
  bool is_on = false;
  FlagSet flags;
  flags.Add("",
            {{"loud", "", "makes it loud", [&is_on](absl::string_view) { return is_on = true; }}});
  EXPECT_EQ(std::string(Parse(flags, {"--loud=yes"}).message()), "--loud takes no value");
  EXPECT_FALSE(is_on);
  EXPECT_EQ(Parse(flags, {"--loud"}), absl::OkStatus());
  EXPECT_TRUE(is_on);
}

}  // namespace
}  // namespace rcb
