// Takes a file of operations apart: one map after another, each read when it is asked for.

#ifndef RCB_COMMON_HISTORY_FORM_READER_H_
#define RCB_COMMON_HISTORY_FORM_READER_H_

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rcb {

// The maps of a file of JSON or EDN, which stand one behind another, or in one array, vector or
// list. The file may be compressed by gzip. At most one map is in memory. Not thread-safe.
class FormReader {
 public:
  static constexpr size_t kMaxFormBytes = 16 << 20;

  static absl::StatusOr<std::unique_ptr<FormReader>> Open(const std::string& path);
  ~FormReader();
  FormReader(const FormReader&) = delete;
  FormReader& operator=(const FormReader&) = delete;

  // Reads the next map; false at the end of the file. The error is a line with file and line.
  absl::StatusOr<bool> Next();
  // The last map, as it is written.
  absl::string_view form() const { return form_; }
  // The line where it begins, from 1.
  int64_t line() const { return form_line_; }

  // "FILE:LINE: what", about the last map or the end of the file.
  absl::Status Error(absl::string_view what) const;

 private:
  explicit FormReader(std::string path, gzFile file);
  int Get();
  void Unget() { --at_; }
  absl::Status ErrorHere(absl::string_view what);
  absl::StatusOr<bool> FindForm();
  absl::Status ReadForm();
  bool CopyString();
  void SkipComment();

  const std::string path_;
  gzFile file_;
  std::vector<char> buffer_;
  size_t at_ = 0;
  size_t size_ = 0;
  bool is_broken_ = false;  // the file could not be read, or its compression is cut off
  int64_t line_ = 1;
  int64_t form_line_ = 1;
  char outer_ = 0;  // what closes the array that the maps are in; 0: nothing
  bool has_begun_ = false;
  bool is_closed_ = false;
  std::string form_;
};

}  // namespace rcb

#endif  // RCB_COMMON_HISTORY_FORM_READER_H_
