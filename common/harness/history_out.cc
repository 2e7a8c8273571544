#include "common/harness/history_out.h"

#include <cerrno>
#include <cstdio>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/history/history_writer.h"
#include "common/report/output_files.h"

namespace rcb {
namespace {

// A file that will be larger is announced.
constexpr int64_t kAnnouncedBytes = 100'000'000;

double Megabytes(int64_t bytes) { return static_cast<double>(bytes) / 1e6; }

}  // namespace

absl::Status HistoryOut::Prepare(const std::string& directory) {
  return PrepareDirectory("--history_out", directory);
}

std::string HistoryOut::Keep(const std::string& variant, const std::string& row,
                             Findings& findings) {
  if (directory_.empty()) return "";
  if (!findings.history) {
    without_.insert(variant);
    return "";
  }
  findings.history->row = row;
  const std::string path = HistoryPath(directory_, row, ++runs_[row]);
  const int64_t estimate = EstimateHistoryBytes(*findings.history);
  if (estimate > kAnnouncedBytes) {
    std::fprintf(stderr, "bench: --history_out: %s will take up to %.0f MB\n", path.c_str(),
                 Megabytes(estimate));
  }
  const absl::StatusOr<int64_t> bytes = WriteHistory(*findings.history, path);
  if (!bytes.ok()) {
    failed_ = true;
    std::fprintf(stderr, "bench: --history_out: %s\n",
                 std::string(bytes.status().message()).c_str());
    return "";
  }
  ++files_;
  bytes_ += *bytes;
  return path;
}

void HistoryOut::Conclude() const {
  if (directory_.empty()) return;
  std::fprintf(stderr, "bench: --history_out=%s: %lld histories, %.1f MB\n", directory_.c_str(),
               static_cast<long long>(files_), Megabytes(bytes_));
  if (without_.empty()) return;
  std::fprintf(stderr, "bench: --history_out: no history of these, which have no model: %s\n",
               absl::StrJoin(without_, ", ").c_str());
}

std::string CheckAgainCommand(const std::string& path) {
  // glibc keeps how the program was called.
  return absl::StrCat(program_invocation_name, " --history_check='",
                      absl::StrReplaceAll(path, {{"'", "'\\''"}}), "'");
}

}  // namespace rcb
