// Keeps the histories of runs as files: what --history_out asks for.

#ifndef RCB_COMMON_HARNESS_HISTORY_OUT_H_
#define RCB_COMMON_HARNESS_HISTORY_OUT_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "common/harness/scenario.h"

namespace rcb {

// Main thread, or the one that finishes a run. What it has to say goes to standard error.
class HistoryOut {
 public:
  // `directory` empty: nothing is kept.
  explicit HistoryOut(std::string directory) : directory_(std::move(directory)) {}

  // Makes sure that the directory is there, if need be by making it, and that files can be made in
  // it; in one line, why not.
  static absl::Status Prepare(const std::string& directory);

  // Writes the history of a run of `row`, where it has one, and returns the file's path; empty
  // where nothing was written.
  std::string Keep(const std::string& variant, const std::string& row, Findings& findings);

  // Says what was written, and which variants have no history.
  void Conclude() const;
  // Whether a history is missing that should have been written.
  bool failed() const { return failed_; }

 private:
  const std::string directory_;
  std::map<std::string, int64_t> runs_;  // by row
  std::set<std::string> without_;        // variants
  int64_t files_ = 0;
  int64_t bytes_ = 0;
  bool failed_ = false;
};

// What a user types to have the history in `path` judged again.
std::string CheckAgainCommand(const std::string& path);

}  // namespace rcb

#endif  // RCB_COMMON_HARNESS_HISTORY_OUT_H_
