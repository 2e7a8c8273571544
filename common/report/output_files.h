// Files and directories that flags name for output: looked at before anything runs, and written
// whole or not at all.

#ifndef RCB_COMMON_REPORT_OUTPUT_FILES_H_
#define RCB_COMMON_REPORT_OUTPUT_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rcb {

// Whether the file that `flag`, such as "--series", names can be written; kInvalidArgument: in one
// line, why not. Creates no file that was not there, and changes none.
absl::Status CheckWritable(absl::string_view flag, const std::string& path);

// Makes sure that the directory that `flag` names is there, if need be by making it, and that files
// can be made in it; kInvalidArgument: in one line, why not.
absl::Status PrepareDirectory(absl::string_view flag, const std::string& directory);

// Makes `text` the file's content, all of it or, where that fails, nothing: a file that was there
// stays then.
absl::Status WriteWholeFile(const std::string& path, const std::string& text);

// A file's name for a row of that name, without an ending: '/' and ':' mean something elsewhere.
std::string FileNameOfRow(const std::string& row);

}  // namespace rcb

#endif  // RCB_COMMON_REPORT_OUTPUT_FILES_H_
