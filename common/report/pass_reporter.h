// Makes one report of several passes over the benchmarks, where Google Benchmark would make one of
// each.

#ifndef RCB_COMMON_REPORT_PASS_REPORTER_H_
#define RCB_COMMON_REPORT_PASS_REPORTER_H_

#include <benchmark/benchmark.h>

#include <vector>

namespace rcb {

// Hands all on to `reporter`, but the beginning and the end just once.
class PassReporter : public benchmark::BenchmarkReporter {
 public:
  // `reporter` outlives it, and has a stream of its own.
  explicit PassReporter(benchmark::BenchmarkReporter& reporter) : reporter_(reporter) {}

  bool ReportContext(const Context& context) override {
    if (!has_begun_) is_wanted_ = reporter_.ReportContext(context);
    has_begun_ = true;
    return is_wanted_;
  }
  void ReportRuns(const std::vector<Run>& rows) override { reporter_.ReportRuns(rows); }
  // Of a pass, which is not the end of the report.
  void Finalize() override {}
  // After the last pass.
  void End() { reporter_.Finalize(); }

 private:
  benchmark::BenchmarkReporter& reporter_;
  bool has_begun_ = false;
  bool is_wanted_ = false;
};

}  // namespace rcb

#endif  // RCB_COMMON_REPORT_PASS_REPORTER_H_
