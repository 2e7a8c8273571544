// Reads a history from a file, whoever wrote it.

#ifndef RCB_COMMON_HISTORY_HISTORY_READER_H_
#define RCB_COMMON_HISTORY_HISTORY_READER_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/history/model_history.h"

namespace rcb {

// The version of the format that is written, and the only one that is read.
inline constexpr int kHistoryVersion = 1;

struct HistoryReaderOptions {
  std::optional<HistoryModel> model;   // empty: the one that the file's header names
  std::optional<std::string> initial;  // JSON or EDN, for the header's; empty: the header's
};

// Reads `path`, in this suite's format (common/README.md), or with the events of Jepsen, Knossos or
// Elle in EDN or JSON; either may be compressed by gzip. The file is read once, from its beginning
// to its end. An error is one line that says what is wrong where.
absl::StatusOr<ModelHistory> ReadHistory(const std::string& path,
                                         const HistoryReaderOptions& options);

}  // namespace rcb

#endif  // RCB_COMMON_HISTORY_HISTORY_READER_H_
