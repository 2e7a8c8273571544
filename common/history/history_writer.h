// Writes a history to a file, in the format of common/README.md.

#ifndef RCB_COMMON_HISTORY_HISTORY_WRITER_H_
#define RCB_COMMON_HISTORY_HISTORY_WRITER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/history/model_history.h"

namespace rcb {

// About how many bytes WriteHistory will need for `history`, rather too many than too few.
int64_t EstimateHistoryBytes(const ModelHistory& history);

// Writes `history`, compressed by gzip, and returns how many bytes that took. It first looks
// whether the disk has room, and refuses if there is less than the estimate. No part of a file is
// left where it fails; the error is one line that names the file.
absl::StatusOr<int64_t> WriteHistory(const ModelHistory& history, const std::string& path);

// The file of run number `run` (from 1) of a row, in `directory`: its name is the row's without
// what files can't have.
std::string HistoryPath(const std::string& directory, const std::string& row, int64_t run);

}  // namespace rcb

#endif  // RCB_COMMON_HISTORY_HISTORY_WRITER_H_
