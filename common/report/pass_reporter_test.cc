#include "common/report/pass_reporter.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rcb {
namespace {

using testing::ElementsAre;

class Recorder : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override {
    calls.emplace_back("context");
    return is_wanted;
  }
  void ReportRuns(const std::vector<Run>& rows) override {
    calls.push_back("rows " + std::to_string(rows.size()));
  }
  void Finalize() override { calls.emplace_back("end"); }

  bool is_wanted = true;
  std::vector<std::string> calls;
};

TEST(PassReporterTest, MakesOneReportOfSeveralPasses) {
  Recorder recorder;
  PassReporter passes(recorder);
  benchmark::BenchmarkReporter::Context context;
  for (size_t pass = 1; pass <= 2; ++pass) {
    EXPECT_TRUE(passes.ReportContext(context));
    passes.ReportRuns(std::vector<benchmark::BenchmarkReporter::Run>(pass));
    passes.Finalize();
  }
  passes.End();
  EXPECT_THAT(recorder.calls, ElementsAre("context", "rows 1", "rows 2", "end"));
}

TEST(PassReporterTest, WhoWantsNoRowsAtFirstWantsNoneLater) {
  Recorder recorder;
  recorder.is_wanted = false;
  PassReporter passes(recorder);
  benchmark::BenchmarkReporter::Context context;
  EXPECT_FALSE(passes.ReportContext(context));
  EXPECT_FALSE(passes.ReportContext(context));
}

}  // namespace
}  // namespace rcb
