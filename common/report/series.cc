#include "common/report/series.h"

#include <cerrno>
#include <cstring>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/history/json_string.h"
#include "common/measure/clock.h"

namespace rcb {
namespace {

// What is written is on its way to the disk after so long, for those who look on.
constexpr int64_t kFlushEveryNs = 1'000'000'000;

std::string Head(const std::string& row, int64_t at_ns) {
  return absl::StrFormat(R"({"row": %s, "t_ms": %.1f, )", JsonString(row),
                         static_cast<double>(at_ns) / 1e6);
}

std::string OrNull(std::optional<int64_t> count) { return count ? absl::StrCat(*count) : "null"; }

std::string Latencies(const Histogram& latency) {
  if (latency.count() == 0) {
    return R"("p50_us": null, "p95_us": null, "p99_us": null, "max_us": null)";
  }
  const auto us = [](int64_t ns) { return static_cast<double>(ns) / 1e3; };
  return absl::StrFormat(R"("p50_us": %.1f, "p95_us": %.1f, "p99_us": %.1f, "max_us": %.1f)",
                         us(latency.ValueAtQuantile(0.5)), us(latency.ValueAtQuantile(0.95)),
                         us(latency.ValueAtQuantile(0.99)), us(latency.max()));
}

}  // namespace

SeriesFile::~SeriesFile() {
  if (file_ != nullptr) std::fclose(file_);
}

void SeriesFile::OnInterval(const Interval& interval) {
  const IntervalCounts& counts = interval.counts;
  Write(absl::StrFormat(R"(%s"ops": %d, "errors": %d, "computations": %d, "violations": %s, %s})",
                        Head(interval.row, interval.end_ns), counts.operations, counts.errors,
                        counts.computations, OrNull(interval.violations),
                        Latencies(interval.latency)));
}

void SeriesFile::OnMark(const Mark& mark) {
  const std::string violations =
      mark.kind == "judged" ? absl::StrCat(R"(, "violations": )", OrNull(mark.violations)) : "";
  Write(absl::StrFormat(R"(%s"mark": %s, "text": %s%s})", Head(mark.row, mark.at_ns),
                        JsonString(mark.kind), JsonString(mark.text), violations));
}

void SeriesFile::Write(const std::string& line) {
  if (error_ != 0) return;
  if (file_ == nullptr) file_ = std::fopen(path_.c_str(), "we");
  if (file_ == nullptr || std::fputs((line + "\n").c_str(), file_) < 0) {
    error_ = errno;
    return;
  }
  if (NowNs() - flushed_ns_ > kFlushEveryNs) Flush();
}

void SeriesFile::Flush() {
  if (file_ != nullptr && std::fflush(file_) != 0 && error_ == 0) error_ = errno;
  flushed_ns_ = NowNs();
}

bool SeriesFile::Close() {
  if (file_ != nullptr && std::fclose(file_) != 0 && error_ == 0) error_ = errno;
  file_ = nullptr;
  if (error_ != 0) {
    std::fprintf(stderr, "bench: --series=%s: not all of it could be written: %s\n", path_.c_str(),
                 std::strerror(error_));
  }
  return error_ == 0;
}

}  // namespace rcb
