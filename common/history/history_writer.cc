#include "common/history/history_writer.h"

#include <sys/statvfs.h>
#include <zlib.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "common/history/operation_text.h"

namespace rcb {
namespace {

constexpr size_t kChunkBytes = 256 << 10;
// Of a compressed file, measured on recorded runs and rounded up.
constexpr int64_t kBytesPerOperation = 32;
constexpr int64_t kBytesPerStep = 12;
constexpr int64_t kBytesPerListValue = 4;

std::string Megabytes(int64_t bytes) {
  return absl::StrFormat("%.1f MB", static_cast<double>(bytes) / 1e6);
}

bool WriteTo(gzFile file, const ModelHistory& history) {
  const OperationText lines(history);
  std::string text = lines.Header() + "\n";
  for (size_t i = 0; i <= history.ops.size(); ++i) {
    const bool is_end = i == history.ops.size();
    if (text.size() >= kChunkBytes || (is_end && !text.empty())) {
      const auto size = static_cast<unsigned>(text.size());
      if (gzwrite(file, text.data(), size) != static_cast<int>(size)) return false;
      text.clear();
    }
    if (is_end) break;
    lines.AppendJson(i, &text);
    text.push_back('\n');
  }
  return true;
}

absl::Status CheckRoom(const std::string& path, int64_t bytes) {
  struct statvfs disk = {};
  const std::string directory = std::filesystem::path(path).parent_path().string();
  if (statvfs(directory.empty() ? "." : directory.c_str(), &disk) != 0) return absl::OkStatus();
  const double room = static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize);
  if (static_cast<double>(bytes) <= room) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(path, " is not written: it would take about ",
                                                   Megabytes(bytes), ", and its disk has ",
                                                   Megabytes(static_cast<int64_t>(room)), " left"));
}

}  // namespace

int64_t EstimateHistoryBytes(const ModelHistory& history) {
  constexpr int64_t kHeader = 1000;
  int64_t bytes = kHeader + kBytesPerOperation * static_cast<int64_t>(history.ops.size());
  bytes += kBytesPerStep * static_cast<int64_t>(history.lists.ops().size());
  for (const ListOp& step : history.lists.ops()) bytes += kBytesPerListValue * step.values_size;
  return bytes;
}

absl::StatusOr<int64_t> WriteHistory(const ModelHistory& history, const std::string& path) {
  const absl::Status room = CheckRoom(path, EstimateHistoryBytes(history));
  if (!room.ok()) return room;
  errno = 0;
  gzFile file = gzopen(path.c_str(), "wbe1");
  bool is_written = file != nullptr && WriteTo(file, history);
  int error = errno;
  if (file != nullptr && gzclose(file) != Z_OK) {
    is_written = false;
    error = errno;
  }
  std::error_code ignored;
  if (is_written) return static_cast<int64_t>(std::filesystem::file_size(path, ignored));
  if (file != nullptr) std::filesystem::remove(path, ignored);
  return absl::UnavailableError(absl::StrCat(path, " can't be written: ", std::strerror(error)));
}

std::string HistoryPath(const std::string& directory, const std::string& row, int64_t run) {
  const std::string name = absl::StrReplaceAll(row, {{"/", "."}, {":", "_"}});
  return absl::StrCat(directory, "/", name, ".run_", run, ".jsonl.gz");
}

}  // namespace rcb
