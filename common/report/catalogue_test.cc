#include "common/report/catalogue.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Metric kQueue = {"queue_max", "1", Direction::kLowerIsBetter, MetricClass::kNoisy,
                       "most that waited"};
const Metric kPause = {"pause_us", "us", Direction::kNeither, MetricClass::kInfo, "how long"};

Catalogue::Entry EntryOf(const Catalogue& catalogue, const std::string& name) {
  for (const Catalogue::Entry& entry : catalogue.entries()) {
    if (entry.metric.name == name) return entry;
  }
  ADD_FAILURE() << name << " is not there";
  return {};
}

TEST(Catalogue, KnowsWhatAnyRowMayHave) {
  const Catalogue catalogue;
  ASSERT_NE(catalogue.Find("p95_us"), nullptr);
  EXPECT_EQ(std::string(catalogue.Find("p95_us")->unit), "us");
  EXPECT_EQ(catalogue.Find("violations")->metric_class, MetricClass::kContract);
  EXPECT_EQ(catalogue.Find("queue_max"), nullptr);
  EXPECT_THAT(EntryOf(catalogue, "p95_us").families, IsEmpty());
}

TEST(Catalogue, KnowsWhichFamiliesHaveACounter) {
  Catalogue catalogue;
  catalogue.AddFamily("F", {kQueue, kPause}, {{"queue", "queue_max"}});
  catalogue.AddFamily("G", {kQueue}, {});
  EXPECT_THAT(EntryOf(catalogue, "queue_max").families, ElementsAre("F", "G"));
  EXPECT_THAT(EntryOf(catalogue, "pause_us").families, ElementsAre("F"));
  ASSERT_EQ(catalogue.ColumnsOf("F").size(), 1U);
  EXPECT_EQ(std::string(catalogue.ColumnsOf("F")[0].heading), "queue");
  EXPECT_THAT(catalogue.ColumnsOf("G"), IsEmpty());
  EXPECT_THAT(catalogue.ColumnsOf("H"), IsEmpty());
}

TEST(Catalogue, NamesACounterOnce) {
  Catalogue catalogue;
  catalogue.AddFamily("F", {kQueue, kPause}, {});
  catalogue.AddFamily("G", {kQueue}, {});
  std::set<std::string> names;
  for (const Catalogue::Entry& entry : catalogue.entries()) {
    EXPECT_TRUE(names.insert(entry.metric.name).second) << entry.metric.name;
  }
}

TEST(CatalogueDeathTest, RefusesTwoMeaningsOfOneName) {
  Catalogue catalogue;
  catalogue.AddFamily("F", {kQueue}, {});
  Metric other = kQueue;
  other.meaning = "something else";
  EXPECT_DEATH(catalogue.AddFamily("G", {other}, {}), "");
  EXPECT_DEATH(
      catalogue.AddFamily(
          "G", {{"p95_us", "us", Direction::kLowerIsBetter, MetricClass::kNoisy, "another"}}, {}),
      "");
}

TEST(CatalogueDeathTest, RefusesAColumnWithoutAMetric) {
  Catalogue catalogue;
  EXPECT_DEATH(catalogue.AddFamily("F", {kQueue}, {{"pause", "pause_us"}}), "");
}

TEST(Catalogue, WritesOneTableForScriptsDocumentsAndTheContext) {
  Catalogue catalogue;
  catalogue.AddFamily("F", {kQueue, kPause}, {});
  catalogue.AddFamily("G", {kQueue}, {});
  const std::string tsv = catalogue.ToTsv();
  EXPECT_THAT(tsv, HasSubstr("name\tunit\tdirection\tclass\tfamilies\tmeaning\n"));
  EXPECT_THAT(tsv, HasSubstr("\nsuccess_rate\tratio\thigher\tcontract\tall\t"));
  EXPECT_THAT(tsv, HasSubstr("\nqueue_max\t1\tlower\tnoisy\tF,G\tmost that waited\n"));
  EXPECT_THAT(tsv, HasSubstr("\npause_us\tus\t-\tinfo\tF\thow long\n"));
  EXPECT_THAT(catalogue.ToMarkdown(),
              HasSubstr("\n| `queue_max` | 1 | lower | noisy | F, G | most that waited |\n"));
  const std::vector<std::string> entries = absl::StrSplit(catalogue.ToContext(), ';');
  EXPECT_EQ(entries.size(), catalogue.entries().size());
  EXPECT_THAT(entries, testing::Contains("queue_max 1 lower noisy"));
}

TEST(Catalogue, CounterNamesLeaveOutTheFieldsOfGoogleBenchmark) {
  const std::vector<std::string> names = Catalogue().CounterNames();
  EXPECT_THAT(names, testing::Contains("items_per_second"));
  EXPECT_THAT(names, testing::Not(testing::Contains("real_time")));
}

}  // namespace
}  // namespace rcb
