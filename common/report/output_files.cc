#include "common/report/output_files.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace rcb {
namespace {

absl::Status CannotWrite(const std::string& path, int error) {
  return absl::UnavailableError(absl::StrCat(path, " can't be written: ", std::strerror(error)));
}

}  // namespace

absl::Status CheckWritable(absl::string_view flag, const std::string& path) {
  std::error_code ignored;
  // To open and close a pipe would end its reader's input.
  if (std::filesystem::is_fifo(path, ignored)) return absl::OkStatus();
  const bool is_new = !std::filesystem::exists(std::filesystem::symlink_status(path, ignored));
  errno = 0;
  const bool is_open = std::ofstream(path, std::ios::app).is_open();
  const int error = errno;
  if (is_new) std::filesystem::remove(path, ignored);
  if (is_open) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(flag, "=", path, " can't be written: ", std::strerror(error)));
}

absl::Status PrepareDirectory(absl::string_view flag, const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directory(directory, error);
  if (!error && !std::filesystem::is_directory(directory, error)) {
    error = std::make_error_code(std::errc::not_a_directory);
  }
  if (!error) {
    const std::string probe = absl::StrCat(directory, "/.rcb-", getpid());
    std::FILE* file = std::fopen(probe.c_str(), "we");
    if (file == nullptr) error = std::error_code(errno, std::generic_category());
    if (file != nullptr) std::fclose(file);
    std::error_code ignored;
    if (file != nullptr) std::filesystem::remove(probe, ignored);
  }
  if (!error) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(flag, "=", directory, " can't be written to: ", error.message()));
}

absl::Status WriteWholeFile(const std::string& path, const std::string& text) {
  const std::string unfinished = absl::StrCat(path, ".", getpid());
  std::FILE* file = std::fopen(unfinished.c_str(), "we");
  if (file == nullptr) return CannotWrite(path, errno);
  const bool is_written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  int error = is_written ? 0 : errno;
  if (std::fclose(file) != 0 && error == 0) error = errno;
  if (error == 0 && std::rename(unfinished.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return absl::OkStatus();
  std::remove(unfinished.c_str());
  return CannotWrite(path, error);
}

std::string FileNameOfRow(const std::string& row) {
  return absl::StrReplaceAll(row, {{"/", "."}, {":", "_"}});
}

}  // namespace rcb
