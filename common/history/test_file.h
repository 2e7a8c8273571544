// Files of histories for tests.

#ifndef RCB_COMMON_HISTORY_TEST_FILE_H_
#define RCB_COMMON_HISTORY_TEST_FILE_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/history/history_reader.h"

namespace rcb {

// A file of this test program, removed with it.
class TestFile {
 public:
  explicit TestFile(const std::string& text = "")
      : path_(absl::StrCat(testing::TempDir(), "rcb-history-", getpid())) {
    Write(text);
  }
  ~TestFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  TestFile(const TestFile&) = delete;
  TestFile& operator=(const TestFile&) = delete;

  void Write(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// What a file with this text holds.
inline absl::StatusOr<ModelHistory> Read(const std::string& text,
                                         const HistoryReaderOptions& options = {}) {
  const TestFile file(text);
  return ReadHistory(file.path(), options);
}
inline absl::StatusOr<ModelHistory> Read(const std::string& text, HistoryModel model) {
  HistoryReaderOptions options;
  options.model = model;
  return Read(text, options);
}

// What is wrong with a file with this text, behind its name: "LINE: what".
inline std::string ErrorOf(const std::string& text, const HistoryReaderOptions& options = {}) {
  const TestFile file(text);
  const absl::StatusOr<ModelHistory> history = ReadHistory(file.path(), options);
  if (history.ok()) return "";
  const std::string message(history.status().message());
  const bool is_located = message.compare(0, file.path().size() + 1, file.path() + ":") == 0;
  return is_located ? message.substr(file.path().size() + 1) : message;
}
inline std::string ErrorOf(const std::string& text, HistoryModel model) {
  HistoryReaderOptions options;
  options.model = model;
  return ErrorOf(text, options);
}

}  // namespace rcb

#endif  // RCB_COMMON_HISTORY_TEST_FILE_H_
