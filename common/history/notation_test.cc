#include "common/history/notation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace rcb {
namespace {

using Kind = NotationNode::Kind;
using testing::HasSubstr;

std::string ErrorOf(const std::string& text) {
  Notation notation;
  return std::string(notation.Parse(text).message());
}

TEST(NotationTest, ReadsEdnAndJsonAlike) {
  for (const char* text :
       {R"({:type :invoke, :f :cas, :value [1 -2], :process nil, :error [:timeout 1.5]})",
        R"({"type": "invoke","f":"cas" , "value" : [1,-2],"process":null,"error":["timeout",1.5]})",
        R"(#jepsen.history.Op{:type :invoke :f :cas #_ [gone] :value (1 -2N) ; a comment
           :process nil :time #inst "2020" :error ["timeout" \space]})"}) {
    SCOPED_TRACE(text);
    Notation form;
    ASSERT_EQ(form.Parse(text), absl::OkStatus());
    ASSERT_EQ(form.root().kind, Kind::kMap);
    EXPECT_EQ(form.at(form.Find(0, "type")).text, "invoke");
    EXPECT_EQ(form.at(form.Find(0, "f")).text, "cas");
    EXPECT_EQ(form.at(form.Find(0, "process")).kind, Kind::kNull);
    EXPECT_EQ(form.Find(0, "nothing"), Notation::kNone);
    const std::vector<size_t> values = form.ElementsOf(form.Find(0, "value"));
    ASSERT_EQ(values.size(), 2u);
    EXPECT_EQ(form.at(values[0]).number, 1);
    EXPECT_EQ(form.at(values[1]).number, -2);
    EXPECT_EQ(form.at(form.Find(form.Find(0, "value"), "x")).kind, Kind::kMap);  // none: the root
  }
}

TEST(NotationTest, KeywordsMayBeTheValuesOfStringKeys) {
  Notation form;
  ASSERT_EQ(form.Parse(R"({"a" :b "c" :d})"), absl::OkStatus());
  EXPECT_EQ(form.at(form.Find(0, "a")).text, "b");
  EXPECT_EQ(form.at(form.Find(0, "c")).text, "d");
}

TEST(NotationTest, NumbersThatAreTooLargeOrNotWholeAreNoIntegers) {
  for (const char* text : {"9223372036854775808", "1e5", "1.5", "-99999999999999999999", "1/2"}) {
    Notation form;
    ASSERT_EQ(form.Parse(text), absl::OkStatus());
    EXPECT_EQ(form.root().kind, Kind::kOther) << text;
  }
  Notation form;
  ASSERT_EQ(form.Parse("-9223372036854775808"), absl::OkStatus());
  EXPECT_EQ(form.root().number, INT64_MIN);
}

TEST(NotationTest, RefusesWhatIsNotWhole) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("a value is missing"));
  EXPECT_THAT(ErrorOf("{:a"), HasSubstr("a value is missing"));
  EXPECT_THAT(ErrorOf("{:a}"), HasSubstr("a value is missing before }"));
  EXPECT_THAT(ErrorOf("[1 2"), HasSubstr("a list is not closed"));
  EXPECT_THAT(ErrorOf("[1 2)"), HasSubstr("a value is missing before )"));
  EXPECT_THAT(ErrorOf("{:a 1"), HasSubstr("a map is not closed"));
  EXPECT_THAT(ErrorOf("\"abc"), HasSubstr("a string is not closed"));
  EXPECT_THAT(ErrorOf("\"abc\\"), HasSubstr("a string is not closed"));
  EXPECT_THAT(ErrorOf("1 2"), HasSubstr("there is more"));
  EXPECT_THAT(ErrorOf("# 1"), HasSubstr("a # stands alone"));
  EXPECT_THAT(ErrorOf("#tag"), HasSubstr("a value is missing"));
}

TEST(NotationTest, NestingIsBounded) {
  for (const char* opening : {"[", "{:a ", "#_", "#tag ", "(", "#{"}) {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += opening;
    EXPECT_THAT(ErrorOf(text), HasSubstr("nested over 32 deep")) << opening;
  }
}

}  // namespace
}  // namespace rcb
